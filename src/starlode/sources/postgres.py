"""A PostgreSQL database whose tables, views and queries are read as streams, all under one snapshot.

One connection takes the snapshot and asks what is new; others read under it. A position moves only as far as no transaction
that was still running can reach behind it (see postgres/watermark.py). Nothing is ever written to the source.
"""

from __future__ import annotations

import re
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from starlode.errors import SourceError
from starlode.finding import Finding
from starlode.postgres import asking, catalog, lanes, looking, pieces, watermark, wildcard
from starlode.postgres.address import Address, connect, driver, problem
from starlode.postgres.arriving import arrive, nothing
from starlode.postgres.lanes import Lost
from starlode.postgres.refusals import refused
from starlode.secret import Secret
from starlode.source import Batch, ReadAgain, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import psycopg

    from starlode.postgres.watermark import Moment
    from starlode.source import Look, Mode
    from starlode.table import Column

Changes = Literal["commits", "cursor"]
Nulls = Literal["include", "skip", "fail"]
TRANSACTION = "xmin"
RENEWALS = 3
PAUSE = 0.5
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)?\s*")
_LAG = re.compile(r"\s*\d+(\.\d+)?\s*(ms|s|sec|seconds?|min|minutes?|h|hours?|d|days?|w|weeks?)?\s*")
_UNITS = {"ms": 0.001, "s": 1.0, None: 1.0, "min": 60.0, "h": 3600.0}


def _doc(text: str) -> dict[str, Any]:
    return {"doc": text}


@dataclass(frozen=True)
class PostgresStream:
    """What a stream reads, and how what is new is found."""

    table: str | None = field(
        default=None, metadata=_doc('The table or view, such as public.orders or public."Order Lines".')
    )
    query: str | None = field(
        default=None, metadata=_doc("A file that holds a SELECT in PostgreSQL's SQL.") | {"file": True}
    )
    # A declaration is known to be the same by its repr, and what is left out of it changes no row that is read.
    lag: str = field(
        default="",
        repr=False,
        metadata=_doc("How far behind the cursor to read again: a duration such as 10 min, or a number."),
    )
    nulls: Nulls = field(default="include", metadata=_doc("What to do with rows whose cursor is NULL."))
    changes: Changes | None = field(
        default=None,
        repr=False,
        metadata=_doc("Whether new rows are found by commits or by the cursor; chosen when not given."),
    )
    longest_query: str = field(
        default="",
        repr=False,
        metadata=_doc("The longest that one query on a table may take, such as 2 s; pieces adapt to it."),
    )
    query_file: str = ""

    def usual_mode(self, since: str | None) -> Mode:
        """How a stream is read when nothing is said: what is new, where a column tells."""
        return "full" if since is None else "incremental"

    @property
    def seconds(self) -> float:
        return _seconds(self.longest_query) or 0.0

    def is_by_transaction(self, since: str) -> bool:
        """Whether `since` names no column, but the transaction that wrote a row."""
        return since == TRANSACTION


@dataclass(frozen=True)
class Postgres:
    """A database, and what to read of it."""

    TOLD_BY: ClassVar[str] = "url"
    SHORTHAND: ClassVar[str] = "table"
    SHOWS_MOMENTS: ClassVar[bool] = True
    stream_settings: ClassVar[type[PostgresStream]] = PostgresStream

    name: str
    folder: Any = field(repr=False)
    streams: tuple[Stream, ...]
    url: str = field(repr=False, metadata=_doc("postgresql://user:password@host:port/database; best from a variable."))
    tables: tuple[str, ...] = field(
        default=(), metadata=_doc("Tables that are all read whole, such as public.*, each as a stream of its own.")
    )
    left_out: tuple[str, ...] = field(
        default=(), metadata=_doc("Tables that `tables` leaves out, such as audit_*.") | {"key": "except"}
    )
    connections: int = field(default=2, metadata=_doc("How many connections read at once, beside the one that asks."))
    reader: lanes.Way | None = field(
        default=None,
        metadata=_doc("What reads rows: DuckDB's scanner, or the ADBC driver; the scanner if it is there."),
    )
    statement_timeout: str = field(
        default="", metadata=_doc("How long a statement may run at the source, such as 1 h.")
    )
    lock_timeout: str = field(default="10 s", metadata=_doc("How long to wait for a lock at the source."))

    @property
    def address(self) -> Address:
        return Address(Secret(self.url))

    @property
    def is_open(self) -> bool:
        return bool(self.tables)

    def with_streams(self, streams: tuple[Stream, ...]) -> Postgres:
        return replace(self, streams=streams, tables=())

    def reached(self, position: Mapping[str, Any]) -> str:
        mark = watermark.Mark.of(position)
        return f"all before transaction {mark.horizon:,}" if mark else "nothing yet"

    def open(self) -> AbstractContextManager[Reader]:
        """A reader that sees one moment of the database for as long as it is open."""
        return closing(Reader(self))

    @property
    def limits(self) -> tuple[tuple[str, str], ...]:
        """The settings that every connection of ours has at the server."""
        timeout, lock = _seconds(self.statement_timeout) or 0, _seconds(self.lock_timeout) or 0
        return (
            ("statement_timeout", f"{timeout * 1000:.0f}"),
            ("lock_timeout", f"{lock * 1000:.0f}"),
            ("idle_in_transaction_session_timeout", "0"),
            ("row_security", "off"),
            ("datestyle", "ISO, YMD"),
            ("intervalstyle", "iso_8601"),
            ("extra_float_digits", "1"),
            ("bytea_output", "hex"),
            ("timezone", "UTC"),
        )


class Reader:
    """An open source: the connection that holds the snapshot, and lanes that read under it."""

    def __init__(self, source: Postgres) -> None:
        self._source = source
        self._lanes = ExitStack()
        self._connection: psycopg.Connection[Any] | None = None
        self._moment: Moment | None = None
        self._open_lane: Callable[[], lanes.Lane] | None = None
        self._renewed = 0

    def find(self) -> tuple[Stream, ...]:
        """The declared streams, and those of the wildcards."""
        source = self._source
        model = Stream(source.name, "", PostgresStream(), mode="full", is_of_moments=True)
        with self._planning() as (connection, _):
            return wildcard.streams(connection, source.tables, source.left_out, model, source.streams)

    def look(self, stream: Stream, position: Mapping[str, Any], *, full: bool = False) -> looking.PostgresLook:
        """What a stream has to give since `position`, found on the server."""
        with self._planning() as (connection, moment):
            asked = asking.ask(connection, stream)
            if catalog.is_rewritten(connection):
                raise SourceError(f"{stream} was emptied or rewritten while the run began", hint="run again")
            return looking.look(connection, asked, watermark.Mark.of(position), moment, full)

    def read(self, stream: Stream, look: Look, columns: tuple[Column, ...]) -> Iterator[Batch]:
        """The rows of a stream as they were when the snapshot was taken, and the position at the end.

        Raises ReadAgain when the connection broke and what was given out cannot be gone on with.
        """
        found = look if isinstance(look, looking.PostgresLook) else self.look(stream, {}, full=True)
        try:
            yield from self._batches(stream, found)
        except Lost:
            self._renew(stream)
            raise ReadAgain(columns) from None

    def close(self) -> None:
        """Let go of the snapshot and of every connection."""
        self._lanes.close()
        self._open_lane = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _batches(self, stream: Stream, look: looking.PostgresLook) -> Iterator[Batch]:
        with self._asking() as (connection, moment):
            if look.snapshot != moment.snapshot:
                look = looking.again(connection, look, moment)
            found = looking.settle(connection, look)
        workers = 1 if stream.reads.seconds else self._source.connections
        rows = 0
        for raw in pieces.read(looking.selects(found), self._lane, workers, self._cancel):
            batch = arrive(found, raw)
            rows += batch.rows.num_rows + len(batch.rejects)
            yield batch
        with self._asking() as (connection, moment):
            reached = looking.position(connection, found, moment, rows)
            told = (*looking.findings(connection, found), *self._renewals(stream))
        yield Batch(nothing(found), reached, findings=told)

    def _lane(self) -> lanes.Lane:
        with _LOCK:
            if self._open_lane is None:
                _, moment = self._opened()
                sight = lanes.Sight(self._source.address, moment.snapshot, self._source.limits, self._source.reader)
                self._open_lane = self._lanes.enter_context(lanes.lanes(sight))
            open_lane = self._open_lane
        return open_lane()

    def _opened(self) -> tuple[psycopg.Connection[Any], Moment]:
        if self._connection is None or self._moment is None:
            self._connection = connect(self._source.address, SourceError, dict(self._source.limits))
            self._moment = self._take(self._connection)
        return self._connection, self._moment

    def _take(self, connection: psycopg.Connection[Any]) -> Moment:
        """A snapshot that shows every table whole: one that is emptied before it is held is empty in older snapshots too."""
        for _ in range(RENEWALS):
            moment = watermark.take(connection)
            asking.hold(connection, self._source.streams)
            if not catalog.is_rewritten(connection):
                break
            connection.rollback()
        return moment

    def _cancel(self, process: int) -> None:
        """End what a lane is at, so that nobody waits for it."""
        errors = driver(SourceError)
        with suppress(errors.Error):
            catalog.cancel(self._opened()[0], process)

    @contextmanager
    def _planning(self) -> Iterator[tuple[psycopg.Connection[Any], Moment]]:
        """The same before anything is read: what was seen so far would not agree with a later snapshot."""
        try:
            with self._asking() as opened:
                yield opened
        except Lost:
            self.close()
            raise SourceError("the connection broke", where=self._source.address.shown, hint="run again") from None

    @contextmanager
    def _asking(self) -> Iterator[tuple[psycopg.Connection[Any], Moment]]:
        """The connection that holds the snapshot; what the driver raises is told without a value."""
        opened = self._opened()
        errors = driver(SourceError)
        try:
            yield opened
        except errors.Error as error:
            if opened[0].broken:
                raise Lost from None
            raise refused(self._source.address, error) from None

    def _renew(self, stream: Stream) -> None:
        """Begin again under a new snapshot, a few times at most."""
        self.close()
        time.sleep(PAUSE * 2**self._renewed)
        self._renewed += 1
        if self._renewed > RENEWALS:
            raise SourceError(
                f"the connection broke again and again while {stream} was read",
                where=self._source.address.shown,
                hint="look at the server's log; `longest_query: 30 s` reads in smaller pieces",
            )

    def _renewals(self, stream: Stream) -> tuple[Finding, ...]:
        if not self._renewed:
            return ()
        message = "the connection broke, and the stream was read again under a later snapshot than those before it"
        return (Finding("read again", str(stream), "warning", message),)


def problems(said: object) -> list[tuple[str, str]]:
    """What is wrong with settings, as pairs of a setting's name and what to know about it."""
    if isinstance(said, Postgres):
        found = [("url", problem(said.url))] if problem(said.url) else []
        found += [
            (name, _NO_DURATION) for name in ("statement_timeout", "lock_timeout") if _is_odd(getattr(said, name))
        ]
        return found + ([("connections", "must be between 1 and 16")] if not 1 <= said.connections <= 16 else [])
    if isinstance(said, PostgresStream):
        both = [("query", "a stream reads a table or a query, not both")] if said.table and said.query else []
        neither = [("table", "a stream needs a table or a query")] if not said.table and said.query is None else []
        odd = [("longest_query", _NO_DURATION)] if _is_odd(said.longest_query) else []
        odd += [("lag", "a number, or a duration such as 10 min")] if said.lag and not _LAG.fullmatch(said.lag) else []
        return both + neither + odd
    return _problems_of_stream(said) if isinstance(said, Stream) else []


def _problems_of_stream(said: Stream) -> list[tuple[str, str]]:
    if said.mode == "full":
        return []
    if said.since is None:
        return [("mode", "what is new cannot be told without `since`")]
    return [] if said.key else [("since", "a row may be read twice and is told by its key: declare `key`")]


_NO_DURATION = "a duration such as 500 ms, 2 s, 10 min or 1 h"
_LOCK = Lock()


def _is_odd(text: str) -> bool:
    return bool(text) and _seconds(text) is None


def _seconds(text: str) -> float | None:
    found = _DURATION.fullmatch(text)
    return float(found[1]) * _UNITS[found[2]] if found else None


SOURCE = Postgres
