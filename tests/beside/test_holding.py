"""One lock for the target and the file in which its star is built; and what may be said of the two."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import ProjectError, WarehouseError
from tests import projects
from tests.beside import laying
from tests.engine import shop

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "duckdb:warehouse.duckdb"


def test_the_second_run_says_who_holds_the_target_or_waits(tmp_path: Path) -> None:
    project = laying.opened(tmp_path, FILE)

    with _holding(tmp_path) as holder:
        with pytest.raises(WarehouseError, match=f"in use by process {holder.pid}"):
            starlode.run(project)
        letting_go = threading.Timer(0.5, holder.communicate, ("\n",))
        letting_go.start()
        run = starlode.run(project, wait=60.0)
        letting_go.join()

    assert run.status == "unchanged"
    assert projects.value(project, "select count(*) from star.fact_sales") == 3


def test_a_target_is_free_again_when_the_file_is_held(tmp_path: Path) -> None:
    project = laying.opened(tmp_path, FILE)
    starlode.run(project)
    session = project.warehouse.connect()
    session.close()
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(tmp_path / ".starlode/build.duckdb")],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()

    with pytest.raises(WarehouseError, match=f"in use by process {holder.pid}"):
        starlode.run(project)
    found = starlode.query(project, "select count(*) from star.fact_sales")
    holder.communicate(b"\n", timeout=60)

    assert found.to_pylist() == [{"count_star()": 3}]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("spark", "`build: spark` is neither `target` nor `duckdb`"),
        ("duckdb:warehouse.duckdb", "the file in which the star is built is the target itself"),
        ("duckdb?memory=much", "`memory` of the target is not written as it should be"),
    ],
)
def test_a_place_to_build_that_cannot_be_is_told(said: str, told: str, tmp_path: Path) -> None:
    files = {"starlode.yml": f"{shop.PROJECT}build: {said}\n", "sql/sales.sql": shop.SALES}

    with pytest.raises(ProjectError) as wrong:
        projects.project(tmp_path, files)

    assert told in str(wrong.value)


def test_the_file_lies_where_the_project_says_and_spills_where_it_says(tmp_path: Path) -> None:
    files = {"starlode.yml": f"{shop.PROJECT}build: duckdb:fast/sales.duckdb?memory=1GB&threads=2&spill=fast/spill\n"}
    project = projects.project(tmp_path, {**files, "sql/sales.sql": shop.SALES, **shop.FIRST}, target=FILE)

    status = laying.run(project)
    session = project.warehouse.connect(read_only=True)
    said = session.rows("select current_setting('temp_directory'), current_setting('memory_limit')")
    session.close()

    assert status == "succeeded"
    assert (tmp_path / "fast/sales.duckdb").is_file()
    assert said == [(str(tmp_path / "fast/spill"), "614.1 MiB")]
    assert not (tmp_path / ".starlode").exists()


_HOLDS = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("holds", flush=True)
sys.stdin.readline()
"""


@contextmanager
def _holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that has begun a run and holds the warehouse."""
    command = [sys.executable, "-m", "tests.engine.holding", str(folder)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        yield holder
