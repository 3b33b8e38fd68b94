"""Statements for junk dimensions: the combinations of a few columns that facts bring, each with one key.

NULL is a value here like any other. Members are only ever added, so a key that a fact holds stays right. Until the first
fact comes nothing says what its columns hold, and the table has none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import LOAD_KEY
from starlode.sql.ledger import highest_key
from starlode.table import INTEGER, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension, Role


def columns(dimension: Dimension, key: Sequence[Column]) -> tuple[Column, ...]:
    """The columns of a junk dimension whose combinations are of these."""
    return (Column(dimension.key_column, INTEGER), *key, Column(LOAD_KEY, INTEGER))


def add_reserved(dialect: Dialect, dimension: Dimension, key: Sequence[Column], load_key: int) -> str:
    """The members that stand for unknown, not applicable and not yet arrived, with readable texts."""
    of_key = {
        number: "".join(f", {dialect.text(label) if c.type.kind == 'text' else 'null'}" for c in key)
        for number, label in dimension.labels.by_key.items()
    }
    values = ",\n       ".join(f"({number}{cells}, {load_key})" for number, cells in of_key.items())
    names = dialect.names([column.name for column in columns(dimension, key)])
    return f"insert into {dialect.table(dimension.table)} ({names})\nvalues {values}"


def new_members(dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], rows: str) -> str:
    """The combinations of a fact's rows that the dimension does not hold."""
    q = dialect.quote
    cells = tuple(dialect.cast(f"f.{q(name)}", c.type) for name, c in zip(role.columns, key, strict=True))
    named = ", ".join(f"{cell} as {q(c.name)}" for cell, c in zip(cells, key, strict=True))
    same = " and ".join(dialect.agree(f"d.{q(c.name)}", f"s.{q(c.name)}") for c in key)
    return (
        f"select * from (select distinct {named} from {rows} as f) as s\n"
        f" where not exists (select 1 from {dialect.table(dimension.table)} as d\n"
        f"                    where {same} and d.{q(dimension.key_column)} > 0)"
    )


def count_new(dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], rows: str) -> str:
    return f"select count(*) from (\n{new_members(dialect, role, dimension, key, rows)}\n) as fresh"


def add_members(
    dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], rows: str, load_key: int
) -> str:
    """Members for the combinations that are new, with keys that go on from the highest, in the order of their values."""
    names = [column.name for column in columns(dimension, key)]
    order = ", ".join(f"{dialect.quote(c.name)} nulls last" for c in key)
    highest = highest_key(dialect, dimension.table, dimension.key_column)
    return (
        f"insert into {dialect.table(dimension.table)} ({dialect.names(names)})\n"
        f"select {highest} + row_number() over (order by {order}),\n"
        f"       {dialect.names([c.name for c in key])}, {load_key}\n"
        f"  from (\n{new_members(dialect, role, dimension, key, rows)}\n  ) as fresh"
    )


def join(dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], alias: str) -> str:
    """What finds the member of each row of a fact, `f`; NULL agrees with NULL."""
    q = dialect.quote
    same = " and ".join(
        dialect.agree(f"{alias}.{q(c.name)}", dialect.cast(f"f.{q(name)}", c.type))
        for name, c in zip(role.columns, key, strict=True)
    )
    table = dialect.table(dimension.table)
    return f"left join {table} as {alias} on {same} and {alias}.{q(dimension.key_column)} > 0"
