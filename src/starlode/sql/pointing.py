"""Statements that point facts to other versions of their members where those changed after the facts were built.

Facts keep the natural keys that they were looked up by, so no stream is asked: the rows of changed members are taken out,
looked up as of their own moment, and get the key that they find now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import LOAD_KEY
from starlode.sql.fact import found_keys, join_members

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.sql.fact import Shape

WORK_MEMBERS = "__starlode_members"
WORK_POINTED = "__starlode_pointed"
WORK_POINTS = "__starlode_points"
WORK_MOVED = "__starlode_moved"
WORK_TABLES = (WORK_MEMBERS, WORK_POINTED, WORK_POINTS, WORK_MOVED)


def find_members(dialect: Dialect, shape: Shape, number: int, since: int) -> str:
    """The members of a role that changed since a load."""
    dimension = shape.dimension(shape.fact.roles[number])
    return (
        f"{dialect.create_work} {WORK_MEMBERS} as\n"
        f"select distinct {dialect.names(dimension.key)}\n  from {dialect.table(dimension.table)}\n"
        f" where {LOAD_KEY} > {since} and {dialect.quote(dimension.key_column)} > 0"
    )


def find_rows(dialect: Dialect, shape: Shape, number: int, *, has_gone: bool) -> str:
    """The fact's rows of these members; where versions have gone, those too whose key is no member's any more."""
    q, fact, role = dialect.quote, shape.fact, shape.fact.roles[number]
    dimension = shape.dimension(role)
    names = tuple(dict.fromkeys((*fact.grain, *role.columns, *((fact.at,) if fact.at else ()), *role.key_columns)))
    among = dialect.among([f"f.{q(column)}" for column in role.columns], dimension.key, WORK_MEMBERS)
    rows = f"select {dialect.names(names, 'f')}\n  from {dialect.table(fact.table)} as f\n"
    texts = [f"{rows} where {among}"]
    if has_gone:
        key = f"d.{q(dimension.key_column)} = f.{q(role.key_column)}"
        texts.append(f"{rows} where not exists (select 1 from {dialect.table(dimension.table)} as d where {key})")
    return f"{dialect.create_work} {WORK_POINTED} as\n" + f"\n{dialect.union}\n".join(texts)


def find_points(dialect: Dialect, shape: Shape, number: int) -> str:
    """The rows whose key is another one now, with that key."""
    q, fact, role = dialect.quote, shape.fact, shape.fact.roles[number]
    found = {q(name): value for name, value in found_keys(dialect, shape, number).items()}
    before = {key: dialect.own(f"before{place}") for place, key in enumerate(found)}
    keys = ", ".join(f"{value} as {key}" for key, value in found.items())
    held = ", ".join(f"f.{key} as {other}" for key, other in before.items())
    return (
        f"{dialect.create_work} {WORK_POINTS} as\n"
        f"select {dialect.names((*fact.grain, *role.key_columns))}\n"
        f"  from (select {dialect.names(fact.grain, 'f')}, {keys},\n"
        f"               {held}\n"
        f"          from {WORK_POINTED} as f\n"
        f"          {join_members(dialect, shape, number, WORK_POINTED)}) as found\n"
        f" where {' or '.join(f'{key} <> {other}' for key, other in before.items())}"
    )


def count_points(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_POINTS)}"


def take_rows(dialect: Dialect, shape: Shape) -> str:
    """The whole rows that get a new key, as `moved`."""
    table = dialect.table(shape.fact.table)
    return f"{dialect.create_work} {WORK_MOVED} as\nselect f.* from {table} as f\n where {_is_pointed(dialect, shape)}"


def take_out(dialect: Dialect, shape: Shape) -> str:
    """Take the rows out of the fact. Few that are all over a large table go and come sooner than a column of it is written."""
    delete, row = dialect.delete(shape.fact.table, "f")
    return f"{delete}\n where {_is_pointed(dialect, shape, row)}"


def put_back(dialect: Dialect, shape: Shape, number: int, load_key: int) -> str:
    """Put the rows back with their new keys."""
    q, fact, role = dialect.quote, shape.fact, shape.fact.roles[number]
    same = " and ".join(f"p.{q(name)} = f.{q(name)}" for name in fact.grain)
    given = (f"{'p' if name in role.key_columns else 'f'}.{q(name)}" for name in shape.content)
    return (
        f"insert into {dialect.table(fact.table)} ({dialect.names(shape.content)}, {LOAD_KEY})\n"
        f"select {', '.join(given)}, {load_key}\n"
        f"  from {WORK_MOVED} as f join {WORK_POINTS} as p on {same}"
    )


def _is_pointed(dialect: Dialect, shape: Shape, row: str = "f") -> str:
    """The condition of rows that get a new key."""
    grain = shape.fact.grain
    return dialect.among([f"{row}.{dialect.quote(name)}" for name in grain], grain, WORK_POINTS)
