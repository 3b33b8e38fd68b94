"""The star's declarations: dimensions, facts, and the roles in which a fact uses a dimension.

Everything is frozen and says what is wanted, never how: the statements are in `sql/`, and the plan decides which of them
run. Names of tables and keys are derived here, once, so that no other file spells them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from starlode.languages import ENGLISH, Names
from starlode.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.table import Layout

STAR_SCHEMA = "star"
UNKNOWN_KEY = -1
NOT_APPLICABLE_KEY = -2
NOT_YET_ARRIVED_KEY = -3
# The column of a daily fact that its SELECT does not give.
DAY = "day"
# The column of a bridge that says which share of a member falls to another.
WEIGHT = "weight"

Aggregate = Literal["sum", "min", "max", "avg", "count", "count_distinct", "last", "none"]
FactKind = Literal["transaction", "factless", "lifecycle", "daily"]
Kind = FactKind | Literal["bridge"]
Late = Literal["infer", "unknown", "hold", "fail"]
Deletes = Literal["close", "flag", "ignore"]
OnConflict = Literal["most_frequent", "latest", "fail", "reject"]
CalendarGrain = Literal["day", "hour", "minute"]
TimeGrain = Literal["hour", "minute", "second"]
Grain = Literal["day", "hour", "minute", "second"]
FiscalName = Literal["end", "start"]


@dataclass(frozen=True)
class Select:
    """A user's SELECT over streams (`source.stream`), with the file that it stands in."""

    sql: str
    file: str


@dataclass(frozen=True)
class Labels:
    """What reserved members say in their texts; members that are only inferred say that they have not arrived."""

    unknown: str = "Unknown"
    not_applicable: str = "Not applicable"
    not_yet_arrived: str = "Not yet arrived"

    @property
    def by_key(self) -> Mapping[int, str]:
        return {
            UNKNOWN_KEY: self.unknown,
            NOT_APPLICABLE_KEY: self.not_applicable,
            NOT_YET_ARRIVED_KEY: self.not_yet_arrived,
        }


@dataclass(frozen=True)
class Calendar:
    """A dimension of days, hours or minutes that needs no source; holidays are dates with their names.

    A fiscal year begins in the month of `fiscal_start` (0: there is none) and is named for the year of its end or its start.
    """

    first_year: int
    last_year: int
    grain: CalendarGrain = "day"
    fiscal_start: int = 0
    fiscal_year_named_by: FiscalName = "end"
    holidays: tuple[tuple[str, str], ...] = ()
    names: Names = ENGLISH


@dataclass(frozen=True)
class TimeOfDay:
    """A dimension of the hours, minutes or seconds of a day, whatever the date."""

    grain: TimeGrain = "minute"
    names: Names = ENGLISH


def previous_column(name: str) -> str:
    """The column that holds what another one held before."""
    return f"previous_{name}"


@dataclass(frozen=True)
class Dimension:
    """A thing that facts speak of: a natural key, attributes with or without history, and dimensions that it refers to."""

    name: str
    select: Select | None = None
    key: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    at: str | None = None
    on_conflict: OnConflict | None = None
    deletes: Deletes = "ignore"
    calendar: Calendar | TimeOfDay | None = None
    labels: Labels = field(default_factory=Labels)
    is_junk: bool = False
    roles: tuple[Role, ...] = ()
    fixed: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    durable: bool = False
    layout: Layout | None = None

    @property
    def table(self) -> Table:
        return Table(STAR_SCHEMA, f"dim_{self.name}", layout=self.layout)

    @property
    def key_column(self) -> str:
        return f"{self.name}_key"

    @property
    def durable_column(self) -> str:
        return f"{self.name}_durable_key"

    @property
    def own_keys(self) -> tuple[str, ...]:
        """The keys that we allot: that of the version and, where it is declared, that of the member."""
        return (self.key_column, self.durable_column) if self.durable else (self.key_column,)

    @property
    def current(self) -> Table:
        """The view that shows each member of a dimension with a durable key as it is now."""
        return Table(STAR_SCHEMA, f"{self.table.name}_current")

    @property
    def has_life(self) -> bool:
        """Whether a member shows more of its life than its versions and the present."""
        return bool(self.fixed or self.previous)

    @property
    def reads_seen(self) -> bool:
        """Whether it follows from everything that was seen of its stream, and not from the stream's present state."""
        return bool(self.at and (self.history or self.has_life))


@dataclass(frozen=True)
class Role:
    """A use of a dimension: the columns of its user that hold the natural key, and the name of the role if it has one.

    The keys of a calendar follow from its grain, so a fact that uses one is declared anew when that changes.
    """

    dimension: str
    columns: tuple[str, ...]
    name: str = ""
    grain: str = ""
    is_durable: bool = False

    @property
    def key_column(self) -> str:
        return f"{self.name}_{self.dimension}_key" if self.name else f"{self.dimension}_key"

    @property
    def durable_column(self) -> str:
        return f"{self.key_column.removesuffix('_key')}_durable_key"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of a fact that the role makes."""
        return (self.key_column, self.durable_column) if self.is_durable else (self.key_column,)


@dataclass(frozen=True)
class Fact:
    """What happened: one row for each value of the grain, keys to dimensions as of its moment, and measures.

    The grain of a daily fact ends in its day. A bridge is built like a fact: its grain names a member of one dimension, then
    one of another, and its weights say how the first is shared out among the second.
    """

    name: str
    select: Select
    grain: tuple[str, ...]
    at: str | None = None
    roles: tuple[Role, ...] = ()
    measures: Mapping[str, Aggregate] = field(default_factory=dict)
    late: Late = "infer"
    not_applicable: tuple[str, ...] = ()
    kind: Kind = "transaction"
    milestones: tuple[str, ...] = ()
    weight: str | None = None
    may_lose: bool = False
    may_multiply: bool = False
    layout: Layout | None = None

    @property
    def table(self) -> Table:
        name = f"{'bridge' if self.kind == 'bridge' else 'fact'}_{self.name}"
        return Table(STAR_SCHEMA, name, layout=self.layout)

    @property
    def given_grain(self) -> tuple[str, ...]:
        """The columns of the grain that the SELECT gives."""
        return self.grain[:-1] if self.kind == "daily" else self.grain

    @property
    def given_by(self) -> tuple[str, ...]:
        """The columns by which a row is found in what the SELECT gives: for a day, those of its state."""
        return (*self.given_grain, self.at) if self.kind == "daily" and self.at else self.grain

    @property
    def added_measures(self) -> Mapping[str, Aggregate]:
        """The measures that its kind brings along."""
        if self.kind == "factless":
            return {f"{self.name}_count": "sum"}
        if self.kind == "bridge":
            return {WEIGHT: "none"}
        return {f"days_to_{name}": "avg" for name in self.milestones[1:]}

    @property
    def all_measures(self) -> Mapping[str, Aggregate]:
        return {**self.measures, **self.added_measures}

    @property
    def touched_by(self) -> tuple[str, ...]:
        """The columns whose rows are read again together; the shares of a bridge depend on each other."""
        return self.roles[0].columns if self.kind == "bridge" else self.grain

    @property
    def whole(self) -> str:
        """Why the fact cannot be read again for some of its rows only; nothing where it can."""
        return "each key has a row for every day until the last of all" if self.kind == "daily" else ""

    @property
    def waits(self) -> bool:
        """Whether a row waits for its member itself, so that one which is only inferred does not do."""
        return self.late in ("unknown", "hold")


@dataclass(frozen=True)
class Star:
    """The dimensions and the facts of a project, in the order of the declaration."""

    dimensions: tuple[Dimension, ...] = ()
    facts: tuple[Fact, ...] = ()

    def dimension(self, name: str) -> Dimension:
        return next(d for d in self.dimensions if d.name == name)

    @property
    def models(self) -> tuple[Dimension | Fact, ...]:
        """What is built, in an order in which nothing comes before a dimension that it refers to."""
        ordered: dict[str, Dimension] = {}

        def add(dimension: Dimension) -> None:
            for role in dimension.roles:
                add(self.dimension(role.dimension))
            ordered.setdefault(dimension.name, dimension)

        for dimension in self.dimensions:
            add(dimension)
        return (*ordered.values(), *self.facts)

    @property
    def views(self) -> tuple[str, ...]:
        """The names of the views that stand beside the tables."""
        return tuple(d.current.name for d in self.dimensions if d.durable)

    @property
    def tables(self) -> tuple[Table, ...]:
        return (*(d.table for d in self.dimensions), *(f.table for f in self.facts))
