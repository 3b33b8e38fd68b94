"""Statements that count and sum up a table, in words that every warehouse answers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.before import LOAD_KEY
from starlode.table import TEXT

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Table

# Ten billion values of so many digits have a sum that every warehouse can hold.
SUMMED_DIGITS = 28


def summed(table: Table) -> tuple[str, ...]:
    """The columns whose sum is exact in every warehouse."""
    return tuple(
        column.name
        for column in table.columns
        if column.type.kind == "integer" or (column.type.kind == "decimal" and column.type.precision <= SUMMED_DIGITS)
    )


def totals(dialect: Dialect, table: Table, since: int) -> str:
    """How many rows of a table were written since a load, how many values each column has in them, and the exact sums."""
    values = [f"count({dialect.quote(name)})" for name in table.names]
    values += [f"cast(sum({dialect.quote(name)}) as {dialect.type(TEXT)})" for name in summed(table)]
    return f"select count(*), {', '.join(values)}\n  from {dialect.table(table)}\n where {LOAD_KEY} > {since}"
