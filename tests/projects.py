"""Projects for tests: real folders with real files, and short ways to ask what became of them."""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import starlode
from starlode.declaration import PROJECT_FILE
from starlode.ledger import PROJECT_SCHEMAS
from starlode.sql.staging import all_rows
from starlode.star import Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from starlode.project import Project
    from starlode.table import Table

    Columns = Mapping[str, list[Any]]


# Set while tests run on a server: the URL of it, without a database.
SERVER = "STARLODE_TEST_SERVER"
# Set while tests land elsewhere than in a folder beside the project: the address, to which the folder's own name is added.
LANDING = "STARLODE_TEST_LANDING"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Lay files below a folder, making the folders on the way."""
    for name, content in files.items():
        path = folder / name
        if name == PROJECT_FILE:
            content = _with_landing(_with_target(content, folder), folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def target(folder: Path) -> str:
    """The target of a folder's project on the warehouse that the tests run on: a file there, or a database for it."""
    server = os.environ.get(SERVER)
    if server is None:
        return f"duckdb:{folder / 'warehouse.duckdb'}"
    return f"{server}/starlode_{blake2b(str(folder.resolve()).encode(), digest_size=8).hexdigest()}"


def _with_target(content: str | bytes, folder: Path) -> str | bytes:
    """A project that names no target, with the one that the tests run on."""
    if SERVER not in os.environ or not isinstance(content, str) or "target:" in content:
        return content
    return f"{content.rstrip()}\ntarget: {target(folder)}\n"


def _with_landing(content: str | bytes, folder: Path) -> str | bytes:
    """A project that names no landing, with the one that the tests use."""
    if LANDING not in os.environ or not isinstance(content, str) or "landing:" in content:
        return content
    return f"{content.rstrip()}\nlanding: {os.environ[LANDING]}/{folder.name}\n"


def project(folder: Path, files: Mapping[str, str | bytes] | None = None, *, target: str | None = None) -> Project:
    """The project of a folder, with files laid into it first."""
    return starlode.read(write(folder, files or {}), target=target)


def rows(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """What the warehouse answers, as plain Python values; of staging, the one in which the star is built."""
    # Tables of streams have `__` in their names.
    is_staged = "staging." in sql or "__" in sql
    table = starlode.query(replace(project, target=None) if is_staged else project, sql)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def value(project: Project, sql: str) -> Any:
    """The one value that the warehouse answers."""
    return rows(project, sql)[0][0]


def lose(project: Project) -> None:
    """Take all that a project has made out of its warehouse, as when somebody moves to another one, and forget its editions."""
    for warehouse in filter(None, (project.warehouse, project.target)):
        session = warehouse.connect()
        for schema in PROJECT_SCHEMAS:
            session.execute(f"drop schema if exists {schema} cascade")
        session.close()
    if project.target is not None:
        project.landing.clear("star")


def columns(project: Project, tables: Iterable[Table]) -> dict[str, dict[str, list[Any]]]:
    """Tables of the star as their columns; the warehouse is opened once for all of them."""
    session = project.shown.connect(read_only=True, landing=project.landing.folder)
    try:
        read = {table.name: session.arrow(all_rows(session.dialect, table)).read_all() for table in tables}
    finally:
        session.close()
    return {
        name: dict(zip(t.column_names, (c.to_pylist() for c in t.columns), strict=True)) for name, t in read.items()
    }


def star(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """The star as its readers see it: every table sorted, keys replaced by what they stand for, loads left out.

    Two stars that say the same are equal here, whatever keys were allotted and in which order.
    """
    tables = columns(project, project.star.tables)
    # Of each dimension where each of its keys stands, and what its columns say there.
    members: dict[str, tuple[dict[Any, int], Columns]] = {}
    found = {}
    for model in project.star.models:
        cells = tables[model.table.name]
        keys = {role.key_column: role.dimension for role in model.roles}
        own = {name for role in model.roles for name in role.key_columns} | {"load_key"}
        own |= set(model.own_keys) if isinstance(model, Dimension) else set()
        said = {name: column for name, column in cells.items() if name not in own}
        for key, dimension in keys.items():
            said.pop(key, None)
            places, told = members[dimension]
            at = [places[number] for number in cells[key]]
            said |= {f"{key}.{name}": [column[place] for place in at] for name, column in told.items()}
        found[model.table.name] = _sorted(said)
        if isinstance(model, Dimension):
            members[model.name] = {key: n for n, key in enumerate(cells[model.key_column])}, said
    return found


def loaded(project: Project, *without: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the star that is there, row by row with all keys, as people find it in the warehouse."""
    there = {
        name
        for (name,) in rows(project, "select table_name from information_schema.tables where table_schema = 'star'")
    }
    tables = columns(project, [table for table in project.star.tables if table.name in there])
    return {
        table: _sorted({name: column for name, column in cells.items() if name not in without})
        for table, cells in tables.items()
    }


def built(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """The same of the file in which the star is built beside its target."""
    return loaded(replace(project, target=None))


def _sorted(cells: Columns) -> list[tuple[Any, ...]]:
    """The rows with their cells in the order of the columns' names: which column was seen first says nothing."""
    return sorted(zip(*(cells[name] for name in sorted(cells)), strict=True), key=repr)


def exact(value: Any) -> Decimal:
    """A number as it is, from whatever a warehouse gave it as."""
    return Decimal(str(value or 0))
