"""Text into declared types, exactly: whole columns by Arrow, single values only where a column does not pass.

A value that is not of the type is never bent: its place is told, and the reader rejects the row.
"""

from __future__ import annotations

import datetime
import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import arrow_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.table import Type

# Where a strptime format is made of these only, a column is rewritten to ISO without touching single values.
_PARTS = {"%Y": r"(\d{4})", "%m": r"(\d{1,2})", "%d": r"(\d{1,2})", "%H": r"(\d{1,2})", "%M": r"(\d{1,2})"} | {
    "%S": r"(\d{1,2})"
}


def cast_text(
    column: pa.Array[Any], wanted: Type, date_format: str | None = None
) -> tuple[pa.Array[Any], tuple[int, ...]]:
    """The column in the wanted type with NULL where a text is no value of it, and the rows of those texts."""
    target = arrow_type(wanted)
    ready = _iso(column, date_format) if date_format else column
    try:
        return _whole(ready, wanted, target), ()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError):
        return _single(ready if ready is not None else column, wanted, target)


def _whole(column: pa.Array[Any], wanted: Type, target: pa.DataType) -> pa.Array[Any]:
    if wanted.kind in ("text", "binary"):
        return pc.cast(column, target)
    if wanted.kind in ("time", "json"):
        return _each(column, _ONE[wanted.kind], target)
    if wanted.kind == "integer" and pc.any(pc.match_substring(column, "x", ignore_case=True)).as_py():
        raise ValueError("hexadecimal is not a number here")
    cast = pc.cast(column, target)
    if wanted.kind == "double" and not pc.all(pc.is_finite(cast)).as_py() and len(cast) > cast.null_count:
        raise ValueError("not a finite number")
    return cast


def _single(column: pa.Array[Any], wanted: Type, target: pa.DataType) -> tuple[pa.Array[Any], tuple[int, ...]]:
    encoded = column.dictionary_encode()
    values: list[Any] = []
    bad: list[int] = []
    for place, value in enumerate(encoded.dictionary):
        try:
            values.append(_whole(pa.array([value.as_py()], pa.utf8()), wanted, target)[0].as_py())
        except (pa.ArrowInvalid, ValueError):
            values.append(None)
            bad.append(place)
    cast = pa.array(values, target).take(encoded.indices)
    rows = pc.indices_nonzero(pc.is_in(encoded.indices, value_set=pa.array(bad, pa.int32())))
    return cast, tuple(int(row.as_py()) for row in rows)


def _each(column: Any, one: Callable[[str], Any], target: pa.DataType) -> pa.Array[Any]:
    encoded = column.dictionary_encode()
    return pa.array([one(value) for value in encoded.dictionary.to_pylist()], target).take(encoded.indices)


def _checked_json(text: str) -> str:
    json.loads(text)
    return text


_ONE: dict[str, Callable[[str], Any]] = {"time": datetime.time.fromisoformat, "json": _checked_json}


def _iso(column: pa.Array[Any], date_format: str) -> pa.Array[Any]:
    """The texts of a declared format as ISO; a text that is not of the format stays as no date at all."""
    plain = _vector_format(date_format)
    if plain is None:
        return _each(column, lambda text: _parsed(text, date_format), pa.utf8())
    pattern, order = plain
    fits = pc.match_substring_regex(column, pattern)
    padded = column
    for _ in range(2):
        padded = pc.replace_substring_regex(padded, r"(^|[^0-9])([0-9])([^0-9]|$)", r"\10\2\3")
    iso = pc.replace_substring_regex(padded, pattern, order)
    dates: pa.Array[Any] = pc.if_else(fits, iso, pa.scalar("no date"))
    return dates


def _vector_format(date_format: str) -> tuple[str, str] | None:
    places: dict[str, int] = {}
    pattern = "^"
    for part in re.findall(r"%.|.", date_format):
        if part.startswith("%"):
            if part not in _PARTS or part in places:
                return None
            places[part] = len(places) + 1
            pattern += _PARTS[part]
        elif part.isdigit():
            return None
        else:
            pattern += re.escape(part)
    day = {"%Y", "%m", "%d"}
    clock = set(places) - day
    if not day <= set(places) or clock not in (set(), {"%H", "%M"}, {"%H", "%M", "%S"}):
        return None
    if re.search(r"%[a-zA-Z]%", date_format):
        return None
    order = "\\{}-\\{}-\\{}".format(*(places[part] for part in ("%Y", "%m", "%d")))
    if clock:
        order += " " + ":".join(f"\\{places[part]}" for part in ("%H", "%M", "%S") if part in places)
    return pattern + "$", order


def _parsed(text: str, date_format: str) -> str:
    try:
        found = datetime.datetime.strptime(text, date_format)
    except ValueError:
        return "no date"
    has_clock = re.search(r"%[HIpMSfcX]", date_format)
    return found.isoformat(" ") if has_clock else found.date().isoformat()
