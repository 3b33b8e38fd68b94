"""A star as a diagram needs it: each table with the part that every column plays, and the lines between tables.

It joins the declaration (what a column is for) with the warehouse (which columns, how many rows), once, so that all
drawings agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlode.sql.dimension import IS_CURRENT, IS_INFERRED, LOAD_KEY, VALID_FROM, VALID_TO
from starlode.star import TimeOfDay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Dimension, Fact, Star
    from starlode.table import Column, Table

Part = Literal["key", "role", "natural", "measure", "other", "added"]
ADDED = frozenset({VALID_FROM, VALID_TO, IS_CURRENT, IS_INFERRED, LOAD_KEY})
ORDER: tuple[Part, ...] = ("key", "role", "natural", "other", "measure", "added")


@dataclass(frozen=True)
class Mark:
    """A column and the part it plays: `natural` is a natural key or a fact's grain, `added` is ours."""

    name: str
    type: str
    part: Part
    aggregate: str = ""
    has_history: bool = False


@dataclass(frozen=True)
class Entity:
    """A dimension, a fact or a bridge, with its rows (reserved members apart) and its columns grouped by their part.

    A bridge stands among the facts, as it points to dimensions like one.
    """

    name: str
    is_fact: bool
    rows: int
    about: str
    marks: tuple[Mark, ...]
    is_bridge: bool = False


@dataclass(frozen=True)
class Link:
    """A table's key to a dimension; only the first of its links to one dimension is not `further`.

    It is a fact's, or that of a dimension which refers to another.
    """

    of: str
    dimension: str
    column: str
    target: str
    role: str
    is_further: bool


@dataclass(frozen=True)
class Described:
    """All that a drawing of a star needs."""

    entities: tuple[Entity, ...]
    links: tuple[Link, ...]

    @property
    def facts(self) -> tuple[Entity, ...]:
        return tuple(entity for entity in self.entities if entity.is_fact)

    @property
    def dimensions(self) -> tuple[Entity, ...]:
        return tuple(entity for entity in self.entities if not entity.is_fact)


def describe(star: Star, tables: Mapping[str, Table], rows: Mapping[str, int]) -> Described:
    """The star with the columns and rows that its tables have, by the tables' names."""
    held = {d.name: d for d in star.dimensions}
    dimensions = [_dimension(d, tables[d.table.name].columns, rows[d.table.name]) for d in star.dimensions]
    facts = [_fact(f, tables[f.table.name].columns, rows[f.table.name]) for f in star.facts]
    models: tuple[Fact | Dimension, ...] = (*star.facts, *star.dimensions)
    links = [link for model in models for link in _links(model, held, tables)]
    return Described((*dimensions, *facts), tuple(links))


def _dimension(dimension: Dimension, columns: tuple[Column, ...], rows: int) -> Entity:
    marks = [
        Mark(c.name, str(c.type), _part_in_dimension(dimension, c.name), has_history=c.name in dimension.history)
        for c in columns
    ]
    return Entity(dimension.table.name, False, rows, _about(dimension), _grouped(marks))


def _about(dimension: Dimension) -> str:
    if isinstance(dimension.calendar, TimeOfDay):
        return f"{dimension.calendar.grain}s of a day"
    if dimension.calendar is not None:
        unit = f"{dimension.calendar.grain}s"
        years = dict.fromkeys((str(dimension.calendar.first_year), str(dimension.calendar.last_year)))
        return f"calendar of {unit}, {'–'.join(years)}"
    if dimension.is_junk:
        return f"combinations of {_listed(dimension.key)}"
    return f"one row per {'version of ' if dimension.history else ''}{_listed(dimension.key)}"


def _part_in_dimension(dimension: Dimension, name: str) -> Part:
    if name == dimension.key_column:
        return "key"
    if name in {role.key_column for role in dimension.roles}:
        return "role"
    if name in dimension.key:
        return "natural"
    return "added" if name in ADDED or name in dimension.own_keys else "other"


def _fact(fact: Fact, columns: tuple[Column, ...], rows: int) -> Entity:
    roles = {role.key_column for role in fact.roles}
    durable = {name for role in fact.roles for name in role.key_columns} - roles
    marks = []
    for column in columns:
        part = "added" if column.name in durable else _part_in_fact(fact, roles, column.name)
        aggregate = fact.all_measures[column.name] if part == "measure" else ""
        marks.append(Mark(column.name, str(column.type), part, aggregate))
    is_bridge = fact.kind == "bridge"
    about = f"{'bridge: ' if is_bridge else ''}one row per {_listed(fact.grain)}"
    return Entity(fact.table.name, True, rows, about, _grouped(marks), is_bridge)


def _part_in_fact(fact: Fact, roles: set[str], name: str) -> Part:
    if name in roles:
        return "role"
    if name in fact.all_measures:
        return "measure"
    if name in fact.grain:
        return "natural"
    return "added" if name in ADDED else "other"


def _links(model: Fact | Dimension, dimensions: Mapping[str, Dimension], tables: Mapping[str, Table]) -> list[Link]:
    seen: set[str] = set()
    links = []
    for role in model.roles:
        dimension = dimensions.get(role.dimension)
        if dimension is None or role.key_column not in tables[model.table.name].names:
            continue
        if dimension.key_column not in tables[dimension.table.name].names:
            continue
        further = role.dimension in seen
        seen.add(role.dimension)
        target = dimension.key_column
        links.append(Link(model.table.name, dimension.table.name, role.key_column, target, role.name, further))
    return links


def _grouped(marks: list[Mark]) -> tuple[Mark, ...]:
    return tuple(sorted(marks, key=lambda mark: ORDER.index(mark.part)))


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "event"
