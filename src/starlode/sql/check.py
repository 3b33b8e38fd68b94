"""Checks as SELECTs: each counts the rows that break a claim, so that none means that the claim holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import IS_CURRENT, IS_INFERRED, VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from starlode.check import Check
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension, Fact, Role
    from starlode.table import Table


def doubled(dialect: Dialect, table: Table, names: tuple[str, ...], where: str = "true") -> str:
    """Values that stand more than once."""
    listed = dialect.names(names)
    return (
        f"select count(*) from (select {listed} from {dialect.table(table)} where {where}\n"
        f"  group by {listed} having count(*) > 1) as doubled"
    )


def missing(dialect: Dialect, table: Table, names: tuple[str, ...], where: str = "true") -> str:
    """Rows without a value."""
    nulls = " or ".join(f"{dialect.quote(name)} is null" for name in names)
    return f"select count(*) from {dialect.table(table)} where {where} and ({nulls})"


def orphans(dialect: Dialect, fact: Fact, role: Role, dimension: Dimension) -> str:
    """Fact rows whose key names no member."""
    q = dialect.quote
    return (
        f"select count(*) from {dialect.table(fact.table)} as f\n"
        f" where not exists (select 1 from {dialect.table(dimension.table)} as d\n"
        f"                    where d.{q(dimension.key_column)} = f.{q(role.key_column)})"
    )


def torn_intervals(dialect: Dialect, dimension: Dimension) -> str:
    """Versions that are empty, overlap the next, leave a gap before it, or are not marked as current by their place."""
    names, table = dialect.names(dimension.key), dialect.table(dimension.table)
    return (
        f"select count(*) from (\n"
        f"  select *, lead({VALID_FROM}) over (partition by {names} order by {VALID_FROM}) as next_from\n"
        f"    from {table} where {real_member(dialect, dimension)} and not {IS_INFERRED}) as chained\n"
        f" where {VALID_FROM} >= {VALID_TO}\n"
        f"    or (next_from is not null and next_from <> {VALID_TO})\n"
        f"    or {IS_CURRENT} <> (next_from is null)"
    )


def real_member(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members that are not reserved."""
    return f"{dialect.quote(dimension.key_column)} > 0"


def not_accepted(dialect: Dialect, check: Check, table: Table, where: str) -> str:
    """Rows whose value is none of the accepted ones; NULL is for `not_null` to judge."""
    column = dialect.quote(check.columns[0])
    listed = ", ".join(dialect.text(value) for value in check.values)
    return (
        f"select count(*) from {dialect.table(table)}\n"
        f" where {where} and {column} is not null and cast({column} as varchar) not in ({listed})"
    )


def out_of_range(dialect: Dialect, check: Check, table: Table, where: str) -> str:
    """Rows whose value lies outside the range; the ends belong to it."""
    column = dialect.quote(check.columns[0])
    low = f"{column} < {dialect.text(check.low)}" if check.low is not None else "false"
    high = f"{column} > {dialect.text(check.high)}" if check.high is not None else "false"
    return f"select count(*) from {dialect.table(table)}\n where {where} and ({low} or {high})"


def rows_of(select: str) -> str:
    return f"select count(*) from (\n{select}\n) as found"
