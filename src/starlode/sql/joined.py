"""What a user's SELECT joins: the streams behind it, and what is left of it where the rows of one of them are looked for.

A stream is joined as it is. A sub-select or a WITH clause may choose, join and group rows of several streams, and is found by
some of its columns. Where these are columns of the stream that it starts from, a changed row of any of its streams says by
its own joins where it is found, and sums do not have to be known for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.sql.chain import conjuncts
from starlode.sql.select import SPOT

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unreached(Exception):
    """The reason why a SELECT is derived as a whole."""


def streams_behind(join: exp.Join, select: exp.Select, settled: exp.Query) -> tuple[exp.Table, ...]:
    """The streams behind what a SELECT joins; raises Unreached with the reason where they cannot be followed."""
    _guard_join(join)
    source = join.this
    if isinstance(source, exp.Unnest | exp.Values):
        return ()
    if _is_stream(source):
        return (source,)
    query = _guarded(_query_behind(source, settled), join, select)
    first = query.args["from_"].this
    inner = query.args.get("joins") or ()
    return (first, *(table for one in inner for table in streams_behind(one, query, settled)))


def up_to(select: exp.Select, number: int, root: exp.Select, spot: int) -> None:
    """Leave of a SELECT its joins up to one that reads a stream at a spot, and the rows that are found by it.

    It is changed in place; `root` is the SELECT that has the WITH clauses.
    """
    joins = (select.args.get("joins") or [])[: number + 1]
    is_left = bool(joins) and bool(joins[-1].args.get("side"))
    if joins:
        keys = _asked(joins[-1], select)
        joins[-1].set("side", None)
        if str(joins[-1].args.get("kind") or "").upper() == "OUTER":
            joins[-1].set("kind", None)
        _narrow(joins[-1].this, root, keys, spot)
    select.set("joins", joins)
    # A row of a LEFT join that WHERE leaves out may have stood where the lack of one would have been let in.
    asked = joins[:-1] if is_left else joins
    known = {select.args["from_"].this.alias_or_name.lower(), *(join.alias_or_name.lower() for join in asked)}
    kept = [c.copy() for c in conjuncts(select) if all(x.table.lower() in known for x in c.find_all(exp.Column))]
    select.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)


def only(select: exp.Select, given: list[exp.Expr]) -> None:
    """Let a SELECT give these columns for each row that it reads."""
    for part in ("distinct", "group", "having", "order", "windows"):
        select.set(part, None)
    select.set("expressions", given)


def _narrow(source: exp.Expr, root: exp.Select, keys: frozenset[str], spot: int) -> None:
    """Leave of what is joined the keys by which rows of the stream at a spot are found, whatever its sums and HAVING say."""
    if isinstance(source, exp.Unnest | exp.Values) or _is_stream(source):
        return
    query = _query_behind(source, root)
    query.set("having", None)
    joins = query.args.get("joins") or []
    if not isinstance(query, exp.Select) or not joins:
        return
    up_to(query, next((n for n, join in enumerate(joins) if spot in _spots(join.this, root)), -1), root, spot)
    found = [p for p in query.selects if p.alias_or_name.lower() in keys]
    only(query, found or [exp.alias_(exp.Literal.number(1), "found", quoted=True)])


def _spots(source: exp.Expr, root: exp.Select) -> Iterator[int]:
    """Where the streams behind a source stand."""
    if _is_stream(source):
        yield source.meta[SPOT]
    elif not isinstance(source, exp.Unnest | exp.Values):
        query = _query_behind(source, root)
        for inner in (query.args["from_"], *(query.args.get("joins") or ())):
            yield from _spots(inner.this, root)


def _is_stream(source: exp.Expr) -> bool:
    return isinstance(source, exp.Table) and bool(source.db)


def _query_behind(source: exp.Expr, settled: exp.Query) -> exp.Expr:
    if isinstance(source, exp.Subquery):
        return source.this  # type: ignore[no-any-return]
    clauses = settled.args.get("with_")
    found = [c for c in clauses.expressions if c.alias.lower() == source.name.lower()] if clauses is not None else []
    if not isinstance(source, exp.Table) or not found or clauses is None or clauses.recursive:
        raise Unreached("it joins something that is no stream")
    named = sum(1 for t in settled.find_all(exp.Table) if not t.db and t.name.lower() == source.name.lower())
    if named > 1:
        raise Unreached(f"it reads {source.name} more than once")
    return found[0].this  # type: ignore[no-any-return]


def _guard_join(join: exp.Join) -> None:
    side, kind, method = (str(join.args.get(part) or "").upper() for part in ("side", "kind", "method"))
    if side not in ("", "LEFT") or kind not in ("", "INNER", "CROSS", "OUTER") or method not in ("", "NATURAL"):
        raise Unreached(f"it has a join of the kind {' '.join(w for w in (method, side, kind) if w).lower()}")


def _guarded(query: exp.Expr, join: exp.Join, select: exp.Select) -> exp.Select:
    """The SELECT that is joined, which gives all that its streams have, and is found by columns of the one it starts from."""
    name = join.alias_or_name
    if not isinstance(query, exp.Select):
        raise Unreached(f"what it joins as {name} reads more than one stream")
    if any(query.args.get(part) for part in ("limit", "offset", "qualify", "with_")):
        raise Unreached(f"what it joins as {name} keeps only some of its rows")
    start = query.args.get("from_")
    if start is None or not _is_stream(start.this):
        raise Unreached(f"what it joins as {name} does not start from a stream")
    keys = _asked(join, select)
    _guard_groups(query, name, keys)
    if query.args.get("joins"):
        _guard_keys(query, join, keys)
    return query


def _guard_groups(query: exp.Select, name: str, keys: frozenset[str]) -> None:
    """A group that is joined must be found by what it groups by: its sums are not known in a cut."""
    sums = {p.alias_or_name.lower() for p in query.selects if p.find(exp.AggFunc)}
    if not sums and not query.args.get("group"):
        return
    if query.args.get("group") is None:
        raise Unreached("it joins one total over all rows")
    if keys & sums:
        raise Unreached(f"it joins or filters by a sum of {name.lower()}")


def _guard_keys(query: exp.Select, join: exp.Join, keys: frozenset[str]) -> None:
    """Where several streams are behind what is joined, it must be found by the one that it starts from alone."""
    if join.args.get("method"):
        raise Unreached("it has a join of the kind natural with more than one stream")
    start = query.args["from_"].this.alias_or_name.lower()
    for given in (p for p in query.selects if p.alias_or_name.lower() in keys):
        if any(column.table.lower() != start for column in given.find_all(exp.Column)):
            told = f"what it joins as {join.alias_or_name} is found by {given.alias_or_name}"
            raise Unreached(f"{told}, which is not of the stream that it starts from")


def _asked(join: exp.Join, select: exp.Select) -> frozenset[str]:
    """The columns of what is joined by which it is found, or by which WHERE chooses rows."""
    alias = join.alias_or_name.lower()
    conditions = [join.args.get("on"), *conjuncts(select)]
    columns = (c for part in conditions if part is not None for c in part.find_all(exp.Column))
    return frozenset(c.name.lower() for c in columns if c.table.lower() == alias)
