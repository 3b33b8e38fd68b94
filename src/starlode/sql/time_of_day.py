"""The members of a day: its hours, minutes or seconds, apart from any date, so that they are few and stay so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.days import NAME, named
from starlode.table import INTEGER, TIME, TIMESTAMP, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import TimeOfDay
    from starlode.table import Type

UNITS = ("hour", "minute", "second")
PER_DAY = {"hour": 24, "minute": 24 * 60, "second": 24 * 60 * 60}


def columns(times: TimeOfDay) -> tuple[Column, ...]:
    """What a member says beside its key."""
    return (
        Column("time", TIME),
        *(Column(unit, INTEGER) for unit in _units(times)),
        Column("part_of_day", INTEGER),
        Column("part_of_day_name", NAME),
    )


def key(dialect: Dialect, times: TimeOfDay, moment: str, of: Type) -> str:
    """The digits of a moment's time, such as 1705 for five past five in the afternoon; NULL for NULL."""
    at = f"cast({dialect.cast(moment, TIMESTAMP) if of.kind == 'timestamptz' else moment} as time)"
    # A day may end at 24:00, which is the midnight of the next; a minute has sixty seconds and no fraction of a sixty-first.
    digits = dialect.remainder(f"extract(hour from {at})", "24")
    for unit in _units(times)[1:]:
        digits = f"({digits}) * 100 + {dialect.whole(f'extract({unit} from {at})')}"
    return f"cast({digits} as {dialect.type(INTEGER)})"


def members(dialect: Dialect, times: TimeOfDay, key_column: str) -> str:
    """A SELECT of every member of the day."""
    q, hour = dialect.quote, "extract(hour from moment)"
    part = f"case when {hour} < 6 then 1 when {hour} < 12 then 2 when {hour} < 18 then 3 else 4 end"
    units = "".join(f",\n       {dialect.whole(f'extract({unit} from moment)')} as {q(unit)}" for unit in _units(times))
    moment = dialect.later("time '00:00:00'", "n", times.grain)
    return (
        f"select {key(dialect, times, 'moment', TIME)} as {q(key_column)},\n"
        f"       moment as {q('time')}{units},\n"
        f"       {part} as {q('part_of_day')},\n"
        f"       {named(dialect, part, times.names.parts_of_day)} as {q('part_of_day_name')}\n"
        f"  from (select {moment} as moment\n"
        f"          from ({dialect.numbers(PER_DAY[times.grain])}) as numbers) as moments"
    )


def _units(times: TimeOfDay) -> tuple[str, ...]:
    return UNITS[: UNITS.index(times.grain) + 1]
