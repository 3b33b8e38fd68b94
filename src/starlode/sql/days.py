"""The members of a calendar: days, hours or minutes of whole years, each with all that follows from its moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.table import BOOLEAN, DATE, INTEGER, TIMESTAMP, Column, Type

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Calendar

PER_DAY = {"day": 1, "hour": 24, "minute": 24 * 60}
# A name, of a month or a day, is short wherever that counts.
NAME = Type("text", width=256)
_FISCAL = tuple(Column(name, INTEGER) for name in ("fiscal_year", "fiscal_quarter", "fiscal_month"))
_HOLIDAY = (Column("is_holiday", BOOLEAN), Column("holiday", NAME))


def columns(calendar: Calendar) -> tuple[Column, ...]:
    """What a member says beside its key."""
    units = tuple(Column(unit, INTEGER) for unit in _units(calendar))
    return (
        *((Column("starts_at", TIMESTAMP), *units) if units else ()),
        Column("date", DATE),
        Column("year", INTEGER),
        Column("quarter", INTEGER),
        Column("month", INTEGER),
        Column("month_name", NAME),
        Column("day", INTEGER),
        Column("day_of_week", INTEGER),
        Column("day_name", NAME),
        Column("iso_week", INTEGER),
        Column("iso_year", INTEGER),
        Column("is_weekend", BOOLEAN),
        *(_FISCAL if calendar.fiscal_start else ()),
        *(_HOLIDAY if calendar.holidays else ()),
    )


def key(dialect: Dialect, calendar: Calendar, moment: str) -> str:
    """The digits of a moment as far as the calendar goes, such as 20181105 or 2018110517; NULL for NULL."""
    at = dialect.cast(moment, TIMESTAMP)
    digits = f"extract(year from {at}) * 10000 + extract(month from {at}) * 100 + extract(day from {at})"
    for unit in _units(calendar):
        digits = f"({digits}) * 100 + extract({unit} from {at})"
    return f"cast({digits} as {dialect.type(INTEGER)})"


def members(dialect: Dialect, calendar: Calendar, key_column: str) -> str:
    """A SELECT of every member of the calendar's years."""
    q, count = dialect.quote, (calendar.last_year - calendar.first_year + 1) * 366 * PER_DAY[calendar.grain]
    found, first = _expressions(dialect, calendar), dialect.moment(f"{calendar.first_year:04}-01-01 00:00:00")
    values = "".join(f",\n       {found[c.name]} as {q(c.name)}" for c in columns(calendar))
    return (
        f"select {key(dialect, calendar, 'moment')} as {q(key_column)}{values}\n"
        f"  from (select {dialect.later(first, 'n', calendar.grain)} as moment\n"
        f"          from ({dialect.numbers(count)}) as numbers) as moments{_holidays(dialect, calendar)}\n"
        f" where extract(year from moment) <= {calendar.last_year}"
    )


def named(dialect: Dialect, number: str, names: tuple[str, ...]) -> str:
    """The name that belongs to a number from 1."""
    cases = " ".join(f"when {place} then {dialect.text(name)}" for place, name in enumerate(names, 1))
    return f"case {number} {cases} end"


def _units(calendar: Calendar) -> tuple[str, ...]:
    """The parts of a day that tell members apart."""
    return ("hour", "minute")[: ("day", "hour", "minute").index(calendar.grain)]


def _expressions(dialect: Dialect, calendar: Calendar) -> dict[str, str]:
    month, weekday = "extract(month from moment)", dialect.weekday("moment")
    # A fiscal year is a year that lies so many months later; which of its days a month has does not matter here.
    fiscal = dialect.later("moment", f"{1 - calendar.fiscal_start}", "month")
    named_later = int(calendar.fiscal_start > 1 and calendar.fiscal_year_named_by == "end")
    return {
        "starts_at": "moment",
        "hour": "extract(hour from moment)",
        "minute": "extract(minute from moment)",
        "date": "cast(moment as date)",
        "year": "extract(year from moment)",
        "quarter": "extract(quarter from moment)",
        "month": month,
        "month_name": named(dialect, month, calendar.names.months),
        "day": "extract(day from moment)",
        "day_of_week": weekday,
        "day_name": named(dialect, weekday, calendar.names.days),
        "iso_week": dialect.iso_week("moment"),
        "iso_year": dialect.iso_year("moment"),
        "is_weekend": f"{weekday} > 5",
        "fiscal_year": f"extract(year from {fiscal}) + {named_later}",
        "fiscal_quarter": f"extract(quarter from {fiscal})",
        "fiscal_month": f"extract(month from {fiscal})",
        "is_holiday": "holiday_name is not null",
        "holiday": "holiday_name",
    }


def _holidays(dialect: Dialect, calendar: Calendar) -> str:
    """The join of the holidays, where there are any."""
    if not calendar.holidays:
        return ""
    rows = "\n             union all ".join(
        f"select date '{day}' as holiday_on, {dialect.text(name)} as holiday_name" for day, name in calendar.holidays
    )
    return f"\n  left join ({rows}) as holidays\n    on holiday_on = cast(moment as date)"
