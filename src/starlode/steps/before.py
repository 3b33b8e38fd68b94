"""Keeping the rows of the star as they were before a build changes them, for the day when its run is undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.session import Reshape
from starlode.sql import before as sql
from starlode.sql import staging
from starlode.table import is_wider

if TYPE_CHECKING:
    from starlode.table import Column, Table
    from starlode.work import Work


def keep_before(work: Work, table: Table, alias: str, where: str, load_key: int, taken: str = "") -> None:
    """Keep the rows that the load is about to change or to take out; of the table, or of a work table that holds them."""
    session, dialect = work.session, work.session.dialect
    held = replace(table, columns=session.columns(table))
    kept = sql.before_table(held)
    known = {column.name: column.type for column in session.columns(kept)}
    if any(known.get(column.name, column.type) != column.type for column in kept.columns):
        # What was kept of other types cannot be put back any more.
        session.execute(staging.drop(dialect, kept))
        work.ledger.write_followed(table, load_key)
        known = {}
    if not known:
        session.execute(staging.create(dialect, kept))
        known = {column.name: column.type for column in kept.columns}
    change = Reshape(
        added=tuple(column for column in kept.columns if column.name not in known),
        retyped=tuple(c for c in kept.columns if c.name in known and is_wider(c.type, known[c.name])),
    )
    if not change.is_nothing:
        session.reshape(kept, change)
    session.execute(sql.keep_before(dialect, held, alias, where, load_key, taken))


def open_before(work: Work, table: Table, load_key: int) -> tuple[Column, ...]:
    """Go on keeping what a table of the star was, or begin to; the columns that it has before it is built."""
    session = work.session
    if table.name not in work.ledger.followed():
        work.ledger.write_followed(table, load_key - 1)
    elif session.columns(sql.before_table(table)):
        session.execute(sql.forget_before(session.dialect, table))
    return session.columns(table)


def close_before(work: Work, table: Table, was: tuple[Column, ...], load_key: int) -> None:
    """Write down the columns that a build added; where others went or changed their type, what was is not known any more."""
    held = work.session.columns(table)
    types = {column.name: column.type for column in held}
    if any(types.get(column.name) != column.type for column in was):
        work.session.execute(staging.drop(work.session.dialect, sql.before_table(table)))
        work.ledger.write_followed(table, load_key)
    elif was:
        names = {column.name for column in was}
        added = [(c.name, "added", "", str(c.type)) for c in held if c.name not in names]
        work.ledger.write_schema_changes(str(table), added)
