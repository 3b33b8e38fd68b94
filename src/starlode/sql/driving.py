"""Following the rows of a fact's driving stream through its SELECT, to find what joins lose or double.

The driving stream is the first of FROM, seen through WITH clauses and sub-selects that only choose. Its rows are numbered, the
number rides along, and the result is held against the rows that WHERE asks for. A SELECT that groups is followed up to there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql.chain import Unfollowed, appended, before_groups, conjuncts, links, through, unnests
from starlode.sql.dialect import OWN
from starlode.sql.select import DRIVING as DRIVING
from starlode.sql.select import STANDS_IN, settle
from starlode.table import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.table import Table


@dataclass(frozen=True)
class Followed:
    """A SELECT whose driving rows carry their number, the rows that it asks for, and the measures to hold against them.

    `groups` says that the tree is only what the SELECT reads before it groups, or removes duplicates; `done_by` names what
    in it can lose or double rows.
    """

    tree: exp.Select
    table: exp.Table
    asked: tuple[exp.Expr, ...]
    measures: Mapping[str, exp.Expr]
    can_lose: bool
    groups: bool
    beside: exp.With | None = None
    name: str = ""
    done_by: tuple[str, ...] = ()

    @property
    def stream(self) -> str:
        return f"{self.table.db}.{self.table.name}"

    @property
    def alias(self) -> str:
        return self.name or self.table.alias_or_name


def follow(tree: exp.Query, columns: Mapping[str, tuple[str, ...]], measures: tuple[str, ...]) -> Followed | str:
    """The SELECT with its driving rows numbered, or the reason why they cannot be followed."""
    try:
        chain = links(tree.copy())
        asked, unasked = [], False
        for depth, link in enumerate(chain):
            for condition in conjuncts(link.select):
                found = through(condition, chain, depth, columns)
                unasked = unasked or found is None
                asked += [found] if found is not None else []
        outer, groups = chain[0].select, chain[0].groups
        given = {} if groups else {p.alias_or_name: p for p in outer.selects if p.alias_or_name in measures}
        found_in = {name: through(p.unalias(), chain, 0, columns) for name, p in given.items() if not p.is_star}
    except Unfollowed as reason:
        return str(reason)
    unnesting = any(unnests(link) for link in chain)
    joins = [join for link in chain for join in link.select.args.get("joins") or ()]
    kept = all(str(join.args.get("side") or "").upper() == "LEFT" for join in joins)
    summed = {name: e for name, e in found_in.items() if e is not None}
    if groups:
        before_groups(outer)
    for link in chain:
        appended(link, DRIVING)
    table = chain[-1].source
    if not isinstance(table, exp.Table):
        return "it does not start from a stream"
    can_lose = not kept or unasked or unnesting
    done_by = tuple(word for word, does in (("joins", joins), ("unnesting", unnesting)) if does)
    return Followed(outer, table, tuple(asked), summed, can_lose, groups, tree.args.get("with_"), done_by=done_by)


def grounded(followed: Followed, places: Mapping[str, Table], dialect: Dialect) -> Followed:
    """The same, with the streams of its sub-selects as the columns that their tables show."""
    summed = (exp.alias_(e.copy(), f"{OWN}{i}") for i, e in enumerate(followed.measures.values()))
    asking = exp.select(*summed, "1").from_(_plain(followed.table)).where(*(c.copy() for c in followed.asked))
    asking.set("with_", followed.beside.copy() if followed.beside else None)
    settled = settle(asking, places, dialect)
    return replace(
        followed,
        asked=tuple(condition.unnest() for condition in conjuncts(settled)),
        measures={name: p.unalias() for name, p in zip(followed.measures, settled.selects, strict=False)},
        beside=settled.args.get("with_"),
        name=settled.args["from_"].this.alias_or_name,
    )


def numbered(dialect: Dialect, table: Table, names: tuple[str, ...], within: str = "") -> str:
    """A stream's rows with the number that the warehouse itself gives each; it holds for the length of a transaction."""
    number = f"{dialect.row_id} as {dialect.quote(DRIVING)}"
    return shown_rows(dialect, table, (*(dialect.shown(name) for name in names), number), within)


def shown_rows(dialect: Dialect, table: Table, shown: tuple[str, ...], within: str = "") -> str:
    """A stream's rows, all of them or those that a condition names."""
    return f"select {', '.join(shown)} from {dialect.table(table)}{f' where {within}' if within else ''}"


def asked_rows(dialect: Dialect, followed: Followed, source: str) -> str:
    """The count of the driving rows that the SELECT asks for, and the sum of each measure over them."""
    sums = "".join(
        f", cast(sum({dialect.say(expression)}) as {dialect.type(TEXT)})" for expression in followed.measures.values()
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
        f"{_with(dialect, followed)}select {alias}.{q(FILE_COLUMN)}, {alias}.{q(ROW_COLUMN)}, 0\n"
        f"  from ({source}) as {alias}{where}{glue}{condition}\n"
        f" order by 1, 2 limit {limit}"
    )


def doubled_rows(dialect: Dialect, followed: Followed, source: str, work: str, limit: int) -> str:
    """Where the driving rows stand that the SELECT gives more than once, and how often."""
    q, alias = dialect.quote, dialect.quote(followed.alias)
    number, times = dialect.own("number"), dialect.own("times")
    return (
        f"select {alias}.{q(FILE_COLUMN)}, {alias}.{q(ROW_COLUMN)}, t.{times}\n"
        f"  from ({source}) as {alias}\n"
        f"  join (select {q(DRIVING)} as {number}, count(*) as {times} from {work} group by 1 having count(*) > 1) as t\n"
        f"    on t.{number} = {alias}.{q(DRIVING)}\n order by 1, 2 limit {limit}"
    )


def _plain(table: exp.Table) -> exp.Table:
    """The driving stream itself, with nothing that stands in for it."""
    copy = table.copy()
    copy.meta.pop(STANDS_IN, None)
    return copy


def _with(dialect: Dialect, followed: Followed) -> str:
    return f"{dialect.say(followed.beside)}\n" if followed.beside else ""


def _where(dialect: Dialect, followed: Followed) -> str:
    if not followed.asked:
        return ""
    return "\n where " + " and ".join(f"({dialect.say(c)})" for c in followed.asked)
