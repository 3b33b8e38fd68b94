"""Statements that follow what becomes of a staging table, so that a model is derived again only where its rows changed.

Beside each table lies `(gone)`, which keeps the rows that a load took out of it or put others in their place, with the key of
that load. What the table held after any earlier load is thus known: its rows that old, and those that have gone since.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.sql.ledger import FOLLOWED
from starlode.sql.staging import CHANGE, LOAD_COLUMN
from starlode.table import INTEGER, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Table

GONE_COLUMN = "_gone"
GONE = " (gone)"


def gone_table(table: Table) -> Table:
    """The rows that have gone from a staging table, each with the load that took it away."""
    columns = (*table.columns, Column(GONE_COLUMN, INTEGER)) if table.columns else ()
    return replace(table, name=f"{table.name}{GONE}", columns=columns, layout=None)


def newest_following(dialect: Dialect) -> str:
    """Since which load each staging table is followed: (table, load_key)."""
    return f"select object, max(load_key) from {dialect.table(FOLLOWED)} group by object"


def keep_gone(dialect: Dialect, table: Table, source: str, where: str, load_key: int) -> str:
    """Keep rows of a table that go now; `source` holds them as `h`, and `where` says which go."""
    gone = gone_table(table)
    return (
        f"insert into {dialect.table(gone)} ({dialect.names(gone.names)})\n"
        f"select {dialect.names(table.names, 'h')}, {load_key}\n  from {source} as h\n where {where}"
    )


def keep_replaced(
    dialect: Dialect, merge: str, key: tuple[str, ...], tables: tuple[Table, Table], load_key: int
) -> str:
    """Keep the rows that a merge puts others in the place of; `tables` are the held one and the part of it that is met."""
    held, met = tables
    return keep_gone(dialect, held, dialect.table(met), changes_by(dialect, merge, key, ("update", "move")), load_key)


def changes_by(dialect: Dialect, name: str, key: tuple[str, ...], changes: tuple[str, ...], row: str = "h") -> str:
    """The condition of rows whose key changes in one of these ways, by a work table that tells them."""
    words = ", ".join(dialect.text(change) for change in changes)
    rows = f"{dialect.quote(name)} where {dialect.quote(CHANGE)} in ({words})"
    return dialect.among([f"{row}.{dialect.quote(column)}" for column in key], key, rows)


def count_settled(dialect: Dialect, table: Table, load_key: int) -> str:
    """How many rows went before a load which every model has taken in."""
    return f"select count(*) from {dialect.table(gone_table(table))} where {dialect.quote(GONE_COLUMN)} <= {load_key}"


def forget_gone(dialect: Dialect, table: Table, load_key: int) -> str:
    """Forget the rows that went before a load which every model has taken in."""
    return f"delete from {dialect.table(gone_table(table))} where {dialect.quote(GONE_COLUMN)} <= {load_key}"


def changed_rows(dialect: Dialect, table: Table, names: tuple[str, ...], since: int) -> str:
    """The rows of a table that are new since a load, and those that it had then and has no more."""
    q = dialect.quote
    shown = ", ".join(dialect.shown(name) for name in names)
    return (
        f"select {shown} from {dialect.table(table)} where {q(LOAD_COLUMN)} > {since}\n"
        f"union all\n{rows_gone(dialect, table, shown, since)}"
    )


def rows_before(dialect: Dialect, table: Table, names: tuple[str, ...], since: int) -> str:
    """The rows that a table had after a load."""
    shown = ", ".join(dialect.shown(name) for name in names)
    return (
        f"select {shown} from {dialect.table(table)} where {dialect.quote(LOAD_COLUMN)} <= {since}\n"
        f"union all\n{rows_gone(dialect, table, shown, since)}"
    )


def rows_gone(dialect: Dialect, table: Table, shown: str, since: int) -> str:
    """The rows that a table had after a load and has no more."""
    q = dialect.quote
    return (
        f"select {shown} from {dialect.table(gone_table(table))}\n"
        f" where {q(LOAD_COLUMN)} <= {since} and {q(GONE_COLUMN)} > {since}"
    )
