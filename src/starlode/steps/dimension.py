"""Building a dimension: read what was seen, settle what contradicts, chain the versions, apply them by key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlode.errors import DataError, Evidence
from starlode.finding import Finding
from starlode.landing import now
from starlode.sql import conflict, keys, life, staging
from starlode.sql import dimension as sql
from starlode.step import Outcome
from starlode.steps.before import keep_before
from starlode.steps.cascade import cascade
from starlode.steps.deletes import ended, ended_now, mark, marks_of
from starlode.steps.given import guard_dimension, guard_names
from starlode.steps.shaping import find_members, shape_dimension
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.session import Session
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension
    from starlode.table import Column
    from starlode.work import Work

MOST_CONFLICTS = 1_000


def build_dimension(
    dimension: Dimension, select: str, columns: tuple[Column, ...], work: Work, load_key: int
) -> Outcome:
    """Bring a dimension to what its SELECT gives of some members or of all. The second time nothing changes."""
    session, dialect = work.session, work.session.dialect
    guard_dimension(dimension, columns)
    guard_names(dialect, dimension.table.name, (column.name for column in columns))
    shape = sql.shape(dimension, columns)
    _drop_work(session)
    session.execute(sql.read_rows(dialect, shape, select))
    shape = replace(
        shape, key=session.sized(shape.key, sql.WORK_IN), attributes=session.sized(shape.attributes, sql.WORK_IN)
    )
    session.learn(sql.WORK_IN)
    rows, no_key, no_moment = session.rows(sql.count_rows(dialect, shape))[0]
    if dimension.at:
        _guard_beyond(dimension, session)
    held = frozenset(column.name for column in session.columns(dimension.table))
    past = shape_dimension(work, shape, load_key)
    disputed, refused = _reject(work, shape) if dimension.on_conflict == "reject" else (0, ())
    chosen, findings = _choose(work, shape, frozenset(column.name for column in columns) - held)
    session.learn(sql.WORK_CHAIN)
    chain, inferred = cascade(work, shape, load_key)
    _allot(session, shape, chain)
    changes = dict(session.rows(sql.count_changes(dialect)))
    vanished = session.rows(sql.count_vanished(dialect, shape))[0][0] if shape.has_history else 0
    is_deleted, told = marks_of(work, shape)
    if vanished or changes.get("update") or (work.is_on_paper and held):
        keep_before(work, dimension.table, "d", sql.is_changed(dialect, shape), load_key, sql.WORK_HELD)
        session.execute(sql.delete_changed(dialect, shape))
    session.execute(sql.add_versions(dialect, shape, load_key, is_deleted))
    marked = mark(work, shape, load_key) if told else 0
    find_members(work, shape)
    _drop_work(session)
    return Outcome(
        rows_in=rows,
        rows_out=chosen,
        rejected=no_key + no_moment + disputed,
        merged=rows - no_key - no_moment - disputed - chosen,
        inserted=changes.get("insert", 0),
        updated=changes.get("update", 0) + marked,
        deleted=past + vanished,
        unchanged=changes.get("same", 0),
        findings=(*_left_out(dimension, no_key, no_moment), *refused, *findings, *inferred, *told),
    )


def keeps_columns(dimension: Dimension, columns: tuple[Column, ...], work: Work) -> bool:
    """Whether the dimension's table has the columns that are given now, but for new ones."""
    wanted = {column.name: column.type for column in sql.shape(dimension, columns).columns}
    held = work.session.columns(dimension.table)
    return bool(held) and all(wanted.get(column.name) == column.type for column in held)


def _choose(work: Work, shape: Shape, fresh: frozenset[str]) -> tuple[int, tuple[Finding, ...]]:
    """Fill the chain with what members and versions show now, and their life; how many, and what contradicted."""
    session, dialect, dimension = work.session, work.session.dialect, shape.dimension
    if shape.has_history and dimension.at:
        return _chain(work, shape)
    session.execute(sql.choose_rows(dialect, shape))
    chosen, variants = session.rows(sql.count_variants(dialect))[0]
    findings = _conflicts(work, shape) if variants else ()
    if dimension.at and dimension.has_life:
        session.execute(sql.choose_rows(dialect, shape, sql.WORK_SEEN, per_moment=True))
    elif shape.has_history or dimension.has_life:
        moment = now().isoformat(sep=" ", timespec="microseconds")
        session.execute(sql.read_rows_now(dialect, shape, moment, fresh))
    if shape.has_history:
        rows = ended_now(work, shape, moment)
        session.execute(staging.drop_work(dialect, sql.WORK_CHAIN))
        session.execute(sql.chain_versions(dialect, shape, rows))
    _read_life(work, shape, sql.WORK_SEEN)
    return chosen, findings


def _chain(work: Work, shape: Shape) -> tuple[int, tuple[Finding, ...]]:
    """Fill the chain from moments that the data tell."""
    session, dialect = work.session, work.session.dialect
    findings: tuple[Finding, ...] = ()
    rows = ended(work, shape, sql.WORK_IN)
    session.execute(sql.chain_versions(dialect, shape, rows))
    if session.rows(conflict.count_contradictions(dialect, shape))[0][0]:
        findings = _conflicts(work, shape)
        session.execute(staging.drop_work(dialect, sql.WORK_CHAIN))
        session.execute(sql.choose_rows(dialect, shape, sql.WORK_SEEN, per_moment=True))
        rows = ended(work, shape, sql.WORK_SEEN)
        session.execute(sql.chain_versions(dialect, shape, rows))
    # What was told for after the end of a member did not come true, and is no part of its life either.
    _read_life(work, shape, rows)
    return session.rows(sql.count_chain(dialect))[0][0], findings


def _read_life(work: Work, shape: Shape, rows: str) -> None:
    if shape.dimension.has_life:
        work.session.execute(life.read_life(work.session.dialect, shape, rows))
        work.session.learn(life.WORK_LIFE)


def _allot(session: Session, shape: Shape, chain: str) -> None:
    """Give each version of the chain its key, and remember the new ones."""
    dialect = session.dialect
    session.execute(sql.note_held(dialect, shape, chain))
    session.learn(sql.WORK_HELD)
    session.execute(keys.note_known(dialect, shape, chain))
    session.learn(keys.WORK_KNOWN)
    session.execute(keys.allot_keys(dialect, shape, chain))
    session.learn(sql.WORK_ROWS)
    session.execute(keys.add_pairs(dialect, shape))


def _reject(work: Work, shape: Shape) -> tuple[int, tuple[Finding, ...]]:
    """Leave out the keys whose rows disagree, which keep what they had; how many rows they have."""
    session, dialect, name = work.session, work.session.dialect, str(shape.dimension.table.name)
    found = session.rows(conflict.conflicts(dialect, shape)) if conflict.differing(dialect, shape) else []
    if not found:
        return 0, ()
    session.execute(conflict.disputed_keys(dialect, shape))
    session.learn(conflict.WORK_DISPUTED)
    rows = session.rows(conflict.count_disputed(dialect, shape))[0][0]
    session.execute(conflict.delete_disputed(dialect, shape))
    work.ledger.write_conflicts(name, "rejected", found[:MOST_CONFLICTS])
    told = f"{_disagreeing(name, found)}; {counted(rows, 'row')} of these keys rejected, they keep what they had"
    return rows, (Finding("conflict", name, "warning", told, found=f"{len(found)}"),)


def _disagreeing(name: str, found: list[tuple[Any, ...]]) -> str:
    columns = ", ".join(sorted({column for _, columns, _ in found for column in columns.split(", ")}))
    rows = sum(count for *_, count in found)
    return f"{counted(len(found), 'key')} of {name} whose rows disagree about {columns} ({counted(rows, 'row')})"


def _conflicts(work: Work, shape: Shape) -> tuple[Finding, ...]:
    """Write down the keys whose rows disagree, or refuse them where the declaration says so or says nothing of order."""
    session, dimension = work.session, shape.dimension
    found = session.rows(conflict.conflicts(session.dialect, shape))
    if not found:
        return ()
    name, rule = str(dimension.table.name), dimension.on_conflict
    kept = rule or "most_frequent"
    told = _disagreeing(name, found)
    if rule == "fail" or (rule is None and shape.has_history):
        moment = " at the same moment" if dimension.at else ""
        raise DataError(
            told + moment,
            where="starlode.conflict in the warehouse names the keys",
            hint="mend the source, or declare which row wins: `on_conflict: most_frequent`",
            evidence=(Evidence(name, "refused", tuple(found[:MOST_CONFLICTS])),),
        )
    work.ledger.write_conflicts(name, kept, found[:MOST_CONFLICTS])
    said = "the rows that `latest` names" if kept == "latest" else "the most frequent row of each, then the least value"
    return (Finding("conflict", name, "warning", f"{told}; kept: {said}", found=f"{len(found)}"),)


def _guard_beyond(dimension: Dimension, session: Session) -> None:
    beyond = session.rows(sql.count_beyond(session.dialect))[0][0]
    if beyond:
        raise DataError(
            f"{counted(beyond, 'row')} of {dimension.table.name} have a moment ({dimension.at}) at or after 9999-12-31, "
            "which stands for the end of time",
            where=dimension.select.file if dimension.select else None,
            hint=f"if it means that nothing is known, leave it out in the SELECT: nullif({dimension.at}, ...)",
        )


def _left_out(dimension: Dimension, no_key: int, no_moment: int) -> tuple[Finding, ...]:
    name = str(dimension.table.name)
    key, at = ", ".join(dimension.key), dimension.at
    told = []
    if no_key:
        told.append(Finding("no key", name, "note", f"{counted(no_key, 'row')} without {key}, which name no member"))
    if no_moment:
        told.append(
            Finding("no moment", name, "warning", f"{counted(no_moment, 'row')} without {at}, which make no version")
        )
    return tuple(told)


def _drop_work(session: Session) -> None:
    for name in (*sql.WORK_TABLES, life.WORK_LIFE, conflict.WORK_DISPUTED, keys.WORK_KNOWN):
        session.execute(staging.drop_work(session.dialect, name))
