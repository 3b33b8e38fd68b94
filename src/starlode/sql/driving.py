"""Following the rows of a fact's driving stream through its SELECT, to find what joins lose or double.

The driving stream is the first of FROM. Its rows are numbered, the number rides along, and the result is held against the
rows that the WHERE clause asks for. A SELECT that groups or removes duplicates cannot be followed, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.sql.select import driving, settle
from starlode.table import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.table import Table

DRIVING = "_driving"


@dataclass(frozen=True)
class Followed:
    """A SELECT whose driving rows carry their number, the rows that it asks for, and the measures to hold against them."""

    tree: exp.Select
    stream: str
    alias: str
    asked: tuple[exp.Expr, ...]
    measures: Mapping[str, exp.Expr]
    can_lose: bool
    beside: exp.With | None = None


def follow(tree: exp.Query, columns: Mapping[str, tuple[str, ...]], measures: tuple[str, ...]) -> Followed | str:
    """The SELECT with its driving rows numbered, or the reason why they cannot be followed."""
    reason = _cannot(tree)
    if reason:
        return reason
    copy = tree.copy()
    table = driving(copy)
    if table is None or not isinstance(copy, exp.Select):
        return "it does not start from a stream"
    name, alias = f"{table.db}.{table.name}", table.alias_or_name
    own = _Own(alias, columns, copy, name)
    where = copy.args.get("where")
    conjuncts = list(where.this.flatten()) if where is not None and isinstance(where.this, exp.And) else []
    if where is not None and not conjuncts:
        conjuncts = [where.this]
    asked = tuple(c.copy() for c in conjuncts if own.holds(c))
    summed = {
        p.alias_or_name: p.unalias().copy()
        for p in copy.selects
        if p.alias_or_name in measures and not isinstance(p, exp.Star) and own.holds(p)
    }
    if not _has_star(copy, alias):
        copy.append("expressions", exp.column(DRIVING, table=alias, quoted=True))
    kept = all(str(join.args.get("side") or "").upper() == "LEFT" for join in copy.args.get("joins") or ())
    can_lose = not kept or len(asked) < len(conjuncts)
    return Followed(copy, name, alias, asked, summed, can_lose, copy.args.get("with_"))


def grounded(followed: Followed, places: Mapping[str, Table], sqlglot_dialect: str) -> Followed:
    """The same, with the streams of its sub-selects as the columns that their tables show."""
    return replace(
        followed,
        asked=tuple(settle(condition, places, sqlglot_dialect) for condition in followed.asked),
        measures={name: settle(summed, places, sqlglot_dialect) for name, summed in followed.measures.items()},
        beside=settle(followed.beside, places, sqlglot_dialect) if followed.beside else None,
    )


def numbered(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    """A stream's rows with the number that the warehouse itself gives each; it holds for the length of a transaction."""
    return f"select {dialect.names(names)}, {dialect.row_id} as {dialect.quote(DRIVING)} from {dialect.table(table)}"


def asked_rows(dialect: Dialect, followed: Followed, source: str) -> str:
    """The count of the driving rows that the SELECT asks for, and the sum of each measure over them."""
    sums = "".join(
        f", cast(sum({expression.sql(dialect=dialect.sqlglot)}) as {dialect.type(TEXT)})"
        for expression in followed.measures.values()
    )
    return (
        f"{_with(dialect, followed)}select count(*){sums}\n"
        f"  from ({source}) as {dialect.quote(followed.alias)}{_where(dialect, followed)}"
    )


def lost_rows(dialect: Dialect, followed: Followed, source: str, work: str, limit: int) -> str:
    """Where the driving rows stand that the SELECT asks for and does not give."""
    q, alias = dialect.quote, dialect.quote(followed.alias)
    condition = f"not exists (select 1 from {work} as w where w.{q(DRIVING)} = {alias}.{q(DRIVING)})"
    where = _where(dialect, followed)
    glue = " and " if where else "\n where "
    return (
        f"{_with(dialect, followed)}select {alias}.{q('_file')}, {alias}.{q('_row')}, 0\n"
        f"  from ({source}) as {alias}{where}{glue}{condition}\n"
        f" order by 1, 2 limit {limit}"
    )


def doubled_rows(dialect: Dialect, followed: Followed, source: str, work: str, limit: int) -> str:
    """Where the driving rows stand that the SELECT gives more than once, and how often."""
    q, alias = dialect.quote, dialect.quote(followed.alias)
    return (
        f"select {alias}.{q('_file')}, {alias}.{q('_row')}, t.times\n"
        f"  from ({source}) as {alias}\n"
        f"  join (select {q(DRIVING)} as n, count(*) as times from {work} group by 1 having count(*) > 1) as t\n"
        f"    on t.n = {alias}.{q(DRIVING)}\n order by 1, 2 limit {limit}"
    )


class _Own:
    """Decides whether an expression speaks of the driving stream alone."""

    def __init__(self, alias: str, columns: Mapping[str, tuple[str, ...]], tree: exp.Select, stream: str) -> None:
        others = [t for t in tree.find_all(exp.Table) if t.db and t.alias_or_name != alias]
        self._alias = alias.lower()
        self._beside = {join.alias_or_name.lower() for join in tree.args.get("joins") or ()}
        self._joined = bool(tree.args.get("joins"))
        self._mine = {name.lower() for name in columns.get(stream, ())}
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


def _cannot(tree: exp.Query) -> str:
    if not isinstance(tree, exp.Select):
        return "it is a set operation"
    for part, reason in (("group", "it groups"), ("distinct", "it removes duplicates"), ("having", "it groups")):
        if tree.args.get(part):
            return reason
    if tree.args.get("qualify") or tree.args.get("limit") or tree.args.get("offset"):
        return "it keeps only some of its rows"
    if any(a.find_ancestor(exp.Window, exp.Query) is tree for p in tree.selects for a in p.find_all(exp.AggFunc)):
        return "it aggregates"
    return ""


def _has_star(tree: exp.Select, alias: str) -> bool:
    for projection in tree.selects:
        if isinstance(projection, exp.Star):
            return True
        if isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star) and projection.table == alias:
            return True
    return False


def _with(dialect: Dialect, followed: Followed) -> str:
    return f"{followed.beside.sql(dialect=dialect.sqlglot)}\n" if followed.beside else ""


def _where(dialect: Dialect, followed: Followed) -> str:
    if not followed.asked:
        return ""
    return "\n where " + " and ".join(f"({c.sql(dialect=dialect.sqlglot)})" for c in followed.asked)
