"""The ledger: what was done, written in the warehouse's own `starlode` schema by the transaction that did it.

It is also the only memory of a project: which extractions are loaded, how far each stream was read, which definition each
model was built from. The plan is made from this state and from nothing else.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlode import __version__
from starlode.errors import DataError
from starlode.finding import Reject
from starlode.landing import now
from starlode.sql import following, staging
from starlode.sql import ledger as sql
from starlode.sql.deletes import deleted_table
from starlode.sql.keys import key_map
from starlode.step import Outcome, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from starlode.finding import Finding
    from starlode.project import Project
    from starlode.session import Session
    from starlode.table import Column, Table

# What a warehouse has into which a finished star is loaded, and what one has in which it is built.
STAR_SCHEMAS = (sql.LEDGER_SCHEMA, "star")
PROJECT_SCHEMAS = (*STAR_SCHEMAS, staging.STAGING_SCHEMA)


@dataclass(frozen=True)
class Loaded:
    """The newest load of an object: from which definition, by which load key, of which extraction."""

    digest: str
    load_key: int
    manifest: int


@dataclass(frozen=True)
class State:
    """What the warehouse knows of a project."""

    loads: Mapping[tuple[str, str], Loaded] = field(default_factory=dict)
    positions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()
    # The streams of which it is kept which keys left them.
    deleted: frozenset[str] = frozenset()
    tables: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    undecided: frozenset[tuple[str, str]] = frozenset()
    # Since which load it is known, row by row, what becomes of each staging table.
    followed: Mapping[str, int] = field(default_factory=dict)
    # The extractions of each stream whose loads were undone: their input is read again.
    undone: Mapping[str, frozenset[int]] = field(default_factory=dict)
    # Why the target of a star that is built beside it has to be brought up, whatever else changes.
    owed: str = ""

    def decided(self, stream: str) -> tuple[Column, ...]:
        """The columns of a stream that have had a value, and so a type."""
        return tuple(c for c in self.columns.get(stream, ()) if (stream, c.name) not in self.undecided)

    def load_key(self, verb: str, name: str) -> int:
        held = self.loads.get((verb, name))
        return held.load_key if held else 0


@dataclass
class Entry:
    """A step's line while it is being written; the step sets its outcome before the transaction ends."""

    load_key: int
    digest: str = ""
    manifest: int = 0
    outcome: Outcome = field(default_factory=Outcome)
    # What is done once the line is written, before the transaction ends.
    then: Callable[[], None] | None = None


class Ledger:
    """Writes one run's lines."""

    def __init__(self, session: Session, project: str, run_id: str) -> None:
        self._session = session
        self._project = project
        self.run_id = run_id
        self._step = 0

    def prepare(self) -> None:
        """Create the schemas and the ledger's tables where they are missing."""
        prepare(self._session)

    def write_run(self, status: str, error: str | None = None) -> None:
        """Add a line that says how the run stands."""
        row = (self.run_id, self._project, status, now(), __version__, os.getpid(), error)
        self._session.insert(sql.RUN, [row])

    def write_undone(self, runs: Iterable[str]) -> None:
        """Say of runs that they count no more."""
        at = now()
        self._session.insert(
            sql.RUN, [(run, self._project, "undone", at, __version__, os.getpid(), None) for run in runs]
        )

    @contextmanager
    def recorded(self, step: Step) -> Iterator[Entry]:
        """A transaction that ends with the step's line, its load and its findings; nothing of it stays if it fails."""
        started = now()
        with self._session.transaction():
            entry = Entry(self._next_key(), digest=getattr(step, "digest", ""))
            yield entry
            if not entry.outcome.is_balanced:
                raise DataError(_unbalanced(step, entry.outcome), hint="this is a bug of Starlode: nothing was changed")
            load = (entry.load_key, self.run_id, step.verb, step.object, entry.digest, entry.manifest, now())
            self._session.insert(sql.LOAD, [load])
            self._write_step(step, "done", started, entry.outcome, entry.load_key)
            if entry.then:
                entry.then()

    def write_failed(self, step: Step, started: datetime, findings: Sequence[Finding] = ()) -> None:
        """Add the line of a step that failed, after its own transaction was rolled back."""
        with self._session.transaction():
            self._write_step(step, "failed", started, Outcome(findings=tuple(findings)), None)

    def write_waiting(self, step: Step, outcome: Outcome) -> None:
        """Add the line of a step that had nothing to work on; it is tried again when there is something."""
        with self._session.transaction():
            self._write_step(step, "waits", now(), outcome, None)

    def write_positions(self, stream: str, reached: Mapping[str, Any], gone: Iterable[str], load_key: int) -> None:
        rows: list[tuple[str, str, str | None, int]] = [
            (stream, name, json.dumps(value), load_key) for name, value in reached.items()
        ]
        rows += [(stream, name, None, load_key) for name in gone]
        self._session.insert(sql.POSITION, rows)

    def write_rejects(self, stream: str, manifest: int, rejects: Sequence[Reject]) -> None:
        """Keep rejected rows, numbered over the life of the warehouse."""
        if not rejects:
            return
        first = self._session.rows(sql.next_reject(self._session.dialect))[0][0]
        at = now()
        self._session.insert(
            sql.REJECT,
            [
                (first + i, self.run_id, stream, manifest, r.file, r.line, r.column, r.raw, r.reason, r.rule, at)
                for i, r in enumerate(rejects)
            ],
        )

    def count_rejects(self) -> dict[str, int]:
        """How many rows of each stream this run has kept as rejects."""
        return dict(self._session.rows(sql.count_rejects(self._session.dialect), (self.run_id,)))

    def resolve_rejects(self, stream: str, read: Collection[str] | None, gone: Collection[str]) -> None:
        """Close the open rejects of files whose rows have been read again, or (None) of all, and of those that are gone."""
        rows = self._session.rows(sql.open_rejects(self._session.dialect, stream, ("reject_id", "file")))
        at, closed = now(), []
        for reject_id, file in rows:
            if read is None or file in read:
                closed.append((reject_id, self.run_id, "read again", at))
            elif file in gone:
                closed.append((reject_id, self.run_id, "gone", at))
        self._session.insert(sql.RESOLUTION, closed)

    def open_rejects(self, stream: str) -> list[Reject]:
        """The rejected rows of a stream that nobody has resolved yet."""
        return [Reject(*row[4:10]) for row in self._session.rows(sql.open_rejects(self._session.dialect, stream))]

    def write_conflicts(self, name: str, rule: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Keep which keys disagree, in which columns and how many rows."""
        at = now()
        self._session.insert(sql.CONFLICT, [(self.run_id, name, *row, rule, at) for row in rows])

    def write_schema_changes(self, stream: str, changes: Sequence[tuple[str, str, str, str]]) -> None:
        at = now()
        self._session.insert(sql.SCHEMA_CHANGE, [(self.run_id, stream, *change, at) for change in changes])

    def has_deleted(self, model: str, since: int) -> bool:
        """Whether rows went from a model in any build since a load."""
        found = self._session.rows(sql.count_deleted(self._session.dialect), (model, since))
        return bool(found[0][0])

    def sums_of(self, model: str) -> dict[str, Decimal]:
        """The sum of each measure of a fact after its last build."""
        found = self._session.rows(sql.newest_sums(self._session.dialect), (model,))
        return {name: Decimal(total) for name, total in json.loads(found[0][0] or "{}").items()} if found else {}

    def followed(self) -> dict[str, int]:
        """Since which load each staging table is followed."""
        return dict(self._session.rows(following.newest_following(self._session.dialect)))

    def write_followed(self, table: Table, load_key: int) -> None:
        """Say that each row that went from a staging table after this load is kept."""
        self._session.insert(sql.FOLLOWED, [(table.name, load_key)])

    def undecided(self, stream: str) -> frozenset[str]:
        """The columns of a stream that have had no value yet."""
        rows = self._session.rows(sql.undecided_columns(self._session.dialect))
        return frozenset(column for name, column in rows if name == stream)

    def extractions(self, stream: str, replaced: tuple[str, ...]) -> list[tuple[int, int]]:
        """The extractions that hold the newest state of any file of a stream, with their loads; some files aside."""
        found = self._session.rows(sql.newest_extractions(self._session.dialect, stream, replaced))
        return [(number, load_key) for number, load_key in found]

    def _next_key(self) -> int:
        return int(self._session.rows(sql.next_key(self._session.dialect))[0][0])

    def _write_step(self, step: Step, status: str, started: datetime, outcome: Outcome, load_key: int | None) -> None:
        self._step += 1
        o = outcome
        sums = json.dumps({name: format(total, "f") for name, total in o.sums.items()})
        row = (self.run_id, self._step, step.verb, step.object, status, step.reason, started, now(), load_key)
        rows = (o.rows_in, o.rows_out, o.rejected, o.merged, o.lost, o.doubled)
        changes = (o.inserted, o.updated, o.deleted, o.unchanged, o.bytes)
        self._session.insert(sql.STEP, [(*row, *rows, *changes, sums)])
        self._session.insert(
            sql.FINDING,
            [
                (self.run_id, self._step, f.rule, f.where, f.severity, f.message, f.expected, f.found, now())
                for f in o.findings
            ],
        )


def new_run_id() -> str:
    """A name for a run that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"


def prepare(session: Session, schemas: tuple[str, ...] = PROJECT_SCHEMAS) -> None:
    """Create the schemas and the ledger's tables in a warehouse where they are missing."""
    dialect = session.dialect
    if session.columns(sql.TABLES[-1]):
        return
    with session.transaction():
        for schema in schemas:
            session.execute(sql.create_schema(dialect, schema))
        for statement in dialect.preparations:
            session.execute(statement)
        for table in sql.TABLES:
            session.execute(sql.create_table(dialect, table))


def read_state(session: Session, project: Project) -> State:
    """What the warehouse knows of the project; the empty state where there is no ledger yet."""
    dialect = session.dialect
    if not session.columns(sql.RUN):
        return State()
    loads = {
        (verb, name): Loaded(digest, load_key, manifest)
        for verb, name, digest, load_key, manifest in session.rows(sql.newest_loads(dialect))
    }
    positions: dict[str, dict[str, Any]] = {}
    for stream, name, value in session.rows(sql.newest_positions(dialect)):
        positions.setdefault(stream, {})[name] = json.loads(value)
    columns = {str(s): _own_columns(session, staging.staging_table(s)) for s in project.streams}
    seen = frozenset(str(s) for s in project.streams if session.columns(staging.seen_table(s)))
    deleted = frozenset(str(s) for s in project.streams if session.columns(deleted_table(s)))
    kept = (*project.star.tables, *(key_map(d) for d in project.star.dimensions))
    tables = {str(t): held for t in kept if (held := session.columns(t))}
    undecided = frozenset((stream, column) for stream, column in session.rows(sql.undecided_columns(dialect)))
    followed = dict(session.rows(following.newest_following(dialect))) if session.columns(sql.FOLLOWED) else {}
    undone: dict[str, set[int]] = {}
    for stream, number in session.rows(sql.undone_extractions(dialect)):
        undone.setdefault(stream, set()).add(number)
    left = {stream: frozenset(numbers) for stream, numbers in undone.items()}
    return State(loads, positions, columns, seen, deleted, tables, undecided, followed, left)


def _own_columns(session: Session, table: Table) -> tuple[Column, ...]:
    return tuple(c for c in session.columns(table) if c.name not in staging.TECHNICAL_NAMES)


def _unbalanced(step: Step, outcome: Outcome) -> str:
    o = replace(outcome, sums={}, findings=())
    return (
        f"{step.verb} {step.object} does not balance: {o.rows_in:,} rows in, {o.rows_out:,} out, {o.rejected:,} rejected, "
        f"{o.merged:,} merged away, {o.lost:,} lost, {o.doubled:,} doubled"
    )
