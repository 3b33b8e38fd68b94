"""What an export asks of the star: rows in an order that never changes, and how many there are.

The order is what makes two exports of the same star equal byte for byte, because no warehouse promises one by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.table import JSON

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Column, Table


def rows_in_order(dialect: Dialect, table: Table, order: tuple[str, ...]) -> str:
    """All rows of a table, ordered by columns that tell its rows apart."""
    return f"select {dialect.names(table.names)}\n  from {dialect.table(table)}\n order by {dialect.names(order)}"


def rows_in_order_as_text(dialect: Dialect, table: Table, order: tuple[str, ...]) -> str:
    """The same, with nested values as the text of their JSON."""
    values = ", ".join(_flat(dialect, column) for column in table.columns)
    by = dialect.names(order, "held")
    return f"select {values}\n  from {dialect.table(table)} held\n order by {by}"


def count_rows(dialect: Dialect, table: Table) -> str:
    """How many rows a table has."""
    return f"select count(*)\n  from {dialect.table(table)}"


def count_members(dialect: Dialect, table: Table, key: str) -> str:
    """How many rows a dimension has, its reserved members left out."""
    return f"select count(*)\n  from {dialect.table(table)}\n where {dialect.quote(key)} >= 0"


def _flat(dialect: Dialect, column: Column) -> str:
    name = dialect.quote(column.name)
    return f"cast({name} as {dialect.type(JSON)}) as {name}" if column.type.kind == "json" else name
