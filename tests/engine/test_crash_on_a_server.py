"""Kill the process at any statement that it says to a server, and run again: the result is that of an undisturbed run.

A server notices that a client is gone a moment later, and lets go of its lock only then: the next run waits for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from tests import projects
from tests.engine import killed
from tests.thorough import some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import Server

STATEMENTS = 20
WAIT = 20.0
Star = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def undisturbed(
    postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Star, dict[str, int]]]:
    """The star of a run that nobody kills, and how many moments of each kind there are in it."""
    os.environ[projects.SERVER] = postgres_server.url.rpartition("/")[0]
    folder = killed.lay(tmp_path_factory.mktemp("undisturbed"))
    counts = json.loads(_run(folder, 0).stdout)
    yield projects.star(starlode.read(folder)), counts
    del os.environ[projects.SERVER]


@pytest.mark.slow
@pytest.mark.parametrize("place", some(STATEMENTS))
def test_killed_at_a_statement_and_run_again(
    place: int, undisturbed: tuple[Star, dict[str, int]], tmp_path: Path
) -> None:
    expected, counts = undisturbed
    folder = killed.lay(tmp_path)

    dead = _run(folder, 1 + place * counts["statement"] // STATEMENTS)
    project = starlode.read(folder)
    starlode.run(project, wait=WAIT)

    assert dead.returncode == -9, dead.stderr
    assert projects.star(project) == expected
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def _run(folder: Path, moment: int) -> subprocess.CompletedProcess[str]:
    kind = "statement" if moment else "count"
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), kind, str(moment)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
