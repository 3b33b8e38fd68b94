"""What the ledger tells afterwards: the last runs with their steps and findings, and the rows that were rejected."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlode.finding import Finding
from starlode.sql import ledger as sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from starlode.project import Project
    from starlode.session import Session


@dataclass(frozen=True)
class StepRecord:
    """A step as the ledger keeps it."""

    verb: str
    object: str
    status: str
    reason: str
    started_at: datetime
    ended_at: datetime
    rows: Mapping[str, int]
    bytes: int
    sums: Mapping[str, str]


@dataclass(frozen=True)
class RunRecord:
    """A run as the ledger keeps it. One that says `died` began and never ended."""

    run_id: str
    status: str
    started_at: datetime
    ended_at: datetime
    tool_version: str
    error: str | None
    steps: tuple[StepRecord, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class RejectedRow:
    """A row that could not be carried and waits to be mended."""

    reject_id: int
    run_id: str
    stream: str
    file: str
    line: int
    column: str
    raw: str
    reason: str
    rule: str
    at: datetime


def status(project: Project, *, runs: int = 5) -> tuple[RunRecord, ...]:
    """The last runs, newest first; none where nothing has run yet."""
    with _reading(project) as session:
        if session is None:
            return ()
        found = session.rows(sql.last_runs(session.dialect, runs))
        return tuple(_record(session, row) for row in found)


def rejects(project: Project, *, stream: str | None = None) -> tuple[RejectedRow, ...]:
    """The rejected rows that are still open, in the order of their numbers."""
    with _reading(project) as session:
        rows = session.rows(sql.open_rejects(session.dialect)) if session else []
    found = (dict(zip(sql.REJECT.names, row, strict=True)) for row in rows)
    kept = (row for row in found if stream is None or row["stream"] == stream)
    return tuple(RejectedRow(**{name: value for name, value in row.items() if name != "manifest"}) for row in kept)


@contextmanager
def _reading(project: Project) -> Iterator[Session | None]:
    """The warehouse for reading, or None where there is no ledger in it yet."""
    if not project.shown.exists:
        yield None
        return
    session = project.shown.connect(read_only=True, landing=project.landing.folder)
    try:
        yield session if session.columns(sql.TABLES[0]) else None
    finally:
        session.close()


def _record(session: Session, row: tuple[Any, ...]) -> RunRecord:
    run_id, state, started, ended, version, process_id, error = row
    steps = tuple(_step(step) for step in session.rows(sql.steps_of(session.dialect), (run_id,)))
    findings = tuple(
        Finding(rule, where, severity, message, expected, found)
        for rule, where, severity, message, expected, found, _ in session.rows(
            sql.findings_of(session.dialect), (run_id,)
        )
    )
    if state == "running" and not _is_alive(process_id):
        state = "died"
    return RunRecord(run_id, state, started, ended, version, error, steps, findings)


def _step(row: tuple[Any, ...]) -> StepRecord:
    held = dict(zip(sql.STEP.names, row, strict=True))
    rows = {name.removeprefix("rows_"): int(value) for name, value in held.items() if name.startswith("rows_")}
    return StepRecord(
        held["verb"],
        held["object"],
        held["status"],
        held["reason"],
        held["started_at"],
        held["ended_at"],
        rows,
        int(held["bytes"]),
        json.loads(held["sums"] or "{}"),
    )


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
