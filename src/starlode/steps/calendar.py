"""Building a calendar: members follow from the moment itself, so they are added and corrected in place, and keep their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.sql import calendar as sql
from starlode.sql import dimension as dimension_sql
from starlode.star import Calendar
from starlode.step import Outcome
from starlode.steps.before import keep_before
from starlode.steps.shaping import ensure_table

if TYPE_CHECKING:
    from starlode.star import Dimension
    from starlode.work import Work


def build_calendar(dimension: Dimension, work: Work, load_key: int) -> Outcome:
    """Bring a calendar to what is declared; keys stay, and so do years that facts asked for beyond it."""
    if dimension.calendar is None:
        return Outcome()
    session, dialect = work.session, work.session.dialect
    shape = sql.Shape(dimension, dimension.calendar)
    is_new = not session.columns(dimension.table)
    reserved = sql.add_reserved(dialect, shape, load_key)
    ensure_table(work, dimension.table, shape.columns, reserved)
    if is_new:
        added = _add(work, shape, load_key)
        return Outcome(rows_in=added, rows_out=added, inserted=added)
    keep_before(work, dimension.table, "d", dimension_sql.is_reserved(dialect, dimension), load_key)
    session.execute(dimension_sql.delete_reserved(dialect, dimension))
    session.execute(reserved)
    return _renew(work, _with_held_years(work, shape), load_key)


def add_years(work: Work, dimension: Dimension, first: int, last: int, load_key: int) -> int:
    """Add the members of whole years that a calendar does not hold; how many there were."""
    if not isinstance(dimension.calendar, Calendar):
        return 0
    wanted = replace(dimension.calendar, first_year=first, last_year=last)
    return _add(work, sql.Shape(dimension, wanted), load_key)


def _renew(work: Work, shape: sql.Shape, load_key: int) -> Outcome:
    """Take out what is of another grain, correct what is said otherwise now, and add what is missing."""
    session, dialect = work.session, work.session.dialect
    others = session.rows(sql.count_others(dialect, shape))[0][0]
    differing = session.rows(sql.count_differing(dialect, shape))[0][0]
    if others or differing:
        keep_before(work, shape.dimension.table, "d", dimension_sql.is_member(dialect, shape.dimension), load_key)
    if others:
        session.execute(sql.delete_others(dialect, shape))
    if differing:
        session.execute(sql.correct_members(dialect, shape, load_key))
    added = _add(work, shape, load_key)
    rows = session.rows(sql.count_members(dialect, shape))[0][0]
    return Outcome(
        rows_in=rows,
        rows_out=rows,
        inserted=added,
        updated=differing,
        deleted=others,
        unchanged=rows - added - differing,
    )


def _with_held_years(work: Work, shape: sql.Shape) -> sql.Shape:
    """A calendar that reaches over the declared years and those that it holds."""
    calendar = shape.calendar
    if not isinstance(calendar, Calendar):
        return shape
    first, last = work.session.rows(sql.years(work.session.dialect, shape.dimension))[0]
    if first is None:
        return shape
    reach = (min(first, calendar.first_year), max(last, calendar.last_year))
    return replace(shape, calendar=replace(calendar, first_year=reach[0], last_year=reach[1]))


def _add(work: Work, shape: sql.Shape, load_key: int) -> int:
    session, dialect = work.session, work.session.dialect
    before = session.rows(sql.count_members(dialect, shape))[0][0]
    session.execute(sql.add_members(dialect, shape, load_key))
    return int(session.rows(sql.count_members(dialect, shape))[0][0] - before)
