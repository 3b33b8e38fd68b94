"""Shops whose star is built beside its target, and ways to look at what people find there and at what was touched."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import starlode
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

BUILD = "build: duckdb\n"


def opened(folder: Path, target: str, *, declared: str = "") -> Project:
    """The shop on its first day, not run yet."""
    text = f"{shop.PROJECT}{declared}{BUILD}"
    return projects.project(folder, {"starlode.yml": text, "sql/sales.sql": shop.SALES, **shop.FIRST}, target=target)


def later(folder: Path, target: str) -> Project:
    """The shop some weeks later."""
    return projects.project(folder, shop.LATER, target=target)


def lose_state(folder: Path) -> None:
    """Take the file away in which the star is built."""
    shutil.rmtree(folder / ".starlode")


def empty(project: Project) -> None:
    """Take all that there is out of the target, as in a database that was made anew."""
    projects.lose(replace(project, warehouse=project.target or project.warehouse, target=None))


def touched(project: Project) -> dict[str, dict[Any, Any]]:
    """For each row of the star in the target, by its key or grain, where it lies: elsewhere as soon as it is written again."""
    place = "ctid::text" if project.shown.dialect.row_id == "ctid" else project.shown.dialect.row_id
    identities: dict[str, tuple[str, ...]] = {d.table.name: (d.key_column,) for d in project.star.dimensions}
    identities |= {fact.table.name: fact.grain for fact in project.star.facts}
    return {
        name: dict(projects.rows(project, f"select {', '.join(identity)}, {place} from star.{name}"))
        for name, identity in identities.items()
    }


def landed(project: Project) -> set[str]:
    """The files of the landing."""
    folder = project.landing.folder
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def deliveries(project: Project) -> list[tuple[Any, ...]]:
    """What the target's ledger tells of each delivery: new, changed, gone."""
    counts = "rows_inserted, rows_updated, rows_deleted"
    return projects.rows(
        project, f"select {counts} from starlode.step where verb = 'deliver' and status = 'done' order by started_at"
    )


def run(project: Project) -> str:
    """How a run of the project ends."""
    return starlode.run(project).status
