"""Daily facts: the states that a SELECT gives become a row for each key and day, and every state is accounted for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.sql import daily as sql
from starlode.sql import fact as fact_sql
from starlode.sql.dialect import OWN
from starlode.star import DAY
from starlode.steps.balance import exact, summed
from starlode.steps.given import guard_moment
from starlode.table import DATE, Column
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.star import Fact
    from starlode.step import Outcome
    from starlode.work import Work

MOST_DAYS = 73_000
MOST_CONFLICTS = 1_000


def with_day(fact: Fact, given: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns that a fact shows of its SELECT, with the day of a daily one."""
    return (Column(DAY, DATE), *given) if fact.kind == "daily" else given


def lay_out(fact: Fact, read: Outcome, work: Work) -> Outcome:
    """Let the work table of a daily fact hold its days; rows of other kinds stay what was read of them."""
    if fact.kind != "daily":
        return read
    session, dialect = work.session, work.session.dialect
    given = tuple(c for c in session.describe(fact_sql.all_rows(dialect)) if not c.name.startswith(OWN))
    names = tuple(column.name for column in given)
    guard_moment(fact.table.name, fact.select, next(c for c in given if c.name == fact.at), session)
    session.execute(sql.set_aside(fact_sql.WORK_FACT))
    _guard_span(fact, work)
    session.execute(sql.lay_out(dialect, fact, names, fact_sql.WORK_FACT))
    session.learn(fact_sql.WORK_FACT)
    no_moment, seen = session.rows(sql.count_states(dialect, fact))[0]
    measures = summed(fact)
    days, _, *sums = session.rows(fact_sql.count_rows(dialect, None, measures))[0]
    covered = read.rows_out - no_moment - seen
    return replace(
        read,
        rows_out=days,
        rejected=read.rejected + no_moment,
        merged=read.merged + covered,
        doubled=read.doubled + days - seen,
        sums=exact(measures, sums),
        findings=(*read.findings, *_told(fact, no_moment, covered, days - seen), *_torn(fact, given, work)),
    )


def _guard_span(fact: Fact, work: Work) -> None:
    first, last = work.session.rows(sql.span(work.session.dialect, fact))[0]
    if first is not None and (last - first).days > MOST_DAYS:
        raise DataError(
            f"the states of {fact.table.name} reach from {first} to {last}, too far for a row each day",
            where=fact.select.file,
            hint=f"turn impossible moments of {fact.at} into NULL in the SELECT; such states are left out and counted",
        )


def _told(fact: Fact, no_moment: int, covered: int, carried: int) -> Iterator[Finding]:
    name = fact.table.name
    if no_moment:
        told = f"{counted(no_moment, 'state')} without {fact.at}, which belong to no day"
        yield Finding("no moment", name, "warning", told, found=str(no_moment))
    if covered:
        told = f"{counted(covered, 'state')} that a later one of the same day takes the place of"
        yield Finding("states", name, "note", told, found=str(covered))
    if carried:
        told = f"{counted(carried, 'day')} without a state of their own, to which the one before is carried forward"
        yield Finding("carried forward", name, "note", told, found=str(carried))


def _torn(fact: Fact, given: tuple[Column, ...], work: Work) -> tuple[Finding, ...]:
    """States that disagree at one moment: which one is kept depends on their values alone, and they are written down."""
    found = work.session.rows(sql.torn_states(work.session.dialect, fact, given, MOST_CONFLICTS))
    if not found:
        return ()
    name = fact.table.name
    work.ledger.write_conflicts(name, "least value", found)
    told = f"{counted(len(found), 'key')} of {name} with states that disagree at one moment; kept: the least value"
    return (Finding("conflict", name, "warning", told, found=str(len(found))),)
