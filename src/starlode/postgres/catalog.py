"""What the catalog of a PostgreSQL server tells of a relation or a query: its kind, columns, key, size and parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

_COLUMNS = """
select a.attname, a.attnotnull, a.atttypmod, t.oid, bn.nspname, b.typname, b.typtype, b.typcategory, b.typtypmod,
       format_type(a.atttypid, a.atttypmod)
  from pg_attribute as a
  join pg_type as t on t.oid = a.atttypid
  join lateral (
         with recursive base as (
           select d.oid, d.typname, d.typtype, d.typcategory, d.typbasetype, d.typnamespace, d.typtypmod
             from pg_type as d where d.oid = a.atttypid
           union all
           select d.oid, d.typname, d.typtype, d.typcategory, d.typbasetype, d.typnamespace,
                  case when base.typtypmod >= 0 then base.typtypmod else d.typtypmod end
             from base join pg_type as d on base.typtype = 'd' and d.oid = base.typbasetype)
         select * from base where typtype <> 'd') as b on true
  join pg_namespace as bn on bn.oid = b.typnamespace
 where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
 order by a.attnum"""
_TYPES = """
with recursive base as (
  select o.place, d.oid, d.typname, d.typtype, d.typcategory, d.typbasetype, d.typnamespace, o.modifier
    from unnest(%s::oid[], %s::int[]) with ordinality as o (type, modifier, place) join pg_type as d on d.oid = o.type
  union all
  select base.place, d.oid, d.typname, d.typtype, d.typcategory, d.typbasetype, d.typnamespace,
         case when base.modifier >= 0 then base.modifier else (select p.typtypmod from pg_type as p where p.oid = base.oid) end
    from base join pg_type as d on base.typtype = 'd' and d.oid = base.typbasetype)
select n.nspname, base.typname, base.typtype, base.typcategory, base.modifier, format_type(base.oid, base.modifier)
  from base join pg_namespace as n on n.oid = base.typnamespace
 where base.typtype <> 'd' order by base.place"""
_RELATION = "select c.oid, c.relkind::text from pg_class as c where c.oid = to_regclass(%s)"
# Everything that holds rows of a table: itself, the tables that inherit from it, the partitions of partitions.
_PARTS = """
with recursive part as (
  select %s::oid as oid
  union all
  select i.inhrelid from part join pg_inherits as i on i.inhparent = part.oid)
select n.nspname, c.relname, c.relkind::text, greatest(c.relpages, 0),
       coalesce(pg_relation_size(c.oid), 0), coalesce(pg_table_size(c.oid), 0),
       has_table_privilege(c.oid, 'select') and not row_security_active(c.oid)
  from part join pg_class as c on c.oid = part.oid join pg_namespace as n on n.oid = c.relnamespace
 where c.relkind <> 'p' order by n.nspname, c.relname"""
_KEY = """
select a.attname
  from pg_index as i
  cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
  join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
 where i.indrelid = %s and i.indisprimary order by k.place"""
# An index whose first column is the cursor; one that holds a part of the rows only is of no use.
_INDEXED = """
select exists (select 1 from pg_index as i join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                where i.indrelid = %s and i.indisvalid and i.indpred is null and a.attname = %s)"""
# The storage of a table as the snapshot sees it, against what it is now: once they differ, rows of the snapshot may be gone.
_REWRITTEN = """
select exists (select 1
                 from pg_locks as l
                 join pg_class as c on c.oid = l.relation and l.locktype = 'relation'
                where l.pid = pg_backend_pid() and c.relkind in ('r', 'm') and c.relfilenode <> 0
                  and l.database = (select d.oid from pg_database as d where d.datname = current_database())
                  and c.relfilenode is distinct from pg_relation_filenode(c.oid))"""
_LISTED = """
select c.relname, c.relkind::text,
       array(select a.attname
               from pg_index as i
               cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
               join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
              where i.indrelid = c.oid and i.indisprimary order by k.place)::text[]
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = %s and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
   and has_table_privilege(c.oid, 'select')
 order by c.relname"""


@dataclass(frozen=True)
class Field:
    """A column as the server declares it, its domains resolved to the type below them."""

    name: str
    schema: str
    type: str
    kind: str
    category: str
    modifier: int
    declared: str


@dataclass(frozen=True)
class Part:
    """A relation that holds rows of its own, with its pages and its bytes, those stored out of line included.

    It is open where this user may read it by its own name; a partition may be readable by its table's name only.
    """

    schema: str
    name: str
    kind: str
    pages: int
    bytes: int
    is_open: bool = True


@dataclass(frozen=True)
class Relation:
    """A table, view or anything else that can be selected from."""

    oid: int
    kind: str
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()

    @property
    def has_transactions(self) -> bool:
        """Whether each of its rows tells which transaction wrote it, and where it lies."""
        return self.kind in "rpm" and all(part.kind in "rm" for part in self.parts)

    @property
    def is_in_parts(self) -> bool:
        """Whether it can be read part by part, and each part by its pages."""
        return self.has_transactions and all(part.is_open for part in self.parts)

    @property
    def pages(self) -> int:
        return sum(part.pages for part in self.parts)

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def relation(connection: psycopg.Connection[Any], named: str) -> Relation | None:
    """The relation of that (quoted) name, or None."""
    found = connection.execute(_RELATION, (named,)).fetchone()
    if found is None:
        return None
    oid, kind = found
    hold(connection, named)
    fields = tuple(
        Field(row[0], row[4], row[5], row[6], row[7], row[2] if row[2] >= 0 else row[8], row[9])
        for row in connection.execute(_COLUMNS, (oid,))
    )
    block = 8192
    parts = tuple(
        Part(schema, name, part_kind, max(pages, size // block), total, is_open)
        for schema, name, part_kind, pages, size, total, is_open in connection.execute(_PARTS, (oid,))
    )
    return Relation(oid, kind, fields, parts)


def hold(connection: psycopg.Connection[Any], named: str) -> None:
    """Keep a relation, or a query in parentheses, and all below it as they are until the transaction ends; reads no row."""
    connection.execute(f"select from {named} as t limit 0".encode(), binary=True)


def is_rewritten(connection: psycopg.Connection[Any]) -> bool:
    """Whether a table that this transaction holds was emptied or rewritten after its snapshot, which then shows it empty."""
    found = connection.execute(_REWRITTEN).fetchone()
    return bool(found and found[0])


def fields_of_query(connection: psycopg.Connection[Any], query: str) -> tuple[Field, ...]:
    """The columns that a SELECT in parentheses gives, found without running it."""
    with connection.cursor() as cursor:
        # In the binary format the server takes no more than one statement.
        cursor.execute(f"{BEFORE_QUERY}{query} as q limit 0".encode(), binary=True)
        described = cursor.description or []
    oids, modifiers = [c.type_code for c in described], [_modifier(c) for c in described]
    types = connection.execute(_TYPES, (oids, modifiers)).fetchall()
    return tuple(
        Field(column.name, schema, name, kind, category, modifier, declared)
        for column, (schema, name, kind, category, modifier, declared) in zip(described, types, strict=True)
    )


def primary_key(connection: psycopg.Connection[Any], oid: int) -> tuple[str, ...]:
    return tuple(name for (name,) in connection.execute(_KEY, (oid,)))


def is_indexed(connection: psycopg.Connection[Any], oid: int, column: str) -> bool:
    """Whether rows from one value of a column on can be found without reading the whole table."""
    found = connection.execute(_INDEXED, (oid, column)).fetchone()
    return bool(found and found[0])


def tables_of(connection: psycopg.Connection[Any], schema: str) -> Sequence[tuple[str, str, tuple[str, ...]]]:
    """What may be read in a schema: (name, kind, primary key). A partition is read with its table."""
    return [(name, kind, tuple(key)) for name, kind, key in connection.execute(_LISTED, (schema,))]


def cancel(connection: psycopg.Connection[Any], process: int) -> None:
    """End the statement that another connection of ours is at."""
    connection.execute("select pg_cancel_backend(%s)", (process,))


def _modifier(column: psycopg.Column) -> int:
    """The type modifier, which the driver shows in parts only."""
    if column.precision is not None and column.type_code == _NUMERIC:
        return ((column.precision << 16) | ((column.scale or 0) & 0x7FF)) + 4
    return -1


_NUMERIC = 1700
BEFORE_QUERY = "select * from "
