"""Statements for dimensions whose members and keys follow from the moment itself: calendars, and the times of a day.

The key is readable (20181105, or 2018110517 with the hour), so a fact needs no join to find it, and two warehouses agree on
it without asking each other. Reserved keys are negative; that of midnight is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.sql import days, time_of_day
from starlode.star import TimeOfDay
from starlode.table import INTEGER, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Calendar, Dimension
    from starlode.table import Type

LOAD_KEY = "load_key"


@dataclass(frozen=True)
class Shape:
    """A dimension with the calendar, or the times of a day, that its members are."""

    dimension: Dimension
    calendar: Calendar | TimeOfDay

    @property
    def said(self) -> tuple[Column, ...]:
        """What a member says beside its key."""
        of = self.calendar
        return time_of_day.columns(of) if isinstance(of, TimeOfDay) else days.columns(of)

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column(self.dimension.key_column, INTEGER), *self.said, Column(LOAD_KEY, INTEGER))

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.said if column.type.kind == "text")


def key(dialect: Dialect, calendar: Calendar | TimeOfDay, moment: str, of: Type) -> str:
    """The key of the member that holds a moment, which is of some type; NULL for NULL."""
    if isinstance(calendar, TimeOfDay):
        return time_of_day.key(dialect, calendar, moment, of)
    return days.key(dialect, calendar, moment)


def members(dialect: Dialect, shape: Shape) -> str:
    """A SELECT of the members that there should be, reserved ones aside."""
    of, key_column = shape.calendar, shape.dimension.key_column
    if isinstance(of, TimeOfDay):
        return time_of_day.members(dialect, of, key_column)
    return days.members(dialect, of, key_column)


def add_members(dialect: Dialect, shape: Shape, load_key: int) -> str:
    """The members that are not there yet."""
    key, table = dialect.quote(shape.dimension.key_column), dialect.table(shape.dimension.table)
    names = dialect.names((shape.dimension.key_column, *(column.name for column in shape.said)))
    return (
        f"insert into {table} ({names}, {LOAD_KEY})\n"
        f"select {names}, {load_key}\n  from (\n{members(dialect, shape)}\n  ) as wanted\n"
        f" where not exists (select 1 from {table} as d where d.{key} = wanted.{key})"
    )


def count_differing(dialect: Dialect, shape: Shape) -> str:
    """How many members say something else than they should."""
    key, table = dialect.quote(shape.dimension.key_column), dialect.table(shape.dimension.table)
    return (
        f"select count(*)\n  from {table} as d join (\n{members(dialect, shape)}\n  ) as w on w.{key} = d.{key}\n"
        f" where {_differs(dialect, shape)}"
    )


def correct_members(dialect: Dialect, shape: Shape, load_key: int) -> str:
    q, key = dialect.quote, dialect.quote(shape.dimension.key_column)
    assigned = ",\n       ".join(f"{q(c.name)} = w.{q(c.name)}" for c in shape.said)
    return (
        f"update {dialect.table(shape.dimension.table)} as d\n   set {assigned},\n       {LOAD_KEY} = {load_key}\n"
        f"  from (\n{members(dialect, shape)}\n  ) as w\n"
        f" where w.{key} = d.{key} and ({_differs(dialect, shape)})"
    )


def count_others(dialect: Dialect, shape: Shape) -> str:
    """How many members are none of those that there should be, as a day is none among hours."""
    return f"select count(*) from {dialect.table(shape.dimension.table)} as d\n where {_other(dialect, shape)}"


def delete_others(dialect: Dialect, shape: Shape) -> str:
    delete, row = dialect.delete(shape.dimension.table, "d")
    return f"{delete}\n where {_other(dialect, shape, row)}"


def count_members(dialect: Dialect, shape: Shape) -> str:
    """How many members there are, reserved ones aside."""
    key = dialect.quote(shape.dimension.key_column)
    return f"select count(*) from {dialect.table(shape.dimension.table)} where {key} >= 0"


def add_reserved(dialect: Dialect, shape: Shape, load_key: int) -> str:
    """The members that stand for unknown, not applicable and not yet arrived, with readable texts."""
    rows = []
    for number, label in shape.dimension.labels.by_key.items():
        fixed = {shape.dimension.key_column: str(number), LOAD_KEY: str(load_key)}
        cells = (fixed.get(c.name, dialect.text(label) if c.name in shape.texts else "null") for c in shape.columns)
        rows.append("(" + ", ".join(cells) + ")")
    names = dialect.names(tuple(c.name for c in shape.columns))
    return f"insert into {dialect.table(shape.dimension.table)} ({names})\nvalues " + ",\n       ".join(rows)


def years(dialect: Dialect, dimension: Dimension) -> str:
    """The first and the last year that a calendar holds."""
    table, key_column = dialect.table(dimension.table), dialect.quote(dimension.key_column)
    return f"select min(year), max(year) from {table} where {key_column} > 0"


def _differs(dialect: Dialect, shape: Shape) -> str:
    q = dialect.quote
    return "\n    or ".join(dialect.differ(f"d.{q(c.name)}", f"w.{q(c.name)}") for c in shape.said)


def _other(dialect: Dialect, shape: Shape, row: str = "d") -> str:
    key = dialect.quote(shape.dimension.key_column)
    return (
        f"{row}.{key} >= 0 and not exists (\n"
        f"select 1 from (\n{members(dialect, shape)}\n  ) as w where w.{key} = {row}.{key})"
    )
