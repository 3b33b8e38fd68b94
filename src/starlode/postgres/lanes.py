"""Connections that read under one snapshot and give Arrow: by DuckDB's PostgreSQL scanner where it fits, else by ADBC.

The scanner is the fastest reader there is, and its extension exists for one version of DuckDB only. Both send the same
SELECT as a binary COPY, so what arrives is decided by the server and not by the reader.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from starlode.errors import SourceError
from starlode.postgres.refusals import refusal
from starlode.postgres.values import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from starlode.postgres.address import Address

Way = Literal["scanner", "adbc"]
SCANNER = "duckdb_extension_postgres_scanner"
# Rows stream through; only those of very long values come near this.
MEMORY = "4GB"
ROWS_AT_ONCE = 65_536
INSTALL = "pip install 'starlode[postgres]', or 'starlode[postgres-adbc]' where another DuckDB is installed"


class Lost(Exception):
    """The connection broke; what it was reading can be asked for again under the same snapshot."""


class Gone(Lost):
    """The snapshot is not there any more: whoever held it has lost its own connection."""


class Lane(Protocol):
    """One connection in a transaction that sees the snapshot. It is used by one thread at a time."""

    @property
    def process(self) -> int:
        """The number of its process at the server, by which what it runs can be cancelled."""

    def batches(self, select: str) -> Iterator[pa.RecordBatch]:
        """The rows of a SELECT; raises Lost when the connection broke."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass(frozen=True)
class Sight:
    """What every lane of a source sees, and the limits that the server holds it to."""

    address: Address
    snapshot: str
    settings: tuple[tuple[str, str], ...] = ()
    by: Way | None = None

    @property
    def opening(self) -> tuple[str, ...]:
        """The statements that put a fresh transaction under the snapshot."""
        limits = (f"set local {name} = {literal(value)}" for name, value in self.settings)
        return ("set transaction read only", f"set transaction snapshot {literal(self.snapshot)}", *limits)


@contextmanager
def lanes(sight: Sight) -> Iterator[Callable[[], Lane]]:
    """A way to open lanes, each a connection of its own."""
    if sight.by != "adbc" and _scanner() is not None:
        with _scanning(sight) as opened:
            yield opened
    elif sight.by != "scanner" and find_spec("adbc_driver_postgresql") is not None:
        yield lambda: _Adbc(sight)
    else:
        wanted = f"the reader `{sight.by}` is not installed" if sight.by else "no reader for PostgreSQL is installed"
        raise SourceError(f"{wanted}, or does not fit this DuckDB", hint=INSTALL)


def readers() -> tuple[Way, ...]:
    """The ways that can be used with what is installed, the fastest first."""
    found: tuple[tuple[Way, object], ...] = (("scanner", _scanner()), ("adbc", find_spec("adbc_driver_postgresql")))
    return tuple(way for way, is_there in found if is_there is not None)


def _scanner() -> Path | None:
    """The scanner's file, if there is one for exactly the DuckDB that is installed: another one may crash the process."""
    try:
        installed = version("duckdb")
        if version(SCANNER) != installed:
            return None
    except PackageNotFoundError:
        return None
    found = find_spec(SCANNER)
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / "extensions" / f"v{installed}" / "postgres_scanner.duckdb_extension"
    return file if file.exists() else None


@contextmanager
def _scanning(sight: Sight) -> Iterator[Callable[[], Lane]]:
    import duckdb

    config: dict[str, Any] = {
        "threads": 1,
        "memory_limit": MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(":memory:", config=config) as engine:
        engine.execute(f"load {literal(str(_scanner()))}")
        engine.execute("set TimeZone = 'UTC'")
        engine.execute("set pg_connection_limit = 64")
        try:
            engine.execute(f"attach {literal(sight.address.conninfo())} as source (type postgres)")
        except duckdb.Error:
            # Its message holds the whole address, password and all.
            raise SourceError("PostgreSQL cannot be reached by DuckDB's scanner", where=sight.address.shown) from None
        yield lambda: _Scanner(engine.cursor(), sight)


class _Scanner:
    """A transaction of DuckDB, which holds one connection to PostgreSQL in one transaction."""

    def __init__(self, cursor: Any, sight: Sight) -> None:
        import duckdb

        self._cursor = cursor
        self._sight = sight
        self._kinds = (duckdb.Error, RuntimeError)
        with _or_close(self), _told(sight.address, self._kinds):
            cursor.execute("begin")
            for statement in sight.opening:
                cursor.execute(f"call postgres_execute('source', {literal(statement)})")
            cursor.execute(f"select process from postgres_query('source', {literal(_PROCESS)})")
            self.process = int(cursor.fetchone()[0])

    def batches(self, select: str) -> Iterator[pa.RecordBatch]:
        with _told(self._sight.address, self._kinds):
            found = self._cursor.sql(f"select * from postgres_query('source', {literal(select)})")
            yield from found.to_arrow_reader(ROWS_AT_ONCE)

    def close(self) -> None:
        # Left to the cursor's own end, a rollback over a broken connection would end the whole process.
        with suppress(*self._kinds):
            self._cursor.execute("rollback")
        self._cursor.close()


class _Adbc:
    """A connection of the ADBC driver."""

    def __init__(self, sight: Sight) -> None:
        import adbc_driver_postgresql.dbapi as adbc
        import pyarrow as pa

        self._sight = sight
        self._kinds = (adbc.Error, pa.ArrowException, OSError)
        with _told(sight.address, self._kinds):
            self._connection = adbc.connect(sight.address.uri())
        with _or_close(self), _told(sight.address, self._kinds), self._connection.cursor() as cursor:
            for statement in ("set transaction isolation level repeatable read", *sight.opening, _PROCESS):
                cursor.execute(statement)
            self.process = int(cursor.fetchone()[0])

    def batches(self, select: str) -> Iterator[pa.RecordBatch]:
        with _told(self._sight.address, self._kinds), self._connection.cursor() as cursor:
            cursor.execute(select)
            yield from cursor.fetch_record_batch()

    def close(self) -> None:
        with suppress(*self._kinds):
            self._connection.close()


@contextmanager
def _or_close(lane: Lane) -> Iterator[None]:
    """Closes a lane that cannot be opened to its end."""
    try:
        yield
    except BaseException:
        lane.close()
        raise


@contextmanager
def _told(address: Address, kinds: tuple[type[Exception], ...]) -> Iterator[None]:
    """Turns what a reader raises into an error that quotes no cell and no secret, or into Lost."""
    try:
        yield
    except kinds as error:
        text = str(error)
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        if any(word in text for word in _GONE):
            raise Gone from None
        if any(word in text for word in _BROKEN):
            raise Lost from None
        raise refusal(address, text) from None


_PROCESS = "select pg_backend_pid() as process"
# In the words of several versions: the snapshot's file is not there, or its process is not.
_GONE = ("invalid snapshot identifier", "could not import the requested snapshot", 'snapshot "')
_BROKEN = (
    "server closed the connection",
    "terminating connection",
    "connection not open",
    "no connection to the server",
    "could not receive data",
    "could not send data",
    "Connection reset",
    "SSL SYSCALL",
    "SSL connection has been closed",
    "the database system is",
    "onnection refused",
    "No such file or directory",
)
