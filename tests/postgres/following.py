"""A source on its own, followed read by read, and writers whose transactions stay open as long as a test wants."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from starlode.source import Stream
from starlode.sources.postgres import Postgres, PostgresStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.postgres.lanes import Way
    from starlode.source import Look


class Follower:
    """Keeps what a stream gave, merged by its first column, and the position that was reached."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        since: str | None = "at",
        table: str = "things",
        reader: Way | None = None,
        **reads: Any,
    ) -> None:
        self.stream = Stream(
            "live",
            "things",
            PostgresStream(table=None if "query" in reads else table, **reads),
            key=("id",),
            since=since,
            mode="full" if since is None else "incremental",
            is_of_moments=True,
        )
        self.source = Postgres("live", folder, (self.stream,), url, reader=reader)
        self.position: dict[str, Any] = {}
        self.rows: dict[Any, tuple[Any, ...]] = {}
        self.read_rows = 0

    def look(self) -> Look:
        with self.source.open() as reader:
            return reader.look(self.stream, self.position)

    def follow(self) -> Look:
        """Look and read what is new; `read_rows` is how many rows that took."""
        self.read_rows = 0
        with self.source.open() as reader:
            look = reader.look(self.stream, self.position)
            if not look.units:
                return look
            if look.mode == "full":
                self.rows = {}
            for batch in reader.read(self.stream, look, ()):
                for row in zip(*(column.to_pylist() for column in batch.rows.columns), strict=True):
                    self.rows[row[0]] = row
                    self.read_rows += 1
                self.position |= batch.position
        return look

    @property
    def keys(self) -> list[Any]:
        return sorted(self.rows)


@contextmanager
def transaction(url: str, *statements: str) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that has done some statements, and stays open until somebody ends it."""
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        yield connection
        with suppress(psycopg.OperationalError):
            connection.rollback()
