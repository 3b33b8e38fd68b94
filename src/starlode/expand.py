"""Filling in the streams that only a source itself can tell, such as all tables of a schema.

What a SELECT or a check names of such a source cannot be looked up while the project is read; it is looked up here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE
from starlode.errors import Mistake, ProjectError
from starlode.nearest import hint
from starlode.sql import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project
    from starlode.star import Dimension, Fact
    from starlode.work import Readers


def expanded(project: Project, readers: Readers) -> Project:
    """The project with the streams of every source; raises ProjectError where one is named that there is not."""
    if not any(source.is_open for source in project.sources):
        return project
    sources = tuple(
        source.with_streams(readers[source.name].find()) if source.is_open else source for source in project.sources
    )
    made = replace(project, sources=sources)
    missing = tuple(_missing(made))
    if missing:
        raise ProjectError(*missing)
    return made


def _missing(project: Project) -> Iterator[Mistake]:
    known = [str(stream) for stream in project.streams]
    sources = {source.name for source in project.sources}
    models: tuple[Dimension | Fact, ...] = (*project.star.dimensions, *project.star.facts)
    for said in (model.select for model in models if model.select is not None):
        for name in select.reads(select.parse(said)):
            if name.source in sources and str(name) not in known:
                what = f"source `{name.source}` has no stream `{name.stream}`"
                advice = hint(str(name), known, "streams")
                # A stream in place of a SELECT has no line of its own.
                place = (0, 0, 1) if said.file == PROJECT_FILE else (name.line, name.column, name.width)
                yield Mistake(what, said.file, *place, hint=advice)
