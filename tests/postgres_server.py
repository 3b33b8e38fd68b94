"""A real PostgreSQL for tests, from the binaries of a wheel, started by ourselves on a free port of loopback.

The environment may name another server instead (`STARLODE_TEST_POSTGRES`, a URL of a superuser; version 15 or newer).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg

from starlode.sandbox import postgres
from starlode.sandbox.keeping import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMED = "STARLODE_TEST_POSTGRES"
# Durability is of no use to a test; synchronous commits stay on, so that what is committed is seen at once. A transaction of
# the server's own would have rows counted as new that a test has counted as read.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "logical",
    "max_prepared_transactions": "8",
}
PATIENCE = 30.0


@dataclass(frozen=True)
class Server:
    """A running server, and how to reach its databases as a superuser."""

    url: str

    def database(self, name: str) -> str:
        """The URL of one of its databases."""
        return f"{self.url.rpartition('/')[0]}/{name}"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def fresh_database(self, settings: str = "") -> Iterator[str]:
        """The URL of a new, empty database that goes when the block ends."""
        with self.unmade_database() as url:
            # To copy its files takes a third of the time of writing them to the log as well.
            name, made = url.rpartition("/")[2], f"template template0 strategy file_copy {settings}"
            self.execute(f'create database "{name}" {made}')
            yield url

    @contextmanager
    def unmade_database(self) -> Iterator[str]:
        """The URL of a database that is not there, and goes when the block ends if it was made meanwhile."""
        name = f"starlode_{uuid4().hex[:12]}"
        try:
            yield self.database(name)
        finally:
            self.execute(f'drop database if exists "{name}" with (force)')


@contextmanager
def running(version: int = 16, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The server that the environment names, or one of ours that stops when the block ends."""
    named = os.environ.get(NAMED)
    if named:
        yield Server(named)
        return
    with started(binaries(version), settings) as server:
        yield server


@contextmanager
def started(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server of our own from a folder of binaries, in a data folder that goes with it."""
    place = Path(tempfile.mkdtemp(prefix="slpg"))
    on = postgres.ground(place)
    process: subprocess.Popen[bytes] | None = None
    try:
        postgres.make(folder, place, on)
        port = free_port()
        command = postgres.command(folder, place, port, {**SETTINGS, **(settings or {})}, on)
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_as_user(on))
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        _await(url, process, place / "log")
        yield Server(url)
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
        shutil.rmtree(place, ignore_errors=True)


def binaries(version: int) -> Path:
    """The folder of a version's programs inside the wheel."""
    return postgres.binaries(version)


def _as_user(on: postgres.Ground) -> dict[str, Any]:
    return {} if on.user is None else {"user": on.user, "group": on.user, "extra_groups": []}


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")) from error
            time.sleep(0.02)
        else:
            return
