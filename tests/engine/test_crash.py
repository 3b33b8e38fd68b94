"""Kill the process at any moment and run again: the result is that of an undisturbed run.

The child is killed by SIGKILL from inside, so that the moment is exact: at each event of the run, at statements spread over
all that it says to the warehouse, and at each touch of the landing's files.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

import starlode
from tests import projects
from tests.engine import killed
from tests.thorough import some

EVENTS, STATEMENTS, FILES = 24, 30, 20
LATER_EVENTS, LATER_STATEMENTS, LATER_FILES = 12, 18, 8
STAGED = ("app__songs", "app__events", "app__prices", "app__accounts", "app__accounts (seen)")


@cache
def _undisturbed() -> tuple[dict[str, list[tuple[object, ...]]], dict[str, int]]:
    """The star of a run that nobody kills, and how many moments of each kind there are in it."""
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    counts = json.loads(_run(folder, "count", 0).stdout)
    return projects.star(starlode.read(folder)), counts


@pytest.mark.slow
@pytest.mark.parametrize("place", some(EVENTS))
def test_killed_at_an_event_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("event", place, EVENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", some(STATEMENTS))
def test_killed_at_a_statement_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("statement", place, STATEMENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", some(FILES))
def test_killed_while_landing_and_run_again(place: int, tmp_path: Path) -> None:
    _kill_and_run_again("file", place, FILES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", some(LATER_EVENTS))
def test_killed_at_an_event_of_a_later_day(place: int, tmp_path: Path) -> None:
    _kill_later_and_run_again("event", place, LATER_EVENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", some(LATER_STATEMENTS))
def test_killed_at_a_statement_of_a_later_day(place: int, tmp_path: Path) -> None:
    _kill_later_and_run_again("statement", place, LATER_STATEMENTS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("place", some(LATER_FILES))
def test_killed_while_landing_on_a_later_day(place: int, tmp_path: Path) -> None:
    _kill_later_and_run_again("file", place, LATER_FILES, tmp_path)


@cache
def _first_day() -> Path:
    """A project that has run once, to be copied."""
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    starlode.run(starlode.read(folder))
    return folder


@cache
def _undisturbed_later() -> tuple[dict[str, list[tuple[object, ...]]], dict[str, int]]:
    """Star and staging after a second day that nobody disturbs, and how many moments of each kind there are in it."""
    folder = _second_day(Path(mkdtemp(prefix="starlode-")))
    counts = json.loads(_run(folder, "count", 0).stdout)
    return _all_told(folder), counts


def _second_day(folder: Path) -> Path:
    """A copy of the first day with the files of the second."""
    return killed.later(Path(shutil.copytree(_first_day(), folder, dirs_exist_ok=True)))


def _all_told(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """The star and what it is made from, without the numbers of loads."""
    project = starlode.read(folder)
    staged = {
        name: sorted(projects.rows(project, f'select * exclude (_load) from staging."{name}"'), key=repr)
        for name in STAGED
    }
    return projects.star(project) | staged


def _kill_later_and_run_again(kind: str, place: int, places: int, tmp_path: Path) -> None:
    expected, counts = _undisturbed_later()
    folder = _second_day(tmp_path)

    dead = _run(folder, kind, 1 + place * counts[kind] // places)
    project = starlode.read(folder)
    starlode.run(project)

    assert dead.returncode == -9, dead.stderr
    assert _all_told(folder) == expected
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
    starlode.sweep(project)
    assert starlode.sweep(project, dry_run=True) == ()


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


def test_a_later_day_changes_what_it_should_and_has_a_moment_for_each_place() -> None:
    told, counts = _undisturbed_later()

    assert sum("events/0.json" in row for row in told["app__events"]) == 99
    assert {row[0] for row in told["app__songs"]} == {"S0", "S1", "S3"}
    assert {row[0] for row in told["app__prices"]} == {"S0", "S1", "S3"}
    assert {row[1] for row in told["app__accounts (seen)"]} == {"Paris", "Rome", "Oslo", "Metz", "Nice", "Bonn"}
    assert counts["event"] >= LATER_EVENTS
    assert counts["statement"] >= LATER_STATEMENTS
    assert counts["file"] >= LATER_FILES


def _run(folder: Path, kind: str, moment: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), kind, str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
