"""Kill a run that builds the star beside its target at any moment and run again: the result is that of an undisturbed run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from tests import projects
from tests.beside import laying
from tests.engine import killed
from tests.thorough import some

if TYPE_CHECKING:
    from tests.postgres_server import Server

# Moments of each kind, spread over a part of the later day: its end is where the star is delivered.
MOMENTS = {"event": (6, 0.5), "statement": (14, 0.6), "file": (8, 0.5)}
PLACES = [(kind, place) for kind, (count, _) in MOMENTS.items() for place in some(count)]
Star = dict[str, list[tuple[Any, ...]]]


@cache
def _first_day() -> Path:
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    declaration = folder / "starlode.yml"
    declaration.write_text(declaration.read_text() + laying.BUILD)
    starlode.run(starlode.read(folder))
    return folder


@cache
def _undisturbed() -> tuple[Star, dict[str, int]]:
    """The star after a second day that nobody disturbs, and how many moments of each kind there are in it."""
    folder = _second_day(Path(mkdtemp(prefix="starlode-")))
    counts = json.loads(_run(folder, "count", 0).stdout)
    return projects.loaded(starlode.read(folder), "load_key"), counts


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_killed_and_run_again(kind: str, place: int, tmp_path: Path) -> None:
    expected, counts = _undisturbed()
    folder = _second_day(tmp_path)

    dead = _run(folder, kind, _moment(kind, place, counts))
    project = starlode.read(folder)
    starlode.run(project)

    assert dead.returncode == -9, dead.stderr
    assert projects.loaded(project, "load_key") == expected
    assert projects.loaded(project) == projects.built(project)
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
    starlode.sweep(project)
    assert starlode.sweep(project, dry_run=True) == ()


@pytest.mark.slow
@pytest.mark.parametrize("place", some(MOMENTS["statement"][0]))
def test_killed_on_the_way_to_a_server_and_run_again(place: int, tmp_path: Path, postgres_server: Server) -> None:
    expected, counts = _undisturbed()
    with postgres_server.fresh_database() as url:
        folder = killed.lay(tmp_path)
        declaration = folder / "starlode.yml"
        declaration.write_text(f"{declaration.read_text()}{laying.BUILD}target: {url}\n")
        starlode.run(starlode.read(folder))
        killed.later(folder)

        dead = _run(folder, "statement", _moment("statement", place, counts))
        project = starlode.read(folder)
        starlode.run(project, wait=20.0)

        assert dead.returncode == -9, dead.stderr
        assert projects.star(project).keys() == expected.keys()
        assert projects.loaded(project) == projects.built(project)
        assert starlode.check(project) == ()
        assert starlode.run(project).status == "unchanged"


def test_there_is_a_moment_for_each_place() -> None:
    _, counts = _undisturbed()

    assert all(counts[kind] * (1 - begin) >= count for kind, (count, begin) in MOMENTS.items())


def _second_day(folder: Path) -> Path:
    return killed.later(Path(shutil.copytree(_first_day(), folder, dirs_exist_ok=True)))


def _moment(kind: str, place: int, counts: dict[str, int]) -> int:
    count, begin = MOMENTS[kind]
    return 1 + int(counts[kind] * (begin + (1 - begin) * place / count))


def _run(folder: Path, kind: str, moment: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), kind, str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
