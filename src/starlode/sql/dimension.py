"""Statements that build a dimension: read what was seen, choose, chain the versions, allot keys, apply by key.

All thought is in SELECTs that fill work tables; what touches the dimension itself is one UPDATE, one INSERT and one DELETE by
surrogate key, which every warehouse can run. A version's place depends on the moments in the data alone, so any order of
arrival gives the same chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.sql.dialect import HIGH_DATE
from starlode.sql.ledger import highest_key
from starlode.table import BOOLEAN, INTEGER, TIMESTAMP, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension

WORK_IN = "__starlode_in"
WORK_SEEN = "__starlode_seen"
WORK_CHAIN = "__starlode_chain"
WORK_ROWS = "__starlode_rows"
WORK_PAST = "__starlode_past"
WORK_TABLES = (WORK_IN, WORK_SEEN, WORK_CHAIN, WORK_ROWS, WORK_PAST)
VALID_FROM, VALID_TO, IS_CURRENT, IS_INFERRED = "valid_from", "valid_to", "is_current", "is_inferred"
LOAD_KEY = "load_key"
LOW_DATE = "0001-01-01 00:00:00"


@dataclass(frozen=True)
class Shape:
    """A dimension with the columns that its SELECT gives: the natural key, what has history, and what is overwritten."""

    dimension: Dimension
    key: tuple[Column, ...]
    attributes: tuple[Column, ...]

    @property
    def has_history(self) -> bool:
        return bool(self.dimension.history)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.key)

    @property
    def kept(self) -> tuple[str, ...]:
        """The attributes whose changes make versions."""
        return tuple(c.name for c in self.attributes if c.name in self.dimension.history)

    @property
    def overwritten(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.attributes if c.name not in self.dimension.history)

    @property
    def texts(self) -> tuple[str, ...]:
        """The attributes in which reserved and inferred members say what they stand for."""
        return tuple(c.name for c in self.attributes if c.type.kind == "text")

    @property
    def versioned(self) -> tuple[str, ...]:
        """The columns that tell one version of a member from another."""
        return (*self.keys, VALID_FROM) if self.has_history else self.keys

    @property
    def columns(self) -> tuple[Column, ...]:
        span = (Column(VALID_FROM, TIMESTAMP), Column(VALID_TO, TIMESTAMP), Column(IS_CURRENT, BOOLEAN))
        return (
            Column(self.dimension.key_column, INTEGER),
            *self.key,
            *self.attributes,
            *(span if self.has_history else ()),
            Column(IS_INFERRED, BOOLEAN),
            Column(LOAD_KEY, INTEGER),
        )


def shape(dimension: Dimension, columns: tuple[Column, ...]) -> Shape:
    """A dimension's shape from the columns of its SELECT; the moment column is for ordering and is not an attribute."""
    key = tuple(next(c for c in columns if c.name == name) for name in dimension.key)
    rest = tuple(c for c in columns if c.name not in dimension.key and c.name != dimension.at)
    return Shape(dimension, key, rest)


def read_rows(dialect: Dialect, shape: Shape, select: str) -> str:
    """The rows of the dimension's SELECT, as `in`, with their moment where one is declared."""
    at = shape.dimension.at
    moment = f", cast({dialect.quote(at)} as {dialect.type(TIMESTAMP)}) as {dialect.own('seen_at')}" if at else ""
    names = dialect.names((*shape.keys, *(c.name for c in shape.attributes)))
    return f"{dialect.create_work} {WORK_IN} as\nselect {names}{moment}\n  from (\n{select}\n  ) as chosen"


def read_rows_now(dialect: Dialect, shape: Shape, moment: str) -> str:
    """Today's rows beside the versions that the dimension holds for their keys, for history by load time."""
    names = dialect.names((*shape.keys, *(c.name for c in shape.attributes)))
    q = dialect.quote
    same = " and ".join(f"d.{q(name)} = w.{q(name)}" for name in shape.keys)
    return (
        f"{dialect.create_work} {WORK_SEEN} as\n"
        f"select {names}, cast({dialect.text(moment)} as {dialect.type(TIMESTAMP)}) as {dialect.own('seen_at')}\n"
        f"  from {WORK_CHAIN}\n"
        f"union all\n"
        f"select {dialect.names((*shape.keys, *(c.name for c in shape.attributes)), 'd')}, d.{q(VALID_FROM)}\n"
        f"  from {dialect.table(shape.dimension.table)} as d\n"
        f" where d.{q(shape.dimension.key_column)} > 0 and not d.{q(IS_INFERRED)}\n"
        f"   and exists (select 1 from {WORK_CHAIN} as w where {same})"
    )


def count_rows(dialect: Dialect, shape: Shape) -> str:
    """How many rows came, how many have no key, and how many have no moment."""
    no_key = " or ".join(f"{dialect.quote(name)} is null" for name in shape.keys)
    no_moment = f"{dialect.own('seen_at')} is null" if shape.dimension.at else "false"
    return (
        f"select count(*), count(*) filter (where {no_key}), "
        f"count(*) filter (where not ({no_key}) and {no_moment}) from {WORK_IN}"
    )


def count_beyond(dialect: Dialect) -> str:
    """How many rows have a moment at which every version has ended."""
    return f"select count(*) from {WORK_IN} where {dialect.own('seen_at')} >= timestamp '{HIGH_DATE}'"


def choose_rows(dialect: Dialect, shape: Shape, into: str = WORK_CHAIN, *, per_moment: bool = False) -> str:
    """One row for each key (or each key and moment) by the declared rule.

    The rule ends in the attributes themselves, so the choice never depends on the order of the rows.
    """
    d, own = shape.dimension, dialect.own
    seen_at, votes, variants, choice = own("seen_at"), own("votes"), own("variants"), own("choice")
    attributes = tuple(c.name for c in shape.attributes)
    latest = f"{seen_at} desc nulls last, " if d.at and not per_moment else ""
    moment = f", {seen_at}" if per_moment else ""
    newest = f", max({seen_at}) as {seen_at}" if d.at and not per_moment else moment
    keys, names = dialect.names(shape.keys), dialect.names((*shape.keys, *attributes))
    order = f"{latest}{votes} desc" + "".join(f", {dialect.quote(name)} nulls last" for name in attributes)
    return (
        f"{dialect.create_work} {into} as\n"
        f"select {names}{moment}, {variants}\n"
        f"  from (select *, count(*) over (partition by {keys}{moment}) as {variants},\n"
        f"               row_number() over (partition by {keys}{moment}\n"
        f"                                  order by {order}) as {choice}\n"
        f"          from (select {names}{newest}, count(*) as {votes}\n"
        f"                  from {WORK_IN} where {_has_key(dialect, shape)}\n"
        f"                 group by {names}{moment}) as counted) as numbered\n"
        f" where {choice} = 1"
    )


def count_chain(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_CHAIN)}"


def count_variants(dialect: Dialect) -> str:
    """How many keys were chosen, and how many of them from rows that are not all the same."""
    return f"select count(*), count(*) filter (where {dialect.own('variants')} > 1) from {dialect.quote(WORK_CHAIN)}"


def chain_versions(dialect: Dialect, shape: Shape, rows: str) -> str:
    """The versions of each key, as `chain`: repeats dropped, each valid until the next begins.

    A version that ends where it begins shows two rows that contradict each other at one moment.
    """
    q = dialect.quote
    seen_at, is_repeat = dialect.own("seen_at"), dialect.own("is_repeat")
    keys = dialect.names(shape.keys)
    order = ", ".join([seen_at, *(f"{q(name)} nulls first" for name in (*shape.kept, *shape.overwritten))])
    repeats = " and ".join(dialect.same(q(name), f"lag({q(name)}) over moments") for name in shape.kept)
    kept = "".join(f", {q(name)}" for name in shape.kept)
    last = "".join(f",\n               last_value({q(n)}) over life as {q(n)}" for n in shape.overwritten)
    names = dialect.names((*shape.keys, *shape.kept, *shape.overwritten))
    return (
        f"{dialect.create_work} {WORK_CHAIN} as\n"
        f"with marked as (\n"
        f"        select {keys}{kept}, {seen_at} as {VALID_FROM}{last},\n"
        f"               row_number() over moments > 1 and {repeats} as {is_repeat}\n"
        f"          from {rows}\n"
        f"         where {_has_key(dialect, shape)} and {seen_at} is not null\n"
        f"        window moments as (partition by {keys} order by {order}),\n"
        f"               life as (partition by {keys} order by {order}\n"
        f"                        rows between unbounded preceding and unbounded following))\n"
        f"select {names}, {VALID_FROM},\n"
        f"       lead({VALID_FROM}, 1, timestamp '{HIGH_DATE}')\n"
        f"            over (partition by {keys} order by {VALID_FROM}) as {VALID_TO}\n"
        f"  from marked where not {is_repeat}"
    )


def count_contradictions(dialect: Dialect, shape: Shape) -> str:
    """How many keys have two values at one moment."""
    return (
        f"select count(*) from (select distinct {dialect.names(shape.keys)} from {WORK_CHAIN}\n"
        f" where {VALID_TO} = {VALID_FROM}) as torn"
    )


def conflicts(dialect: Dialect, shape: Shape) -> str:
    """The keys whose rows disagree without a moment to order them: (key as JSON, the columns, rows)."""
    q = dialect.quote
    names = shape.kept if shape.has_history else tuple(c.name for c in shape.attributes)
    differ = {
        name: f"count(distinct {q(name)}) + max(case when {q(name)} is null then 1 else 0 end) > 1" for name in names
    }
    listed = ", ".join(f"case when {test} then {dialect.text(name)} end" for name, test in differ.items())
    moment = f", {dialect.own('seen_at')}" if shape.dimension.at else ""
    key = dialect.json_object({name: q(name) for name in shape.keys})
    return (
        f"select {key}, concat_ws(', ', {listed}), count(*)\n"
        f"  from {WORK_IN} where {_has_key(dialect, shape)}\n"
        f" group by {dialect.names(shape.keys)}{moment}\n"
        f"having {' or '.join(differ.values())}"
    )


def allot_keys(dialect: Dialect, shape: Shape) -> str:
    """The chain with the key of each version and what it does to the dimension, as `rows`.

    A version that the dimension holds keeps its key; the first version of a member takes over the key that the member
    had while it was only inferred, or had no history; new keys go on from the highest, in the order of the natural key.
    """
    q = dialect.quote
    held_key, held_change = dialect.own("held_key"), dialect.own("held_change")
    key, table = q(shape.dimension.key_column), dialect.table(shape.dimension.table)
    wanted = _wanted(dialect, shape, "c")
    held = " and ".join(f"d.{q(name)} = c.{q(name)}" for name in shape.versioned)
    inferred = " and ".join(f"i.{q(name)} = c.{q(name)}" for name in shape.keys)
    same = " and ".join(dialect.same(f"d.{q(name)}", value) for name, value in wanted.items()) or "true"
    first = (
        f"row_number() over (partition by {dialect.names(shape.keys, 'c')} order by c.{VALID_FROM}) = 1"
        if shape.has_history
        else "true"
    )
    waits = f"(i.{IS_INFERRED} or i.{VALID_FROM} = timestamp '{LOW_DATE}')" if shape.has_history else f"i.{IS_INFERRED}"
    chosen = ", ".join(f"{value} as {q(name)}" for name, value in wanted.items())
    return (
        f"{dialect.create_work} {WORK_ROWS} as\n"
        f"with matched as (\n"
        f"        select coalesce(d.{key}, case when {first} then i.{key} end) as {held_key},\n"
        f"               case when d.{key} is not null and {same} then 'same'\n"
        f"                    when d.{key} is not null then 'update' end as {held_change},\n"
        f"               {dialect.names(shape.keys, 'c')}{', ' + chosen if chosen else ''}\n"
        f"          from {WORK_CHAIN} as c\n"
        f"          left join {table} as d on {held} and d.{key} > 0 and not d.{IS_INFERRED}\n"
        f"          left join {table} as i on {inferred} and i.{key} > 0 and {waits})\n"
        f"select coalesce({held_key}, {highest_key(dialect, shape.dimension.table, shape.dimension.key_column)}\n"
        f"                          + row_number() over (partition by {held_key} is null\n"
        f"                                               order by {dialect.names(shape.versioned)})) as {key},\n"
        f"       case when {held_key} is null then 'insert'\n"
        f"            else coalesce({held_change}, 'update') end as {dialect.own('change')},\n"
        f"       {dialect.names((*shape.keys, *wanted))}\n"
        f"  from matched"
    )


def count_changes(dialect: Dialect) -> str:
    change = dialect.own("change")
    return f"select {change}, count(*) from {dialect.quote(WORK_ROWS)} group by {change}"


def vanished(dialect: Dialect, shape: Shape) -> str:
    """The condition of versions that what was seen no longer supports, among the members that were seen."""
    q = dialect.quote
    key = q(shape.dimension.key_column)
    member = " and ".join(f"m.{q(name)} = d.{q(name)}" for name in shape.keys)
    return (
        f"d.{key} > 0 and exists (select 1 from {WORK_ROWS} as m where {member})\n"
        f"   and not exists (select 1 from {WORK_ROWS} as w where w.{key} = d.{key})"
    )


def count_vanished(dialect: Dialect, shape: Shape) -> str:
    return f"select count(*) from {dialect.table(shape.dimension.table)} as d\n where {vanished(dialect, shape)}"


def delete_vanished(dialect: Dialect, shape: Shape) -> str:
    return f"delete from {dialect.table(shape.dimension.table)} as d\n where {vanished(dialect, shape)}"


def is_updated(dialect: Dialect, shape: Shape) -> str:
    """The condition of versions `d` that change."""
    key = dialect.quote(shape.dimension.key_column)
    return f"d.{key} in (select {key} from {WORK_ROWS} where {dialect.own('change')} = 'update')"


def is_member(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members `d` that stand for something."""
    return f"d.{dialect.quote(dimension.key_column)} > 0"


def is_reserved(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members `d` that stand for none."""
    return f"d.{dialect.quote(dimension.key_column)} < 0"


def update_versions(dialect: Dialect, shape: Shape, load_key: int) -> str:
    q = dialect.quote
    key = q(shape.dimension.key_column)
    names = (*shape.keys, *_wanted(dialect, shape, "c"))
    assigned = ",\n       ".join(f"{q(name)} = w.{q(name)}" for name in names)
    return (
        f"update {dialect.table(shape.dimension.table)} as d\n"
        f"   set {assigned},\n       {IS_INFERRED} = false, {LOAD_KEY} = {load_key}\n"
        f"  from {WORK_ROWS} as w\n where w.{dialect.own('change')} = 'update' and w.{key} = d.{key}"
    )


def add_versions(dialect: Dialect, shape: Shape, load_key: int) -> str:
    names = (shape.dimension.key_column, *shape.keys, *_wanted(dialect, shape, "c"))
    listed = dialect.names(names)
    return (
        f"insert into {dialect.table(shape.dimension.table)} ({listed}, {IS_INFERRED}, {LOAD_KEY})\n"
        f"select {listed}, false, {load_key} from {WORK_ROWS} where {dialect.own('change')} = 'insert'"
    )


def add_reserved(dialect: Dialect, shape: Shape, load_key: int) -> str:
    """The members that stand for unknown, not applicable and not yet arrived, with readable texts."""
    values = ",\n       ".join(
        "(" + ", ".join(_reserved(dialect, shape, column, number, label, load_key) for column in shape.columns) + ")"
        for number, label in shape.dimension.labels.by_key.items()
    )
    names = dialect.names(tuple(c.name for c in shape.columns))
    return f"insert into {dialect.table(shape.dimension.table)} ({names})\nvalues {values}"


def delete_reserved(dialect: Dialect, dimension: Dimension) -> str:
    return f"delete from {dialect.table(dimension.table)} where {dialect.quote(dimension.key_column)} < 0"


def count_mislabelled(dialect: Dialect, shape: Shape) -> str:
    """How many reserved members say something else than is declared; one text of theirs tells it for all."""
    key = dialect.quote(shape.dimension.key_column)
    text = dialect.quote(shape.texts[0]) if shape.texts else "null"
    wrong = " or ".join(
        f"({key} = {number} and {text} <> {dialect.text(label)})"
        for number, label in shape.dimension.labels.by_key.items()
    )
    return f"select count(*) from {dialect.table(shape.dimension.table)} where {wrong}"


def note_past(dialect: Dialect, shape: Shape) -> str:
    """The keys of versions that are over, as `past`."""
    key = dialect.quote(shape.dimension.key_column)
    table = dialect.table(shape.dimension.table)
    return f"{dialect.create_work} {WORK_PAST} as\nselect {key} from {table} where not {IS_CURRENT}"


def count_past(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_PAST)}"


def delete_past(dialect: Dialect, shape: Shape) -> str:
    """Leave only the current version of each member, of a dimension that has no history any more."""
    key = dialect.quote(shape.dimension.key_column)
    return f"delete from {dialect.table(shape.dimension.table)} where {key} in (select {key} from {WORK_PAST})"


def open_spans(dialect: Dialect, shape: Shape) -> str:
    """Let every row hold for all time, in a dimension that had no history until now."""
    return (
        f"update {dialect.table(shape.dimension.table)}\n"
        f"   set {VALID_FROM} = timestamp '{LOW_DATE}', {VALID_TO} = timestamp '{HIGH_DATE}', {IS_CURRENT} = true"
    )


def label_inferred(dialect: Dialect, shape: Shape) -> str:
    """Put the label of members that have not arrived into every text of theirs."""
    label = dialect.text(shape.dimension.labels.not_yet_arrived)
    assigned = ", ".join(f"{dialect.quote(name)} = {label}" for name in shape.texts) or f"{IS_INFERRED} = true"
    return f"update {dialect.table(shape.dimension.table)} set {assigned} where {IS_INFERRED}"


def _wanted(dialect: Dialect, shape: Shape, source: str) -> dict[str, str]:
    """The columns that a version brings beside its key, each with its expression over the chain."""
    q = dialect.quote
    found = {c.name: f"{source}.{q(c.name)}" for c in shape.attributes}
    if shape.has_history:
        found[VALID_FROM] = f"{source}.{VALID_FROM}"
        found[VALID_TO] = f"{source}.{VALID_TO}"
        found[IS_CURRENT] = f"({source}.{VALID_TO} = timestamp '{HIGH_DATE}')"
    return found


def _has_key(dialect: Dialect, shape: Shape) -> str:
    return " and ".join(f"{dialect.quote(name)} is not null" for name in shape.keys)


def _reserved(dialect: Dialect, shape: Shape, column: Column, number: int, label: str, load_key: int) -> str:
    attributes = {c.name for c in shape.attributes}
    fixed = {
        shape.dimension.key_column: str(number),
        VALID_FROM: f"timestamp '{LOW_DATE}'",
        VALID_TO: f"timestamp '{HIGH_DATE}'",
        IS_CURRENT: "true",
        IS_INFERRED: "false",
        LOAD_KEY: str(load_key),
    }
    if column.name in attributes:
        return dialect.text(label) if column.type.kind == "text" else "null"
    return fixed.get(column.name, "null")
