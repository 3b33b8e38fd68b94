"""Building a dimension: read what was seen, settle what contradicts, chain the versions, apply them by key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError, Evidence
from starlode.finding import Finding
from starlode.landing import now
from starlode.session import Reshape
from starlode.sql import dimension as sql
from starlode.sql import staging
from starlode.sql.ledger import retire_keys
from starlode.step import Outcome
from starlode.steps.before import keep_before
from starlode.steps.given import guard_dimension, guard_names
from starlode.table import widen
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.session import Session
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension
    from starlode.table import Column, Table
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
    session.learn(sql.WORK_IN)
    rows, no_key, no_moment = session.rows(sql.count_rows(dialect, shape))[0]
    if dimension.at:
        _guard_beyond(dimension, session)
    past = _shape_table(work, shape, load_key)
    chosen, findings = _choose(work, shape)
    session.learn(sql.WORK_CHAIN)
    session.execute(sql.allot_keys(dialect, shape))
    session.learn(sql.WORK_ROWS)
    changes = dict(session.rows(sql.count_changes(dialect)))
    vanished = session.rows(sql.count_vanished(dialect, shape))[0][0] if shape.has_history else 0
    if vanished:
        session.execute(retire_keys(dialect, dimension.table, dimension.key_column, load_key))
        keep_before(work, dimension.table, "d", sql.vanished(dialect, shape), load_key)
        session.execute(sql.delete_vanished(dialect, shape))
    if changes.get("update"):
        keep_before(work, dimension.table, "d", sql.is_updated(dialect, shape), load_key)
    session.execute(sql.update_versions(dialect, shape, load_key))
    session.execute(sql.add_versions(dialect, shape, load_key))
    for names, grows in ((dimension.key, False), ((dimension.key_column,), False), ((sql.LOAD_KEY,), True)):
        session.find_by(dimension.table, names, grows=grows)
    _drop_work(session)
    return Outcome(
        rows_in=rows,
        rows_out=chosen,
        rejected=no_key + no_moment,
        merged=rows - no_key - no_moment - chosen,
        inserted=changes.get("insert", 0),
        updated=changes.get("update", 0),
        deleted=past + vanished,
        unchanged=changes.get("same", 0),
        findings=(*_left_out(dimension, no_key, no_moment), *findings),
    )


def keeps_columns(dimension: Dimension, columns: tuple[Column, ...], work: Work) -> bool:
    """Whether the dimension's table has the columns that are given now, but for new ones."""
    wanted = {column.name: column.type for column in sql.shape(dimension, columns).columns}
    held = work.session.columns(dimension.table)
    return bool(held) and all(wanted.get(column.name) == column.type for column in held)


def ensure_table(
    work: Work,
    table: Table,
    columns: tuple[Column, ...],
    reserved: str | None = None,
    kept: frozenset[str] = frozenset(),
) -> None:
    """Create a table of the star, or bring it to the columns that are declared now.

    A column whose type does not only widen is made anew, as its values are derived again; those in `kept` cannot be.
    """
    session, dialect = work.session, work.session.dialect
    held = {column.name: column.type for column in session.columns(table)}
    if not held:
        session.execute(staging.create(dialect, replace(table, columns=columns)))
        if reserved:
            session.execute(reserved)
        return
    wanted = {column.name: column.type for column in columns}
    bent = {name for name in wanted.keys() & held.keys() - kept if widen(held[name], wanted[name]) != wanted[name]}
    change = Reshape(
        dropped=tuple(sorted(held.keys() - wanted.keys())),
        renewed=tuple(c for c in columns if c.name in bent),
        added=tuple(c for c in columns if c.name not in held),
        retyped=tuple(c for c in columns if c.name in held.keys() - bent and held[c.name] != c.type),
    )
    if not change.is_nothing:
        session.reshape(replace(table, columns=columns), change)


def _shape_table(work: Work, shape: Shape, load_key: int) -> int:
    """Bring the dimension's table to its shape, members and keys kept; how many past versions went with a history."""
    session, dialect, table = work.session, work.session.dialect, shape.dimension.table
    held = {column.name: column.type for column in session.columns(table)}
    had_history = sql.IS_CURRENT in held
    past = 0
    if had_history and not shape.has_history:
        # Noted now and deleted below: DuckDB alters no table that the same transaction has written to.
        session.execute(sql.note_past(dialect, shape))
        past = session.rows(sql.count_past(dialect))[0][0]
    reserved = sql.add_reserved(dialect, shape, load_key)
    # What only the dimension itself remembers cannot be derived again: its keys, and history by load time.
    remembered = shape.columns if shape.has_history and not shape.dimension.at else shape.key
    ensure_table(work, table, shape.columns, reserved, frozenset(column.name for column in remembered))
    is_reshaped = held != {column.name: column.type for column in shape.columns}
    if held and is_reshaped:
        if shape.has_history and not had_history:
            session.execute(sql.open_spans(dialect, shape))
        if past:
            session.execute(retire_keys(dialect, table, shape.dimension.key_column, load_key))
            session.execute(sql.delete_past(dialect, shape))
    if held and (is_reshaped or (shape.texts and session.rows(sql.count_mislabelled(dialect, shape))[0][0])):
        keep_before(work, table, "d", sql.is_reserved(dialect, shape.dimension), load_key)
        session.execute(sql.delete_reserved(dialect, shape.dimension))
        session.execute(reserved)
        session.execute(sql.label_inferred(dialect, shape))
    return past


def _choose(work: Work, shape: Shape) -> tuple[int, tuple[Finding, ...]]:
    """Fill the chain with the versions; how many, and what contradicted."""
    session, dialect = work.session, work.session.dialect
    if shape.has_history and shape.dimension.at:
        return _chain(work, shape)
    session.execute(sql.choose_rows(dialect, shape))
    chosen, variants = session.rows(sql.count_variants(dialect))[0]
    findings = _conflicts(work, shape) if variants else ()
    if shape.has_history:
        session.execute(sql.read_rows_now(dialect, shape, now().isoformat(sep=" ", timespec="microseconds")))
        session.execute(staging.drop_work(dialect, sql.WORK_CHAIN))
        session.execute(sql.chain_versions(dialect, shape, sql.WORK_SEEN))
    return chosen, findings


def _chain(work: Work, shape: Shape) -> tuple[int, tuple[Finding, ...]]:
    session, dialect = work.session, work.session.dialect
    findings: tuple[Finding, ...] = ()
    session.execute(sql.chain_versions(dialect, shape, sql.WORK_IN))
    if session.rows(sql.count_contradictions(dialect, shape))[0][0]:
        findings = _conflicts(work, shape)
        session.execute(staging.drop_work(dialect, sql.WORK_CHAIN))
        session.execute(sql.choose_rows(dialect, shape, sql.WORK_SEEN, per_moment=True))
        session.execute(sql.chain_versions(dialect, shape, sql.WORK_SEEN))
    return session.rows(sql.count_chain(dialect))[0][0], findings


def _conflicts(work: Work, shape: Shape) -> tuple[Finding, ...]:
    """Write down the keys whose rows disagree, or refuse them where the declaration says so or says nothing of order."""
    session, dimension = work.session, shape.dimension
    found = session.rows(sql.conflicts(session.dialect, shape))
    if not found:
        return ()
    columns = ", ".join(sorted({name for _, names, _ in found for name in names.split(", ")}))
    rows = sum(count for *_, count in found)
    name, rule = str(dimension.table.name), dimension.on_conflict
    kept = rule or "most_frequent"
    told = f"{counted(len(found), 'key')} of {name} whose rows disagree about {columns} ({counted(rows, 'row')})"
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
    for name in sql.WORK_TABLES:
        session.execute(staging.drop_work(session.dialect, name))
