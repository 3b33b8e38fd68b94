"""Projects for tests: real folders with real files, and short ways to ask what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

import starlode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlode.project import Project


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Lay files below a folder, making the folders on the way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def project(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Project:
    """The project of a folder, with files laid into it first."""
    return starlode.read(write(folder, files or {}))


def rows(project: Project, sql: str) -> list[tuple[Any, ...]]:
    """What the warehouse answers, as plain Python values."""
    table = starlode.query(project, sql)
    return [tuple(row.values()) for row in table.to_pylist()]


def value(project: Project, sql: str) -> Any:
    """The one value that the warehouse answers."""
    return rows(project, sql)[0][0]


def star(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """The star as its readers see it: every table sorted, keys replaced by what they stand for, loads left out.

    Two stars that say the same are equal here, whatever keys were allotted and in which order.
    """
    path = project.warehouse.path  # type: ignore[attr-defined]
    with duckdb.connect(str(path), read_only=True) as connection:
        found = {}
        for dimension in project.star.dimensions:
            key = dimension.key_column
            found[dimension.table.name] = _sorted(
                connection, f'select * exclude ("{key}", load_key) from star."{dimension.table.name}"'
            )
        for fact in project.star.facts:
            found[fact.table.name] = _sorted(connection, _meaning(project, fact.name))
    return found


def _meaning(project: Project, name: str) -> str:
    fact = next(fact for fact in project.star.facts if fact.name == name)
    left_out = ", ".join(f'"{key}"' for key in [*(role.key_column for role in fact.roles), "load_key"])
    meant, joins = [f"f.* exclude ({left_out})"], []
    for number, role in enumerate(fact.roles):
        dimension = project.star.dimension(role.dimension)
        key = dimension.key_column
        meant.append(f'd{number}.* exclude ("{key}", load_key)')
        joins.append(f'join star."{dimension.table.name}" as d{number} on d{number}."{key}" = f."{role.key_column}"')
    return f'select {", ".join(meant)} from star."{fact.table.name}" as f {" ".join(joins)}'


def _sorted(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    """The rows with their cells in the order of the columns' names: which column was seen first says nothing."""
    names = [column[0] for column in connection.execute(sql).description or ()]
    order = sorted(range(len(names)), key=names.__getitem__)
    return sorted((tuple(row[i] for i in order) for row in connection.fetchall()), key=repr)
