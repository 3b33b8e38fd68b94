"""Bringing the warehouse back to what it was before some runs, in one transaction with the line that says so.

Streams come from the landing, as they were loaded until then; tables of the star get back the rows that the runs changed, and
lose those that the runs added. What the ledger holds of those runs stays in it and counts no more.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.session import Reshape
from starlode.sql import before as sql
from starlode.sql import dimension as dimension_sql
from starlode.sql import staging
from starlode.step import Outcome
from starlode.steps.again import load_again, put_in_place

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from starlode.step import Undo, Undone
    from starlode.table import Table
    from starlode.work import Work


def undo(step: Undo, work: Work) -> Outcome:
    """Undo the runs of a step; what was read in them is read again by the next run."""
    for reload in step.streams:
        load_again(reload, work)
    with work.ledger.recorded(step) as entry:
        total = Outcome()
        for undone in step.tables:
            with _view_aside(undone, work):
                back, gone = _take_back(undone, step, work)
            total = replace(total, inserted=total.inserted + back, deleted=total.deleted + gone)
        for reload in step.streams:
            put_in_place(reload, work)
        work.ledger.write_undone(step.runs)
        entry.outcome = total
    return total


def _view_aside(undone: Undone, work: Work) -> AbstractContextManager[None]:
    """Put the view of a dimension's current members aside while its table changes."""
    session = work.session
    dimension = next((d for d in work.project.star.dimensions if d.table == undone.table and d.durable), None)
    if dimension is None:
        return nullcontext()

    def current() -> str | None:
        held = session.columns(dimension.table)
        shape = dimension_sql.held_shape(dimension, held) if held else None
        return dimension_sql.current_members(session.dialect, shape, held) if shape else None

    return session.showing(dimension.current, current)


def _take_back(undone: Undone, step: Undo, work: Work) -> tuple[int, int]:
    """Bring a table of the star back; how many rows were put back, and how many taken out."""
    session, dialect = work.session, work.session.dialect
    loads = sql.loads_of_runs(dialect, step.runs)
    gone = int(session.rows(sql.count_added(dialect, undone.table, loads))[0][0])
    kept = sql.before_table(undone.table)
    if undone.is_made:
        session.execute(staging.drop(dialect, undone.table))
        session.execute(staging.drop(dialect, kept))
        return 0, gone
    table = _without_added(undone.table, step, work)
    names = {column.name for column in session.columns(kept)}
    if not names:
        session.execute(sql.take_out_added(dialect, table, loads))
        return 0, gone
    table = replace(table, columns=tuple(c for c in table.columns if c.name in names))
    back = int(session.rows(sql.count_kept(dialect, table, loads))[0][0])
    session.execute(sql.take_out(dialect, table, undone.identity, loads))
    session.execute(sql.put_back(dialect, table, loads))
    session.execute(sql.forget_undone(dialect, table, loads))
    return back, gone


def _without_added(table: Table, step: Undo, work: Work) -> Table:
    """The table without the columns that the runs added to it."""
    session = work.session
    held = session.columns(table)
    added = {name for (name,) in session.rows(sql.added_columns(session.dialect, table, step.runs))}
    left = replace(table, columns=tuple(column for column in held if column.name not in added))
    dropped = tuple(column.name for column in held if column.name in added)
    if dropped:
        session.reshape(left, Reshape(dropped=dropped))
    return left
