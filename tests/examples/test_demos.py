"""The examples that `starlode demo` shows: each ends with its expected numbers, and with the same star in every warehouse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import starlode
from starlode.arguments import EXAMPLES
from starlode.commands.laying import lay
from starlode.commands.showing import DEMOS, Days
from starlode.declaration import PROJECT_FILE
from starlode.sandbox.environments import CACHE
from tests import projects, stars
from tests.conftest import WAREHOUSES
from tests.s3.servers import CLONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import Server

SIZE = 60
# The star on DuckDB is what the others are held against.
OTHERS = [name for name in WAREHOUSES if name != "duckdb"]
SANDBOXED = [name for name, demo in DEMOS.items() if demo.is_sandboxed]


def test_the_command_line_knows_the_examples_that_there_are() -> None:
    assert tuple(DEMOS) == EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("target", OTHERS, indirect=True)
@pytest.mark.parametrize("name", SANDBOXED)
def test_the_star_is_the_same_in_every_warehouse(
    name: str, target: str, landing: str, postgres_server: Server, tmp_path: Path
) -> None:
    days = list(_played(name, tmp_path, target, landing, postgres_server))

    for day, expected in zip(days, _on_duckdb(name, postgres_server), strict=True):
        assert sorted(set(day) ^ set(expected)) == []
        assert len(day) == len(expected)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Path]:
    """Where somebody stands who makes a demonstration; its sandbox is down afterwards."""
    yield tmp_path
    _command("sandbox", "down", "--project", "demo", at=tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SANDBOXED)
def test_a_demonstration_proves_itself_and_then_has_nothing_to_do(name: str, sandbox: Path) -> None:
    first = _told(name, "--size", str(SIZE), at=sandbox)
    again = _told(name, at=sandbox)

    assert {run["status"] for run in first["runs"]} == {"succeeded"}
    assert [run["status"] for run in again["runs"]] == ["unchanged"]
    assert again["answers"] == first["answers"]
    assert all(answer["rows"] for answer in first["answers"])
    assert again["truth"] == first["truth"]


def _told(*words: str, at: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(_command("demo", *words, "--to", "demo", "--json", at=at))
    return told


def _command(*words: str, at: Path) -> str:
    line = [sys.executable, "-m", "starlode", *words]
    environment = {**os.environ, CACHE: str(CLONE)}
    done = subprocess.run(line, check=False, capture_output=True, text=True, env=environment, cwd=at)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@cache
def _on_duckdb(name: str, sources: Server) -> tuple[list[str], ...]:
    """What the star is after each day on the embedded warehouse."""
    with TemporaryDirectory() as folder:
        return tuple(_played(name, Path(folder), "duckdb:warehouse.duckdb", "", sources))


def _played(name: str, folder: Path, target: str, landing: str, sources: Server) -> Iterator[list[str]]:
    """Play the days of an example in a warehouse: what its star is after each, with its numbers held against those counted."""
    demo = DEMOS[name]
    lay(demo.template, folder, demo.template)
    _settle(folder / PROJECT_FILE, landing)
    database = f"{demo.template}_{uuid4().hex[:8]}"
    if demo.source:
        sources.execute(f"create database {database} template template0")
    place = sources.database(database) if demo.source else str(folder / demo.place)
    for _, counted in Days(demo, folder, SIZE).play(place):
        project = starlode.read(folder, {**os.environ, demo.source or "NONE": place}, target=target)
        run = starlode.run(project)
        assert run.status == "succeeded"
        (proof,) = starlode.query(project, (folder / "proof.sql").read_text("utf-8")).to_pylist()
        assert {column.lower(): projects.exact(value) for column, value in proof.items()} == {
            column.lower(): projects.exact(counted[column.lower()]) for column in proof
        }
        assert starlode.check(project) == ()
        yield stars.read(project)
    if demo.source:
        sources.execute(f"drop database {database} with (force)")


def _settle(file: Path, landing: str) -> None:
    """Let a project land where the test does, and read folders in place of buckets."""
    declared = re.sub(r"(?m)^landing: .*$", f"landing: {landing or 'landing'}", file.read_text("utf-8"))
    if landing and "\nlanding: " not in declared:
        declared += f"landing: {landing}\n"
    file.write_text(re.sub(r"files: s3://([\w-]+)", r"files: sandbox/\1", declared), "utf-8")
