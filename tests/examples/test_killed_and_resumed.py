"""The last public example: a million rows out of PostgreSQL by a command that is killed again and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

import starlode
from starlode.landing import numbers
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import Server as Postgres
    from tests.s3.servers import Server

MAKE = Path(__file__).parent / "p8_resume" / "make.sql"
SOURCE = "STARLODE_TEST_SOURCE"
PROJECT = f"""
name: resume
build: %s
sources:
  db:
    url: ${{{SOURCE}}}
    streams:
      big: {{table: public.big, key: id}}
facts:
  big: {{from: db.big, grain: id, at: ts, measures: {{amt: sum}}}}
"""
ASKED = "select count(*), sum(amt), min(ts), max(ts), count(distinct h) from %s"
NUMBERS = (
    1_000_000,
    Decimal("500009446.45"),
    datetime(2024, 1, 1, 0, 1),
    datetime(2025, 11, 25, 10, 40),
    1_000_000,
)
PATIENCE = 120.0


@pytest.fixture
def big(postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The table of the example, in a database of its own."""
    with postgres_server.fresh_database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MAKE.read_bytes())
        monkeypatch.setenv(SOURCE, url)
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("big")
def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path: Path) -> None:
    _kill_and_resume(tmp_path, "target")


@pytest.mark.slow
@pytest.mark.usefixtures("big")
@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_so_it_does_with_its_landing_in_a_bucket_and_its_star_made_beside_its_target(
    target: str, tmp_path: Path, postgres_server: Postgres, semantics: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, said in semantics.environment.items():
        monkeypatch.setenv(variable, said)
    monkeypatch.setenv(projects.LANDING, f"s3://{semantics.fresh_bucket()}")
    if target == "postgres":
        monkeypatch.setenv(projects.SERVER, postgres_server.url.rpartition("/")[0])

    _kill_and_resume(tmp_path, "duckdb")


def _kill_and_resume(folder: Path, build: str) -> None:
    """Kill the command later each time; the one that nobody kills has only the rest to do."""
    lasted = _undisturbed(folder / "undisturbed", build)
    project = projects.project(folder / "killed", {"starlode.yml": PROJECT % build})
    for part in (0.3, 0.5, 0.7, 0.9):
        _killed(project.folder, lasted * part)

    run = starlode.run(project, wait=PATIENCE)

    assert run.status in ("succeeded", "unchanged")
    assert projects.rows(project, ASKED % "staging.db__big") == [NUMBERS]
    assert projects.rows(project, ASKED % "star.fact_big") == [NUMBERS]
    assert starlode.check(project) == ()
    # What was landed whole was not read again.
    assert len(list(numbers(project.landing, project.stream("db.big")))) == 1


def _undisturbed(folder: Path, build: str) -> float:
    """How long the command takes when nobody kills it."""
    projects.project(folder, {"starlode.yml": PROJECT % build})
    began = time.monotonic()
    with _started(folder) as process:
        assert process.wait(PATIENCE) == 0
    return time.monotonic() - began


def _killed(folder: Path, after: float) -> None:
    with _started(folder) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            assert process.wait(PATIENCE) == -signal.SIGKILL


@contextmanager
def _started(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "starlode", "run", "--wait", str(int(PATIENCE))]
    with subprocess.Popen(command, cwd=folder, env=dict(os.environ), stdout=subprocess.DEVNULL) as process:
        yield process
