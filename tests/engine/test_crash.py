"""Kill the process at any moment and run again: the result is that of an undisturbed run.

The child is killed by SIGKILL from inside, so that the moment is exact: at each event of the run, at statements spread over
all that it says to the warehouse, and at each touch of the landing's files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

import starlode
from tests import projects
from tests.engine import killed

EVENTS, STATEMENTS, FILES = 24, 30, 20


@cache
def _undisturbed() -> tuple[dict[str, list[tuple[object, ...]]], dict[str, int]]:
    """The star of a run that nobody kills, and how many moments of each kind there are in it."""
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    counts = json.loads(_run(folder, "count", 0).stdout)
    return projects.star(starlode.read(folder)), counts


@pytest.mark.slow
@pytest.mark.parametrize("place", range(EVENTS))
def test_killed_at_an_event_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("event", place, EVENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(STATEMENTS))
def test_killed_at_a_statement_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("statement", place, STATEMENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", range(FILES))
def test_killed_while_landing_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("file", place, FILES, tmp_path)


def _kill_and_run_again(kind: str, place: int, places: int, tmp_path: Path) -> None:
    expected, counts = _undisturbed()
    folder = killed.lay(tmp_path)
    moment = 1 + place * counts[kind] // places

    dead = _run(folder, kind, moment)
    project = starlode.read(folder)
    starlode.run(project)

    assert dead.returncode == -9, dead.stderr
    assert projects.star(project) == expected
    assert starlode.check(project) == ()
    assert projects.value(project, "select count(*) - count(distinct (_file, _row)) from staging.app__events") == 0
    assert starlode.run(project).status == "unchanged"
    starlode.sweep(project)
    assert starlode.sweep(project, dry_run=True) == ()


def test_there_is_a_moment_for_each_place() -> None:
    _, counts = _undisturbed()

    assert counts["event"] >= EVENTS
    assert counts["statement"] >= STATEMENTS
    assert counts["file"] >= FILES


def _run(folder: Path, kind: str, moment: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), kind, str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
