"""The links from a SELECT down to the stream that drives it, and its expressions said in that stream's own columns.

A WITH clause or a sub-select that only chooses and joins passes rows on, so the stream behind it still drives the fact. Where
a link gives only some of its rows, nothing can be proved, and `Unfollowed` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Unfollowed(Exception):
    """The reason why the rows of a SELECT cannot be followed."""


@dataclass(frozen=True)
class Link:
    """A SELECT on the way down, and what it starts from; `groups` says that it sums rows up or removes duplicates."""

    select: exp.Select
    source: exp.Expr
    groups: bool

    @property
    def alias(self) -> str:
        return self.source.alias_or_name


def links(tree: exp.Query) -> tuple[Link, ...]:
    """From the SELECT itself to the one that reads the driving stream. Only the first may group."""
    found: list[Link] = []
    query: exp.Expr = tree
    while True:
        if not isinstance(query, exp.Select):
            raise Unfollowed(
                "it is a set operation" if isinstance(query, exp.SetOperation) else "it is no plain SELECT"
            )
        found.append(_link(query, is_outer=query is tree))
        source = found[-1].source
        if isinstance(source, exp.Table) and source.db:
            return tuple(found)
        query = _behind(source, tree)


def conjuncts(select: exp.Select) -> tuple[exp.Expr, ...]:
    """The conditions of WHERE that must all hold."""
    where = select.args.get("where")
    if where is None:
        return ()
    return tuple(where.this.flatten()) if isinstance(where.this, exp.And) else (where.this,)


def through(
    expression: exp.Expr, chain: tuple[Link, ...], depth: int, columns: Mapping[str, tuple[str, ...]]
) -> exp.Expr | None:
    """An expression of one link in the columns of the driving stream, or None when it speaks of more than that."""
    link = chain[depth]
    said = _without_aliases(expression, link, columns) if depth == len(chain) - 1 else expression.copy()
    _unshadow(said, link.alias)
    if not _Own(link, columns).holds(said):
        return None
    if depth == len(chain) - 1:
        return said
    holder = exp.Paren(this=said)
    below = chain[depth + 1]
    _unshadow(said, below.alias)
    if _asks_without_an_alias(said, columns):
        return None
    for column in _named(said, link.alias):
        inner = _given(below, column.name)
        if inner is not None and column.find_ancestor(exp.Query) is not None:
            inner = _qualified(inner, below, columns)
        if inner is None:
            return None
        column.replace(inner)
    return through(holder, chain, depth + 1, columns)


def unnests(link: Link) -> bool:
    """Whether a SELECT makes a row of each element of a list, and none where the list is empty."""
    return any(_unnests(projection, link.select) for projection in link.select.selects)


def before_groups(select: exp.Select) -> None:
    """Leave of a SELECT what it reads: its FROM, its joins and its WHERE, with the names that those use.

    Lists that are taken apart before it groups stay as well.
    """
    kept: list[exp.Expr] = []
    wanted = {c.name.lower() for part in ("where", "joins") for c in _columns(select.args.get(part))}
    for projection in reversed(select.selects):
        name = projection.alias_or_name.lower()
        sums = projection.find(exp.AggFunc, exp.Window)
        used = isinstance(projection, exp.Alias) and name in wanted
        if not sums and (used or _unnests(projection, select)):
            kept.insert(0, projection)
            wanted |= {c.name.lower() for c in projection.find_all(exp.Column)}
    for part in ("distinct", "group", "having", "order", "windows"):
        select.set(part, None)
    select.set("expressions", kept)


def appended(link: Link, name: str) -> None:
    """Let a link pass on the column of a name, where no star does already."""
    if not any(_is_star(p, link.alias) for p in link.select.selects):
        link.select.append("expressions", exp.column(name, table=link.alias or None, quoted=True))


def _without_aliases(expression: exp.Expr, link: Link, columns: Mapping[str, tuple[str, ...]]) -> exp.Expr:
    """A condition in columns alone, where it speaks of them by the names that the SELECT gives."""
    held = {name.lower() for name in _names(link.source, columns)}
    given = {p.alias.lower(): p.this for p in link.select.selects if isinstance(p, exp.Alias)}
    holder = exp.Paren(this=expression.copy())
    for column in _named(holder, ""):
        name = column.name.lower()
        if name in given and name not in held:
            column.replace(exp.Paren(this=given[name].copy()))
    return holder.this  # type: ignore[no-any-return]


def _unshadow(said: exp.Expr, alias: str) -> None:
    """Give what a sub-select calls by an alias another name, so that the alias can stand in it for what is outside."""
    for query in said.find_all(exp.Query):
        for source in query.find_all(exp.Table, exp.Subquery):
            if source.find_ancestor(exp.Query) is query and source.alias_or_name.lower() == alias.lower():
                for column in (c for c in query.find_all(exp.Column) if c.table.lower() == alias.lower()):
                    column.set("table", exp.to_identifier(f"{alias} inside", quoted=True))
                source.set("alias", exp.TableAlias(this=exp.to_identifier(f"{alias} inside", quoted=True)))


def _asks_without_an_alias(said: exp.Expr, columns: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a sub-select names a column that none of its own tables has, without saying whose it is."""
    for query in said.find_all(exp.Query):
        tables = list(query.find_all(exp.Table))
        if not all(t.db for t in tables):
            continue
        streams = (f"{t.db}.{t.name}" for t in tables)
        held = {name.lower() for stream in streams for name in columns.get(stream, ())}
        held |= {p.alias_or_name.lower() for inner in query.find_all(exp.Select) for p in inner.selects}
        if any(not c.table and c.name.lower() not in held for c in query.find_all(exp.Column)):
            return True
    return False


def _qualified(inner: exp.Expr, link: Link, columns: Mapping[str, tuple[str, ...]]) -> exp.Expr | None:
    """What a link gives, fit for a sub-select, which would take a bare name for one of its own; None where it is not clear."""
    own = {name.lower() for name in _names(link.source, columns)}
    for column in list(inner.find_all(exp.Column)):
        if not column.table and column.name.lower() not in own:
            return None
        if not column.table:
            column.set("table", exp.to_identifier(link.alias, quoted=True))
    return inner


def _link(select: exp.Select, *, is_outer: bool) -> Link:
    if select.args.get("qualify") or select.args.get("limit") or select.args.get("offset"):
        raise Unfollowed("it keeps only some of its rows")
    if not is_outer and select.args.get("with_"):
        raise Unfollowed("it has a WITH inside a sub-select")
    if any(c is not p for p in select.selects for c in p.find_all(exp.Columns) if not _is_all(p)):
        raise Unfollowed("it makes columns by a pattern")
    summing = any(
        a.find_ancestor(exp.Window, exp.Query) is select for p in select.selects for a in p.find_all(exp.AggFunc)
    )
    groups = summing or any(select.args.get(part) for part in ("group", "distinct", "having"))
    if groups and not is_outer:
        raise Unfollowed("it groups before it joins")
    start = select.args.get("from_")
    if start is None:
        raise Unfollowed("it does not start from a stream")
    return Link(select, start.this, groups)


def _behind(source: exp.Expr, tree: exp.Query) -> exp.Expr:
    """The query that a sub-select or the name of a WITH clause stands for."""
    alias = source.args.get("alias")
    if alias is not None and alias.args.get("columns"):
        raise Unfollowed("it names the columns of what it starts from anew")
    if isinstance(source, exp.Subquery):
        return source.this  # type: ignore[no-any-return]
    clauses = tree.args.get("with_")
    name = source.name.lower()
    found = [c for c in clauses.expressions if c.alias.lower() == name] if clauses is not None else []
    if (
        not isinstance(source, exp.Table)
        or clauses is None
        or not found
        or clauses.recursive
        or found[0].args["alias"].columns
    ):
        raise Unfollowed("it does not start from a stream")
    if sum(1 for t in tree.find_all(exp.Table) if not t.db and t.name.lower() == name) > 1:
        raise Unfollowed(f"it reads {source.name} more than once")
    return found[0].this  # type: ignore[no-any-return]


def _given(link: Link, name: str) -> exp.Expr | None:
    """What a link gives under a name, in its own words."""
    for projection in link.select.selects:
        if projection.alias_or_name.lower() == name.lower() and not projection.is_star:
            if projection.find(exp.Window):
                raise Unfollowed(f"it keeps only some of its rows, by {name}")
            return exp.Paren(this=projection.unalias().copy())
    if any(_is_star(p, link.alias) for p in link.select.selects):
        return exp.column(name, table=link.alias or None, quoted=True)
    return None


class _Own:
    """Decides whether an expression speaks of what a link starts from alone."""

    def __init__(self, link: Link, columns: Mapping[str, tuple[str, ...]]) -> None:
        tree, source = link.select, link.source
        others = [t for t in tree.find_all(exp.Table) if t.db and t is not source]
        self._alias = link.alias.lower()
        self._beside = {join.alias_or_name.lower() for join in tree.args.get("joins") or ()}
        self._joined = bool(tree.args.get("joins"))
        self._mine = {name.lower() for name in _names(source, columns)}
        self._theirs = {name.lower() for t in others for name in columns.get(f"{t.db}.{t.name}", ())}

    def holds(self, expression: exp.Expr) -> bool:
        inner = {id(c): c for query in expression.find_all(exp.Query) for c in query.find_all(exp.Column)}
        if any(c.table.lower() in self._beside for c in inner.values()):
            return False
        return all(self._is_mine(c) for c in expression.find_all(exp.Column) if id(c) not in inner)

    def _is_mine(self, column: exp.Column) -> bool:
        if column.table:
            return column.table.lower() == self._alias
        name = column.name.lower()
        return not self._joined or (name in self._mine and name not in self._theirs)


def _names(source: exp.Expr, columns: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The names that a table, a sub-select or a WITH clause gives, with those of the streams behind its stars."""
    if isinstance(source, exp.Table) and source.db:
        return columns.get(f"{source.db}.{source.name}", ())
    root = source.root()
    query = (
        source
        if isinstance(source, exp.Subquery)
        else next((c.this for c in root.find_all(exp.CTE) if c.alias.lower() == source.name.lower()), None)
    )
    if query is None:
        return ()
    behind = (name for t in query.find_all(exp.Table) if t.db for name in columns.get(f"{t.db}.{t.name}", ()))
    return (*query.named_selects, *(behind if "*" in query.named_selects else ()))


def _named(expression: exp.Expr, alias: str) -> tuple[exp.Column, ...]:
    """The columns of an expression that belong to an alias; in its sub-selects only those that say so."""
    inner = {id(c) for query in expression.find_all(exp.Query) for c in query.find_all(exp.Column)}
    return tuple(
        c
        for c in expression.find_all(exp.Column)
        if (alias and c.table.lower() == alias.lower()) or (not c.table and id(c) not in inner)
    )


def _unnests(projection: exp.Expr, select: exp.Select) -> bool:
    return any(
        found.find_ancestor(exp.Query) is select and not found.find(exp.AggFunc)
        for found in projection.find_all(exp.Explode, exp.Unnest)
    )


def _columns(part: exp.Expr | list[exp.Expr] | None) -> Iterator[exp.Column]:
    for node in part if isinstance(part, list) else [part]:
        if node is not None:
            yield from node.find_all(exp.Column)


def _is_all(projection: exp.Expr) -> bool:
    return isinstance(projection, exp.Columns) and (
        isinstance(projection.this, exp.Star)
        or (isinstance(projection.this, exp.Column) and isinstance(projection.this.this, exp.Star))
    )


def _is_star(projection: exp.Expr, alias: str) -> bool:
    shown = projection.this if _is_all(projection) else projection
    if isinstance(shown, exp.Star):
        return True
    return isinstance(shown, exp.Column) and isinstance(shown.this, exp.Star) and shown.table.lower() == alias.lower()
