"""Statements that build a fact: read its rows, look its keys up as of its moment, and apply what changed by grain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlode.sql import calendar, junk, kinds, known
from starlode.sql.daily import WORK_STATES
from starlode.sql.dialect import HIGH_DATE, counted
from starlode.sql.dimension import (
    IS_CURRENT,
    IS_DELETED,
    IS_INFERRED,
    LOAD_KEY,
    LOW_DATE,
    VALID_FROM,
    VALID_TO,
    WORK_CHAIN,
)
from starlode.sql.keys import WORK_MISSING
from starlode.sql.touched import is_touched
from starlode.star import DAY, NOT_APPLICABLE_KEY, NOT_YET_ARRIVED_KEY, UNKNOWN_KEY, Fact
from starlode.table import INTEGER, TEXT, TIMESTAMP, Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape as DimensionShape
    from starlode.star import Dimension, Role
    from starlode.table import Type

LAST_MOMENT = "9999-12-30 23:59:59.999999"
WORK_FACT = "__starlode_fact"
WORK_KEYED = "__starlode_keyed"
WORK_CHANGE = "__starlode_changes"
WORK_BEFORE = "__starlode_before"
WORK_HELD = "__starlode_held"
WORK_TABLES = (WORK_FACT, WORK_BEFORE, WORK_STATES, WORK_MISSING, WORK_HELD, WORK_KEYED, WORK_CHANGE)


@dataclass(frozen=True)
class Span:
    """Between which values of the column that divides a fact its rows of the touched grain lie, and whether some have none."""

    first: Any
    last: Any
    has_null: bool


# Where nothing is known of rows: anywhere.
ANYWHERE = Span("0001-01-01", "9999-12-31", has_null=True)


@dataclass(frozen=True)
class Shape:
    """A fact with the columns that its SELECT gives, the dimensions that it uses, and what junk dimensions combine.

    It is narrow where the work tables hold the rows of some values of its grain only; `span` tells then where those lie.
    """

    fact: Fact
    selected: tuple[Column, ...]
    dimensions: Mapping[str, Dimension]
    is_narrow: bool = False
    span: Span | None = None
    junk: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        keys = tuple(Column(name, INTEGER) for role in self.fact.roles for name in role.key_columns)
        return (*keys, *self.shown, *kinds.columns(self.fact, self.selected), Column(LOAD_KEY, INTEGER))

    @property
    def shown(self) -> tuple[Column, ...]:
        """What the fact shows of its SELECT: all but the declared weights of a bridge, which it shows as such."""
        return tuple(c for c in self.selected if c.name != self.fact.weight)

    @property
    def content(self) -> tuple[str, ...]:
        """Everything that a row says, but for the load that wrote it."""
        return tuple(c.name for c in self.columns if c.name != LOAD_KEY)

    def dimension(self, role: Role) -> Dimension:
        return self.dimensions[role.dimension]


def read_rows(dialect: Dialect, select: str, into: str = WORK_FACT) -> str:
    return f"{dialect.create_work} {into} as\n{select}"


def all_rows(dialect: Dialect) -> str:
    """The rows as they were read, to be described."""
    return f"select * from {dialect.quote(WORK_FACT)}"


def count_rows(dialect: Dialect, driving: str | None, measures: tuple[str, ...], work: str = WORK_FACT) -> str:
    """Rows, distinct driving rows, and the sum of each measure."""
    distinct = f"count(distinct {dialect.quote(driving)})" if driving else "count(*)"
    sums = "".join(f", cast(sum({dialect.quote(name)}) as {dialect.type(TEXT)})" for name in measures)
    return f"select count(*), {distinct}{sums} from {work}"


def count_null_grain(dialect: Dialect, fact: Fact) -> str:
    return f"select count(*) from {WORK_FACT} where " + " or ".join(f"{dialect.quote(g)} is null" for g in fact.grain)


def count_no_moment(dialect: Dialect, fact: Fact) -> str:
    return f"select count(*) from {WORK_FACT} where {dialect.quote(fact.at or '')} is null"


def count_no_time(dialect: Dialect, name: str, of: Type, *, is_text: bool) -> str:
    """Rows whose value cannot be read as a moment, or as a time of day."""
    column = dialect.quote(name)
    reads = f" and {dialect.try_cast(column, of)} is null" if is_text else ""
    return f"select count(*) from {WORK_FACT} where {column} is not null{reads}"


def count_given(dialect: Dialect, of: Dimension | Fact, name: str) -> str:
    return f"select count({dialect.quote(name)}) from {_rows(of)}"


def count_double_grain(dialect: Dialect, fact: Fact) -> str:
    """How many values of the grain stand more than once, and in how many rows."""
    times = dialect.own("times")
    return (
        f"select count(*), coalesce(sum({times}), 0) from (select count(*) as {times} from {WORK_FACT}\n"
        f" group by {dialect.names(fact.grain)} having count(*) > 1) as doubled"
    )


def moments(dialect: Dialect, role: Role) -> str:
    """The first and the last year of a role's moments."""
    column, number = dialect.cast(dialect.quote(role.columns[0]), TIMESTAMP), dialect.type(INTEGER)
    first, last = (f"cast(extract(year from {end}({column})) as {number})" for end in ("min", "max"))
    return f"select {first}, {last} from {WORK_FACT}"


def missing_members(dialect: Dialect, of: Dimension | Fact, role: Role, dimension: Dimension) -> str:
    """The natural keys that the rows of a fact, or of a dimension, name and the dimension does not hold."""
    q = dialect.quote
    pairs = tuple(zip(role.columns, dimension.key, strict=True))
    named = ", ".join(f"f.{q(column)} as {q(key)}" for column, key in pairs)
    present = " and ".join(f"f.{q(column)} is not null" for column, _ in pairs)
    same = " and ".join(f"d.{q(key)} = f.{q(column)}" for column, key in pairs)
    return (
        f"select distinct {named}\n  from {_rows(of)} as f\n where {present}\n"
        f"   and not exists (select 1 from {dialect.table(dimension.table)} as d\n"
        f"                    where {same} and {_found(dialect, of, dimension, 'd')})"
    )


def count_missing(dialect: Dialect, of: Dimension | Fact, role: Role, dimension: Dimension) -> str:
    return f"select count(*) from (\n{missing_members(dialect, of, role, dimension)}\n) as missing"


def infer_members(dialect: Dialect, dimension: DimensionShape, load_key: int) -> str:
    """Members for the natural keys that came before their dimension row, to be filled in when it comes."""
    d = dimension.dimension
    label = dialect.text(d.labels.not_yet_arrived)
    span = f", {dialect.moment(LOW_DATE)}, {dialect.moment(HIGH_DATE)}, true" if dimension.has_history else ""
    span_names = f", {VALID_FROM}, {VALID_TO}, {IS_CURRENT}" if dimension.has_history else ""
    labels = "".join(f", {label}" for _ in dimension.texts)
    key = (*d.own_keys, *d.key)
    names = dialect.names((*key, *dimension.texts, *(role.key_column for role in d.roles)))
    labels += f", {NOT_YET_ARRIVED_KEY}" * len(d.roles)
    flag, unset = (f", {IS_DELETED}", ", false") if d.deletes == "flag" else ("", "")
    return (
        f"insert into {dialect.table(d.table)} ({names}{span_names}{flag}, {IS_INFERRED}, {LOAD_KEY})\n"
        f"select {dialect.names(key)}{labels}{span}{unset}, true, {load_key}\n"
        f"  from {WORK_MISSING}"
    )


def look_up(dialect: Dialect, shape: Shape) -> str:
    """A SELECT of the fact's rows with the key of each role as of their moment.

    A moment before a member's first version finds the first version: the member was there before it was written down.
    """
    roles = tuple(enumerate(shape.fact.roles))
    keys = [
        f"{found} as {dialect.quote(name)}"
        for number, _ in roles
        for name, found in found_keys(dialect, shape, number).items()
    ]
    joins = [joined for number, _ in roles if (joined := join_members(dialect, shape, number))]
    selected = dialect.names(tuple(c.name for c in shape.shown), "f")
    listed = ",\n       ".join([*keys, selected, *kinds.expressions(dialect, shape.fact)])
    return f"select {listed}\n  from {WORK_FACT} as f" + "".join(f"\n  {join}" for join in joins)


def found_keys(dialect: Dialect, shape: Shape, number: int) -> dict[str, str]:
    """The keys of a role in rows `f`, beside which its members are joined, by the columns that hold them."""
    role = shape.fact.roles[number]
    dimension = shape.dimension(role)
    if dimension.calendar is not None:
        name = role.columns[0]
        kind = next(column.type for column in shape.selected if column.name == name)
        found = [calendar.key(dialect, dimension.calendar, f"f.{dialect.quote(name)}", kind)]
    else:
        found = [f"d{number}.{dialect.quote(name)}" for name in dimension.own_keys]
    instead = _instead(dialect, shape.fact, role)
    pairs = zip(role.key_columns, found, strict=True)
    return {name: f"coalesce({value}, {instead})" for name, value in pairs}


def join_members(dialect: Dialect, shape: Shape, number: int, work: str = WORK_FACT) -> str:
    """The join that finds the members of a role for rows `f` of a work table; nothing where the key needs none."""
    role = shape.fact.roles[number]
    dimension = shape.dimension(role)
    if dimension.calendar is not None:
        return ""
    return _join(dialect, shape, role, f"d{number}", work)


def keep_looked_up(dialect: Dialect, shape: Shape) -> str:
    """The looked-up rows as `keyed`, to be held against the fact."""
    return f"{dialect.create_work} {WORK_KEYED} as\n{look_up(dialect, shape)}"


def count_unknown(dialect: Dialect, shape: Shape, of: str) -> str:
    """The rows of a fact, or those of a work table, and how many of them found no member, for each role."""
    unknown = "".join(f", {counted(f'{dialect.quote(role.key_column)} = {UNKNOWN_KEY}')}" for role in shape.fact.roles)
    return f"select count(*){unknown} from {of}"


def take_held(dialect: Dialect, shape: Shape) -> str:
    """What the fact holds of the touched values of its grain, as `held`."""
    touched = is_touched(dialect, shape.fact.touched_by, "f")
    return (
        f"{dialect.create_work} {WORK_HELD} as\n"
        f"select f.* from {dialect.table(shape.fact.table)} as f\n where {touched}{_within(dialect, shape, 'f')}"
    )


def held_span(dialect: Dialect, shape: Shape, divided: str) -> str:
    """Where the rows of the touched grain lie that the fact holds: of its columns, only these and the grain are read."""
    touched, column = is_touched(dialect, shape.fact.touched_by, "f"), f"f.{dialect.quote(divided)}"
    return (
        f"select min({column}), max({column}), count(*) > count({column})\n"
        f"  from {dialect.table(shape.fact.table)} as f\n where {touched}"
    )


def compare(dialect: Dialect, shape: Shape) -> str:
    """What becomes of each value of the grain, as `change`: insert, update, same, or delete where no row gives it now."""
    q, grain = dialect.quote, shape.fact.grain
    held = _held(dialect, shape)
    same = " and ".join(dialect.same(f"f.{q(name)}", f"w.{q(name)}") for name in shape.content)
    join = " and ".join(f"f.{q(name)} = w.{q(name)}" for name in grain)
    return (
        f"{dialect.create_work} {WORK_CHANGE} as\n"
        f"select {dialect.names(grain, 'w')},\n"
        f"       case when f.{LOAD_KEY} is null then 'insert'\n"
        f"            when {same} then 'same' else 'update' end as {dialect.own('change')}\n"
        f"  from {WORK_KEYED} as w left join {held} as f on {join}\n"
        f"union all\n"
        f"select {dialect.names(grain, 'f')}, 'delete'\n"
        f"  from {held} as f\n where not exists (select 1 from {WORK_KEYED} as w where {join})"
    )


def count_changes(dialect: Dialect) -> str:
    change = dialect.own("change")
    return f"select {change}, count(*) from {WORK_CHANGE} group by {change}"


def is_changed(dialect: Dialect, shape: Shape, row: str = "f") -> str:
    """The condition of rows that others take the place of, and of those that no row gives any more."""
    q, change = dialect.quote, dialect.own("change")
    # A fact whose grain was another until now may hold rows without a value in it.
    same = " and ".join(dialect.agree(f"w.{q(name)}", f"{row}.{q(name)}") for name in shape.fact.grain)
    rows = f"{WORK_CHANGE} where {change} in ('update', 'delete')"
    among = dialect.among([f"{row}.{q(name)}" for name in shape.fact.grain], shape.fact.grain, rows)
    anyhow = f"exists (select 1 from {WORK_CHANGE} as w where {same} and w.{change} in ('update', 'delete'))"
    return among if shape.is_narrow else anyhow


def delete_changed(dialect: Dialect, shape: Shape) -> str:
    """Take out the rows that others take the place of, and those that no row gives any more."""
    delete, row = dialect.delete(shape.fact.table, "f")
    return f"{delete}\n where {is_changed(dialect, shape, row)}{_within(dialect, shape, row)}"


def add_changed(dialect: Dialect, shape: Shape, load_key: int) -> str:
    q = dialect.quote
    join = " and ".join(f"c.{q(name)} = w.{q(name)}" for name in shape.fact.grain)
    return (
        f"insert into {dialect.table(shape.fact.table)} ({dialect.names(shape.content)}, {LOAD_KEY})\n"
        f"select {dialect.names(shape.content, 'w')}, {load_key}\n"
        f"  from {WORK_KEYED} as w join {WORK_CHANGE} as c on {join} and c.{dialect.own('change')} <> 'same'"
    )


def sum_measures(dialect: Dialect, measures: tuple[str, ...], of: str) -> str:
    """The sum of each measure over some rows."""
    sums = ", ".join(f"cast(sum({dialect.quote(name)}) as {dialect.type(TEXT)})" for name in measures)
    return f"select {sums} from {of}"


def add_all(dialect: Dialect, shape: Shape, load_key: int) -> str:
    """Fill an empty fact in one go; nothing has to be compared."""
    return (
        f"insert into {dialect.table(shape.fact.table)} ({dialect.names(shape.content)}, {LOAD_KEY})\n"
        f"select {dialect.names(shape.content)}, {load_key} from (\n{look_up(dialect, shape)}\n  ) as keyed"
    )


def _within(dialect: Dialect, shape: Shape, row: str) -> str:
    """Where rows have to be looked for, told by values: a warehouse reads no other parts of a table that is divided by them."""
    layout, span = shape.fact.layout, shape.span
    if layout is None or span is None:
        return ""
    column = f"{row}.{dialect.quote(layout.partition)}"
    kind = next(c.type for c in shape.columns if c.name == layout.partition)
    ends = [f"{dialect.cast(dialect.text(str(end)), kind)}" for end in (span.first, span.last) if end is not None]
    between = f"{column} between {ends[0]} and {ends[1]}" if ends else "false"
    return f"\n   and ({between} or {column} is null)" if span.has_null else f"\n   and {between}"


def _held(dialect: Dialect, shape: Shape) -> str:
    return WORK_HELD if shape.is_narrow else dialect.table(shape.fact.table)


def _join(dialect: Dialect, shape: Shape, role: Role, alias: str, work: str) -> str:
    q, fact, dimension = dialect.quote, shape.fact, shape.dimension(role)
    if dimension.is_junk:
        return junk.join(dialect, role, dimension, shape.junk[dimension.name], alias)
    table = dialect.table(dimension.table)
    pairs = tuple(zip(role.columns, dimension.key, strict=True))
    same = " and ".join(f"{alias}.{q(natural)} = f.{q(column)}" for column, natural in pairs)
    if not dimension.history:
        return f"left join {table} as {alias} on {same} and {_found(dialect, fact, dimension, alias)}"
    if fact.at is None and dimension.deletes != "close":
        found = _found(dialect, fact, dimension, alias)
        return f"left join {table} as {alias} on {same} and {found} and {alias}.{IS_CURRENT}"
    natural, own_keys = dialect.names(dimension.key), dialect.names(dimension.own_keys)
    known_from = dialect.own("known_from")
    # The last version is known for ever, and it is the one for a row whose moment is not known.
    moment = last = dialect.moment(LAST_MOMENT)
    if fact.at is not None:
        moment = f"least(coalesce({_moment(dialect, fact)}, {last}), {last})"
    # Which version is a member's first is asked of few members where few rows are looked up.
    among = dialect.among([f"v.{q(natural)}" for natural in dimension.key], role.columns, work)
    asked = f"\n      and {among}" if shape.is_narrow else ""
    versions = (
        f"(select {own_keys}, {natural}, {known.until(dialect, dimension)},\n"
        f"          case when row_number() over (partition by {natural} order by {VALID_FROM}) = 1\n"
        f"               then {dialect.moment(LOW_DATE)} else {VALID_FROM} end as {known_from}\n"
        f"     from {table} as v where {_found(dialect, fact, dimension, 'v')}{asked})"
    )
    return (
        f"left join {versions} as {alias}\n"
        f"    on {same} and {moment} >= {alias}.{known_from} and {moment} < {alias}.{VALID_TO}"
    )


def _moment(dialect: Dialect, fact: Fact) -> str:
    """The moment as of which a row is looked up; a day is seen from its end."""
    if fact.kind == "daily":
        day = dialect.cast(f"f.{dialect.quote(DAY)}", TIMESTAMP)
        return dialect.later(dialect.later(day, "1", "day"), "-1", "microsecond")
    return dialect.cast(f"f.{dialect.quote(fact.at or '')}", TIMESTAMP)


def _rows(of: Dimension | Fact) -> str:
    """The work table of the rows whose keys are looked up."""
    return WORK_FACT if isinstance(of, Fact) else WORK_CHAIN


def _found(dialect: Dialect, of: Dimension | Fact, dimension: Dimension, alias: str) -> str:
    """The condition of members that may be pointed to; only a fact that infers members takes one that was inferred."""
    arrived = f" and not {alias}.{IS_INFERRED}" if isinstance(of, Fact) and of.late != "infer" else ""
    return f"{alias}.{dialect.quote(dimension.key_column)} > 0{arrived}"


def _instead(dialect: Dialect, fact: Fact, role: Role) -> str:
    """The reserved key of a row that finds no member."""
    without = [f"f.{dialect.quote(name)} is null" for name in role.columns if name in fact.not_applicable]
    named = " and ".join(f"f.{dialect.quote(name)} is not null" for name in role.columns)
    cases = f" when {' or '.join(without)} then {NOT_APPLICABLE_KEY}" if without else ""
    cases += f" when {named} then {NOT_YET_ARRIVED_KEY}" if fact.late == "hold" else ""
    return f"case{cases} else {UNKNOWN_KEY} end" if cases else str(UNKNOWN_KEY)
