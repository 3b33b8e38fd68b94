"""Two runs at once: one works, the other says who holds the warehouse, or waits for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import SourceError, WarehouseError
from starlode.landing import commit, read_manifest
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_the_second_run_says_who_holds_the_warehouse(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with _holding(tmp_path) as holder:
        with pytest.raises(WarehouseError, match=f"in use by process {holder.pid}") as refused:
            starlode.run(project)
        first = _let_go(holder)

    assert refused.value.exit_code == 3
    assert "--wait" in (refused.value.hint or "")
    assert first == "succeeded"
    assert projects.value(project, "select count(distinct run_id) from starlode.run") == 1


def test_the_second_run_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with _holding(tmp_path) as holder:
        letting_go = threading.Timer(0.5, _let_go, (holder,))
        letting_go.start()
        run = starlode.run(project, wait=30.0)
        letting_go.join()

    assert run.status == "unchanged"
    assert projects.value(project, "select count(distinct run_id) from starlode.run") == 2
    assert projects.value(project, "select count(*) from star.fact_sales") == 3


def test_a_wait_that_is_too_short_ends_with_the_holder(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with _holding(tmp_path) as holder:
        with pytest.raises(WarehouseError, match=str(holder.pid)):
            starlode.run(project, wait=0.3)
        _let_go(holder)


def test_sweeping_waits_for_the_run_that_still_writes(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with _holding(tmp_path) as holder:
        with pytest.raises(WarehouseError):
            starlode.sweep(project)
        _let_go(holder)

    assert starlode.sweep(project) == ()


def test_an_extraction_is_finished_by_one_run_only(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)
    stream = project.stream("shop.orders")
    manifest = read_manifest(project.landing, stream, 1)

    with pytest.raises(SourceError, match="another run has landed extraction 1 of"):
        commit(project.landing, stream, manifest)

    assert read_manifest(project.landing, stream, 1) == manifest
    assert starlode.sweep(project) == ()


@contextmanager
def _holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that has begun a run and holds the warehouse."""
    command = [sys.executable, "-m", "tests.engine.holding", str(folder)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        yield holder


def _let_go(holder: subprocess.Popen[str]) -> str:
    """Let the process go on to its end; how its run ended."""
    told, _ = holder.communicate("\n", timeout=60)
    return told.strip()
