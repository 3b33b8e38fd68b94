"""Checks as SELECTs: each counts the rows that break a claim, so that none means that the claim holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlode.sql.dialect import HIGH_DATE
from starlode.sql.dimension import IS_CURRENT, IS_INFERRED, LOAD_KEY, VALID_FROM, VALID_TO
from starlode.star import WEIGHT
from starlode.table import DOUBLE, MAX_PRECISION, decimal

if TYPE_CHECKING:
    from starlode.check import Check
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension, Fact
    from starlode.table import Table, Type

NUMBERS = ("integer", "decimal", "double")


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


def written(dialect: Dialect, table: Table, names: tuple[str, ...], since: int) -> str:
    """The condition of rows that share their values with one that was written since a load; all rows where there is none."""
    if not since:
        return "true"
    rows = f"{dialect.table(table)} where {LOAD_KEY} > {since}"
    return dialect.among([dialect.quote(name) for name in names], names, rows)


def recent(since: int) -> str:
    """The condition of rows that were written since a load; all rows where there is none."""
    return f"{LOAD_KEY} > {since}" if since else "true"


def orphans(dialect: Dialect, of: tuple[Table, str], dimension: tuple[Table, str], since: int) -> str:
    """Rows, of those that were written since a load, whose key names no member; of both the table and the column are given."""
    (rows, column), (members, key) = of, dimension
    recent = f"f.{LOAD_KEY} > {since} and " if since else ""
    return (
        f"select count(*) from {dialect.table(rows)} as f\n"
        f" where {recent}not exists (select 1 from {dialect.table(members)} as d\n"
        f"                    where d.{dialect.quote(key)} = f.{dialect.quote(column)})"
    )


def shared_durable_keys(dialect: Dialect, dimension: Dimension, where: str) -> str:
    """Natural keys with several durable keys or none, and durable keys of several natural keys."""
    durable, natural = dialect.quote(dimension.durable_column), dialect.names(dimension.key)
    pairs = f"(select distinct {durable}, {natural} from {dialect.table(dimension.table)}\n    where {where}) as pairs"
    return (
        f"select count(*) from (\n"
        f"  select 1 from {pairs} group by {natural} having count({durable}) <> 1\n"
        f"  union all\n"
        f"  select 1 from {pairs} group by {durable} having count(*) > 1) as shared"
    )


def torn_weights(dialect: Dialect, fact: Fact, where: str = "true") -> str:
    """Members of a bridge whose weights are not 1 together."""
    of, weight = dialect.names(fact.touched_by), dialect.quote(WEIGHT)
    return (
        f"select count(*) from (select {of} from {dialect.table(fact.table)} where {where}\n"
        f"  group by {of} having count({weight}) < count(*) or sum({weight}) <> 1) as torn"
    )


def torn_intervals(dialect: Dialect, dimension: Dimension, where: str = "true", was_deleted: str = "") -> str:
    """Versions that are empty, overlap the next, leave a gap before it, or are not marked as current by their place.

    Only a member `m` that was deleted may have a gap, or end.
    """
    names, table = dialect.names(dimension.key), dialect.table(dimension.table)
    last = dialect.moment(HIGH_DATE)
    may_gape = f" and (next_from < {VALID_TO} or not {was_deleted})" if was_deleted else ""
    return (
        f"select count(*) from (\n"
        f"  select *, lead({VALID_FROM}) over (partition by {names} order by {VALID_FROM}) as next_from\n"
        f"    from {table} where {real_member(dialect, dimension)} and not {IS_INFERRED} and {where}) as m\n"
        f" where {VALID_FROM} >= {VALID_TO}\n"
        f"    or (coalesce(next_from, {last}) <> {VALID_TO}{may_gape})\n"
        f"    or {IS_CURRENT} <> ({VALID_TO} = {last})"
    )


def real_member(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members that are not reserved."""
    return f"{dialect.quote(dimension.key_column)} >= 0"


def arrived(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members that a source gave, neither reserved nor inferred."""
    return f"{real_member(dialect, dimension)} and not {IS_INFERRED}"


def not_accepted(dialect: Dialect, check: Check, table: Table, where: str) -> str:
    """Rows whose value is none of the accepted ones, read as the column's type; NULL is for `not_null` to judge."""
    column, of = dialect.quote(check.columns[0]), _type(check, table)
    texts = (dialect.text(value) for value in check.values)
    listed = ", ".join(text if of is None or of.kind == "text" else _as(dialect, text, of) for text in texts)
    return (
        f"select count(*) from {dialect.table(table)}\n"
        f" where {where} and {column} is not null and not coalesce({column} in ({listed}), false)"
    )


def out_of_range(dialect: Dialect, check: Check, table: Table, where: str) -> str:
    """Rows whose value lies outside the range; the ends belong to it.

    A range of numbers judges a text by its number, and a text that is none lies outside.
    """
    column, of = dialect.quote(check.columns[0]), _type(check, table)
    ends = tuple(end for end in (check.low, check.high) if end is not None)
    numeric = all(_is_number(end) for end in ends)
    bent = ""
    if numeric and of is not None and of.kind == "text":
        read = dialect.try_cast(column, DOUBLE)
        bent = f" or ({column} is not null and {read} is null)"
        column = read
    is_number = numeric and (of is None or of.kind in NUMBERS or bent)
    low, high = (
        "false" if end is None else f"{column} {sign} {end if is_number else dialect.text(end)}"
        for sign, end in (("<", check.low), (">", check.high))
    )
    return f"select count(*) from {dialect.table(table)}\n where {where} and ({low} or {high}{bent})"


def _type(check: Check, table: Table) -> Type | None:
    return next((c.type for c in table.columns if c.name == check.columns[0]), None)


def _as(dialect: Dialect, text: str, of: Type) -> str:
    # A literal of a decimal column is not rounded to its digits: 1.005 is not 1.01.
    wanted = decimal(MAX_PRECISION, max(of.scale, 10)) if of.kind in ("decimal", "integer") else of
    return dialect.try_cast(text, wanted)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def rows_of(select: str) -> str:
    return f"select count(*) from (\n{select}\n) as found"
