"""Statements about keys that left the current state of their stream, and what that means for a dimension.

Beside a keyed stream lies `(deleted)`, a row for each time that a key left it: the moment of the extraction that showed it, and
the load that brought the key back, if one did. A key that comes back as of a moment before that has never been away, and the
moment is forgotten. While a rejected row may have told of a key, it has no moment and is not back: that it is deleted
is in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql import select
from starlode.sql.staging import LOAD_COLUMN, STAGING_SCHEMA, staging_table
from starlode.table import INTEGER, TIMESTAMP, Column, Table

if TYPE_CHECKING:
    from sqlglot import exp

    from starlode.source import Stream
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension

DELETED = " (deleted)"
MOMENT, BACK = "_deleted_at", "_back"
# Where the keys that left a stream are noted, and the columns of it that hold a dimension's key.
Away = tuple[Table, tuple[str, ...]]


def deleted_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The keys that ever left a stream, of the types that they have among its columns."""
    own = (Column(MOMENT, TIMESTAMP), Column(LOAD_COLUMN, INTEGER), Column(BACK, INTEGER))
    keys = tuple(column for column in columns if column.name in stream.key)
    return Table(STAGING_SCHEMA, f"{staging_table(stream).name}{DELETED}", (*keys, *own) if columns else ())


def columns_of_key(dimension: Dimension, tree: exp.Query, key: tuple[str, ...]) -> tuple[str, ...] | None:
    """The columns of the driving stream that a dimension's key passes through, where together they are the stream's key."""
    found = tuple(select.passed(tree, name) for name in dimension.key)
    told = tuple(name for name in found if name)
    is_key = len(told) == len(found) and {name.lower() for name in told} == {name.lower() for name in key}
    return told if key and is_key else None


def keys_where(dialect: Dialect, key: tuple[str, ...], held: Table, where: str) -> str:
    """The keys of the rows `h` of a table that a condition keeps."""
    return f"select {dialect.names(key, 'h')} from {dialect.table(held)} as h where {where}"


def keys_missing(dialect: Dialect, key: tuple[str, ...], old: Table, new: Table) -> str:
    """The keys that one table holds and another does not."""
    same = " and ".join(f"n.{dialect.quote(name)} = h.{dialect.quote(name)}" for name in key)
    return keys_where(dialect, key, old, f"not exists (select 1 from {dialect.table(new)} as n where {same})")


def add_deleted(dialect: Dialect, deleted: Table, gone: str, load_key: int) -> str:
    """Note that a load does not tell the keys any more which a SELECT gives; whether they are deleted is in doubt yet."""
    keys, own = dialect.names(_keys(deleted)), dialect.names((MOMENT, LOAD_COLUMN, BACK))
    return (
        f"insert into {dialect.table(deleted)} ({keys}, {own})\n"
        f"select {keys}, null, {load_key}, null\n"
        f"  from (\n{gone}\n  ) as gone"
    )


def count_doubts(dialect: Dialect, deleted: Table) -> str:
    return f"select count(*) from {dialect.table(deleted)} where {_is_in_doubt(dialect)}"


def doubts(dialect: Dialect, deleted: Table) -> str:
    """The keys of which it is in doubt whether they are deleted."""
    return f"select {dialect.names(_keys(deleted))} from {dialect.table(deleted)} where {_is_in_doubt(dialect)}"


def settle(dialect: Dialect, deleted: Table, moment: str, load_key: int) -> str:
    """Say of every key that is in doubt that it left the stream at a moment."""
    at = f"cast({dialect.text(moment)} as {dialect.type(TIMESTAMP)})"
    return (
        f"update {dialect.table(deleted)} set {dialect.quote(MOMENT)} = {at}, {dialect.quote(LOAD_COLUMN)} = {load_key}\n"
        f" where {_is_in_doubt(dialect)}"
    )


def doubt(dialect: Dialect, deleted: Table, load_key: int) -> str:
    """Leave in doubt whether a key is deleted that a load has just been said to show as such."""
    q = dialect.quote
    same = " and ".join(f"{q(name)} = {dialect.hole(place)}" for place, name in enumerate(_keys(deleted), 1))
    return (
        f"update {dialect.table(deleted)} set {q(MOMENT)} = null\n"
        f" where {q(BACK)} is null and {q(LOAD_COLUMN)} = {load_key} and {same}"
    )


def count_away(dialect: Dialect, deleted: Table) -> str:
    return f"select count(*) from {dialect.table(deleted)} where {dialect.quote(BACK)} is null"


def forget_deleted(
    dialect: Dialect, stream: Stream, tables: tuple[Table, Table], moments: tuple[str, ...], load_key: int
) -> str:
    """Forget the moment at which keys went that a load brings back as of one before."""
    deleted, held = tables
    q = dialect.quote
    early = " or ".join(f"{dialect.try_cast(f'h.{q(name)}', TIMESTAMP)} < x.{q(MOMENT)}" for name in moments)
    back = _is_back(dialect, stream, held, load_key, f" and ({early})")
    return f"update {dialect.table(deleted)} as x\n   set {q(MOMENT)} = null, {q(BACK)} = {load_key}\n where {back}"


def end_deleted(dialect: Dialect, stream: Stream, tables: tuple[Table, Table], load_key: int) -> str:
    """Note which load brought keys back."""
    deleted, held = tables
    return (
        f"update {dialect.table(deleted)} as x\n   set {dialect.quote(BACK)} = {load_key}\n"
        f" where {_is_back(dialect, stream, held, load_key)}"
    )


def has_left(dialect: Dialect, away: Away, dimension: Dimension, of: str, also: str = "") -> str:
    """Whether the key of a row `of` was ever away."""
    q, (deleted, columns) = dialect.quote, away
    same = " and ".join(f"x.{q(column)} = {of}.{q(name)}" for column, name in zip(columns, dimension.key, strict=True))
    return f"exists (select 1 from {dialect.table(deleted)} as x where {same}{also})"


def is_away(dialect: Dialect, away: Away, dimension: Dimension, of: str) -> str:
    """Whether the key of a row `of` is away now."""
    q = dialect.quote
    return has_left(dialect, away, dimension, of, f" and x.{q(BACK)} is null and x.{q(MOMENT)} is not null")


def moved_since(dialect: Dialect, away: Away, dimension: Dimension, since: int) -> str:
    """A SELECT of the keys that left, or came back, since a load, by the names that a dimension gives them."""
    q, (deleted, columns) = dialect.quote, away
    names = ", ".join(f"x.{q(column)} as {q(name)}" for column, name in zip(columns, dimension.key, strict=True))
    return (
        f"select {names} from {dialect.table(deleted)} as x\n"
        f" where x.{q(LOAD_COLUMN)} > {since} or x.{q(BACK)} > {since}"
    )


def _keys(deleted: Table) -> tuple[str, ...]:
    return tuple(name for name in deleted.names if name not in (MOMENT, LOAD_COLUMN, BACK))


def _is_in_doubt(dialect: Dialect) -> str:
    return f"{dialect.quote(MOMENT)} is null and {dialect.quote(BACK)} is null"


def _is_back(dialect: Dialect, stream: Stream, held: Table, load_key: int, also: str = "") -> str:
    q = dialect.quote
    same = " and ".join(f"h.{q(name)} = x.{q(name)}" for name in stream.key)
    return (
        f"x.{q(BACK)} is null and exists (select 1 from {dialect.table(held)} as h\n"
        f"                               where {same} and h.{q(LOAD_COLUMN)} = {load_key}{also})"
    )
