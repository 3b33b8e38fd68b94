"""Projects that read a PostgreSQL database into DuckDB, declared in a few words, and what a run of one did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

import starlode
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlode.project import Project
    from starlode.run import Run
    from starlode.step import Outcome

PROJECT = """
name: live
target: {target}
sources:
  live:
    url: ${{LIVE_URL}}
{source}    streams:
{streams}
"""


def declare(
    folder: Path,
    url: str,
    streams: Mapping[str, str],
    *,
    files: Mapping[str, str] | None = None,
    source: Mapping[str, str] | None = None,
    target: str = "duckdb:warehouse.duckdb",
) -> Project:
    """A project with one source, `live`; streams and settings of the source are told in YAML."""
    lines = "\n".join(f"      {name}: {said}" for name, said in streams.items())
    settings = "".join(f"    {name}: {said}\n" for name, said in (source or {}).items())
    text = PROJECT.format(target=target, source=settings, streams=lines)
    projects.write(folder, {"starlode.yml": text, **(files or {})})
    return starlode.read(folder, {"LIVE_URL": url})


def execute(url: str, *statements: str) -> None:
    """Carry out statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(question.encode()).fetchall()


def loaded(run: Run, stream: str = "live.things") -> Outcome:
    """What the load of a stream did; nothing where it was not loaded."""
    found = [done.outcome for done in run.done if done.step.verb == "load" and done.step.object == stream]
    return found[0] if found else starlode.step.Outcome()


def counts(run: Run, stream: str = "live.things") -> tuple[int, int, int, int]:
    """The rows of a stream that were inserted, changed, deleted and as they were."""
    outcome = loaded(run, stream)
    return outcome.inserted, outcome.updated, outcome.deleted, outcome.unchanged
