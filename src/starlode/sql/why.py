"""Questions about one row of the star: which one is meant, what its SELECT reads for it, which versions its member has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import VALID_FROM
from starlode.sql.ledger import CONFLICT, LOAD, STEP
from starlode.table import TIMESTAMP

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension
    from starlode.table import Column, Table


def unreadable(dialect: Dialect, columns: tuple[Column, ...]) -> str:
    """Whether each of some texts cannot be read as a value of its column."""
    read = (dialect.try_cast(dialect.hole(i), column.type) for i, column in enumerate(columns, 1))
    return "select " + ", ".join(f"{value} is null" for value in read)


def count_named(dialect: Dialect, table: Table, columns: tuple[Column, ...], distinct: tuple[str, ...]) -> str:
    """How many rows have these values, given as texts, and how many different ones of some columns they have."""
    different = (
        f"select distinct {dialect.names(distinct)} from {dialect.table(table)} where {_named(dialect, columns)}"
    )
    return f"select count(*) from ({different}) as named"


def differing(dialect: Dialect, table: Table, columns: tuple[Column, ...], names: tuple[str, ...]) -> str:
    """How many values each of some columns has in the rows that are named."""
    counts = ", ".join(f"count(distinct {dialect.quote(name)})" for name in names)
    return f"select {counts} from {dialect.table(table)} where {_named(dialect, columns)}"


def named_row(dialect: Dialect, table: Table, columns: tuple[Column, ...]) -> str:
    """A row that has these values, given as texts, in the order of the table's columns."""
    return f"select {dialect.names(table.names)} from {dialect.table(table)} where {_named(dialect, columns)} limit 1"


def narrowed(dialect: Dialect, select: str, names: tuple[str, ...], shown: tuple[str, ...], limit: int) -> str:
    """Some columns of the rows of a SELECT that have the values that are bound."""
    same = " and ".join(f"t.{dialect.quote(name)} = {dialect.hole(i)}" for i, name in enumerate(names, 1))
    return f"select {dialect.names(shown, 't')}\n  from (\n{select}\n  ) as t\n where {same}\n limit {limit}"


def moment(dialect: Dialect) -> str:
    """A value as the moment that lookups and versions see in it."""
    return f"select cast({dialect.hole(1)} as {dialect.type(TIMESTAMP)})"


def versions(dialect: Dialect, dimension: Dimension, names: tuple[str, ...], by: tuple[str, ...]) -> str:
    """The rows of a dimension that have the values that are bound, in the order of their moments."""
    same = " and ".join(f"{dialect.quote(name)} = {dialect.hole(i)}" for i, name in enumerate(by, 1))
    order = VALID_FROM if VALID_FROM in names else dialect.quote(dimension.key_column)
    return f"select {dialect.names(names)} from {dialect.table(dimension.table)} where {same} order by {order}"


def load_of(dialect: Dialect) -> str:
    """A load with the reason of its step: (verb, object, run_id, manifest, at, reason)."""
    names = dialect.names(("verb", "object", "run_id", "manifest", "at"), "l")
    return (
        f"select {names}, s.reason from {dialect.table(LOAD)} as l\n"
        f"  left join {dialect.table(STEP)} as s on s.run_id = l.run_id and s.load_key = l.load_key\n"
        f" where l.load_key = {dialect.hole(1)}"
    )


def conflicts_of(dialect: Dialect) -> str:
    """What was found to disagree in a model: (key, columns, rows, rule, run_id, at)."""
    names = dialect.names(("key", "columns", "rows", "rule", "run_id", "at"))
    return (
        f"select {names} from {dialect.table(CONFLICT)} where object = {dialect.hole(1)} order by {dialect.quote('at')}"
    )


def _named(dialect: Dialect, columns: tuple[Column, ...]) -> str:
    return " and ".join(
        f"{dialect.quote(column.name)} = {dialect.try_cast(dialect.hole(i), column.type)}"
        for i, column in enumerate(columns, 1)
    )
