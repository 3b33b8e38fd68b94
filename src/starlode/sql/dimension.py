"""Statements that build a dimension: read what was seen, choose, chain the versions, apply them by key.

All thought is in SELECTs that fill work tables; what touches the dimension itself is one UPDATE, one INSERT and one DELETE by
surrogate key, which every warehouse can run. A version's place depends on the moments in the data alone, so any order of
arrival gives the same chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.sql.dialect import HIGH_DATE, counted
from starlode.star import previous_column
from starlode.table import BOOLEAN, INTEGER, TIMESTAMP, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension

WORK_IN = "__starlode_in"
WORK_SEEN = "__starlode_seen"
WORK_CHAIN = "__starlode_chain"
WORK_HELD = "__starlode_held"
WORK_ROWS = "__starlode_rows"
WORK_ENDS = "__starlode_ended"
WORK_LIVES = "__starlode_lives"
WORK_PIECES = "__starlode_pieces"
WORK_PAST = "__starlode_past"
WORK_TABLES = (WORK_IN, WORK_SEEN, WORK_CHAIN, WORK_HELD, WORK_ENDS, WORK_LIVES, WORK_PIECES, WORK_ROWS, WORK_PAST)
VALID_FROM, VALID_TO, IS_CURRENT, IS_INFERRED = "valid_from", "valid_to", "is_current", "is_inferred"
IS_DELETED, LOAD_KEY = "is_deleted", "load_key"
UNTIL = "until"
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
    def previous(self) -> tuple[Column, ...]:
        """The columns that hold what others held before."""
        return tuple(
            Column(previous_column(c.name), c.type) for c in self.attributes if c.name in self.dimension.previous
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns in which reserved and inferred members say what they stand for."""
        return tuple(c.name for c in (*self.attributes, *self.previous) if c.type.kind == "text")

    @property
    def versioned(self) -> tuple[str, ...]:
        """The columns that tell one version of a member from another."""
        return (*self.keys, VALID_FROM) if self.has_history else self.keys

    @property
    def columns(self) -> tuple[Column, ...]:
        span = (Column(VALID_FROM, TIMESTAMP), Column(VALID_TO, TIMESTAMP), Column(IS_CURRENT, BOOLEAN))
        return (
            *(Column(name, INTEGER) for name in self.dimension.own_keys),
            *self.key,
            *self.attributes,
            *self.previous,
            *(Column(role.key_column, INTEGER) for role in self.dimension.roles),
            *(span if self.has_history else ()),
            *((Column(IS_DELETED, BOOLEAN),) if self.dimension.deletes == "flag" else ()),
            Column(IS_INFERRED, BOOLEAN),
            Column(LOAD_KEY, INTEGER),
        )


def shape(dimension: Dimension, columns: tuple[Column, ...]) -> Shape:
    """A dimension's shape from the columns of its SELECT; the moment column is for ordering and is not an attribute."""
    key = tuple(next(c for c in columns if c.name == name) for name in dimension.key)
    rest = tuple(c for c in columns if c.name not in dimension.key and c.name != dimension.at)
    return Shape(dimension, key, rest)


def added_columns(dimension: Dimension) -> tuple[str, ...]:
    """The columns that the star adds to those of a dimension's SELECT, or may add one day."""
    previous = map(previous_column, dimension.previous)
    roles = (role.key_column for role in dimension.roles)
    flag = (IS_DELETED,) if dimension.deletes == "flag" else ()
    return (*dimension.own_keys, *previous, *roles, *flag, VALID_FROM, VALID_TO, IS_CURRENT, IS_INFERRED, LOAD_KEY)


def held_shape(dimension: Dimension, held: tuple[Column, ...]) -> Shape:
    """A dimension's shape from the columns of its table."""
    added = added_columns(dimension)
    return shape(dimension, tuple(column for column in held if column.name not in added))


def read_rows(dialect: Dialect, shape: Shape, select: str) -> str:
    """The rows of the dimension's SELECT, as `in`, with their moment where one is declared."""
    at = shape.dimension.at
    moment = f", cast({dialect.quote(at)} as {dialect.type(TIMESTAMP)}) as {dialect.own('seen_at')}" if at else ""
    names = dialect.names((*shape.keys, *(c.name for c in shape.attributes)))
    return f"{dialect.create_work} {WORK_IN} as\nselect {names}{moment}\n  from (\n{select}\n  ) as chosen"


def read_rows_now(dialect: Dialect, shape: Shape, moment: str, fresh: frozenset[str]) -> str:
    """Today's rows beside those that the dimension holds for their keys, for a life that is ordered by load time.

    A column that is fresh in the dimension has always had today's value there: nobody knows of another. What begins only later
    is a part of a version, cut off where another dimension has one.
    """
    attributes = tuple(c.name for c in shape.attributes)
    names = dialect.names((*shape.keys, *attributes))
    q = dialect.quote
    same = " and ".join(f"d.{q(name)} = w.{q(name)}" for name in shape.keys)
    held = ", ".join(f"{'w' if name in fresh else 'd'}.{q(name)}" for name in (*shape.keys, *attributes))
    began = f"d.{VALID_FROM}" if shape.has_history else f"{dialect.moment(LOW_DATE)}"
    now = f"cast({dialect.text(moment)} as {dialect.type(TIMESTAMP)})"
    begun = f" and d.{VALID_FROM} <= {now}" if shape.has_history else ""
    return (
        f"{dialect.create_work} {WORK_SEEN} as\n"
        f"select {names}, {now} as {dialect.own('seen_at')}\n"
        f"  from {WORK_CHAIN}\n"
        f"union all\n"
        f"select {held}, {began}\n"
        f"  from {dialect.table(shape.dimension.table)} as d join {WORK_CHAIN} as w on {same}\n"
        f" where d.{q(shape.dimension.key_column)} > 0 and not d.{q(IS_INFERRED)}{begun}"
    )


def count_rows(dialect: Dialect, shape: Shape) -> str:
    """How many rows came, how many have no key, and how many have no moment, where each makes a version."""
    no_key = " or ".join(f"{dialect.quote(name)} is null" for name in shape.keys)
    no_moment = f"{dialect.own('seen_at')} is null" if shape.dimension.at and shape.has_history else "false"
    return f"select count(*), {counted(no_key)}, {counted(f'not ({no_key}) and {no_moment}')}\n  from {WORK_IN}"


def count_beyond(dialect: Dialect) -> str:
    """How many rows have a moment at which every version has ended."""
    return f"select count(*) from {WORK_IN} where {dialect.own('seen_at')} >= {dialect.moment(HIGH_DATE)}"


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
        f"                  from {WORK_IN} where {has_key(dialect, shape)}\n"
        f"                 group by {names}{moment}) as counted) as numbered\n"
        f" where {choice} = 1"
    )


def count_chain(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_CHAIN)}"


def count_variants(dialect: Dialect) -> str:
    """How many keys were chosen, and how many of them from rows that are not all the same."""
    several = counted(f"{dialect.own('variants')} > 1")
    return f"select count(*), {several} from {dialect.quote(WORK_CHAIN)}"


def chain_versions(dialect: Dialect, shape: Shape, rows: str) -> str:
    """The versions of each key, as `chain`: repeats dropped, each valid until the next begins or its life ends.

    A version that ends where it begins shows two rows that contradict each other at one moment.
    """
    q = dialect.quote
    seen_at, is_repeat = dialect.own("seen_at"), dialect.own("is_repeat")
    keys = dialect.names(shape.keys)
    order = ", ".join([seen_at, *(f"{q(name)} nulls first" for name in (*shape.kept, *shape.overwritten))])
    until = (UNTIL,) if rows == WORK_LIVES else ()
    compared = (*(q(name) for name in shape.kept), *map(dialect.own, until))
    ordered = f"partition by {keys} order by {order}"
    moments, life = f"({ordered})", f"({ordered}\n{' ' * 23}rows between unbounded preceding and unbounded following)"
    repeats = " and ".join(dialect.same(name, f"lag({name}) over {moments}") for name in compared)
    kept = "".join(f", {name}" for name in compared)
    last = "".join(f",\n               last_value({q(n)}) over {life} as {q(n)}" for n in shape.overwritten)
    names = dialect.names((*shape.keys, *shape.kept, *shape.overwritten))
    following = (
        f"coalesce(lead({VALID_FROM}) over (partition by {keys} order by {VALID_FROM}), {dialect.moment(HIGH_DATE)})"
    )
    ends = f"least({following}, {dialect.own(UNTIL)})" if until else following
    return (
        f"{dialect.create_work} {WORK_CHAIN} as\n"
        f"with marked as (\n"
        f"        select {keys}{kept}, {seen_at} as {VALID_FROM}{last},\n"
        f"               row_number() over {moments} > 1\n"
        f"               and {repeats} as {is_repeat}\n"
        f"          from {rows}\n"
        f"         where {has_key(dialect, shape)} and {seen_at} is not null)\n"
        f"select {names}, {VALID_FROM},\n"
        f"       {ends} as {VALID_TO}\n"
        f"  from marked where not {is_repeat}"
    )


def note_held(dialect: Dialect, shape: Shape, chain: str = WORK_CHAIN) -> str:
    """What the dimension holds of the members of the chain, as `held`, so that the dimension is looked through once."""
    return (
        f"{dialect.create_work} {WORK_HELD} as\n"
        f"select * from {dialect.table(shape.dimension.table)} as d\n"
        f" where d.{dialect.quote(shape.dimension.key_column)} > 0 and {is_among(dialect, shape.keys, 'd', chain)}"
    )


def count_changes(dialect: Dialect) -> str:
    change = dialect.own("change")
    return f"select {change}, count(*) from {dialect.quote(WORK_ROWS)} group by {change}"


def count_vanished(dialect: Dialect, shape: Shape) -> str:
    """How many held versions of the members that were seen are supported by nothing that was seen."""
    key = dialect.quote(shape.dimension.key_column)
    gone = f"not exists (select 1 from {WORK_ROWS} as w where w.{key} = h.{key})"
    return f"select count(*) from {WORK_HELD} as h\n where {gone}"


def is_changed(dialect: Dialect, shape: Shape, row: str = "d") -> str:
    """The condition of versions that have vanished, or come again with other values."""
    key = dialect.quote(shape.dimension.key_column)
    same = f"w.{key} = h.{key} and w.{dialect.own('change')} = 'same'"
    return (
        f"{is_among(dialect, shape.keys, row, WORK_HELD)}\n"
        f"   and {row}.{key} in (select h.{key} from {WORK_HELD} as h\n"
        f"                   where not exists (select 1 from {WORK_ROWS} as w where {same}))"
    )


def is_member(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members `d` that stand for something."""
    return f"d.{dialect.quote(dimension.key_column)} >= 0"


def is_reserved(dialect: Dialect, dimension: Dimension) -> str:
    """The condition of members `d` that stand for none."""
    return f"d.{dialect.quote(dimension.key_column)} < 0"


def delete_changed(dialect: Dialect, shape: Shape) -> str:
    """Take out what has vanished and what is about to come again with other values."""
    delete, row = dialect.delete(shape.dimension.table, "d")
    return f"{delete}\n where {is_changed(dialect, shape, row)}"


def add_versions(dialect: Dialect, shape: Shape, load_key: int, is_deleted: str = "false") -> str:
    """Add what is new or changed, with the mark of rows `w` that their member is deleted where there is one."""
    names = (*shape.dimension.own_keys, *shape.keys, *wanted(dialect, shape, "c"))
    listed, marks = dialect.names(names), shape.dimension.deletes == "flag"
    flag, mark = (f", {IS_DELETED}", f", {is_deleted}") if marks else ("", "")
    return (
        f"insert into {dialect.table(shape.dimension.table)} ({listed}{flag}, {IS_INFERRED}, {LOAD_KEY})\n"
        f"select {listed}{mark}, false, {load_key} from {WORK_ROWS} as w where {dialect.own('change')} <> 'same'"
    )


def current_members(dialect: Dialect, shape: Shape, held: tuple[Column, ...]) -> str:
    """The members as they are now, with the reserved ones."""
    is_current = f"\n where {IS_CURRENT}" if shape.has_history else ""
    names = dialect.names(tuple(column.name for column in held))
    return f"select {names}\n  from {dialect.table(shape.dimension.table)}{is_current}"


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
    """The keys of versions that others of their member follow, as `past`; the last one stays, even if it has ended."""
    key, names = dialect.quote(shape.dimension.key_column), dialect.names(shape.keys)
    return (
        f"{dialect.create_work} {WORK_PAST} as\n"
        f"select {key}\n  from (select {key}, row_number() over (partition by {names} order by {VALID_FROM} desc) as place\n"
        f"          from {dialect.table(shape.dimension.table)} where {key} > 0) as placed\n where place > 1"
    )


def count_past(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.quote(WORK_PAST)}"


def delete_past(dialect: Dialect, shape: Shape) -> str:
    """Leave only the current version of each member, of a dimension that has no history any more."""
    key = dialect.quote(shape.dimension.key_column)
    return f"delete from {dialect.table(shape.dimension.table)} where {key} in (select {key} from {WORK_PAST})"


def delete_members(dialect: Dialect, shape: Shape) -> str:
    """Leave only the reserved members."""
    key = dialect.quote(shape.dimension.key_column)
    return f"delete from {dialect.table(shape.dimension.table)} where {key} > 0"


def open_spans(dialect: Dialect, shape: Shape) -> str:
    """Let every row hold for all time, in a dimension that had no history until now."""
    return (
        f"update {dialect.table(shape.dimension.table)}\n"
        f"   set {VALID_FROM} = {dialect.moment(LOW_DATE)}, {VALID_TO} = {dialect.moment(HIGH_DATE)},"
        f" {IS_CURRENT} = true{dialect.all_rows}"
    )


def is_called_otherwise(dialect: Dialect, shape: Shape) -> str:
    """The condition of members `d` that have not arrived, and whose texts do not say so in the words that are declared."""
    label = dialect.text(shape.dimension.labels.not_yet_arrived)
    wrong = " or ".join(dialect.differ(f"d.{dialect.quote(name)}", label) for name in shape.texts)
    return f"d.{IS_INFERRED} and ({wrong or 'false'})"


def label_inferred(dialect: Dialect, shape: Shape, load_key: int) -> str:
    """Put the label of members that have not arrived into every text of theirs."""
    label = dialect.text(shape.dimension.labels.not_yet_arrived)
    assigned = "".join(f"{dialect.quote(name)} = {label}, " for name in shape.texts)
    return (
        f"update {dialect.table(shape.dimension.table)} as d set {assigned}{LOAD_KEY} = {load_key}\n"
        f" where {is_called_otherwise(dialect, shape)}"
    )


def wanted(dialect: Dialect, shape: Shape, source: str) -> dict[str, str]:
    """The columns that a version brings beside its key, each with its expression over the chain, or over the life `l`."""
    q, fixed = dialect.quote, shape.dimension.fixed
    found = {c.name: f"{'l' if c.name in fixed else source}.{q(c.name)}" for c in shape.attributes}
    found |= {c.name: f"l.{q(c.name)}" for c in shape.previous}
    found |= {role.key_column: f"{source}.{q(role.key_column)}" for role in shape.dimension.roles}
    if shape.has_history:
        found[VALID_FROM] = f"{source}.{VALID_FROM}"
        found[VALID_TO] = f"{source}.{VALID_TO}"
        found[IS_CURRENT] = f"({source}.{VALID_TO} = {dialect.moment(HIGH_DATE)})"
    return found


def is_among(dialect: Dialect, key: tuple[str, ...], alias: str, rows: str) -> str:
    """The condition of rows whose member is among others."""
    return dialect.among([f"{alias}.{dialect.quote(name)}" for name in key], key, rows)


def has_key(dialect: Dialect, shape: Shape) -> str:
    """The condition of rows that name a member."""
    return " and ".join(f"{dialect.quote(name)} is not null" for name in shape.keys)


def _reserved(dialect: Dialect, shape: Shape, column: Column, number: int, label: str, load_key: int) -> str:
    told = {c.name for c in (*shape.attributes, *shape.previous)}
    fixed = {
        **dict.fromkeys(shape.dimension.own_keys, str(number)),
        VALID_FROM: f"{dialect.moment(LOW_DATE)}",
        VALID_TO: f"{dialect.moment(HIGH_DATE)}",
        IS_CURRENT: "true",
        IS_INFERRED: "false",
        IS_DELETED: "false",
        LOAD_KEY: str(load_key),
        **{role.key_column: str(number) for role in shape.dimension.roles},
    }
    if column.name in told:
        return dialect.text(label) if column.type.kind == "text" else "null"
    return fixed.get(column.name, "null")
