"""What others have put on a table: views that read it, rights, comments, indexes. It must outlive a change of the table.

PostgreSQL binds a view to the table itself and to the types of its columns. So a table on which anything stands is filled
anew in place, and where a column changes its type the views are put aside and made again, with their owners and rights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError
from starlode.postgres.values import literal, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

    from starlode.table import Column, Table

INDEX_MARK = "starlode_"
# Nobody but the owner has a right to the table, nothing reads it, nothing was added to it.
_IS_BARE = """
select c.relacl is null and not c.relrowsecurity and not c.relhasrules
       and not exists (select 1 from pg_attribute as a where a.attrelid = c.oid and a.attacl is not null)
       and not exists (select 1 from pg_description as d where d.objoid = c.oid and d.classoid = 'pg_class'::regclass)
       and not exists (select 1 from pg_depend as d
                         left join pg_class as i on d.classid = 'pg_class'::regclass and i.oid = d.objid
                        where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid and d.deptype in ('n', 'a')
                          and (i.relname is null or not starts_with(i.relname, %s)))
  from pg_class as c where c.oid = to_regclass(%s)"""
_READING_COLUMNS = """
  select r.ev_class as oid, 1 as depth
    from pg_depend as d join pg_rewrite as r on r.oid = d.objid
    join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
   where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
     and d.refobjid = to_regclass(%s) and a.attname = any(%s) and r.ev_class <> d.refobjid"""
_THE_VIEW = """
  select c.oid, 0 as depth from pg_class as c where c.oid = to_regclass(%s) and c.relkind = 'v'"""
_VIEWS = """
with recursive on_it as ({first}
  union
  select r.ev_class, on_it.depth + 1
    from on_it join pg_depend as d on d.refobjid = on_it.oid join pg_rewrite as r on r.oid = d.objid
   where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and r.ev_class <> on_it.oid)
select n.nspname, c.relname, c.relkind::text, pg_get_viewdef(c.oid), pg_get_userbyid(c.relowner), c.reloptions,
       obj_description(c.oid, 'pg_class'), c.relhastriggers,
       array(select array[case when e.grantee = 0 then '' else pg_get_userbyid(e.grantee) end, e.privilege_type,
                          e.is_grantable::text]
               from aclexplode(c.relacl) as e where e.grantee <> c.relowner),
       array(select array[a.attname::text, case when e.grantee = 0 then '' else pg_get_userbyid(e.grantee) end,
                          e.privilege_type, e.is_grantable::text]
               from pg_attribute as a cross join lateral aclexplode(a.attacl) as e where a.attrelid = c.oid),
       array(select array[a.attname::text, d.description]
               from pg_description as d join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid
              where d.objoid = c.oid and d.classoid = 'pg_class'::regclass and d.objsubid > 0)
  from (select oid, max(depth) as depth from on_it group by oid) as found
  join pg_class as c on c.oid = found.oid join pg_namespace as n on n.oid = c.relnamespace
 order by found.depth, c.oid"""


@dataclass(frozen=True)
class View:
    """A view with all that making it again needs."""

    schema: str
    name: str
    kind: str
    definition: str
    owner: str
    options: Sequence[str] | None
    comment: str | None
    has_triggers: bool
    rights: Sequence[Sequence[str]]
    rights_to_columns: Sequence[Sequence[str]]
    comments_on_columns: Sequence[Sequence[str]]

    @property
    def quoted(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"

    @property
    def drop(self) -> str:
        return f"drop view if exists {self.quoted}"

    def showing(self, definition: str, columns: Sequence[Column]) -> View:
        """The view with another SELECT; what stood on columns that it has no longer goes with them."""
        names = {column.name for column in columns}
        return replace(
            self,
            definition=definition,
            rights_to_columns=[right for right in self.rights_to_columns if right[0] in names],
            comments_on_columns=[comment for comment in self.comments_on_columns if comment[0] in names],
        )

    def make(self, me: str) -> Iterator[str]:
        """The statements that make the view again as it was."""
        options = f" with ({', '.join(self.options)})" if self.options else ""
        yield f"create view {self.quoted}{options} as\n{self.definition}"
        for grantee, right, is_grantable in self.rights:
            yield f"grant {right} on {self.quoted} to {_grantee(grantee)}{_option(is_grantable)}"
        for column, grantee, right, is_grantable in self.rights_to_columns:
            yield f"grant {right} ({quote(column)}) on {self.quoted} to {_grantee(grantee)}{_option(is_grantable)}"
        if self.comment is not None:
            yield f"comment on view {self.quoted} is {literal(self.comment)}"
        for column, comment in self.comments_on_columns:
            yield f"comment on column {self.quoted}.{quote(column)} is {literal(comment)}"
        if self.owner not in ("", me):
            yield f"alter view {self.quoted} owner to {quote(self.owner)}"


def is_bare(connection: psycopg.Connection[Any], table: str) -> bool:
    """Whether nothing stands on a (quoted) table, so that another may take its place."""
    found = connection.execute(_IS_BARE, (INDEX_MARK, table)).fetchone()
    return bool(found and found[0])


def views_on(connection: psycopg.Connection[Any], table: str, columns: Sequence[str]) -> tuple[View, ...]:
    """The views that read some columns of a (quoted) table, and those that read these views, nearest first."""
    found = connection.execute(_VIEWS.format(first=_READING_COLUMNS), (table, list(columns)))
    return _that_can_be_put_aside(found, f"a column of {table} changes its type")


def views_from(connection: psycopg.Connection[Any], view: str) -> tuple[View, ...]:
    """A (quoted) view and the views that read it, nearest first; none where there is no such view."""
    found = connection.execute(_VIEWS.format(first=_THE_VIEW), (view,))
    return _that_can_be_put_aside(found, f"{view} changes")


def bare_view(view: Table) -> View:
    """A view on which nothing stands yet."""
    return View(view.schema, view.name, "v", "", "", None, None, False, (), (), ())


def _that_can_be_put_aside(found: Iterable[Sequence[Any]], why: str) -> tuple[View, ...]:
    views = tuple(View(*row) for row in found)
    for view in views:
        if view.kind != "v" or view.has_triggers:
            what = "a materialized view" if view.kind == "m" else "a view with triggers"
            raise WarehouseError(
                f"{why}, and {view.quoted} is {what} that reads it",
                hint="drop it, run again, and create it anew: it cannot be put aside without losing something",
            )
    return views


def _grantee(name: str) -> str:
    return quote(name) if name else "public"


def _option(is_grantable: str) -> str:
    return " with grant option" if is_grantable == "true" else ""
