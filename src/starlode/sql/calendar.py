"""Statements for calendar dimensions, whose members and keys follow from the moment itself.

The key is readable (20181105, or 2018110517 with the hour), so a fact needs no join to find it, and two warehouses agree on
it without asking each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.table import BOOLEAN, DATE, INTEGER, TEXT, TIMESTAMP, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
LOAD_KEY = "load_key"


def columns(dimension: Dimension) -> tuple[Column, ...]:
    """The columns of a calendar, by its grain."""
    hourly = dimension.calendar is not None and dimension.calendar.grain == "hour"
    return (
        Column(dimension.key_column, INTEGER),
        *((Column("starts_at", TIMESTAMP), Column("hour", INTEGER)) if hourly else ()),
        Column("date", DATE),
        Column("year", INTEGER),
        Column("quarter", INTEGER),
        Column("month", INTEGER),
        Column("month_name", TEXT),
        Column("day", INTEGER),
        Column("day_of_week", INTEGER),
        Column("day_name", TEXT),
        Column("iso_week", INTEGER),
        Column("iso_year", INTEGER),
        Column("is_weekend", BOOLEAN),
        Column(LOAD_KEY, INTEGER),
    )


def key(dialect: Dialect, dimension: Dimension, moment: str) -> str:
    """The key of the member that holds a moment; NULL for NULL."""
    at = f"cast({moment} as timestamp)"
    day = f"extract(year from {at}) * 10000 + extract(month from {at}) * 100 + extract(day from {at})"
    if dimension.calendar is not None and dimension.calendar.grain == "hour":
        return f"cast(({day}) * 100 + extract(hour from {at}) as {dialect.type(INTEGER)})"
    return f"cast({day} as {dialect.type(INTEGER)})"


def add_members(dialect: Dialect, dimension: Dimension, first_year: int, last_year: int, load_key: int) -> str:
    """The members of whole years that are not there yet."""
    calendar = dimension.calendar
    hourly = calendar is not None and calendar.grain == "hour"
    unit, size = ("hour", 24) if hourly else ("day", 1)
    count = (last_year - first_year + 1) * 366 * size
    q = dialect.quote
    names = dialect.names(tuple(c.name for c in columns(dimension)))
    month = "case extract(month from moment) " + _cases(dialect, MONTHS) + " end"
    weekday = "case extract(isodow from moment) " + _cases(dialect, DAYS) + " end"
    hour = "moment, extract(hour from moment), " if hourly else ""
    table = dialect.table(dimension.table)
    return (
        f"insert into {table} ({names})\n"
        f"select {key(dialect, dimension, 'moment')}, {hour}cast(moment as date),\n"
        f"       extract(year from moment), extract(quarter from moment), extract(month from moment), {month},\n"
        f"       extract(day from moment), extract(isodow from moment), {weekday},\n"
        f"       extract(week from moment), extract(isoyear from moment), extract(isodow from moment) > 5, {load_key}\n"
        f"  from (select timestamp '{first_year:04}-01-01 00:00:00' + n * interval '1 {unit}' as moment\n"
        f"          from ({dialect.numbers(count)}) as numbers) as moments\n"
        f" where extract(year from moment) <= {last_year}\n"
        f"   and {key(dialect, dimension, 'moment')} not in (select {q(dimension.key_column)} from {table})"
    )


def add_reserved(dialect: Dialect, dimension: Dimension, load_key: int) -> str:
    """The members that stand for unknown, not applicable and not yet arrived, with readable texts."""
    rows = []
    for number, label in dimension.labels.by_key.items():
        fixed = {dimension.key_column: str(number), LOAD_KEY: str(load_key)}
        cells = (
            fixed.get(c.name, dialect.text(label) if c.type.kind == "text" else "null") for c in columns(dimension)
        )
        rows.append("(" + ", ".join(cells) + ")")
    names = dialect.names(tuple(c.name for c in columns(dimension)))
    return f"insert into {dialect.table(dimension.table)} ({names})\nvalues " + ",\n       ".join(rows)


def years(dialect: Dialect, dimension: Dimension) -> str:
    """The first and the last year that a calendar holds."""
    table, key_column = dialect.table(dimension.table), dialect.quote(dimension.key_column)
    return f"select min(year), max(year) from {table} where {key_column} > 0"


def _cases(dialect: Dialect, words: list[str]) -> str:
    return " ".join(f"when {number} then {dialect.text(word)}" for number, word in enumerate(words, 1))
