"""Types of text columns, from all their values: a column is a number, a date or a moment only if every value is.

Each check is one pass of Arrow over the column, exact or refused. What only looks like a number (leading zeros, a plus
sign) stays text, and a date whose day and month could change places is never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import arrow_type
from starlode.errors import DataError
from starlode.formats.json_scan import digits
from starlode.formats.shape import decimal_for
from starlode.table import BOOLEAN, DATE, INTEGER, MAX_PRECISION, TEXT, TIMESTAMP, TIMESTAMPTZ, Type

if TYPE_CHECKING:
    from starlode.formats.shape import Shape

_NOT_INTEGER = r"^-?0[0-9xX]|^-0$|^\+"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?$"
_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}.*)?$"
_DAY_MONTH = r"^[0-9]{1,2}([/.-])[0-9]{1,2}[/.-](?:[0-9]{4}|[0-9]{2})(?:[ T].*)?$"


def infer(column: pa.Array[Any]) -> tuple[Type | None, tuple[int, int] | None]:
    """The type that every value of a text column has, and the digits that its numbers need; None without any value."""
    values = column.drop_null()
    if not len(values):
        return None, None
    first = values[0].as_py()
    if first.lower() in ("true", "false"):
        is_boolean = pc.all(pc.is_in(pc.utf8_lower(values), value_set=pa.array(["true", "false"]))).as_py()
        return (BOOLEAN if is_boolean else TEXT), None
    if re.match(_NUMBER, first):
        return _number(values)
    if re.match(_MOMENT, first):
        return _moment(values), None
    return TEXT, None


def fits(column: pa.Array[Any], held: Type) -> bool:
    """Whether a column can be kept in the type it has so far, without a closer look at what it is."""
    if held == TEXT:
        return True
    if held != INTEGER or _any(column, _NOT_INTEGER):
        return False
    return _casts(column, held)


def is_exact_in_double(column: pa.Array[Any]) -> bool:
    """Whether a double gives every number of a text column back with all its digits; an infinite one does not."""
    return all(_is_exact(text) for text in column.drop_null().unique().to_pylist() if text)


def _is_exact(text: str) -> bool:
    held = float(text)
    return isfinite(held) and Decimal(repr(held)) == Decimal(text)


def _number(values: Any) -> tuple[Type, tuple[int, int] | None]:
    if _casts(values, INTEGER) and not _any(values, _NOT_INTEGER):
        return INTEGER, (int(pc.max(pc.utf8_length(values)).as_py()), 0)
    if not pc.all(pc.match_substring_regex(values, _NUMBER)).as_py():
        return TEXT, None
    whole, scale = _digits(values)
    if scale or _any(values, "[eE]"):
        return decimal_for(whole, scale), (whole, scale)
    return (decimal_for(whole, 0), (whole, 0)) if whole <= MAX_PRECISION else (TEXT, None)


def _digits(values: Any) -> tuple[int, int]:
    powers = values.filter(pc.match_substring_regex(values, "[eE]"))
    plain = values.filter(pc.invert(pc.match_substring_regex(values, "[eE]")))
    needs = [digits(text)[:2] for text in powers.unique().to_pylist()]
    if len(plain):
        one: Any = pa.scalar(1, pa.int32())
        bare = pc.utf8_ltrim(plain, "-")
        point: Any = pc.find_substring(bare, ".")
        size: Any = pc.utf8_length(bare)
        is_whole = pc.less(point, pa.scalar(0, pa.int32()))
        whole = pc.if_else(is_whole, size, point)
        scale = pc.if_else(is_whole, pa.scalar(0, pa.int32()), pc.subtract(pc.subtract(size, point), one))
        needs.append((pc.max(whole).as_py(), pc.max(scale).as_py()))
    return max(need[0] for need in needs), max(need[1] for need in needs)


def _moment(values: pa.Array[Any]) -> Type:
    return next((kind for kind in (DATE, TIMESTAMP, TIMESTAMPTZ) if _casts(values, kind)), TEXT)


def _casts(values: pa.Array[Any], kind: Type) -> bool:
    try:
        pc.cast(values, arrow_type(kind))
    except pa.ArrowInvalid:
        return False
    return True


def _any(values: pa.Array[Any], pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


@dataclass
class DayMonth:
    """How the values of a text column fit the two orders of day and month."""

    other: bool = False
    both: int = 0
    day_first: int = 0
    month_first: int = 0
    separator: str = "/"

    def add(self, column: pa.Array[Any]) -> None:
        values = column.drop_null()
        if self.other or not len(values):
            return
        if not re.match(_DAY_MONTH, values[0].as_py()) or _any(pc.utf8_trim_whitespace(values), "^$"):
            self.other = True
            return
        if not pc.all(pc.match_substring_regex(values, _DAY_MONTH)).as_py():
            self.other = True
            return
        self._count(values)

    def _count(self, values: pa.Array[Any]) -> None:
        self.separator = re.sub(r"[0-9]", "", values[0].as_py())[0]
        for counted in pc.value_counts(pc.replace_substring_regex(values, r"^([0-9]+)[/.-]([0-9]+)[/.-].*$", r"\1 \2")):
            one, two = (int(part) for part in counted["values"].as_py().split())
            times = counted["counts"].as_py()
            day_first, month_first = 1 <= one <= 31 and 1 <= two <= 12, 1 <= two <= 31 and 1 <= one <= 12
            if day_first and month_first:
                self.both += times
            elif day_first:
                self.day_first += times
            elif month_first:
                self.month_first += times
            else:
                self.other = True

    def judge(self, name: str, shape: Shape) -> None:
        """Refuse a column whose dates fit both orders everywhere; name the format when only one order fits."""
        formats = [f"%{a}{self.separator}%{b}{self.separator}%Y" for a, b in (("d", "m"), ("m", "d"))]
        if self.other or not (self.both or self.day_first or self.month_first):
            return
        if not self.day_first and not self.month_first:
            raise DataError(
                f"the dates of `{name}` could be day/month or month/day: {self.both:,} of {self.both:,} fit both",
                where=f"{shape.where}.{name}",
                hint=f'declare `dates: {{{name}: "{formats[0]}"}}` or "{formats[1]}", or `types: {{{name}: text}}`',
            )
        if self.day_first and self.month_first:
            shape.tell("mixed dates", name, "warning", "some have the day first, others the month: kept as text")
            return
        told = formats[0] if self.day_first else formats[1]
        shape.tell(
            "undeclared dates", name, "note", f'kept as text; declare `dates: {{{name}: "{told}"}}` to have dates'
        )
