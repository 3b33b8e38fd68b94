"""Writers: each has a connection of its own and makes transactions of every shape, in an order that its seed decides."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from itertools import count
from random import Random
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import errors

from tests.postgres.torture.tables import SCHEMA, SKEW, TABLES, stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.postgres.torture.tables import Table

LONG = 1.5  # seconds that a long transaction stays open at most
LONGER = 4.0  # and one that outlasts several rounds of a loader, without a lock that others wait for
TIDE = 9.0  # seconds from one wave of those to the next; in between, a loader's position has time to move on
PAUSE = 0.04  # seconds between two transactions at most
# What happens to writers who get in each other's way.
COLLISIONS = (errors.DeadlockDetected, errors.LockNotAvailable, errors.SerializationFailure)


class Writer:
    """Somebody who writes, with a clock that is some seconds wrong."""

    def __init__(self, url: str, number: int, seed: int) -> None:
        self.url = url
        self.number = number
        self.random = Random(f"{seed}/{number}")  # noqa: S311  chance, and no secret
        self.skew = self.random.uniform(-SKEW, SKEW)
        self.versions = count(1)
        self.clock = 0.0
        self.connection = self._connect()
        shown = self.connection.execute("show max_prepared_transactions").fetchone()
        self.may_prepare = bool(shown and int(shown[0]) > number)

    def write(self, until: float) -> None:
        """Make one transaction after another until the time has come."""
        while time.monotonic() < until:
            shape = self.random.choice(SHAPES if time.time() % TIDE < TIDE / 3 else QUICK)
            self.clock = time.time() + self.skew
            if self.random.random() < 0.1:
                self.wait(0.3)  # between the application's look at its clock and the beginning
            try:
                shape(self)
            except COLLISIONS:
                self.connection.execute("rollback")
            self.wait(PAUSE)
        self.connection.close()

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def change(self, most: int = 4) -> None:
        """Insert and update a few rows of a few tables."""
        for _ in range(self.random.randint(1, most)):
            table = self.random.choice(TABLES)
            if self.random.random() < 0.5:
                self.insert(table, self.random.choice((1, 1, 2, 20)))
            else:
                self.update(table)

    def add(self) -> None:
        """Insert into a few tables, and touch no row that another may want."""
        for _ in range(3):
            self.insert(self.random.choice(TABLES), 2)

    def insert(self, table: Table, rows: int = 1) -> None:
        self.execute(
            f"insert into {table.place} (version, writer, note, amount, {table.cursor or 'filler'}) "
            f"select %s, %s, %s, %s, {self._stamp(table)} from generate_series(1, {rows})",
            *self._values(),
        )

    def update(self, table: Table) -> None:
        """Change a row of anybody's, of late more often than of old."""
        behind = int(self.random.random() ** 3 * 2000)
        self.execute(
            f"update {table.place} set version = %s, writer = %s, note = %s, amount = %s, "
            f"{table.cursor or 'filler'} = {self._stamp(table)} "
            f"where id = (select id from {table.place} order by id desc limit 1 offset {behind % 97})",
            *self._values(),
        )

    def wait(self, most: float) -> None:
        time.sleep(self.random.random() * most)

    def reconnect(self) -> None:
        self.connection = self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self.url, autocommit=True, options="-c lock_timeout=1s -c deadlock_timeout=100ms", application_name="writer"
        )

    def _stamp(self, table: Table) -> str:
        return stamp(table, self.random, self.clock)

    def _values(self) -> tuple[object, ...]:
        note = self.random.choice((None, "", "Ünïcode ' \" \\ 日本", f"note {self.random.random()}"))
        amount = None if self.random.random() < 0.1 else round(self.random.random() * 1000, 2)
        return (next(self.versions), self.number, note, amount)


def at_once(writer: Writer) -> None:
    writer.change(1)


def short(writer: Writer) -> None:
    writer.execute("begin")
    writer.change()
    writer.execute("commit")


def long(writer: Writer) -> None:
    """Begins early and commits late, behind everybody who began in between."""
    writer.execute("begin")
    writer.change()
    writer.wait(LONG)
    writer.change()
    writer.execute("commit")


def lazy(writer: Writer) -> None:
    """Begins, looks around, and has no number until it writes at last."""
    writer.execute("begin")
    writer.execute(f"select max(version) from {SCHEMA}.stamped")
    writer.wait(LONG)
    writer.change()
    writer.execute("commit")


def strict(writer: Writer) -> None:
    writer.execute("begin isolation level repeatable read")
    writer.change()
    writer.wait(LONG / 3)
    writer.execute("commit")


def abandoned(writer: Writer) -> None:
    writer.execute("begin")
    writer.change()
    writer.wait(LONG / 3)
    writer.execute("rollback")


def nested(writer: Writer) -> None:
    """Subtransactions have numbers of their own: some are undone, and others kept, at several depths."""
    writer.execute("begin")
    writer.change(2)
    for depth in range(writer.random.randint(1, 5)):
        writer.execute(f"savepoint s{depth}")
        writer.change(2)
        writer.wait(LONG / 6)
        writer.execute(
            writer.random.choice((f"rollback to savepoint s{depth}", f"release savepoint s{depth}", "select"))
        )
    writer.change(2)
    writer.execute("commit")


def slow(writer: Writer) -> None:
    """One statement that takes its time before it writes."""
    table, values = writer.random.choice(TABLES), writer.random.random() * LONG / 2
    column = f", {table.cursor}" if table.cursor else ""
    value = f", {stamp(table, writer.random, writer.clock)}" if table.cursor else ""
    writer.execute(
        f"insert into {table.place} (version, writer{column}) select 1, {writer.number}{value} from pg_sleep({values:.3f})"
    )


def stepwise(writer: Writer) -> None:
    writer.execute(f"call {SCHEMA}.stepwise({writer.number}, {writer.random.random() / 4:.3f})")


def lingering(writer: Writer) -> None:
    """Outlasts several rounds of the loader, each of which sees newer rows."""
    writer.execute("begin")
    writer.add()
    writer.wait(LONGER)
    writer.add()
    writer.execute("commit")


def prepared(writer: Writer) -> None:
    """Commits in two steps; in between nobody's connection holds the transaction."""
    if not writer.may_prepare:
        lingering(writer)
        return
    name = f"torture {uuid4().hex}"
    writer.execute("begin")
    writer.add()
    writer.wait(LONG / 3)
    writer.execute(f"prepare transaction '{name}'")
    writer.wait(LONGER)
    writer.execute(f"{'commit' if writer.random.random() < 0.8 else 'rollback'} prepared '{name}'")


def cut_off(writer: Writer) -> None:
    """Loses its connection half-way."""
    writer.execute("begin")
    writer.change()
    with suppress(psycopg.OperationalError):
        writer.execute("select pg_terminate_backend(pg_backend_pid())")
    writer.connection.close()
    writer.reconnect()


QUICK: tuple[Callable[[Writer], None], ...] = (
    *(at_once,) * 8,
    *(short,) * 16,
    *(long, lazy, strict, abandoned, nested, nested, slow, stepwise, cut_off),
)
SHAPES: tuple[Callable[[Writer], None], ...] = (*QUICK, lingering, lingering, prepared, prepared)


def write(url: str, seconds: float, writers: int, seed: int) -> None:
    """Let so many write at the same time for so long; the first error of any of them ends it all."""
    failures: list[BaseException] = []
    until = time.monotonic() + seconds

    def one(number: int) -> None:
        try:
            Writer(url, number, seed).write(until)
        except BaseException as error:  # noqa: BLE001  it is raised again by the one who waits
            failures.append(error)

    threads = [Thread(target=one, args=(number,), daemon=True) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    write(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
