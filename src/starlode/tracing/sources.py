"""The source rows that rows of the star were made of, found by running a model's SELECT with the places of what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlode.sql import origins
from starlode.sql import why as sql
from starlode.sql.origins import Untold
from starlode.steps.spoken import with_origins
from starlode.tracing.told import SourceRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from starlode.sql.origins import Traced, Trail
    from starlode.table import Table
    from starlode.tracing.asking import Asking

MOST_ROWS = 50
NOT_THERE = "no row of it takes part"


@dataclass(frozen=True)
class Given:
    """A row that a SELECT gives, by the names of its columns, with the source rows behind it."""

    values: Mapping[str, Any]
    sources: tuple[SourceRow, ...]


@dataclass(frozen=True)
class Found:
    """The rows that a SELECT gives for some values, and what cannot be told of them."""

    rows: tuple[Given, ...]
    untold: tuple[Untold, ...]
    groups: bool
    is_cut: bool

    @property
    def sources(self) -> tuple[SourceRow, ...]:
        return distinct(self.rows)


def find(
    asking: Asking, tree: exp.Query, places: Mapping[str, Table], by: Mapping[str, Any], shown: tuple[str, ...]
) -> Found:
    """The rows of a SELECT that have some values, with the source rows of each."""
    session, dialect = asking.session, asking.session.dialect
    keys = {name: asking.stream(name).spelled(place.columns).key for name, place in places.items()}
    wanted = tuple(dict.fromkeys((*by, *shown)))
    traced = origins.trace(tree, keys, wanted)
    if not traced.trails:
        return Found((), traced.untold, traced.groups, is_cut=False)
    names = (*wanted, *(column.name for trail in traced.trails for column in trail.columns))
    text = sql.narrowed(dialect, with_origins(traced, places, dialect), tuple(by), names, MOST_ROWS + 1)
    found = session.rows(text, tuple(by.values()))
    rows = tuple(_given(asking, traced, dict(zip(names, row, strict=True)), wanted) for row in found[:MOST_ROWS])
    return Found(rows, (*traced.untold, *_absent(traced, rows)), traced.groups, len(found) > MOST_ROWS)


def distinct(rows: Sequence[Given]) -> tuple[SourceRow, ...]:
    """The source rows of several rows, each once, stream by stream."""
    found: dict[tuple[Any, ...], SourceRow] = {}
    for source in (source for row in rows for source in row.sources):
        place = (source.stream, source.alias, source.file, source.row, *source.key.values(), source.loaded.load_key)
        found.setdefault(place, source)
    order = list(dict.fromkeys(source.alias for source in found.values()))
    return tuple(sorted(found.values(), key=lambda source: order.index(source.alias)))


def _given(asking: Asking, traced: Traced, row: Mapping[str, Any], wanted: tuple[str, ...]) -> Given:
    sources = (_source(asking, trail, [row[column.name] for column in trail.columns]) for trail in traced.trails)
    return Given({name: row[name] for name in wanted}, tuple(source for source in sources if source is not None))


def _source(asking: Asking, trail: Trail, place: list[Any]) -> SourceRow | None:
    """The source row at a place; none where an outer join found nothing."""
    file, row, load, *key = place
    loaded = asking.written(load)
    if loaded is None:
        return None
    read_at, landed = asking.landed(trail.stream, loaded.manifest, file, row)
    return SourceRow(
        stream=trail.stream,
        alias=trail.alias,
        file=file,
        row=row,
        key=dict(zip(trail.key, key, strict=True)),
        extraction=loaded.manifest,
        read_at=read_at,
        landed=landed,
        loaded=loaded,
    )


def _absent(traced: Traced, rows: tuple[Given, ...]) -> tuple[Untold, ...]:
    there = {(source.stream, source.alias) for source in distinct(rows)}
    missing = [trail.stream for trail in traced.trails if (trail.stream, trail.alias) not in there]
    return tuple(Untold(stream, NOT_THERE) for stream in dict.fromkeys(missing)) if rows else ()
