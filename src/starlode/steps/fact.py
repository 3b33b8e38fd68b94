"""Building a fact: follow its rows through the joins, look its keys up as of its moment, apply what changed by grain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.sql import calendar, staging
from starlode.sql import fact as sql
from starlode.sql.dialect import OWN
from starlode.sql.kinds import count_disordered
from starlode.star import NOT_YET_ARRIVED_KEY, TimeOfDay
from starlode.step import Outcome
from starlode.steps.applying import apply_rows
from starlode.steps.balance import read_rows
from starlode.steps.bridge import guard_weights
from starlode.steps.calendar import add_years
from starlode.steps.daily import lay_out, with_day
from starlode.steps.given import guard_fact, guard_kinds, guard_moment, guard_names, guard_time
from starlode.steps.inferring import infer
from starlode.steps.junk import collect
from starlode.steps.pointing import point_again
from starlode.steps.shaping import ensure_table
from starlode.steps.spoken import spoken
from starlode.steps.touched import drop_touched, find_touched
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.session import Session
    from starlode.star import Dimension, Fact, Role
    from starlode.step import Build
    from starlode.steps.touched import Touched
    from starlode.table import Column, Table
    from starlode.work import Work

MOST_YEARS = 200


def build_fact(
    fact: Fact, tree: exp.Query, places: Mapping[str, Table], step: Build, work: Work, load_key: int
) -> Outcome:
    """Bring a fact to what its SELECT gives; nothing of it changes when its joins lose or double rows without leave.

    Where the step says since when, only what changed since then is read again, and rows of changed members are pointed anew.
    """
    session, dialect = work.session, work.session.dialect
    _drop_work(session)
    given = session.describe(spoken(tree, places, dialect))
    guard_fact(fact, given)
    guard_names(dialect, fact.table.name, (c.name for c in given))
    dimensions = {d.name: d for d in work.project.star.dimensions}
    shape = sql.Shape(fact, with_day(fact, given), dimensions)
    if not _keeps_columns(shape, session):
        step = replace(step, since=0)
    if step.since and not step.changed:
        return _pointed(replace(shape, is_narrow=True), step, work, load_key)
    touched = _touched(fact, step, tree, places, given, work)
    balance = lay_out(fact, read_rows(fact, tree, places, touched, work), work)
    selected = tuple(c for c in session.describe(sql.all_rows(dialect)) if not c.name.startswith(OWN))
    shape = replace(shape, selected=session.sized(selected, sql.WORK_FACT), is_narrow=touched is not None)
    _guard_grain(fact, session)
    guard_weights(shape, session)
    no_moment = (*_guard_lookups(shape, session), *_guard_milestones(shape, session))
    shape, combined = collect(shape, work, load_key)
    findings = [f for role in fact.roles for f in _prepare(role, dimensions[role.dimension], fact, work, load_key)]
    outcome = apply_rows(shape, balance, work, load_key)
    outcome = replace(outcome, findings=(*balance.findings, *no_moment, *combined, *findings, *outcome.findings))
    _drop_work(session)
    drop_touched(work)
    return _also_pointed(outcome, shape, step, work, load_key) if touched is not None else outcome


def _touched(
    fact: Fact, step: Build, tree: exp.Query, places: Mapping[str, Table], given: tuple[Column, ...], work: Work
) -> Touched | None:
    """What changes touch in a fact; rows that are read again together are found by their driving rows alone, or not at all."""
    touched = find_touched(step, tree, places, tuple(c for c in given if c.name in fact.touched_by), work)
    if touched is None or touched.is_own or fact.touched_by == fact.grain:
        return touched
    drop_touched(work)
    return None


def _keeps_columns(shape: sql.Shape, session: Session) -> bool:
    """Whether the fact's table has the columns that are given now, but for new ones: only then can rows stay as they are."""
    wanted = {column.name: column.type for column in shape.columns}
    held = session.columns(shape.fact.table)
    return bool(held) and all(wanted.get(column.name) == column.type for column in held)


def _pointed(shape: sql.Shape, step: Build, work: Work, load_key: int) -> Outcome:
    """Point rows anew where no stream of the fact changed, but members did."""
    ensure_table(work, shape.fact.table, shape.columns)
    sums = work.ledger.sums_of(shape.fact.table.name)
    return _also_pointed(Outcome(sums=sums), shape, step, work, load_key)


def _also_pointed(outcome: Outcome, shape: sql.Shape, step: Build, work: Work, load_key: int) -> Outcome:
    count, findings = point_again(shape, step, work, load_key)
    return replace(outcome, updated=outcome.updated + count, findings=(*outcome.findings, *findings))


def _guard_lookups(shape: sql.Shape, session: Session) -> tuple[Finding, ...]:
    """Refuse keys and moments that the lookup would bend; tell of rows whose moment is not known."""
    fact, given = shape.fact, {column.name: column for column in shape.selected}
    for role in fact.roles:
        dimension = shape.dimension(role)
        if isinstance(dimension.calendar, TimeOfDay):
            guard_time(fact.table.name, fact.select, given[role.columns[0]], session)
        elif dimension.calendar is not None:
            guard_moment(fact.table.name, fact.select, given[role.columns[0]], session)
        elif not dimension.is_junk:
            guard_kinds(fact, role, dimension, shape.selected, session)
    if fact.at is None or not any(shape.dimension(role).history for role in fact.roles):
        return ()
    guard_moment(fact.table.name, fact.select, given[fact.at], session)
    count = session.rows(sql.count_no_moment(session.dialect, fact))[0][0]
    told = f"{counted(count, 'row')} without {fact.at}, which point to the current versions"
    return (Finding("no moment", fact.table.name, "warning", told, found=str(count)),) if count else ()


def _guard_milestones(shape: sql.Shape, session: Session) -> tuple[Finding, ...]:
    """Refuse milestones that are no moments; tell of cases that reached them in another order."""
    fact, given = shape.fact, {column.name: column for column in shape.selected}
    if not fact.milestones:
        return ()
    for name in fact.milestones:
        guard_moment(fact.table.name, fact.select, given[name], session)
    count = session.rows(count_disordered(session.dialect, fact, sql.WORK_FACT))[0][0]
    told = f"{counted(count, 'row')} with milestones out of their order ({', '.join(fact.milestones)})"
    return (Finding("milestones", fact.table.name, "warning", told, found=str(count)),) if count else ()


def _guard_grain(fact: Fact, session: Session) -> None:
    nulls = session.rows(sql.count_null_grain(session.dialect, fact))[0][0]
    grain = ", ".join(fact.grain)
    if nulls:
        raise DataError(
            f"{counted(nulls, 'row')} of {fact.table.name} without {grain}, which is its grain", where=fact.select.file
        )
    values, rows = session.rows(sql.count_double_grain(session.dialect, fact))[0]
    if values:
        raise DataError(
            f"{counted(rows, 'row')} of {fact.table.name} share {counted(values, 'value')} of its grain ({grain})",
            where=fact.select.file,
            hint="name every column that tells one row from another in `grain:`, or mend the SELECT",
        )


def _prepare(role: Role, dimension: Dimension, fact: Fact, work: Work, load_key: int) -> list[Finding]:
    """Make the members that the fact needs, as `late:` says, before its keys are looked up."""
    session, dialect = work.session, work.session.dialect
    if isinstance(dimension.calendar, TimeOfDay):
        return []
    if dimension.calendar is not None:
        return _extend(role, dimension, fact, work, load_key)
    if dimension.is_junk:
        return []
    missing = session.rows(sql.count_missing(dialect, fact, role, dimension))[0][0]
    if not missing:
        return []
    told = f"{counted(missing, role.dimension + ' key')} of {fact.table.name} not in {dimension.table.name}"
    if fact.late == "fail":
        raise DataError(told, where=fact.select.file, hint="load the dimension first, or declare `late: infer`")
    if fact.waits:
        where = "to the unknown member" if fact.late == "unknown" else f"to {NOT_YET_ARRIVED_KEY} until they come"
        return [Finding("late", fact.table.name, "warning", f"{told}; they point {where}", found=str(missing))]
    infer(work, fact, role, load_key)
    return [Finding("inferred", dimension.table.name, "note", f"{told}; inferred until they come", found=str(missing))]


def _extend(role: Role, dimension: Dimension, fact: Fact, work: Work, load_key: int) -> list[Finding]:
    """Bring a calendar to the years of the fact, so that no moment is lost."""
    session, dialect = work.session, work.session.dialect
    first, last = session.rows(sql.moments(dialect, role))[0]
    held_first, held_last = session.rows(calendar.years(dialect, dimension))[0]
    if first is None or (held_first <= first and last <= held_last):
        return []
    if max(last, held_last) - min(first, held_first) > MOST_YEARS:
        raise DataError(
            f"{role.columns[0]} of {fact.table.name} runs from {first} to {last}, too far for a calendar",
            where=fact.select.file,
            hint="turn impossible moments into NULL in the SELECT; they point to the unknown member then",
        )
    added = add_years(work, dimension, min(first, held_first), max(last, held_last), load_key)
    told = (
        f"{fact.table.name} reaches from {first} to {last}: {added:,} members were added beyond the declared calendar"
    )
    return [Finding("calendar", dimension.table.name, "warning", told, found=str(added))]


def _drop_work(session: Session) -> None:
    for name in sql.WORK_TABLES:
        session.execute(staging.drop_work(session.dialect, name))
