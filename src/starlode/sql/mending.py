"""Conditions of rows of the star that no build can have left there: somebody has put or changed them by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import VALID_FROM
from starlode.sql.keys import key_map

ROW = "d"

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension, Fact
    from starlode.table import Table


def strangers(dialect: Dialect, dimension: Dimension, row: str) -> str:
    """Rows of a dimension whose key is not theirs, by the map of its keys.

    History by load time is only in the dimension, so the moment of a version is not asked for there. In a combination, NULL is
    a value like any other.
    """
    q = dialect.quote
    moment = (VALID_FROM,) if dimension.history and dimension.at else ()
    same = " and ".join(
        dialect.agree(f"m.{q(name)}", f"{row}.{q(name)}") if dimension.is_junk else f"m.{q(name)} = {row}.{q(name)}"
        for name in (*dimension.key, dimension.key_column, *moment)
    )
    return (
        f"{row}.{q(dimension.key_column)} > 0\n"
        f"   and not exists (select 1 from {dialect.table(key_map(dimension))} as m where {same})"
    )


def doubled(dialect: Dialect, table: Table, identity: tuple[str, ...], row: str) -> str:
    """Rows that are not the only ones of their identity."""
    more = f"{dialect.table(table)} group by {dialect.names(identity)} having count(*) > 1"
    return dialect.among([f"{row}.{dialect.quote(name)}" for name in identity], identity, more)


def without_grain(dialect: Dialect, fact: Fact, row: str) -> str:
    """Rows of a fact that lack a part of its grain."""
    return " or ".join(f"{row}.{dialect.quote(name)} is null" for name in fact.grain)


def remove(dialect: Dialect, table: Table, where: str) -> str:
    return f"{dialect.delete(table, ROW)[0]}\n where {where}"
