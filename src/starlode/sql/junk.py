"""Statements for junk dimensions: the combinations of a few columns that facts bring, each with one key.

NULL is a value here like any other. Members are only ever added, so a key that a fact holds stays right, and the map of keys
gives a combination that comes again the key that it had. Until the first fact comes nothing says what the columns hold, and
neither table has them. Pairs of the map without a moment are those of columns that are declared no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import LOAD_KEY, LOW_DATE, VALID_FROM
from starlode.sql.keys import WORK_MISSING, highest_key, key_map
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


def forget_pairs(dialect: Dialect, dimension: Dimension) -> str:
    """Let every key of the map be nobody's, and given all the same."""
    return f"update {dialect.table(key_map(dimension))} set {VALID_FROM} = null{dialect.all_rows}"


def new_members(dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], rows: str) -> str:
    """The combinations of a fact's rows that the dimension does not hold."""
    q = dialect.quote
    cells = tuple(dialect.cast(f"f.{q(name)}", c.type) for name, c in zip(role.columns, key, strict=True))
    named = ", ".join(f"{cell} as {q(c.name)}" for cell, c in zip(cells, key, strict=True))
    return (
        f"select * from (select distinct {named} from {rows} as f) as s\n"
        f" where not exists (select 1 from {dialect.table(dimension.table)} as d\n"
        f"                    where {_same(dialect, key, 'd', 's')} and d.{q(dimension.key_column)} > 0)"
    )


def allot_keys(dialect: Dialect, role: Role, dimension: Dimension, key: Sequence[Column], rows: str) -> str:
    """The new combinations as `missing`, with the keys that they had before, or those that go on from the highest."""
    q, natural = dialect.quote, dialect.quote(dimension.key_column)
    held = f"coalesce((select max({natural}) from {dialect.table(dimension.table)}), 0)"
    order = ", ".join(f"w.{q(c.name)} nulls last" for c in key)
    return (
        f"{dialect.create_work} {WORK_MISSING} as\n"
        f"select coalesce(k.{natural}, greatest({highest_key(dialect, dimension)}, {held}, 0)\n"
        f"                + row_number() over (partition by k.{natural} is null order by {order})) as {natural},\n"
        f"       k.{natural} is null as {dialect.own('is_new_pair')}, {dialect.names([c.name for c in key], 'w')}\n"
        f"  from (\n{new_members(dialect, role, dimension, key, rows)}\n  ) as w\n"
        f"  left join {dialect.table(key_map(dimension))} as k\n"
        f"    on {_same(dialect, key, 'k', 'w')} and k.{VALID_FROM} is not null"
    )


def count_missing(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_MISSING)}"


def add_members(dialect: Dialect, dimension: Dimension, key: Sequence[Column], load_key: int) -> str:
    names = dialect.names([dimension.key_column, *(c.name for c in key)])
    return (
        f"insert into {dialect.table(dimension.table)} ({names}, {LOAD_KEY})\n"
        f"select {names}, {load_key} from {WORK_MISSING}"
    )


def add_pairs(dialect: Dialect, dimension: Dimension, key: Sequence[Column]) -> str:
    """Remember the keys that were allotted just now."""
    names = dialect.names([dimension.key_column, *(c.name for c in key)])
    return (
        f"insert into {dialect.table(key_map(dimension))} ({names}, {VALID_FROM})\n"
        f"select {names}, {dialect.moment(LOW_DATE)} from {WORK_MISSING} where {dialect.own('is_new_pair')}"
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


def _same(dialect: Dialect, key: Sequence[Column], left: str, right: str) -> str:
    return " and ".join(
        dialect.agree(f"{left}.{dialect.quote(c.name)}", f"{right}.{dialect.quote(c.name)}") for c in key
    )
