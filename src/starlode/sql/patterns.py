"""Users' patterns in other words: those of moments written as texts for `to_char` and `to_timestamp`, and those of texts."""

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
# A regular expression in parts: what is escaped, named classes and the beginnings of others, those of groups, and the rest.
_REGEX = re.compile(r"\\.|\[:\w+:\]|\[\^?\]?|\(\?P<\w+>|\(\?|.", re.DOTALL)


def as_template(pattern: str, known: Mapping[str, str]) -> str:
    """A pattern of `strftime` as a template of `to_char`; raises Untranslated where a part of it has no counterpart."""
    return "".join(_said(part, known) for part in _TOKEN.findall(pattern))


def likened(pattern: str, mark: str = "") -> str:
    """A pattern of LIKE whose own escape is this mark, or none, where a backslash always is one."""
    said = ""
    for part in re.findall(rf"{re.escape(mark)}.|." if mark else ".", pattern, re.DOTALL):
        bare = part[-1]
        is_taken = bare == "\\" or (len(part) > 1 and bare in "%_")
        said += f"\\{bare}" if is_taken else bare
    return said


def with_one_group(pattern: str, number: int) -> str:
    """A regular expression that has the group of that number alone, or none; raises Untranslated where it is not there."""
    said, count, is_within = "", 0, False
    for part in _REGEX.findall(pattern):
        is_within = part != "]" if is_within else part.startswith("[")
        is_group = not is_within and (part == "(" or part.startswith("(?P<"))
        count += is_group
        said += ("(" if count == number else "(?:") if is_group else part
    if number > count:
        raise Untranslated(f"a pattern has no group {number}")
    return said


def _said(part: str, known: Mapping[str, str]) -> str:
    if part in known:
        return known[part]
    text = "%" if part == "%%" else part
    if text.startswith("%") and text != "%":
        raise Untranslated(f"`{part}` in the pattern of a moment has no counterpart there")
    if '"' in text or "\\" in text:
        raise Untranslated("the pattern of a moment has quotes or backslashes in it")
    return f'"{text}"' if re.search(r"\w", text) else text
