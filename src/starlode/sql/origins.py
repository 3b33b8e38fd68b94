"""Letting a SELECT say of each row that it gives where the rows of its streams stand.

Each stream is read with the place of its rows beside its columns, and every SELECT on the way passes the places on. One that
groups is followed before it does. Rows that are summed up before they are joined cannot be told apart, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql.chain import Unfollowed
from starlode.sql.dialect import OWN
from starlode.sql.select import CARRIES, STANDS_IN, shown
from starlode.sql.staging import LOAD_COLUMN
from starlode.table import INTEGER, TEXT, Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.sql.dialect import Dialect
    from starlode.table import Table, Type

PLACE: Mapping[str, Type] = {FILE_COLUMN: TEXT, ROW_COLUMN: INTEGER, LOAD_COLUMN: INTEGER}
ONLY_ASKED = "it is read in a sub-select, which gives none of its rows"


@dataclass(frozen=True)
class Trail:
    """A stream as a SELECT reads it once, by the name that it has there, and the number under which its places are carried."""

    stream: str
    alias: str
    key: tuple[str, ...]
    number: int

    @property
    def columns(self) -> tuple[Column, ...]:
        """File, row, load, and the stream's key as texts."""
        kinds = (*PLACE.values(), *(TEXT for _ in self.key))
        return tuple(Column(f"{OWN}{self.number}_{i}", kind) for i, kind in enumerate(kinds))


@dataclass(frozen=True)
class Untold:
    """A stream whose rows cannot be told, and why."""

    stream: str
    why: str


@dataclass(frozen=True)
class Traced:
    """A SELECT whose rows carry the places of the rows that they were made of, as far as those can be told."""

    tree: exp.Query
    trails: tuple[Trail, ...]
    untold: tuple[Untold, ...]
    tables: tuple[tuple[exp.Table, Trail], ...]
    groups: bool = False


def trace(tree: exp.Query, keys: Mapping[str, tuple[str, ...]], wanted: tuple[str, ...]) -> Traced:
    """The SELECT with the places of its streams' rows, beside at least the wanted ones of its columns."""
    walk = _Walk(tree.copy(), keys)
    query = walk.tree
    groups = isinstance(query, exp.Select) and _groups(query)
    try:
        if isinstance(query, exp.Select) and groups:
            _before_groups(query, wanted)
        trails = walk.carry(query)
    except Unfollowed as reason:
        walk.untell(query, str(reason))
        trails = ()
    return Traced(query, trails, walk.untold(), tuple(walk.tables), groups)


def standing(traced: Traced, places: Mapping[str, Table], dialect: Dialect) -> exp.Query:
    """The SELECT with each of its streams replaced by one that shows where its rows stand."""
    for table, trail in traced.tables:
        place = places[trail.stream]
        table.meta[STANDS_IN] = _with_places(dialect, place, shown(traced.tree, place), trail)
        table.meta[CARRIES] = trail.columns
    return traced.tree


def _with_places(dialect: Dialect, table: Table, names: tuple[str, ...], trail: Trail) -> str:
    carried = ", ".join(
        f"cast({dialect.quote(name)} as {dialect.type(column.type)}) as {dialect.quote(column.name)}"
        for name, column in zip((*PLACE, *trail.key), trail.columns, strict=True)
    )
    return f"select {', '.join(dialect.shown(name) for name in names)}, {carried} from {dialect.table(table)}"


class _Walk:
    """Goes down a SELECT to its streams and carries their places up; its tree is changed on the way."""

    def __init__(self, tree: exp.Query, keys: Mapping[str, tuple[str, ...]]) -> None:
        self.tree = tree
        self.tables: list[tuple[exp.Table, Trail]] = []
        self._keys = keys
        self._numbers = count()
        self._clauses = {cte.alias.lower(): cte for cte in tree.find_all(exp.CTE)}
        self._carried: dict[str, tuple[Trail, ...]] = {}
        self._reasons: dict[int, str] = {}

    def carry(self, query: exp.Expr) -> tuple[Trail, ...]:
        """Let a query give the places of what it reads. Nothing of it is changed where it raises Unfollowed."""
        for branch in _branches(query):
            _guard(branch)
        if isinstance(query, exp.Subquery):
            return self.carry(query.this)
        return self._unite(query) if isinstance(query, exp.SetOperation) else self._choose(query)  # type: ignore[arg-type]

    def untell(self, part: exp.Expr, why: str) -> None:
        """Keep why the streams of a part of the SELECT cannot be told."""
        for table in part.find_all(exp.Table):
            if id(table) not in self._reasons:
                self._reasons[id(table)] = why
                clause = None if table.db else self._clauses.get(table.name.lower())
                if clause is not None:
                    self.untell(clause.this, why)

    def untold(self) -> tuple[Untold, ...]:
        followed = {id(table) for table, _ in self.tables}
        found = (t for t in self.tree.find_all(exp.Table) if t.db and id(t) not in followed)
        return tuple(dict.fromkeys(Untold(f"{t.db}.{t.name}", self._reasons.get(id(t), ONLY_ASKED)) for t in found))

    def _unite(self, query: exp.SetOperation) -> tuple[Trail, ...]:
        """Both sides give the places of both; those of the other side are NULL."""
        left, right = self.carry(query.left), self.carry(query.right)
        _insert(query.right, _nothing(left), before=_width(right))
        _insert(query.left, _nothing(right), before=0)
        query.set("distinct", False)
        return (*left, *right)

    def _choose(self, select: exp.Select) -> tuple[Trail, ...]:
        if not _picks(select):
            select.set("distinct", None)
        joins = select.args.get("joins") or ()
        start = select.args.get("from_")
        found: list[Trail] = []
        for source, join in (*([(start.this, None)] if start else ()), *((join.this, join) for join in joins)):
            try:
                found += self._pass_on(select, source, join)
            except Unfollowed as reason:
                self.untell(source, str(reason))
        return tuple(found)

    def _pass_on(self, select: exp.Select, source: exp.Expr, join: exp.Expr | None) -> Iterator[Trail]:
        if join is not None and str(join.args.get("kind")).upper() in ("SEMI", "ANTI"):
            raise Unfollowed("it is only asked whether it has such a row")
        for trail in self._source(source):
            up = replace(trail, number=next(self._numbers))
            for below, column in zip(trail.columns, up.columns, strict=True):
                held = exp.column(below.name, table=source.alias_or_name or None, quoted=True)
                select.append("expressions", exp.alias_(held, column.name, quoted=True))
            yield up

    def _source(self, source: exp.Expr) -> tuple[Trail, ...]:
        alias = source.args.get("alias")
        if source.args.get("pivots") or (alias is not None and alias.args.get("columns")):
            raise Unfollowed("its columns are turned or named anew")
        if isinstance(source, exp.Table) and source.db:
            stream = f"{source.db}.{source.name}"
            trail = Trail(stream, source.alias_or_name, self._keys.get(stream, ()), next(self._numbers))
            self.tables.append((source, trail))
            return (trail,)
        if isinstance(source, exp.Table):
            return self._clause(source.name.lower())
        if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Query):
            return self.carry(source.this)
        if source.find(exp.Table):
            raise Unfollowed("it is read in a way that cannot be followed")
        return ()

    def _clause(self, name: str) -> tuple[Trail, ...]:
        clause = self._clauses.get(name)
        if clause is None:
            return ()
        if clause.parent is not None and clause.parent.args.get("recursive"):
            raise Unfollowed("its WITH is recursive")
        if clause.args["alias"].columns:
            raise Unfollowed("its columns are turned or named anew")
        if name not in self._carried:
            self._carried[name] = self.carry(clause.this)
        return self._carried[name]


def _branches(query: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(query, exp.Subquery):
        yield from _branches(query.this)
    elif isinstance(query, exp.SetOperation):
        yield query
        yield from _branches(query.left)
        yield from _branches(query.right)
    else:
        yield query


def _guard(query: exp.Expr) -> None:
    if isinstance(query, exp.SetOperation) and not isinstance(query, exp.Union):
        raise Unfollowed("a set operation takes rows away")
    if not isinstance(query, exp.Union | exp.Select):
        raise Unfollowed("it is no plain SELECT")
    if isinstance(query, exp.Select) and _groups(query):
        raise Unfollowed("its rows are summed up before they get here")
    if query.args.get("distinct") and query.args.get("limit") and not _picks(query):
        raise Unfollowed("it keeps only some of its rows")


def _picks(query: exp.Expr) -> bool:
    """Whether DISTINCT says which row it picks, and so is left as it is when columns are added."""
    distinct = query.args.get("distinct")
    return isinstance(distinct, exp.Distinct) and bool(distinct.args.get("on"))


def _groups(select: exp.Select) -> bool:
    summing = any(
        a.find_ancestor(exp.Window, exp.Query) is select for p in select.selects for a in p.find_all(exp.AggFunc)
    )
    return summing or any(select.args.get(part) for part in ("group", "having"))


def _before_groups(select: exp.Select, wanted: tuple[str, ...]) -> None:
    """Leave of a SELECT what it reads, and of its columns those that are wanted, with what they are said by."""
    needed = {name.lower() for name in wanted}
    kept: list[exp.Expr] = []
    for projection in reversed(select.selects):
        if projection.alias_or_name.lower() not in needed:
            continue
        if projection.find(exp.AggFunc, exp.Window):
            raise Unfollowed("what tells its rows apart is summed up")
        kept.insert(0, projection)
        needed |= {c.name.lower() for c in projection.find_all(exp.Column) if not c.table}
    if not {name.lower() for name in wanted} <= {p.alias_or_name.lower() for p in kept}:
        raise Unfollowed("what tells its rows apart is summed up")
    for part in ("distinct", "group", "having", "order", "windows", "qualify", "limit", "offset"):
        select.set(part, None)
    select.set("expressions", kept)


def _insert(query: exp.Expr, columns: tuple[exp.Expr, ...], *, before: int) -> None:
    """Add columns to every branch of a query, before so many of its last ones."""
    for branch in _branches(query):
        if isinstance(branch, exp.Select):
            held = branch.expressions
            end = len(held) - before
            branch.set("expressions", [*held[:end], *(column.copy() for column in columns), *held[end:]])


def _width(trails: tuple[Trail, ...]) -> int:
    return sum(len(trail.columns) for trail in trails)


def _nothing(trails: tuple[Trail, ...]) -> tuple[exp.Expr, ...]:
    words = {INTEGER: "bigint", TEXT: "text"}
    return tuple(
        exp.alias_(exp.cast(exp.null(), words[column.type]), column.name, quoted=True)
        for trail in trails
        for column in trail.columns
    )
