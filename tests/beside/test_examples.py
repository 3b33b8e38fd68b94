"""The example projects, built beside a PostgreSQL and loaded there: the same stars as those that a DuckDB builds in itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects

if TYPE_CHECKING:
    from starlode.project import Project

EXAMPLES = Path(__file__).parents[1] / "examples"
# What a run lays before it begins, day by day.
DAYS: dict[str, list[dict[str, str]]] = {
    "p1_shop_star": [{}],
    "p2_music_events": [{}],
    "p3_customer_history": [{"customers.csv": f"customers_2024-0{month}-01.csv"} for month in (1, 2, 3)],
    "p4_stage_to_target": [{"stage.csv": "stage_t0.csv"}, {"stage.csv": "stage_t1.csv"}],
    "p7_incremental": [{}],
}
# What depends on when a run was, and on how many there were.
MOMENTS = ("load_key", "valid_from", "valid_to")


@pytest.mark.parametrize("name", DAYS)
def test_an_example_is_the_same_star_on_a_server(name: str, postgres: str, tmp_path: Path) -> None:
    there = _played(name, tmp_path / "there", "duckdb:warehouse.duckdb", "target")
    beside = _played(name, tmp_path / "beside", postgres, "duckdb")

    assert projects.loaded(beside, *MOMENTS) == projects.loaded(there, *MOMENTS)
    assert projects.loaded(beside).keys() == {table.name for table in beside.star.tables}
    assert starlode.check(beside) == starlode.check(there)


def _played(name: str, folder: Path, target: str, build: str) -> Project:
    shutil.copytree(EXAMPLES / name, folder)
    with (folder / "starlode.yml").open("a", encoding="utf-8") as declaration:
        declaration.write(f"\nbuild: {build}\n")
    project = starlode.read(folder, target=target)
    for files in DAYS[name]:
        for to, source in files.items():
            shutil.copy(folder / "data" / source, folder / "data" / to)
        starlode.run(project, full=name.startswith("p4"))
    return project
