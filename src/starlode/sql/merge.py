"""Statements that bring a batch of a keyed stream into its staging table: which rows win, and what that changes.

What is held of the batch's keys is taken out first and everything is decided beside it, so that a merge touches the held table
twice, by key, however large it is: once to find those rows and once to put others in their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.source import FILE_COLUMN
from starlode.sql.dialect import counted
from starlode.sql.following import changes_by
from starlode.sql.staging import (
    CHANGE,
    LOAD_COLUMN,
    NEWEST,
    TECHNICAL,
    TECHNICAL_NAMES,
    create_scratch,
    listed,
    older,
    order_of,
)
from starlode.table import TEXT

if TYPE_CHECKING:
    from starlode.source import Stream
    from starlode.sql.dialect import Dialect
    from starlode.table import Table


def find_met(dialect: Dialect, stream: Stream, work: Table, held: Table, met: Table) -> tuple[str, str]:
    """Statements that take out what is held of the batch's keys."""
    q = dialect.quote
    names = dialect.names(held.names)
    among = dialect.among([f"h.{q(column)}" for column in stream.key], stream.key, dialect.table(work))
    return (
        create_scratch(dialect, met),
        f"insert into {dialect.table(met)} ({names})\nselect {names}\n  from {dialect.table(held)} as h\n where {among}",
    )


def winners(
    dialect: Dialect, name: str, stream: Stream, work: Table, met: Table, replaces: tuple[str, ...] = ()
) -> str:
    """A work table of the last row of each key in the batch, with what it does to the held one.

    The change is insert, update, move, same or stale: a moved row says what the held one says and stands in another place,
    which decides what may follow it; a stale row is older than the one that is held. A held row of a file that the batch
    replaces makes no row stale, because that file speaks for itself in the batch.
    """
    q = dialect.quote
    key, order = stream.key, order_of(stream)
    content = [column.name for column in met.columns if column.name not in TECHNICAL_NAMES]
    newest = ", ".join(f"{q(column)} desc nulls last" for column in order) or "1"
    # No row of the batch has a key that is NULL: those were rejected before.
    join = " and ".join(f"h.{q(column)} = w.{q(column)}" for column in key)
    same = " and ".join(dialect.same(f"h.{q(column)}", f"w.{q(column)}") for column in content) or "true"
    place = [f"h.{q(column)} = w.{q(column)}" for column in order if column in TECHNICAL_NAMES]
    stands = f"h.{q(FILE_COLUMN)} not in ({listed(dialect, replaces)}) and " if replaces else ""
    return (
        f"{dialect.create_temp} {q(name)} as\n"
        f"select w.*,\n"
        f"       case when h.{q(LOAD_COLUMN)} is null then 'insert'\n"
        f"            when {stands}{older(dialect, order)} then 'stale'\n"
        f"            when not ({same}) then 'update'\n"
        f"            when {' and '.join(place) or 'true'} then 'same'\n"
        f"            else 'move' end as {q(CHANGE)}\n"
        f"  from (select *, row_number() over (partition by {dialect.names(key)} order by {newest}) as {q(NEWEST)}\n"
        f"          from {dialect.table(work)}) as w\n"
        f"  left join {dialect.table(met)} as h on {join}\n"
        f" where w.{q(NEWEST)} = 1"
    )


def count_changes(dialect: Dialect, name: str, load_key: int) -> str:
    """How many keys changed in which way: (change, whether by a row of this load, keys)."""
    change, own = dialect.quote(CHANGE), f"{dialect.quote(LOAD_COLUMN)} = {load_key}"
    return f"select {change}, {own}, count(*) from {dialect.quote(name)} group by {change}, {own}"


def delete_replaced(dialect: Dialect, name: str, stream: Stream, held: Table) -> str:
    """Take out the held rows that others take the place of."""
    delete, row = dialect.delete(held, "h")
    return f"{delete}\n where {changes_by(dialect, name, stream.key, ('update', 'move'), row)}"


def insert_winners(dialect: Dialect, name: str, held: Table) -> str:
    names = dialect.names(held.names)
    return (
        f"insert into {dialect.table(held)} ({names})\n"
        f"select {names} from {dialect.quote(name)} where {dialect.quote(CHANGE)} in ('insert', 'update', 'move')"
    )


def differences(dialect: Dialect, name: str, stream: Stream, old: Table, new: Table) -> str:
    """A work table of the keys that a full extract changes, each with insert, update, move or delete.

    A moved row says what it said and stands in another place of its files, which decides what may follow it.
    """
    q = dialect.quote
    held = {column.name: column for column in old.columns}
    kinds = {column.name: column.type for column in TECHNICAL}
    places = [(q(column), kinds[column]) for column in order_of(stream) if column in TECHNICAL_NAMES]
    shared = [c for c in new.columns if c.name in held and c.name not in TECHNICAL_NAMES]
    # A column whose type was mended is compared by its text: the old values need not fit the new type.
    retyped = {column.name for column in shared if held[column.name].type != column.type}
    content, place = dialect.own("content"), dialect.own("place")
    stands = dialect.fingerprint(places) if places else "0"

    def short(table: Table) -> str:
        """Keys and a fingerprint of the rest: whole rows on both sides of a join would not fit into memory."""
        kinds = {c.name: c.type for c in table.columns}
        values = {
            c.name: (dialect.convert(q(c.name), kinds[c.name], TEXT), TEXT)
            if c.name in retyped
            else (q(c.name), c.type)
            for c in shared
        }
        keys = ", ".join(f"{values[name][0]} as {q(name)}" for name in stream.key)
        said = dialect.fingerprint([*values.values()])
        return f"(select {keys}, {said} as {content}, {stands} as {place} from {dialect.table(table)})"

    join = " and ".join(f"o.{q(name)} = n.{q(name)}" for name in stream.key)
    keys = ", ".join(f"coalesce(n.{q(k)}, o.{q(k)}) as {q(k)}" for k in stream.key)
    return (
        f"{dialect.create_temp} {q(name)} as\n"
        f"select {keys},\n"
        f"       case when o.{content} is null then 'insert'\n"
        f"            when n.{content} is null then 'delete'\n"
        f"            when o.{content} <> n.{content} then 'update' else 'move' end as {q(CHANGE)}\n"
        f"  from {short(old)} as o\n  full join {short(new)} as n on {join}\n"
        f" where o.{content} is null or n.{content} is null or o.{content} <> n.{content}\n"
        f"    or o.{place} <> n.{place}"
    )


def count_differences(dialect: Dialect, name: str) -> str:
    """How many keys a full extract adds, changes, takes away and only moves: (inserted, updated, deleted, moved)."""
    changes = ("insert", "update", "delete", "move")
    counts = ", ".join(counted(f"{dialect.quote(CHANGE)} = '{change}'") for change in changes)
    return f"select {counts} from {dialect.quote(name)}"


def delete_differing(dialect: Dialect, name: str, stream: Stream, held: Table) -> str:
    delete, row = dialect.delete(held, "h")
    return f"{delete}\n where {changes_by(dialect, name, stream.key, ('update', 'move', 'delete'), row)}"


def add_differing(dialect: Dialect, name: str, stream: Stream, held: Table, new: Table) -> str:
    """Take over what a full extract adds and changes."""
    names = dialect.names(held.names)
    return (
        f"insert into {dialect.table(held)} ({names})\nselect {names}\n  from {dialect.table(new)} as h\n"
        f" where {changes_by(dialect, name, stream.key, ('insert', 'update', 'move'))}"
    )
