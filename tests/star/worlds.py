"""Random worlds: a star declared in the ways in which one can be, and days on which its sources change; all of it plain data.

A world is made from a seed alone. Its sources tell of regions, of people who live in them, of goods and who shares them, of
sales, of cases that go through stages, and of what accounts hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Deletes, FactKind, Late
    from tests.star.streams import Files, Row, Rows

# How a stream is read: by key, by key and moment, without a key, or as a whole each time.
Kind = Literal["keyed", "dated", "plain", "full", "full_dated"]
How = Literal["run", "land", "full", "undo", "rebuild"]

START, TO_COME = datetime(2024, 1, 1), datetime(2100, 1, 1)
SAID = {
    "regions": "region_id integer, label text, zone text, moment timestamp",
    "people": "person_id integer, region_id integer, city text, grade text, name text, moment timestamp",
    "goods": "good_id integer, label text, price integer",
    "sales": (
        "sale_id integer, person_id integer, giver_id integer, good_id integer, gift text, colour text, sold_at timestamp, "
        "amount decimal(9,2)"
    ),
    "cases": (
        "case_id integer, person_id integer, gift text, colour text, opened_at timestamp, paid_at timestamp, "
        "closed_at timestamp"
    ),
    "states": "state_id integer, account_id integer, person_id integer, told_at timestamp, balance decimal(9,2)",
    "shares": "good_id integer, person_id integer, note text",
}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    stream: {name: kind for name, _, kind in (said.partition(" ") for said in text.split(", "))}
    for stream, text in SAID.items()
}
KEYS: Mapping[str, tuple[str, ...]] = {
    **{name: (next(iter(columns)),) for name, columns in COLUMNS.items()},
    "shares": ("good_id", "person_id"),
}
# What names a member of which dimension; 9 is a member that nobody tells of.
NAMES: Mapping[str, tuple[int, ...]] = {
    "region_id": (1, 2, 3, 9),
    "person_id": (1, 2, 3, 4, 9),
    "giver_id": (1, 2, 3, 4, 9),
    "good_id": (1, 2, 3),
}
# What may stand in a column of a stream so that the row is rejected.
UNREADABLE = "unreadable"
MARRED: Mapping[str, str] = {
    "regions": "moment",
    "people": "region_id",
    "goods": "price",
    "sales": "amount",
    "cases": "paid_at",
    "states": "balance",
}
DATED = ("regions", "people")


@dataclass(frozen=True)
class Stream:
    """A stream of the source `app`, and how it is read."""

    name: str
    kind: Kind

    @property
    def key(self) -> tuple[str, ...]:
        return () if self.kind == "plain" else KEYS[self.name]

    @property
    def since(self) -> str:
        return "moment" if self.kind in ("dated", "full_dated") else ""

    @property
    def declared(self) -> str:
        said = [f"files: '{self.name}/*.csv'", "may_shrink: true", "max_rejects: 99"]
        said += ["mode: full"] if self.kind.startswith("full") else []
        said += [f"key: [{', '.join(self.key)}]"] if self.key else []
        said += [f"since: {self.since}"] if self.since else []
        types = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS[self.name].items())
        return f"{self.name}: {{{', '.join(said)}, types: {{{types}}}}}"


@dataclass(frozen=True)
class Dimension:
    """A declared dimension over one stream, and the column by which it refers to another one."""

    name: str
    stream: str
    history: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    has_moments: bool = False
    durable: bool = False
    deletes: Deletes = "ignore"
    refers: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return KEYS[self.stream][0]

    @property
    def attributes(self) -> tuple[str, ...]:
        at = "moment" if self.has_moments else ""
        return tuple(name for name in COLUMNS[self.stream] if name not in (self.key, at))

    @property
    def reads_seen(self) -> bool:
        """Whether it follows from all that was ever told, by the moments in it."""
        return self.has_moments and bool(self.history or self.fixed or self.previous)

    @property
    def declared(self) -> str:
        said = [f"from: app.{self.stream}", f"key: {self.key}"]
        for word in ("history", "fixed", "previous"):
            names = getattr(self, word)
            said += [f"{word}: [{', '.join(names)}]"] if names else []
        said += ["at: moment"] if self.has_moments else []
        said += ["durable: true"] if self.durable else []
        said += [f"deletes: {self.deletes}"] if self.deletes != "ignore" else []
        said += [f"dims: {_mapping(self.refers)}"] if self.refers else []
        return f"{self.name}: {{{', '.join(said)}}}"


@dataclass(frozen=True)
class Fact:
    """A declared fact over one stream; a bridge is one whose grain names two members.

    A dimension that is used in a role is named with it: `giver_person`.
    """

    name: str
    stream: str
    kind: FactKind | Literal["bridge"]
    grain: tuple[str, ...]
    at: str = ""
    dims: Mapping[str, str] = field(default_factory=dict)
    has_traits: bool = False
    measures: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()
    late: Late = "infer"
    not_applicable: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return f"{'bridge' if self.kind == 'bridge' else 'fact'}_{self.name}"

    @property
    def declared(self) -> str:
        said = [f"from: app.{self.stream}", f"late: {self.late}"]
        if self.kind == "bridge":
            (of, its), (to, theirs) = self.dims.items()
            return f"{self.name}: {{{', '.join(said)}, of: {{{of}: {its}}}, to: {{{to}: {theirs}}}}}"
        dims = {**self.dims, **({"traits": "[gift, colour]"} if self.has_traits else {})}
        said += [f"kind: {self.kind}", f"grain: [{', '.join(self.grain)}]"]
        said += [f"at: {self.at}"] if self.at else []
        said += [f"dims: {_mapping(_by_dimension(dims))}"] if dims else []
        said += [f"measures: [{', '.join(self.measures)}]"] if self.measures else []
        said += [f"milestones: [{', '.join(self.milestones)}]"] if self.milestones else []
        said += [f"not_applicable: [{', '.join(self.not_applicable)}]"] if self.not_applicable else []
        return f"{self.name}: {{{', '.join(said)}}}"


@dataclass(frozen=True)
class Day:
    """The new contents of files, and what is done with them."""

    files: Mapping[str, Files]
    how: How = "run"


@dataclass(frozen=True)
class World:
    """Streams, the star that is made of them, and days."""

    seed: int
    streams: tuple[Stream, ...]
    dimensions: tuple[Dimension, ...]
    facts: tuple[Fact, ...]
    days: tuple[Day, ...] = ()

    @property
    def declared(self) -> str:
        """The project file."""
        facts = [fact for fact in self.facts if fact.kind != "bridge"]
        bridges = [fact for fact in self.facts if fact.kind == "bridge"]
        parts = [
            "name: world\nsources:\n  app:\n    files: data\n    streams:\n",
            *(f"      {stream.declared}\n" for stream in self.streams),
            "dimensions:\n  date: {calendar: 2024..2024}\n  traits: {junk: [gift, colour]}\n",
            *(f"  {dimension.declared}\n" for dimension in self.dimensions),
            "facts:\n",
            *(f"  {fact.declared}\n" for fact in facts),
            *(["bridges:\n"] if bridges else []),
            *(f"  {bridge.declared}\n" for bridge in bridges),
        ]
        return "".join(parts)


def as_csv(stream: str, rows: Rows) -> str:
    """The text of a file; a field without a value is empty."""
    names = tuple(COLUMNS[stream])
    lines = (",".join("" if row[name] is None else str(row[name]) for name in names) for row in rows)
    return "\n".join([",".join(names), *lines]) + "\n"


def key_of(stream: str, row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYS[stream])


def dimension_of(role: str) -> str:
    """The dimension that is used, without the role that it has."""
    return role.rpartition("_")[2]


def _by_dimension(dims: Mapping[str, str]) -> Mapping[str, str]:
    """What is declared for each dimension: its column, or those of its roles."""
    roles: dict[str, dict[str, str]] = {}
    for name, column in dims.items():
        role, _, dimension = name.rpartition("_")
        roles.setdefault(dimension, {})[role] = column
    return {dimension: said.get("") or _mapping(said) for dimension, said in roles.items()}


def _mapping(said: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in said.items()) + "}"
