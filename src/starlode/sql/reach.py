"""What a change of a stream reaches in a user's SELECT: read from the tree alone, with no warehouse in reach.

A row of the SELECT comes from one row of its driving stream and from those that the joins find for it. So it can have changed
only where one of these did. For each joined stream there is a cut: the SELECT up to that join, which finds the driving rows
that its changed rows, as they were or as they are, belong to. Later joins are left out of a cut, because they may have changed
as well. A SELECT whose rows depend on more than that is derived as a whole, and `Unreached` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.sql.chain import Unfollowed, appended, links, through
from starlode.sql.joined import Unreached as Unreached
from starlode.sql.joined import only, streams_behind, up_to
from starlode.sql.select import DRIVING, SPOT, qualified_over
from starlode.sql.translate import Untranslated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.sql.chain import Link
    from starlode.table import Table

VOLATILE = (exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand, exp.Uuid)
VOLATILE_NAMES = {
    *("now", "today", "random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "currval", "clock_timestamp"),
    *("get_current_timestamp", "get_current_time", "transaction_timestamp", "statement_timestamp", "timeofday"),
    *("txid_current", "current_localtime", "current_localtimestamp", "localtime", "localtimestamp", "setseed"),
    *("get_current_date", "row_number", "current_setting", "getenv", "getvariable"),
}


@dataclass(frozen=True)
class Cut:
    """A joined stream, and the SELECT of the driving rows that rows of it belong to; the stream's table is marked."""

    stream: str
    spot: int
    tree: exp.Select


@dataclass(frozen=True)
class Reach:
    """How far changes reach in a SELECT, and how the names that tell its rows apart come out of it.

    `own` are the expressions of these names over the driving stream alone, where they speak of no other; `base` gives them,
    with the number of the driving row, for all rows that the SELECT reads before it groups.
    """

    tree: exp.Query
    driving: exp.Table
    names: tuple[str, ...]
    cuts: tuple[Cut, ...]
    own: Mapping[str, exp.Expr] | None
    base: exp.Select
    spots: Mapping[int, str]

    @property
    def spot(self) -> int:
        return int(self.driving.meta[SPOT])

    @property
    def stream(self) -> str:
        return f"{self.driving.db}.{self.driving.name}"

    def is_one_row_of(self, key: tuple[str, ...]) -> bool:
        """Whether no two rows of the driving stream, which has this key, can have the same names."""
        if not self.own or not key:
            return False
        plain = {e.unnest().name.lower() for e in self.own.values() if isinstance(e.unnest(), exp.Column)}
        return {column.lower() for column in key} <= plain


def reach(tree: exp.Query, places: Mapping[str, Table], names: tuple[str, ...]) -> Reach:
    """How a SELECT over streams with these columns is reached; raises Unreached with the reason where it is not."""
    _refuse(tree)
    try:
        # Its rows are read and balanced by the SELECT as it is written, so that has to be followed as well.
        links(tree)
        settled = qualified_over(tree, places)
        marked = _marked(settled)
        chain = links(settled)
    except Unfollowed as reason:
        raise Unreached(str(reason)) from reason
    except Untranslated as reason:
        raise Unreached("its columns cannot all be told apart") from reason
    outer, driving = chain[0].select, chain[-1].source
    if not isinstance(driving, exp.Table):
        raise Unreached("it does not start from a stream")
    _guard_groups(chain[0], names)
    columns = {name: tuple(c.lower() for c in place.names) for name, place in places.items()}
    own = _own(chain, names, columns)
    if own is None and any(p.find(exp.Explode, exp.Unnest) for p in outer.selects):
        raise Unreached("it takes lists apart, and its keys come from more than one stream")
    cuts = tuple(_cuts(settled, chain, driving))
    base = _base(settled, chain, names)
    if {c.spot for c in cuts} | {driving.meta[SPOT]} != marked.keys():
        raise Unreached("it reads a stream in a place that cannot be followed")
    return Reach(settled, driving, names, cuts, own, base, marked)


def _refuse(tree: exp.Query) -> None:
    if tree.find(exp.Window):
        raise Unreached("it looks at several rows at once (a window)")
    named = (a.name.lower() for a in tree.find_all(exp.Anonymous))
    if tree.find(*VOLATILE) or any(name in VOLATILE_NAMES for name in named):
        raise Unreached("it asks for the time of day, for chance or for a setting")
    if any(c.table == "" and c.name.lower() in VOLATILE_NAMES for c in tree.find_all(exp.Column)):
        raise Unreached("it asks for the time of day, for chance or for a setting")
    if tree.find(exp.TableSample, exp.Pivot, exp.Lateral):
        raise Unreached("it samples, pivots or joins laterally")
    if tree.find(exp.Rollup, exp.Cube, exp.GroupingSets):
        raise Unreached("it makes subtotals")


def _marked(settled: exp.Query) -> dict[int, str]:
    """Number the places in which the SELECT names streams: (number, stream)."""
    spots: dict[int, str] = {}
    for number, table in enumerate(t for t in settled.find_all(exp.Table) if t.db):
        table.meta[SPOT] = number
        spots[number] = f"{table.db}.{table.name}"
    return spots


def _guard_groups(link: Link, names: tuple[str, ...]) -> None:
    """A group is derived anew as a whole, so the names must be among what it groups by."""
    if not link.groups:
        return
    distinct = link.select.args.get("distinct")
    if distinct is not None:
        if distinct.args.get("on"):
            raise Unreached("it keeps one row of several (distinct on)")
        return
    group = link.select.args.get("group")
    if group is None:
        raise Unreached("it is one total over all rows")
    by = [e.unnest() for e in group.expressions]
    for name in names:
        said = _projection(link.select, name).unalias().unnest()
        if said not in by:
            raise Unreached(f"it does not group by {name}")


def _projection(select: exp.Select, name: str) -> exp.Expr:
    found = [p for p in select.selects if p.alias_or_name.lower() == name.lower()]
    if not found:
        raise Unreached(f"it does not say where {name} comes from")
    return found[0]


def _own(
    chain: tuple[Link, ...], names: tuple[str, ...], columns: Mapping[str, tuple[str, ...]]
) -> dict[str, exp.Expr] | None:
    """The names in the driving stream's own columns, or None where one speaks of more."""
    found = {}
    for name in names:
        said = through(_projection(chain[0].select, name).unalias(), chain, 0, columns)
        if said is None or said.find(exp.Explode, exp.Unnest):
            return None
        found[name] = said
    return found


def _cuts(settled: exp.Query, chain: tuple[Link, ...], driving: exp.Table) -> Iterator[Cut]:
    """A cut for each stream that is joined, from the innermost SELECT outwards."""
    beside = settled.args.get("with_")
    for depth in reversed(range(len(chain))):
        select = chain[depth].select
        for number, join in enumerate(select.args.get("joins") or ()):
            for table in streams_behind(join, select, settled):
                if table is driving:
                    raise Unreached("it starts from what it joins")
                spot = int(table.meta[SPOT])
                yield Cut(f"{table.db}.{table.name}", spot, _cut(chain, depth, number, beside, spot))


def _cut(chain: tuple[Link, ...], depth: int, number: int, beside: exp.With | None, spot: int) -> exp.Select:
    """The SELECT of one link up to a join that reads a stream at a spot, giving the driving rows that are found by it."""
    copies = _copied(chain, depth, beside)
    select = copies[0].select
    up_to(select, number, select, spot)
    only(select, [])
    for link in copies:
        appended(link, DRIVING)
    return select


def _copied(chain: tuple[Link, ...], depth: int, beside: exp.With | None) -> tuple[Link, ...]:
    """The links from one of them down, in a copy that stands alone."""
    select = chain[depth].select.copy()
    select.set("with_", None)
    needed = _needed(select, beside)
    if needed:
        select.set("with_", exp.With(expressions=needed))
    try:
        return links(select)
    except Unfollowed as reason:
        raise Unreached(str(reason)) from reason


def _needed(select: exp.Select, beside: exp.With | None) -> list[exp.Expr]:
    """The WITH clauses that a SELECT reads, in their order."""
    clauses = {c.alias.lower(): c for c in beside.expressions} if beside is not None else {}
    found: set[str] = set()
    waiting: list[exp.Expr] = [select]
    while waiting:
        for table in waiting.pop().find_all(exp.Table):
            name = table.name.lower()
            if not table.db and name in clauses and name not in found:
                found.add(name)
                waiting.append(clauses[name])
    return [clause.copy() for name, clause in clauses.items() if name in found]


def _base(settled: exp.Query, chain: tuple[Link, ...], names: tuple[str, ...]) -> exp.Select:
    """What the SELECT reads before it groups: the names and the number of the driving row."""
    copies = _copied(chain, 0, settled.args.get("with_"))
    select = copies[0].select
    given = [exp.alias_(_projection(select, name).unalias().copy(), name, quoted=True) for name in names]
    only(select, given)
    for link in copies:
        appended(link, DRIVING)
    return select
