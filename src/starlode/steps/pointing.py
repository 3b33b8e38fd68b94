"""Pointing a fact's rows to the versions that hold at their moment, after members changed that they were built with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.finding import Finding
from starlode.sql import pointing as sql
from starlode.sql import staging
from starlode.steps.before import keep_before
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.sql.fact import Shape
    from starlode.step import Build
    from starlode.work import Work


def point_again(shape: Shape, step: Build, work: Work, load_key: int) -> tuple[int, tuple[Finding, ...]]:
    """Point the rows of changed members anew; how many there were, and what to tell of them."""
    total, findings = 0, []
    for number, role in enumerate(shape.fact.roles):
        dimension = shape.dimension(role)
        has_gone = work.ledger.has_deleted(dimension.table.name, step.since)
        if dimension.table.name not in step.members or not (_may_move(shape, number) or has_gone):
            continue
        count = _point_role(shape, number, step.since, has_gone=has_gone, work=work, load_key=load_key)
        total += count
        if count:
            name = shape.fact.table.name
            told = f"{counted(count, 'row points', 'rows point')} to another version of {dimension.table.name}"
            message = f"{told} ({role.key_column}), as members changed"
            findings.append(Finding("re-pointed", name, "note", message, found=str(count)))
    return total, tuple(findings)


def _may_move(shape: Shape, number: int) -> bool:
    """Whether a key can change while its row stays: by versions, or when a member comes that the row waited for."""
    dimension = shape.dimension(shape.fact.roles[number])
    return dimension.calendar is None and (bool(dimension.history) or shape.fact.waits)


def _point_role(shape: Shape, number: int, since: int, *, has_gone: bool, work: Work, load_key: int) -> int:
    session, dialect = work.session, work.session.dialect
    _drop_work(work)
    session.execute(sql.find_members(dialect, shape, number, since))
    session.learn(sql.WORK_MEMBERS)
    session.execute(sql.find_rows(dialect, shape, number, has_gone=has_gone))
    session.learn(sql.WORK_POINTED)
    session.execute(sql.find_points(dialect, shape, number))
    session.learn(sql.WORK_POINTS)
    count = int(session.rows(sql.count_points(dialect))[0][0])
    if count or work.is_on_paper:
        session.execute(sql.take_rows(dialect, shape))
        session.learn(sql.WORK_MOVED)
        keep_before(work, shape.fact.table, "f", "true", load_key, sql.WORK_MOVED)
        session.execute(sql.take_out(dialect, shape))
        session.execute(sql.put_back(dialect, shape, number, load_key))
    _drop_work(work)
    return count


def _drop_work(work: Work) -> None:
    for name in sql.WORK_TABLES:
        work.session.execute(staging.drop_work(work.session.dialect, name))
