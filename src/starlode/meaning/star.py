"""Dimensions and facts: their SELECTs, their columns, and the roles in which they meet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starlode.declaration import (
    PROJECT_FILE,
    CalendarDeclaration,
    DimensionDeclaration,
    JunkDeclaration,
    LabelsDeclaration,
)
from starlode.environment import Word
from starlode.meaning import chosen, plain
from starlode.meaning.calendar import calendar
from starlode.meaning.kinds import tell_kind, with_day
from starlode.meaning.layouts import layout, tell_layout
from starlode.meaning.references import tell_circles, tell_references
from starlode.meaning.selects import take
from starlode.nearest import hint, listing
from starlode.sql.calendar import LOAD_KEY, Shape
from starlode.sql.dimension import added_columns
from starlode.star import DAY, Dimension, Fact, Labels, Role, Select, Star, TimeOfDay
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlode.declaration import BridgeDeclaration, FactDeclaration
    from starlode.declare import Filled, Name, Reading
    from starlode.meaning.selects import Scope, Taken

Columns = tuple[str, ...] | None
DimensionSaid = DimensionDeclaration | CalendarDeclaration | JunkDeclaration


@dataclass(frozen=True)
class Meant:
    """The star, and the columns of its tables where they are known without a warehouse."""

    star: Star
    columns: Mapping[str, Columns]


def star(
    dimensions: Mapping[Name, DimensionSaid | None],
    facts: Mapping[Name, FactDeclaration | None],
    scope: Scope,
) -> Meant:
    """The star, with all that could be made of it; what could not is told."""
    columns: dict[str, Columns] = {}
    columns |= dict.fromkeys([*(f"dim_{name}" for name in dimensions), *(f"fact_{name}" for name in facts)])
    found: dict[str, Dimension] = {}
    for name, said in dimensions.items():
        if said is not None:
            found[str(name)], columns[f"dim_{name}"] = _dimension(name, said, dimensions, scope)
    tell_circles(dimensions, scope.reading)
    _tell_same_tables(dimensions, found, scope.reading)
    made = []
    for name, fact in facts.items():
        if fact is not None:
            one, columns[f"fact_{name}"] = _fact(name, fact, dimensions, found, scope)
            made += [one] if one else []
    return Meant(Star(tuple(found.values()), tuple(made)), columns)


def labelled(star: Star, said: LabelsDeclaration | None) -> Star:
    """The star whose reserved and inferred members speak as the project says."""
    if said is None:
        return star
    labels = Labels(**chosen(said, LabelsDeclaration))
    return replace(star, dimensions=tuple(replace(dimension, labels=labels) for dimension in star.dimensions))


def _dimension(
    name: Name, said: DimensionSaid, declared: Mapping[Name, Any], scope: Scope
) -> tuple[Dimension, Columns]:
    if isinstance(said, CalendarDeclaration):
        made = Dimension(str(name), calendar=calendar(said, scope))
        return made, tuple(column.name for column in Shape(made, made.calendar).columns) if made.calendar else None
    if isinstance(said, JunkDeclaration):
        return _junk(name, said, scope.reading)
    taken = take(said.from_, scope)
    of = f"dimension `{name}`"
    at, named = (
        _some(said.at),
        {"key": said.key, "history": said.history, "fixed": said.fixed, "previous": said.previous},
    )
    for label, words in (*named.items(), ("`at`", at)):
        tell_unknown(words, taken, f"{label} of {of}", scope.reading)
    _tell_mixed(said, of, scope.reading)
    roles = tuple(roles_of(of, said.dims, declared, {}, taken, scope))
    tell_references(of, said, declared, scope.reading)
    tell_same_keys(of, said.dims, roles, scope.reading)
    made = Dimension(
        name=str(name),
        select=taken.select if taken else None,
        key=plain(said.key),
        history=plain(said.history),
        fixed=plain(said.fixed),
        previous=plain(said.previous),
        at=plain(said.at),
        durable=said.durable,
        on_conflict=plain(said.on_conflict),
        deletes=plain(said.deletes),
        roles=roles,
        layout=layout(said.layout),
    )
    added = added_columns(made)
    tell_taken(tuple(word for words in (*named.values(), at) for word in words), said, taken, added, scope.reading)
    columns = (*taken.columns, *added) if taken and taken.columns else None
    tell_layout(said.layout, columns, made.table.name, scope.reading)
    return made, columns


def _junk(name: Name, said: JunkDeclaration, reading: Reading) -> tuple[Dimension, Columns]:
    added = (f"{name}_key", LOAD_KEY)
    for column in said.junk:
        if column.lower() in added:
            what = f"the column `{column.written}` has the name of one that Starlode adds"
            reading.mistake(column.place, what, f"name it otherwise; names that are taken: {listing(added)}")
    return Dimension(str(name), key=plain(said.junk), is_junk=True), (*plain(said.junk), *added)


def _tell_same_tables(declared: Mapping[Name, Any], found: Mapping[str, Dimension], reading: Reading) -> None:
    """A dimension that would have the name of the view on another one."""
    views = {made.current.name: name for name, made in found.items() if made.durable}
    for name in declared:
        if f"dim_{name}" in views:
            what = f"dimension `{name}` has the name of the view on dimension `{views[f'dim_{name}']}`"
            reading.mistake(
                name.place, what, "rename it; with `durable: true`, dim_<name>_current shows the current members"
            )


def _tell_mixed(said: DimensionDeclaration, of: str, reading: Reading) -> None:
    """Columns of which two things are said that cannot both be."""
    named = {"key": said.key, "history": said.history, "fixed": said.fixed, "previous": said.previous}
    its = {"key": "key", "history": "history", "fixed": "fixed columns", "previous": "previous columns"}
    never = {
        "key": "a key never changes; take it out of {}",
        "fixed": "a fixed column keeps its first value; take it out of {}",
    }
    for first, second in (*(("key", name) for name in (*named,)[1:]), ("fixed", "history"), ("fixed", "previous")):
        for column in named[second]:
            if column in named[first]:
                where = f"in the key of {of}" if first == "key" else f"fixed in {of}"
                what = f"`{column.written}` is {where} and also in its {its[second]}"
                reading.mistake(column.place, what, never[first].format(second))
    for column in _some(said.at):
        both = [name for name, columns in named.items() if column in columns]
        if both:
            what = f"`{column.written}` is `at` of {of} and also in its {its[both[0]]}"
            reading.mistake(column.place, what, "`at` says when a row became true; it is no attribute with versions")


def _fact(
    name: Name,
    said: FactDeclaration,
    declared: Mapping[Name, Any],
    dimensions: Mapping[str, Dimension],
    scope: Scope,
) -> tuple[Fact | None, Columns]:
    taken = take(said.from_, scope)
    of = f"fact `{name}`"
    measures = said.measures if isinstance(said.measures, Mapping) else dict.fromkeys(said.measures, "sum")
    days = (DAY,) if said.kind == "daily" else ()
    for label, words in (
        ("grain", said.grain),
        ("`at`", _some(said.at)),
        ("measures", tuple(measures)),
        ("milestones", said.milestones),
    ):
        tell_unknown(words, taken, f"{label} of {of}", scope.reading)
    roles = tuple(roles_of(of, said.dims, declared, dimensions, with_day(taken, said), scope))
    tell_kind(str(name), said, scope.reading)
    _tell_unused(str(name), said, declared, scope.reading)
    tell_same_keys(of, said.dims, roles, scope.reading)
    made = Fact(
        name=str(name),
        select=taken.select if taken else Select("", PROJECT_FILE),
        grain=(*plain(said.grain), *days),
        at=plain(said.at) or next(iter(plain(said.milestones)), None),
        roles=roles,
        measures=plain(measures),
        late=plain(said.late),
        not_applicable=plain(said.not_applicable),
        may_lose=said.may_lose,
        may_multiply=said.may_multiply,
        kind=plain(said.kind),
        milestones=plain(said.milestones),
        layout=layout(said.layout),
    )
    added = (*(name for role in roles for name in role.key_columns), *days, *made.added_measures, LOAD_KEY)
    tell_taken((*said.grain, *_some(said.at), *measures), said, taken, added, scope.reading)
    if taken is None:
        return None, None
    columns = (*taken.columns, *added) if taken.columns else None
    tell_layout(said.layout, columns, made.table.name, scope.reading)
    return made, columns


def roles_of(
    of: str,
    said: Mapping[Filled, Any],
    declared: Mapping[Any, Any],
    dimensions: Mapping[str, Dimension],
    taken: Taken | None,
    scope: Scope,
) -> Iterable[Role]:
    """The roles in which a fact or a bridge uses dimensions."""
    for name, uses in said.items():
        if name not in declared and "dimensions" not in scope.reading.broken:
            what = f"{of} uses an unknown dimension `{name}`"
            scope.reading.mistake(name.place, what, hint(name, declared, "dimensions"))
        roles = uses if isinstance(uses, Mapping) else {"": uses}
        for role, columns in roles.items():
            tell_unknown(columns, taken, f"dims of {of}", scope.reading)
            if declared.get(name) is not None:
                _tell_count(columns, str(name), declared[name], scope.reading)
            used = dimensions.get(name)
            yield Role(str(name), plain(columns), str(role), _grain(used), is_durable=bool(used and used.durable))


def _grain(dimension: Dimension | None) -> str:
    """From what the keys of a calendar are made, or nothing where keys are allotted."""
    calendar = dimension.calendar if dimension else None
    if calendar is None:
        return ""
    return f"{calendar.grain} of the day" if isinstance(calendar, TimeOfDay) else calendar.grain


def _tell_count(columns: tuple[Word, ...], name: str, said: DimensionSaid, reading: Reading) -> None:
    """A role names as many columns as the dimension's key has; a calendar is looked up by one moment."""
    place = columns[0].place
    if isinstance(said, CalendarDeclaration):
        if len(columns) > 1:
            what = f"calendar `{name}` is looked up by one column, not {len(columns)}"
            advice = "for several moments name roles, as in {ordered: ordered_at, shipped: shipped_at}"
            reading.mistake(place, what, advice)
        return
    key, are = (said.junk, "combines") if isinstance(said, JunkDeclaration) else (said.key, "has a key of")
    if len(columns) != len(key):
        what = f"dimension `{name}` {are} {counted(len(key), 'column')}, not {len(columns)}"
        advice = f"name the columns in the same order: {listing(word.written for word in key)}"
        reading.mistake(place, what, advice)


def _tell_unused(name: str, said: FactDeclaration, declared: Mapping[Any, Any], reading: Reading) -> None:
    """Columns whose NULL is to say something, and that no dimension is looked up by; to a junk dimension it is a value."""
    used = [
        word.written
        for dimension, uses in said.dims.items()
        if not isinstance(declared.get(dimension), JunkDeclaration)
        for columns in (uses.values() if isinstance(uses, Mapping) else (uses,))
        for word in columns
    ]
    for column in said.not_applicable:
        if column.written not in used and f"facts.{name}.dims" not in reading.broken:
            what = f"no dimension of fact `{name}` is looked up by `{column.written}`"
            reading.mistake(column.place, what, hint(column.written, dict.fromkeys(used), "columns of `dims`"))


def tell_same_keys(of: str, said: Iterable[Filled], roles: tuple[Role, ...], reading: Reading) -> None:
    """Roles that would make one column together."""
    made: dict[str, Role] = {}
    for role in roles:
        for column in role.key_columns:
            if column in made:
                place = next(name.place for name in said if name == role.dimension)
                what = f"two roles of {of} would both make the column `{column}`"
                reading.mistake(place, what, "rename one of the roles")
            made[column] = role


def tell_unknown(words: Iterable[Filled], taken: Taken | None, what: str, reading: Reading) -> None:
    """Columns that a SELECT does not give, where it is known what it gives."""
    if taken is None or taken.columns is None:
        return
    for word in words:
        if word not in taken.columns:
            listed = hint(word.written, taken.columns, f"columns of {taken.label}")
            reading.mistake(word.place, f"unknown column `{word.written}` in {what}", listed)


def tell_taken(
    words: tuple[Filled, ...],
    said: DimensionDeclaration | FactDeclaration | BridgeDeclaration,
    taken: Taken | None,
    added: tuple[str, ...],
    reading: Reading,
) -> None:
    """Columns that would have the name of one that Starlode adds; each is told once."""
    named = {word.lower(): word for word in reversed(words)}
    given = dict.fromkeys(column.lower() for column in (taken.columns if taken else None) or ())
    clashes = [column for column in {**given, **dict.fromkeys(named)} if column in added]
    for column in clashes:
        word: Word = named.get(column) or Word(column, said.from_.place)
        advice = f"rename it in the SELECT; names that are taken: {listing(added)}"
        reading.mistake(word.place, f"the column `{word.written}` has the name of one that Starlode adds", advice)


def _some(column: Filled | None) -> tuple[Filled, ...]:
    return () if column is None else (column,)
