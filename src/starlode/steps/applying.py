"""Applying a fact's rows, looked up and held against what the fact holds of them, by the values of its grain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.parts import EXACT
from starlode.sql import fact as sql
from starlode.sql import staging
from starlode.sql.dimension import LOAD_KEY
from starlode.star import UNKNOWN_KEY
from starlode.steps.balance import exact, summed
from starlode.steps.before import keep_before
from starlode.steps.shaping import ensure_table

if TYPE_CHECKING:
    from decimal import Decimal

    from starlode.session import Session
    from starlode.step import Outcome
    from starlode.work import Work


def apply_rows(shape: sql.Shape, balance: Outcome, work: Work, load_key: int) -> Outcome:
    """Insert, correct and remove by grain; all at once where the fact is empty."""
    session, dialect, table = work.session, work.session.dialect, shape.fact.table
    ensure_table(work, table, shape.columns)
    if not shape.is_narrow and not session.rows(staging.count(dialect, table))[0][0]:
        session.look_up(sql.add_all(dialect, shape, load_key))
        _find_by(shape, session)
        findings = _judge_looked_up(shape, dialect.table(table), balance.rows_out, session)
        return replace(balance, inserted=balance.rows_out, findings=findings)
    _find_by(shape, session)
    look_up = session.execute if shape.is_narrow else session.look_up
    look_up(sql.keep_looked_up(dialect, shape))
    session.learn(sql.WORK_KEYED)
    findings = _judge_looked_up(shape, sql.WORK_KEYED, balance.rows_out, session)
    if shape.is_narrow:
        shape = replace(shape, span=_span(shape, work))
        session.execute(sql.take_held(dialect, shape))
        session.learn(sql.WORK_HELD)
    session.execute(sql.compare(dialect, shape))
    session.learn(sql.WORK_CHANGE)
    changes = dict(session.rows(sql.count_changes(dialect)))
    inserted, updated, same, gone = (changes.get(name, 0) for name in ("insert", "update", "same", "delete"))
    if gone and not inserted + updated + same:
        _guard_emptied(shape, gone, session)
    if updated + gone or work.is_on_paper:
        taken = sql.WORK_HELD if shape.is_narrow else ""
        keep_before(work, table, "f", sql.is_changed(dialect, shape), load_key, taken)
    session.execute(sql.delete_changed(dialect, shape))
    session.execute(sql.add_changed(dialect, shape, load_key))
    sums = _sums(shape, work) if shape.is_narrow else balance.sums
    return replace(
        balance, inserted=inserted, updated=updated, unchanged=same, deleted=gone, sums=sums, findings=findings
    )


def _span(shape: sql.Shape, work: Work) -> sql.Span | None:
    """Where the held rows lie that may change, in a fact that the warehouse has divided."""
    layout, dialect = shape.fact.layout, work.session.dialect
    if layout is None or not layout.partition or "partition" not in dialect.layout_words:
        return None
    if work.is_on_paper:
        return sql.ANYWHERE
    first, last, has_null = work.session.rows(sql.held_span(dialect, shape, layout.partition))[0]
    return sql.Span(first, last, has_null)


def _guard_emptied(shape: sql.Shape, gone: int, session: Session) -> None:
    table = shape.fact.table
    if gone == session.rows(staging.count(session.dialect, table))[0][0]:
        raise DataError(
            f"every row of {table.name} would go; it is left as it is",
            hint="if that is right, drop the table and run again",
        )


def _find_by(shape: sql.Shape, session: Session) -> None:
    """Make the fact's rows quick to find by grain, by the members that can move them, and by their load."""
    fact = shape.fact
    session.find_by(fact.table, fact.grain)
    session.find_by(fact.table, (LOAD_KEY,), grows=True)
    for columns in {role.columns for role in fact.roles if shape.dimension(role).history or fact.waits}:
        session.find_by(fact.table, columns)


def _judge_looked_up(shape: sql.Shape, of: str, wanted: int, session: Session) -> tuple[Finding, ...]:
    """Refuse a lookup that doubled rows; tell of those that found no member."""
    name = shape.fact.table.name
    rows, *unknown = session.rows(sql.count_unknown(session.dialect, shape, of))[0]
    if rows != wanted:
        raise DataError(
            f"the lookup of {name} changed its number of rows from {wanted:,} to {rows:,}",
            hint="a dimension holds one key twice: `starlode check` names it",
        )
    return tuple(
        Finding(
            "unknown member",
            name,
            "note",
            f"{count:,} of {rows:,} rows have {role.key_column} = {UNKNOWN_KEY} (unknown)",
            found=str(count),
        )
        for role, count in zip(shape.fact.roles, unknown, strict=True)
        if count
    )


def _sums(shape: sql.Shape, work: Work) -> dict[str, Decimal]:
    """The sums of the whole fact, from those of the last build and what has come and gone; floating ones are added up anew."""
    session, dialect, table = work.session, work.session.dialect, shape.fact.table
    measures = summed(shape.fact)
    if not measures:
        return {}
    floating = {c.name for c in shape.selected if c.type.kind == "double"}
    before = work.ledger.sums_of(table.name)
    if floating & set(measures) or set(before) != set(measures):
        return exact(measures, session.rows(sql.sum_measures(dialect, measures, dialect.table(table)))[0])
    came, went = (
        exact(measures, session.rows(sql.sum_measures(dialect, measures, of))[0])
        for of in (sql.WORK_KEYED, sql.WORK_HELD)
    )
    return {name: EXACT.subtract(EXACT.add(before[name], came[name]), went[name]) for name in measures}
