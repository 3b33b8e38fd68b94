"""Statements that give members and versions their keys, and the map that remembers for ever which key was whose.

The map of a dimension is a table of the ledger's schema: the natural key, the moment at which a version begins, and the key. It
only grows and outlives the dimension's table, so a version that comes again gets the key that it had, and no key ever comes to
mean something else. A member that has no history, or is only inferred, stands there at the lowest moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import (
    IS_INFERRED,
    LOW_DATE,
    VALID_FROM,
    WORK_CHAIN,
    WORK_HELD,
    WORK_ROWS,
    is_among,
    wanted,
)
from starlode.sql.ledger import LEDGER_SCHEMA
from starlode.sql.life import WORK_LIFE
from starlode.table import INTEGER, TIMESTAMP, Column, Table

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension

WORK_KNOWN = "__starlode_known"
WORK_MISSING = "__starlode_missing"


def key_map(dimension: Dimension, key: tuple[Column, ...] = ()) -> Table:
    """The table that remembers the keys of a dimension; no dimension can be called what it is."""
    columns = (*key, Column(VALID_FROM, TIMESTAMP), Column(dimension.key_column, INTEGER))
    return Table(LEDGER_SCHEMA, f"{dimension.table.name} (keys)", columns)


def add_held_pairs(dialect: Dialect, shape: Shape) -> str:
    """Remember the keys that the dimension holds and the map does not."""
    q, d = dialect.quote, shape.dimension
    names = (*shape.keys, VALID_FROM, d.key_column)
    moment = f"d.{VALID_FROM}" if shape.has_history else dialect.moment(LOW_DATE)
    present = " and ".join(f"d.{q(name)} is not null" for name in shape.keys)
    return (
        f"insert into {dialect.table(key_map(d))} ({dialect.names(names)})\n"
        f"select {dialect.names(shape.keys, 'd')}, {moment}, d.{q(d.key_column)}\n"
        f"  from {dialect.table(d.table)} as d\n"
        f" where d.{q(d.key_column)} > 0 and {present}\n"
        f"   and not exists (select 1 from {dialect.table(key_map(d))} as m\n"
        f"                    where {_same(dialect, d, 'm', 'd')} and m.{VALID_FROM} = {moment})"
    )


def follow_members(dialect: Dialect, dimension: Dimension) -> str:
    """Let each member have the key that its one row has, in a dimension that has no history any more."""
    key = dialect.quote(dimension.key_column)
    return (
        f"update {dialect.table(key_map(dimension))} as m\n   set {key} = d.{key}\n"
        f"  from {dialect.table(dimension.table)} as d\n"
        f" where d.{key} > 0 and d.{key} <> m.{key} and m.{VALID_FROM} = {dialect.moment(LOW_DATE)}\n"
        f"   and {_same(dialect, dimension, 'm', 'd')}"
    )


def forget_names(dialect: Dialect, shape: Shape) -> str:
    """Let every key be nobody's, and given all the same."""
    nameless = ", ".join(f"{dialect.quote(name)} = null" for name in shape.keys)
    return f"update {dialect.table(key_map(shape.dimension))} set {nameless}{dialect.all_rows}"


def note_known(dialect: Dialect, shape: Shape, chain: str = WORK_CHAIN) -> str:
    """What the map knows of the members of whom the dimension does not hold every version, as `known`."""
    q, d = dialect.quote, shape.dimension
    held = " and ".join(f"d.{q(name)} = c.{q(name)}" for name in shape.versioned)
    is_without = f" or d.{q(d.durable_column)} is null" if d.durable else ""
    asked = (
        f"(select {dialect.names(shape.keys, 'c')} from {chain} as c\n"
        f"          left join {WORK_HELD} as d on {held} and not d.{IS_INFERRED}\n"
        f"         where d.{q(d.key_column)} is null{is_without}) as asked"
    )
    return (
        f"{dialect.create_work} {WORK_KNOWN} as\n"
        f"select * from {dialect.table(key_map(d))} as m\n"
        f" where {is_among(dialect, shape.keys, 'm', asked)}"
    )


def allot_keys(dialect: Dialect, shape: Shape, chain: str = WORK_CHAIN) -> str:
    """The chain with the key of each version and what it does to the dimension, as `rows`.

    A version that the dimension holds keeps its key, one that it has held before gets the same again; the first version of a
    member takes over the key that the member had while it was only inferred, or had no history; new keys go on from the highest
    that was ever given, in the order of the natural key.
    """
    own, d = dialect.own, shape.dimension
    held_key, known_key, waiting_key, kept_key = (own(f"{word}_key") for word in ("held", "known", "waiting", "kept"))
    names = dialect.names((*shape.keys, *wanted(dialect, shape, "c")))
    born = f"born as (\n{_born(dialect, shape)}),\n" if d.durable else ""
    durable = f", {_durable(dialect, shape)}" if d.durable else ""
    return (
        f"{dialect.create_work} {WORK_ROWS} as\n"
        f"with waiting as (\n{_waiting(dialect, shape)}),\n{born}"
        f"matched as (\n{_matched(dialect, shape, chain)}),\n"
        f"kept as (\n"
        f"        select *, coalesce({held_key}, {known_key}, {own('taken_key')}) as {kept_key} from matched),\n"
        f"keyed as (\n"
        f"        select *, coalesce({kept_key}, {highest_key(dialect, d)}\n"
        f"                    + row_number() over (partition by {kept_key} is null\n"
        f"                                         order by {dialect.names(shape.versioned)}))"
        f" as {dialect.quote(d.key_column)}\n"
        f"          from kept)\n"
        f"select {dialect.quote(d.key_column)}{durable},\n"
        f"       case when {held_key} is not null and {own('is_same')} then 'same'\n"
        f"            when {held_key} is not null or {kept_key} = {waiting_key} then 'update'\n"
        f"            else 'insert' end as {own('change')},\n"
        f"       {held_key} is null and {known_key} is null as {own('is_new_pair')},\n"
        f"       {names}\n"
        f"  from keyed"
    )


def add_pairs(dialect: Dialect, shape: Shape) -> str:
    """Remember the keys that were allotted just now."""
    d = shape.dimension
    names = (*shape.keys, VALID_FROM, d.key_column)
    moment = VALID_FROM if shape.has_history else dialect.moment(LOW_DATE)
    return (
        f"insert into {dialect.table(key_map(d))} ({dialect.names(names)})\n"
        f"select {dialect.names(shape.keys)}, {moment}, {dialect.quote(d.key_column)}\n"
        f"  from {WORK_ROWS} where {dialect.own('is_new_pair')}"
    )


def allot_missing(dialect: Dialect, dimension: Dimension, missing: str) -> str:
    """The natural keys that a SELECT names, with the key of each: the first that the member ever had, or a new one."""
    q, own = dialect.quote, dialect.own
    key, natural = q(dimension.key_column), dialect.names(dimension.key)
    new = (
        f"{highest_key(dialect, dimension)}\n"
        f"          + row_number() over (partition by k.{key} is null order by {dialect.names(dimension.key, 'w')})"
    )
    durable = (
        f"\n       coalesce(k.{own('born_key')}, {new}) as {q(dimension.durable_column)}," if dimension.durable else ""
    )
    return (
        f"{dialect.create_work} {WORK_MISSING} as\n"
        f"with missing as (\n{missing}),\n"
        f"known as (\n"
        f"        select *, row_number() over (partition by {natural} order by {VALID_FROM}) as {own('place')},\n"
        f"               min({key}) over (partition by {natural}) as {own('born_key')}\n"
        f"          from {dialect.table(key_map(dimension))} as m\n"
        f"         where {is_among(dialect, dimension.key, 'm', 'missing')})\n"
        f"select coalesce(k.{key}, {new}) as {key},{durable}\n"
        f"       k.{VALID_FROM} is null or k.{VALID_FROM} > {dialect.moment(LOW_DATE)} as {own('is_new_pair')},\n"
        f"       {dialect.names(dimension.key, 'w')}\n"
        f"  from missing as w\n"
        f"  left join known as k on {_same(dialect, dimension, 'k', 'w')} and k.{own('place')} = 1"
    )


def add_missing_pairs(dialect: Dialect, dimension: Dimension) -> str:
    """Remember the keys of members that were inferred just now."""
    names = (*dimension.key, VALID_FROM, dimension.key_column)
    return (
        f"insert into {dialect.table(key_map(dimension))} ({dialect.names(names)})\n"
        f"select {dialect.names(dimension.key)}, {dialect.moment(LOW_DATE)}, {dialect.quote(dimension.key_column)}\n"
        f"  from {WORK_MISSING} where {dialect.own('is_new_pair')}"
    )


def highest_key(dialect: Dialect, dimension: Dimension) -> str:
    """The highest key that a dimension has ever allotted, as an expression."""
    return f"coalesce((select max({dialect.quote(dimension.key_column)}) from {dialect.table(key_map(dimension))}), 0)"


def _waiting(dialect: Dialect, shape: Shape) -> str:
    """The members that have a key and no version yet; it is free when no version ever had it."""
    q, d = dialect.quote, shape.dimension
    key = q(d.key_column)
    is_waiting = (
        f"i.{IS_INFERRED} or i.{VALID_FROM} = {dialect.moment(LOW_DATE)}" if shape.has_history else f"i.{IS_INFERRED}"
    )
    return (
        f"        select {dialect.names(shape.keys, 'i')}, i.{key}, m.{key} is null as {dialect.own('is_free')}\n"
        f"          from {WORK_HELD} as i\n"
        f"          left join {WORK_KNOWN} as m on {_same(dialect, d, 'm', 'i')} and m.{key} = i.{key}\n"
        f"                and m.{VALID_FROM} > {dialect.moment(LOW_DATE)}\n"
        f"         where {is_waiting}"
    )


def _born(dialect: Dialect, shape: Shape) -> str:
    """The first key that each member of the chain ever had, which is the member's own."""
    q, d, born = dialect.quote, shape.dimension, dialect.own("born_key")
    keys = dialect.names(shape.keys)
    return (
        f"        select {keys}, min({born}) as {born}\n"
        f"          from (select {keys}, {q(d.durable_column)} as {born} from {WORK_HELD}\n"
        f"                union all\n"
        f"                select {keys}, {q(d.key_column)} from {WORK_KNOWN}) as told\n"
        f"         group by {keys}"
    )


def _durable(dialect: Dialect, shape: Shape) -> str:
    key, own = dialect.quote(shape.dimension.key_column), dialect.own("born_key")
    first = f"min({key}) over (partition by {dialect.names(shape.keys)})"
    return f"coalesce({own}, {first}) as {dialect.quote(shape.dimension.durable_column)}"


def _matched(dialect: Dialect, shape: Shape, chain: str) -> str:
    """The chain beside the version that the dimension holds, and else beside what the map knows of it."""
    q, own, d = dialect.quote, dialect.own, shape.dimension
    key = q(d.key_column)
    brought, born = wanted(dialect, shape, "c"), {d.durable_column: f"b.{own('born_key')}"} if d.durable else {}
    judged = (brought | born).items()
    same = " and ".join(dialect.same(f"d.{q(name)}", value) for name, value in judged) or "true"
    chosen = "".join(f", {value} as {q(name)}" for name, value in brought.items())
    held = " and ".join(f"d.{q(name)} = c.{q(name)}" for name in shape.versioned)
    moment = f"c.{VALID_FROM}" if shape.has_history else dialect.moment(LOW_DATE)
    first = (
        f"row_number() over (partition by {dialect.names(shape.keys, 'c')} order by c.{VALID_FROM}) = 1"
        if shape.has_history
        else "true"
    )
    of_member = f"          left join born as b on {_same(dialect, d, 'b', 'c')}\n" if d.durable else ""
    life = f"          left join {WORK_LIFE} as l on {_same(dialect, d, 'l', 'c')}\n" if d.has_life else ""
    return (
        f"        select d.{key} as {own('held_key')}, k.{key} as {own('known_key')}, i.{key} as {own('waiting_key')},\n"
        f"               case when i.{own('is_free')} and {first} then i.{key} end as {own('taken_key')},\n"
        f"               {''.join(f'{value}, ' for value in born.values())}{same} as {own('is_same')},\n"
        f"               {dialect.names(shape.keys, 'c')}{chosen}\n"
        f"          from {chain} as c\n{life}{of_member}"
        f"          left join {WORK_HELD} as d on {held} and not d.{IS_INFERRED}\n"
        f"          left join {WORK_KNOWN} as k\n"
        f"            on {_same(dialect, d, 'k', 'c')} and k.{VALID_FROM} = case when d.{key} is null then {moment} end\n"
        f"          left join waiting as i on {_same(dialect, d, 'i', 'c')}"
    )


def _same(dialect: Dialect, dimension: Dimension, left: str, right: str) -> str:
    """That two rows speak of the same member."""
    return " and ".join(f"{left}.{dialect.quote(name)} = {right}.{dialect.quote(name)}" for name in dimension.key)
