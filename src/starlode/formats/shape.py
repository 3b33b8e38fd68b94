"""What is known of a stream's columns while it is read, and how that knowledge may grow.

Readers are optimistic: they parse with the columns known so far and come here when a value does not fit. A column grows
without losing a digit; when that would need the text of values already given out, the whole read is asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from starlode.arrow import arrow_field
from starlode.finding import Finding
from starlode.source import FILE_COLUMN, ROW_COLUMN, ReadAgain
from starlode.table import DOUBLE, JSON, MAX_PRECISION, TEXT, Column, Type, decimal, widen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlode.finding import Severity

_EXACT = {"integer", "decimal"}
DECIMAL_SIZES = (18, 28, MAX_PRECISION)

# Which values of a JSON key are kept as their raw text: every one, all but strings, or numbers and booleans only.
Quoted = Literal["all", "values", "scalars"]


class Shape:
    """The columns of one read of a stream: their names, types, and which of them were already given out."""

    def __init__(self, where: str, declared: Mapping[str, Type], columns: Iterable[Column] = ()) -> None:
        self.where = where
        self.declared = declared
        self.types: dict[str, Type | None] = {}
        self.given: set[str] = set()
        self.quoted: dict[str, Quoted] = {}
        self.undecided: set[str] = set()
        self.findings: list[Finding] = []
        self.counts: dict[tuple[str, str], int] = {}
        self._keys: dict[str, str] = {}
        self._sure: set[str] = set()
        self._digits: dict[str, tuple[int, int]] = {}
        self._told: set[tuple[str, str]] = set()
        for column in columns:
            if column.name not in (FILE_COLUMN, ROW_COLUMN):
                self._add(column.name, column.name, self.declared.get(column.name, column.type))

    @property
    def keys(self) -> dict[str, str]:
        """The columns by the names that they have in the files."""
        return self._keys

    def name(self, key: str) -> str:
        """The column of a file's key, made distinct from others that differ in case only."""
        if key in self._sure:
            return self._keys[key]
        self._sure.add(key)
        if key in self._keys:
            return self._keys[key]
        name = self._free(key)
        if name != key:
            self.tell("renamed column", name, "note", f"a second column of the same name is called {name}")
        self._add(key, name, self.declared.get(name))
        return name

    def learn(self, name: str, seen: Type, digits: tuple[int, int] | None = None) -> None:
        """Make a column wide enough for what was seen; asks for a new read when values given out would change.

        `digits` are the most digits that numbers had before and after the point.
        """
        held = self.types[name]
        if name in self.declared or held == seen or (held and digits and _has_room(held, seen, digits)):
            return
        grown = seen if held is None else self._grown(name, held, seen, digits)
        if held is None and digits:
            self._digits[name] = digits
        if grown == held:
            return
        self.types[name] = grown
        if name in self.given and _changes_text(held, grown):
            raise ReadAgain(tuple(column for column in self.known() if column.name not in self.undecided))

    def columns(self) -> tuple[Column, ...]:
        """The columns as known now; one that never had a value is text."""
        return tuple(Column(name, held or TEXT) for name, held in self.types.items())

    def known(self) -> tuple[Column, ...]:
        """The columns that had a value, or whose type is declared or was known before."""
        return tuple(Column(name, held) for name, held in self.types.items() if held is not None)

    def give(self, rows: pa.RecordBatch) -> None:
        """Remember which columns have values that are now out of our hands."""
        for name, column in zip(rows.schema.names, rows.columns, strict=True):
            if name not in self.given and column.null_count < len(column):
                self.given.add(name)

    def complete(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """The rows with every column of the read, those without any value as text."""
        for column in self.columns():
            if column.name not in rows.schema.names:
                field = arrow_field(column)
                rows = rows.append_column(field, pa.nulls(len(rows), field.type))
        return rows

    def tell(self, rule: str, column: str, severity: Severity, message: str) -> None:
        """Add a finding, once for each rule and column."""
        if (rule, column) not in self._told:
            self._told.add((rule, column))
            where = f"{self.where}.{column}" if column else self.where
            self.findings.append(Finding(rule, where, severity, message))

    def tell_of_file(self, rule: str, file: str, severity: Severity, message: str, once: str = "") -> None:
        """Add a finding about a file, once for each rule and file, or for the first file of which `once` is true."""
        if (rule, once or file) not in self._told:
            self._told.add((rule, once or file))
            self.findings.append(Finding(rule, f"{self.where} {file}", severity, message))

    def count(self, rule: str, column: str, times: int = 1) -> None:
        """Count what is told once, with its number, at the end."""
        self.counts[rule, column] = self.counts.get((rule, column), 0) + times

    def totals(self) -> tuple[Finding, ...]:
        """What was counted, as findings."""
        told = {"doubled key": "records have this key twice in one object; the last value was kept"}
        return tuple(
            Finding(rule, f"{self.where}.{column}", "warning", told[rule], found=str(times))
            for (rule, column), times in sorted(self.counts.items())
        )

    def news(self) -> tuple[Finding, ...]:
        """The findings since this was last asked."""
        news, self.findings = tuple(self.findings), []
        return news

    def _grown(self, name: str, held: Type, seen: Type, digits: tuple[int, int] | None) -> Type:
        if digits is None or not {held.kind, seen.kind} <= _EXACT:
            return grow(held, seen)
        first = self._digits.get(name)
        if first and name not in self.given:
            self._digits[name] = (max(first[0], digits[0]), max(first[1], digits[1]))
            return decimal_for(*self._digits[name])
        return grow(held, decimal(sum(digits), digits[1]) if sum(digits) <= MAX_PRECISION else DOUBLE)

    def _add(self, key: str, name: str, held: Type | None) -> None:
        self._keys[key] = name
        self.types[name] = held

    def _free(self, key: str) -> str:
        sure = {self._keys[known].lower() for known in self._sure if known in self._keys} | {FILE_COLUMN, ROW_COLUMN}
        taken = sure | {name.lower() for name in self.types}
        name, number = key, 1
        while name.lower() in taken and not (name in self.types and name.lower() not in sure):
            number += 1
            name = f"{key}_{number}"
        if name in self.types:
            del self._keys[name]
        return name


def grow(held: Type, seen: Type) -> Type:
    """The type that holds both; text when nothing narrower does, double when 38 digits are too few for two numbers."""
    kinds = {held.kind, seen.kind}
    wider = widen(held, seen)
    if wider is not None and (wider in (TEXT, JSON) or wider.kind in ("decimal", "timestamp")):
        return wider
    if kinds <= {"integer", "decimal", "double"}:
        return DOUBLE
    return JSON if "json" in kinds else TEXT


def decimal_for(whole: int, scale: int) -> Type:
    """The type for numbers with so many digits before and after the point; double when 38 digits are too few.

    Three sizes only, so that a few more digits rarely change a column.
    """
    fitting = next((size for size in DECIMAL_SIZES if whole + scale <= size), None)
    return DOUBLE if fitting is None else decimal(fitting, scale)


def _has_room(held: Type, seen: Type, digits: tuple[int, int]) -> bool:
    exact = held.kind == "decimal" and seen.kind in _EXACT
    return exact and digits[0] <= held.precision - held.scale and digits[1] <= held.scale


def _changes_text(held: Type | None, grown: Type) -> bool:
    if held is None or {held.kind, grown.kind} <= _EXACT:
        return False
    return not (held.kind == "date" and grown.kind == "timestamp")
