"""A server that starts again, goes back in time, counts round or follows another one: no row is skipped at any of them."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from starlode.errors import SourceError
from tests.postgres.declaring import ask, execute
from tests.postgres.following import Follower, transaction
from tests.postgres_server import Server, binaries, started

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow
# The data folder of each server that was stopped, and what it was started with.
_STARTED: dict[str, tuple[str, str]] = {}
TABLE = "create table things (id bigint primary key, at bigint)"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of a test's own, which it may stop."""
    with started(binaries(16)) as one, _stopped_at_last(one):
        yield one


@pytest.mark.parametrize("changes", ["commits", "cursor"])
def test_a_server_that_starts_again_takes_no_row_with_it(server: Server, tmp_path: Path, changes: str) -> None:
    execute(server.url, TABLE)
    things = Follower(server.url, tmp_path, changes=changes)
    with transaction(server.url, "insert into things values (1, 10)") as prepared:
        execute(server.url, "insert into things values (2, 20)")
        things.follow()
        prepared.execute("prepare transaction 'one'")
    with transaction(server.url, "insert into things values (3, 11)"):
        execute(server.url, "insert into things values (4, 40)")
        things.follow()
        _restart(server)
    execute(server.url, "insert into things values (5, 50)")
    things.follow()
    things.follow()

    execute(server.url, "commit prepared 'one'")
    things.follow()

    assert things.keys == [1, 2, 4, 5]
    assert things.look().reason == "nothing new"


@pytest.mark.parametrize("changes", ["commits", "cursor"])
def test_a_server_whose_processes_all_die_takes_no_row_with_it(server: Server, tmp_path: Path, changes: str) -> None:
    execute(server.url, TABLE)
    things = Follower(server.url, tmp_path, changes=changes)
    with transaction(server.url, "insert into things values (1, 10)") as dying:
        execute(server.url, "insert into things values (2, 20)")
        things.follow()
        os.kill(dying.info.backend_pid, signal.SIGKILL)
        _await(server)
    for number in range(3, 6):
        with transaction(server.url, f"insert into things values ({number}, {number * 10})") as late:
            execute(server.url, f"insert into things values ({number + 10}, {number * 10 + 5})")
            things.follow()
            late.commit()

    things.follow()

    assert things.keys == [2, 3, 4, 5, 13, 14, 15]
    assert things.look().reason == "nothing new"


def test_a_server_that_went_back_in_time_is_read_anew(server: Server, tmp_path: Path) -> None:
    execute(server.url, TABLE, "insert into things values (1, 10)")
    things = Follower(server.url, tmp_path)
    things.follow()
    folder = ask(server.url, "show data_directory")[0][0]
    _control(server, "stop")
    shutil.copytree(folder, tmp_path / "kept", symlinks=True)
    _control(server, "start")
    execute(server.url, *(f"insert into things values ({number}, {number})" for number in range(2, 12)))
    things.follow()
    _control(server, "stop")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "kept", folder, symlinks=True)
    _control(server, "start")
    execute(server.url, "insert into things values (100, 1)")

    look = things.follow()

    assert look.mode == "full"
    assert things.keys == [1, 100]


def test_a_standby_shows_every_row_once_its_transaction_has_come_over(server: Server, tmp_path: Path) -> None:
    execute(server.url, TABLE, "create view shown as select * from things", "insert into things values (1, 10)")
    with _standby(server) as standby:
        things = Follower(standby, tmp_path)
        lagging = Follower(standby, tmp_path, table="shown", lag="100")
        for number in range(2, 5):
            with transaction(server.url, f"insert into things values ({number}, {20 - number})") as late:
                execute(server.url, f"insert into things values ({number * 10}, {number * 10})")
                for follower in (things, lagging):
                    _follow_to(follower, number * 10)
                assert number not in things.keys
                late.commit()
            _follow_to(things, number)
        _follow_to(lagging, 4)

        with pytest.raises(SourceError, match="cannot be read incrementally from a standby"):
            Follower(standby, tmp_path, table="shown").look()

    assert things.keys == lagging.keys == [1, 2, 3, 4, 20, 30, 40]


def test_numbers_of_transactions_that_come_round_again_skip_no_row(server: Server, tmp_path: Path) -> None:
    execute(server.url, TABLE, "insert into things select i, i from generate_series(1, 100) as i", "vacuum freeze")
    folder = Path(ask(server.url, "show data_directory")[0][0])
    _control(server, "stop")
    (folder / "pg_xact" / "0FFF").write_bytes(bytes(256 << 10))
    shutil.copystat(folder / "pg_xact" / "0000", folder / "pg_xact" / "0FFF")
    numbers = ["-x", str((1 << 32) - 20), "-u", str((1 << 32) - 1000)]
    _run(str(binaries(16) / "pg_resetwal"), *numbers, "-D", str(folder))
    _control(server, "start")
    things = Follower(server.url, tmp_path)
    things.follow()
    for number in range(101, 131):
        with transaction(server.url, f"insert into things values ({number}, 1)") as late:
            execute(server.url, f"insert into things values ({number + 100}, 1)")
            things.follow()
            late.commit()

    last = things.follow()

    assert things.position["horizon"] > 1 << 32
    assert things.keys == [*range(1, 131), *range(201, 231)]
    assert last.mode == "incremental"
    assert things.look().reason == "nothing new"


@contextmanager
def _standby(server: Server) -> Iterator[str]:
    """The URL of a server that follows another one."""
    folder = Path(ask(server.url, "show data_directory")[0][0]).parent / "standby"
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port = str(opened.getsockname()[1])
    _run(str(binaries(16) / "pg_basebackup"), "-d", server.url, "-R", "-X", "stream", "-c", "fast", "-D", str(folder))
    options = [
        "-c",
        "max_prepared_transactions=8",
        "-c",
        "wal_level=logical",
        "-k",
        str(folder),
        "-h",
        "127.0.0.1",
        "-p",
        port,
    ]
    control = [str(binaries(16) / "pg_ctl"), "-w", "-D", str(folder)]
    _run(*control, "start", "-o", shlex.join(options), "-l", str(folder / "log"))
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        _run(*control, "stop", "-m", "immediate")


def _follow_to(follower: Follower, key: int) -> None:
    """Follow until a row has come over."""
    for _ in range(200):
        follower.follow()
        if key in follower.keys:
            return
        time.sleep(0.05)
    raise AssertionError(f"{key} does not come")


def _restart(server: Server) -> None:
    _control(server, "stop")
    _control(server, "start")


def _control(server: Server, act: str) -> None:
    """Stop or start a server with its own means, as the user that it runs as and on the same port."""
    if server.url not in _STARTED:
        folder = ask(server.url, "show data_directory")[0][0]
        words = shlex.split((Path(folder) / "postmaster.opts").read_text("utf-8"))
        _STARTED[server.url] = (folder, shlex.join(words[1:]))
    folder, options = _STARTED[server.url]
    more = ["-m", "fast"] if act == "stop" else ["-o", options, "-l", f"{folder}/../log"]
    _run(str(binaries(16) / "pg_ctl"), act, "-w", "-D", folder, *more)


def _run(*command: str) -> None:
    """Call a program of the server as the user that it runs as."""
    before = ["unshare", "-U"] if os.geteuid() == 0 else []
    done = subprocess.run([*before, *command], check=False, stdout=subprocess.DEVNULL, cwd="/")
    assert done.returncode == 0, command


def _await(server: Server) -> None:
    for _ in range(200):
        try:
            psycopg.connect(server.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not come back")


@contextmanager
def _stopped_at_last(server: Server) -> Iterator[None]:
    """Stops the server that a test has started in place of the first one."""
    try:
        yield
    finally:
        if server.url in _STARTED:
            _control(server, "stop")
