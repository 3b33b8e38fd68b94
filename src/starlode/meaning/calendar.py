"""Calendars and times of day: their years or units, their fiscal year, and the names that they speak."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from starlode.languages import ENGLISH, LANGUAGES, Names
from starlode.meaning import plain
from starlode.meaning.holidays import holidays
from starlode.nearest import hint, listing
from starlode.star import Calendar, CalendarGrain, TimeGrain, TimeOfDay

if TYPE_CHECKING:
    from starlode.declaration import CalendarDeclaration
    from starlode.declare import Reading
    from starlode.meaning.selects import Scope

TIME_OF_DAY = "time_of_day"
_YEARS = re.compile(r"([0-9]{4})\.\.([0-9]{4})")
_MONTHS = {
    **{name.lower(): number for number, name in enumerate(ENGLISH.months, 1)},
    **{str(number): number for number in range(1, 13)},
}
_OF_YEARS = ("fiscal_year_starts", "fiscal_year_named_by", "holidays")


def calendar(said: CalendarDeclaration, scope: Scope) -> Calendar | TimeOfDay:
    """What a declaration means, with a stand-in where it cannot be read, which is told."""
    reading = scope.reading
    if said.calendar == TIME_OF_DAY:
        _tell_years(said, reading)
        grain = _grain(said, get_args(TimeGrain), "minute", reading)
        return TimeOfDay(grain, _names(said, ("parts_of_day",), reading))
    first, last = _years(said, reading)
    fiscal_start = _fiscal_start(said, reading)
    return Calendar(
        first,
        last,
        _grain(said, get_args(CalendarGrain), "day", reading),
        fiscal_start,
        said.fiscal_year_named_by or "end",
        holidays(said.holidays, scope) if said.holidays else (),
        _names(said, ("months", "days"), reading),
    )


def _years(said: CalendarDeclaration, reading: Reading) -> tuple[int, int]:
    found = _YEARS.fullmatch(said.calendar)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    years = said.calendar
    if not found or not first:
        meant = f"did you mean `{TIME_OF_DAY}`?  " if "time" in years.lower() else ""
        advice = f"{meant}write the first and the last, as in 2015..2035"
        reading.mistake(years.place, f"`{years.written}` is no span of years", advice)
    elif first > last:
        reading.mistake(
            years.place, f"the years `{years.written}` run backwards", "the first year stands before the last"
        )
    return first, last


def _grain(said: CalendarDeclaration, known: tuple[str, ...], usual: str, reading: Reading) -> Any:
    if said.grain is None or said.grain in known:
        return plain(said.grain) or usual
    of = "a time of day" if said.calendar == TIME_OF_DAY else "a calendar of years"
    reading.mistake(said.places["grain"], f"`{said.grain}` is no grain of {of}", f"values: {listing(known)}")
    return usual


def _fiscal_start(said: CalendarDeclaration, reading: Reading) -> int:
    starts = said.fiscal_year_starts
    if starts is None:
        if said.fiscal_year_named_by:
            what = "`fiscal_year_named_by` names no year without `fiscal_year_starts`"
            reading.mistake(said.places["fiscal_year_named_by"], what, "say when it begins, as in `april`")
        return 0
    found = _MONTHS.get(starts.lower(), 0)
    if not found:
        listed = hint(starts.written, [name.lower() for name in ENGLISH.months], "months")
        reading.mistake(starts.place, f"`{starts.written}` is no month", listed)
    return found


def _names(said: CalendarDeclaration, spoken: tuple[str, ...], reading: Reading) -> Names:
    """The names of the language, with own ones in their place; those that no member would say are told."""
    known = LANGUAGES[plain(said.language)]
    own = said.names
    if own is None:
        return known
    given: dict[str, tuple[str, ...]] = {}
    for field, place in own.places.items():
        words, needed = plain(getattr(own, field)), len(getattr(known, field))
        if field not in spoken:
            what = f"no member of this calendar says `{field}`"
            reading.mistake(place, what, f"it says {' and '.join(f'`{name}`' for name in spoken)}")
        elif len(words) != needed:
            what = f"`{field}` has {len(words)} name{'s' * (len(words) != 1)}, and there are {needed}"
            reading.mistake(place, what, f"in their order, as in {listing(getattr(known, field))}")
        else:
            given[field] = words
    return replace(known, **given)


def _tell_years(said: CalendarDeclaration, reading: Reading) -> None:
    for setting in _OF_YEARS:
        if setting in said.places:
            what = f"a time of day has no years, and so no `{setting}`"
            reading.mistake(said.places[setting], what, "say it of a calendar of years, as in 2015..2035")
