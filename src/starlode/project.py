"""The whole declaration of a project, checked and frozen.

`read` takes `starlode.yml`, the `.sql` files that it names, and `.env`; it opens no connection and no source. All
mistakes are told together, each with its place, because people mend a file in one go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE, ProjectDeclaration
from starlode.declare import Reading, declared
from starlode.document import Place, parse
from starlode.environment import Word, variables
from starlode.errors import Mistake, ProjectError
from starlode.meaning.bridges import with_bridges
from starlode.meaning.checks import checks
from starlode.meaning.deletes import tell_deletes
from starlode.meaning.exports import exports
from starlode.meaning.layouts import guard_layouts
from starlode.meaning.names import guard_names
from starlode.meaning.selects import Scope
from starlode.meaning.sources import sources, streams
from starlode.meaning.star import labelled, star
from starlode.meaning.target import builder, landing, warehouse
from starlode.star import Star

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.check import Check
    from starlode.document import Node
    from starlode.export import Export
    from starlode.source import Source, Stream
    from starlode.store import Store
    from starlode.warehouse import Warehouse


@dataclass(frozen=True)
class Project:
    """Everything that a user declared. Reading it opens no connection and no source."""

    name: str
    folder: Path
    landing: Store
    warehouse: Warehouse
    sources: tuple[Source, ...] = ()
    star: Star = field(default_factory=Star)
    checks: tuple[Check, ...] = ()
    exports: tuple[tuple[str, Export], ...] = ()
    # Where the finished star is loaded, when `warehouse` only builds it.
    target: Warehouse | None = None
    # Whether doubles stand in place of what the declaration names.
    is_sandboxed: bool = False

    @property
    def shown(self) -> Warehouse:
        """The warehouse that people look at."""
        return self.target or self.warehouse

    @property
    def streams(self) -> tuple[Stream, ...]:
        return tuple(stream for source in self.sources for stream in source.streams)

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if str(stream) == name)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)


def read(folder_or_file: str | Path, environment: Mapping[str, str] = os.environ, target: str | None = None) -> Project:
    """The project in a folder, or of a project file; raises ProjectError with every mistake.

    `target` takes the place of the one that the file names.
    """
    given = Path(folder_or_file)
    file = given / PROJECT_FILE if given.is_dir() else given
    mistakes: list[Mistake] = []
    node = _node(file, mistakes)
    if node is None:
        raise ProjectError(*mistakes)
    folder = file.parent.absolute()
    reading = Reading(variables(folder, environment, mistakes), mistakes)
    project = _project(node, folder, target, reading)
    if mistakes or project is None:
        raise ProjectError(*dict.fromkeys(mistakes))
    return project


def _project(node: Node, folder: Path, target: str | None, reading: Reading) -> Project | None:
    said = declared(ProjectDeclaration, node, reading)
    if said is None:
        return None
    scope = Scope(folder, streams(said.sources), reading, is_broken="sources" in reading.broken)
    meant = with_bridges(star(said.dimensions, said.facts, scope), said.bridges, said.dimensions, scope)
    chosen = said.target if target is None else Word(target, Place("--target"))
    loaded = warehouse(chosen, folder, reading)
    built_in = builder(said.build, folder, loaded, reading)
    made_exports = exports(said.exports, meant.columns, reading)
    made_checks = checks(said.checks, meant.columns, replace(scope, tables=(*meant.columns, *meant.star.views)))
    made_sources = sources(said.sources, scope)
    tell_deletes(said.dimensions, meant.star, tuple(s for source in made_sources for s in source.streams), reading)
    kept = landing(said.landing, folder, made_sources, reading)
    if loaded is None:
        return None
    project = Project(
        name=str(said.name),
        folder=folder,
        landing=kept,
        warehouse=built_in or loaded,
        target=loaded if built_in else None,
        sources=made_sources,
        star=labelled(meant.star, said.labels),
        checks=made_checks,
        exports=made_exports,
    )
    guard_names(project, reading)
    guard_layouts(project, reading)
    return project


def _node(file: Path, mistakes: list[Mistake]) -> Node | None:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        mistakes.append(_no_file(file))
        return None
    except OSError as error:
        mistakes.append(
            Mistake(f"the file cannot be read: {error.strerror}", file.name, hint="look at its permissions")
        )
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        mistakes.append(Mistake("the file is not UTF-8", file.name, line, 1, hint="save it as UTF-8"))
        return None
    node = parse(text, file.name, mistakes)
    if node is None and not mistakes:
        mistakes.append(
            Mistake("the file is empty", file.name, hint="begin with `name: my_project`; `starlode init` writes one")
        )
    return node


def _no_file(file: Path) -> Mistake:
    beside = [path.name for path in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
    meant = get_close_matches(file.name, beside, n=1, cutoff=0.5)
    advice = f"did you mean `{meant[0]}`?" if meant else "`starlode init` writes one; or name the project's folder"
    return Mistake("there is no project file here", str(file), hint=advice)
