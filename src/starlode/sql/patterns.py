"""The patterns by which users write moments as texts, in the words of `to_char` and `to_timestamp`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlode.sql.translate import Untranslated

if TYPE_CHECKING:
    from collections.abc import Mapping

# Those that every warehouse with `to_char` has, each of fixed length.
FIXED: Mapping[str, str] = {
    "%Y": "YYYY",
    "%y": "YY",
    "%m": "MM",
    "%d": "DD",
    "%j": "DDD",
    "%b": "Mon",
    "%a": "Dy",
    "%H": "HH24",
    "%I": "HH12",
    "%p": "AM",
    "%M": "MI",
    "%S": "SS",
    "%g": "MS",
    "%f": "US",
    "%T": "HH24:MI:SS",
    "%X": "HH24:MI:SS",
    "%x": "YYYY-MM-DD",
    "%c": "YYYY-MM-DD HH24:MI:SS",
    "%V": "IW",
    "%G": "IYYY",
}
# Names and numbers that are not filled up to a length.
BARE: Mapping[str, str] = {
    "%B": "FMMonth",
    "%A": "FMDay",
    "%u": "ID",
    **{f"%-{letter}": f"FM{FIXED[f'%{letter}']}" for letter in "mdjHIMS"},
}
_TOKEN = re.compile(r"%-?.|[^%]+", re.S)


def as_template(pattern: str, known: Mapping[str, str]) -> str:
    """A pattern of `strftime` as a template of `to_char`; raises Untranslated where a part of it has no counterpart."""
    return "".join(_said(part, known) for part in _TOKEN.findall(pattern))


def _said(part: str, known: Mapping[str, str]) -> str:
    if part in known:
        return known[part]
    text = "%" if part == "%%" else part
    if text.startswith("%") and text != "%":
        raise Untranslated(f"`{part}` in the pattern of a moment has no counterpart there")
    if '"' in text or "\\" in text:
        raise Untranslated("the pattern of a moment has quotes or backslashes in it")
    return f'"{text}"' if re.search(r"\w", text) else text
