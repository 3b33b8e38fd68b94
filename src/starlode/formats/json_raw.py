"""Raw text of chosen members of JSON records, kept by turning it into a JSON string before the fast parser sees it.

A nested value, or a number in a column of text, must arrive as it was written (`1.10` stays `1.10`). The fast parser
cannot give raw text, so only the chosen members are walked in Python (measured: two nested values a record cost 4 µs).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from starlode.formats.json_scan import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.formats.shape import Quoted

_scan = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=refuse).scan_once  # type: ignore[attr-defined]
_KEPT = {"all": "", "values": '"', "scalars": '"{['}


def quote_values(text: str, keys: Mapping[str, Quoted]) -> str:
    """The text with the chosen values as strings; ValueError where one is not JSON, for the careful way to name."""
    names = "|".join(re.escape(json.dumps(key, ensure_ascii=False)[1:-1]) for key in keys)
    member = re.compile(rf'"({names})"[ \t\r\n]*:[ \t\r\n]*(?!null\b)')
    kept = {json.dumps(key, ensure_ascii=False)[1:-1]: _KEPT[which] for key, which in keys.items()}
    pieces: list[str] = []
    done = 0
    found = member.search(text)
    while found:
        end = start = found.end()
        if text[start : start + 1] not in kept[found[1]] or not kept[found[1]]:
            end = _end(text, start)
            pieces += (text[done:start], json.dumps(text[start:end], ensure_ascii=False))
            done = end
        found = member.search(text, end)
    pieces.append(text[done:])
    return "".join(pieces)


def _end(text: str, start: int) -> int:
    try:
        _, end = _scan(text, start)
    except (StopIteration, RecursionError) as cause:
        raise ValueError("a value is not JSON") from cause
    return int(end)
