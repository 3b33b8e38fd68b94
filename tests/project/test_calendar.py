"""A calendar is read with everything that it says: its fiscal year, its holidays, and the names that it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from starlode.languages import ENGLISH, LANGUAGES, Language
from starlode.plan import digest_of
from starlode.project import read
from starlode.star import Calendar, TimeOfDay

if TYPE_CHECKING:
    from tests.project.conftest import Write

PROJECT = "name: shop\ndimensions:\n  date: {{calendar: {}}}\n"


def _calendar(write: Write, said: str, **files: str) -> Any:
    folder = write(
        {"starlode.yml": PROJECT.format(said), **{name.replace("_", "."): text for name, text in files.items()}}
    )
    return read(folder, {}).star.dimensions[0].calendar


def test_a_calendar_of_years_and_a_time_of_day_have_their_usual_grain(write: Write) -> None:
    assert _calendar(write, "2018..2019") == Calendar(2018, 2019, "day")
    assert _calendar(write, "time_of_day") == TimeOfDay("minute")


@pytest.mark.parametrize("month", ["april", "April", "4", "'${MONTH:-APRIL}'"])
def test_a_fiscal_year_begins_in_a_month_by_name_or_number(month: str, write: Write) -> None:
    assert _calendar(write, f"2018..2019, fiscal_year_starts: {month}") == Calendar(2018, 2019, fiscal_start=4)


@pytest.mark.parametrize(
    "text", ["date,name\n2018-01-01,A\n\n2018-01-01,B\n", 'name\tdate\n"A"\t2018-01-01\nB\t2018-01-01\n']
)
def test_holidays_are_read_from_a_csv_and_several_names_of_a_date_are_joined(text: str, write: Write) -> None:
    calendar = _calendar(write, "2018..2019, holidays: h.csv", h_csv=text)

    assert calendar.holidays == (("2018-01-01", "A, B"),)


@pytest.mark.parametrize("text", ["2018-01-01: [A, B, A]\n", "2018-01-01: A\n2018-01-01: B\n"])
def test_holidays_are_read_from_yaml(text: str, write: Write) -> None:
    calendar = _calendar(write, "2018..2019, holidays: h.yml", h_yml=text)

    assert calendar.holidays == (("2018-01-01", "A, B"),)


def test_a_calendar_with_other_holidays_is_another_one(write: Write) -> None:
    said = "2018..2019, holidays: h.csv"
    before = _calendar(write, said, h_csv="date,name\n2018-01-01,A\n")

    after = _calendar(write, said, h_csv="date,name\n2018-01-02,A\n")

    assert digest_of(before) != digest_of(after)


def test_own_names_take_the_place_of_those_of_the_language(write: Write) -> None:
    calendar = _calendar(write, "2018..2019, language: de, names: {days: [Mo, Di, Mi, Do, Fr, Sa, So]}")

    assert calendar.names.days == ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
    assert calendar.names.months == LANGUAGES["de"].months


def test_every_language_has_every_name_once() -> None:
    assert set(LANGUAGES) == set(get_args(Language))
    assert LANGUAGES["en"] == ENGLISH
    for names in LANGUAGES.values():
        counts = [len(set(part)) for part in (names.months, names.days, names.parts_of_day)]
        assert counts == [12, 7, 4]
