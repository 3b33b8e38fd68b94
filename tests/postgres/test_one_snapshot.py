"""All that a run reads is of one moment, over several connections, whatever happens to them meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from importlib.metadata import version
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import starlode
from starlode.postgres import lanes
from starlode.postgres.catalog import Part
from starlode.postgres.pieces import Pieces
from starlode.run import Started
from starlode.source import ReadAgain
from tests import projects
from tests.postgres.declaring import ask, declare, execute
from tests.postgres.following import Follower, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlode.postgres.lanes import Way
    from starlode.project import Project

READERS = lanes.readers()
# A table of several pieces: some 90 MB in rows of a kilobyte.
CREATE = (
    "create table parents (id int primary key, children int, filler text)",
    "create table children (id bigserial primary key, parent int, filler text)",
    "insert into parents select i, 3, repeat('p', 1000) from generate_series(1, 10000) as i",
    "insert into children (parent, filler) select i % 10000 + 1, repeat('c', 1000) from generate_series(1, 30000) as i",
)
STREAMS = {"parents": "{table: parents, key: id}", "children": "{table: children, key: id}"}
OURS = "datname = current_database() and application_name = 'starlode'"


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("more", ["", ", longest_query: 20 ms"])
def test_two_tables_that_change_together_agree_in_every_run(
    postgres: str, tmp_path: Path, reader: str, more: str
) -> None:
    execute(postgres, *CREATE)
    streams = {name: said.replace("}", f"{more}}}") for name, said in STREAMS.items()}
    project = declare(tmp_path, postgres, streams, source={"reader": reader, "connections": "3"})
    with _meanwhile(lambda: _change_both(postgres)) as rounds:
        for _ in range(4):
            starlode.run(project)
            assert _disagreeing(project) == 0

    starlode.run(project)
    assert rounds[0] > 3
    assert (
        _counts(project) == ask(postgres, "select (select count(*) from parents), (select count(*) from children)")[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_no_more_connections_are_opened_than_declared(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(postgres, *CREATE)
    project = declare(tmp_path, postgres, STREAMS, source={"reader": reader, "connections": "3"})
    seen: list[int] = []
    with _meanwhile(lambda: seen.append(ask(postgres, f"select count(*) from pg_stat_activity where {OURS}")[0][0])):
        starlode.run(project)

    assert 2 <= max(seen) <= 4
    assert _gone(postgres)


@pytest.mark.parametrize("reader", READERS)
def test_a_lost_snapshot_is_told_and_the_stream_read_again(postgres: str, tmp_path: Path, reader: lanes.Way) -> None:
    execute(postgres, "create table things (id int primary key)", "insert into things select generate_series(1, 100)")
    things = Follower(postgres, tmp_path, since=None, reader=reader)

    with things.source.open() as opened:
        look = opened.look(things.stream, {})
        execute(postgres, f"select pg_terminate_backend(pid) from pg_stat_activity where {OURS}")
        with pytest.raises(ReadAgain):
            list(opened.read(things.stream, look, ()))
        batches = list(opened.read(things.stream, look, ()))

    assert sum(batch.rows.num_rows for batch in batches) == 100
    assert [finding.rule for batch in batches for finding in batch.findings] == ["read again"]


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("whose", ["a lane's", "the snapshot's"])
def test_a_connection_that_is_killed_costs_no_row(postgres: str, tmp_path: Path, reader: str, whose: str) -> None:
    execute(postgres, *CREATE)
    project = declare(tmp_path, postgres, STREAMS, source={"reader": reader})
    which = "query ilike 'copy%'" if whose == "a lane's" else "backend_start = (select min(backend_start) from ours)"
    kill = (
        f"with ours as (select * from pg_stat_activity where {OURS}) select count(pg_terminate_backend(pid)) "
        f"from ours where {which} and exists (select from ours where query ilike 'copy%')"
    )
    killed: list[int] = []

    def once() -> None:
        if sum(killed) == 0:
            killed.append(ask(postgres, kill)[0][0])

    with _meanwhile(once):
        run = starlode.run(project)

    assert sum(killed) >= 1
    assert run.status == "succeeded"
    assert _counts(project) == (10_000, 30_000)
    assert projects.value(project, "select count(distinct id) from staging.live__children") == 30_000
    # The snapshot's connection may be killed when all is read, and then nothing has to be read again.
    assert whose == "the snapshot's" or not any(finding.rule == "read again" for finding in run.findings)


@pytest.mark.parametrize("reader", READERS)
def test_whoever_stops_waits_for_no_query(postgres: str, tmp_path: Path, reader: Way) -> None:
    slow = "select i as id, repeat('x', 200) || case when i = 250000 then pg_sleep(60)::text else '' end as word "
    execute(postgres, f"create view things as {slow} from generate_series(1, 300000) as i")
    things = Follower(postgres, tmp_path, since=None, reader=reader)
    began = time.monotonic()
    with things.source.open() as opened:
        batches = opened.read(things.stream, opened.look(things.stream, {}), ())
        next(batches)
        batches.close()  # type: ignore[attr-defined]

    assert time.monotonic() - began < 20
    assert _gone(postgres)


@pytest.mark.parametrize("reader", READERS)
def test_a_statement_that_takes_too_long_is_told(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(postgres, "create view things as select i, pg_sleep(0.01)::text as s from generate_series(1, 1000) as i")
    settings = {"statement_timeout": "300 ms", "reader": reader}
    project = declare(tmp_path, postgres, {"things": "{table: things}"}, source=settings)

    with pytest.raises(starlode.SourceError, match="ran longer than `statement_timeout` allows") as raised:
        starlode.run(project)

    assert "statement_timeout" in (raised.value.hint or "")


def test_a_lock_that_is_not_given_is_told(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"}, source={"lock_timeout": "200 ms"})

    with (
        transaction(postgres, "lock table things in access exclusive mode"),
        pytest.raises(starlode.SourceError, match="a lock was not given within `lock_timeout`"),
    ):
        starlode.run(project)

    assert starlode.run(project).status == "succeeded"


def test_a_table_is_held_from_the_snapshot_on(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int)", "create table others (id int)", "insert into others values (1)")
    project = declare(tmp_path, postgres, {"things": "{table: things}", "others": "{table: others}"})
    with project.source("live").open() as reader:
        reader.look(project.streams[0], {})

        with pytest.raises(psycopg.errors.LockNotAvailable):
            execute(postgres, "set lock_timeout = '100 ms'", "truncate others")


def test_a_source_is_let_go_once_all_is_read(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int)", "insert into things values (1)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})
    connections: dict[str, int] = {}

    def listen(event: object) -> None:
        if isinstance(event, Started):
            connections[event.step.verb] = ask(postgres, f"select count(*) from pg_stat_activity where {OURS}")[0][0]
            if event.step.verb == "load":
                execute(postgres, "set lock_timeout = '5 s'", "truncate things")

    starlode.run(project, listen=listen)

    assert connections["land"] >= 1
    assert projects.rows(project, "select id from staging.live__things") == [(1,)]


@pytest.mark.parametrize("change", ["truncate things", "alter table things alter column id type bigint"])
def test_a_table_that_was_emptied_after_the_snapshot_is_not_taken_for_empty(
    postgres: str, tmp_path: Path, change: str
) -> None:
    execute(postgres, "create table things (id int)", "create table others (id int)", "insert into things values (1)")
    things, others = Follower(postgres, tmp_path, since=None), Follower(postgres, tmp_path, since=None, table="others")
    with others.source.open() as reader:
        reader.look(others.stream, {})
        execute(postgres, change)

        with pytest.raises(starlode.SourceError, match="was emptied or rewritten while the run began"):
            reader.look(things.stream, {})


def test_a_look_of_an_earlier_snapshot_is_made_anew(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        "create table things (id int, at int) partition by range (id)",
        "create table low partition of things for values from (0) to (100)",
        "insert into things values (1, 1)",
    )
    things = Follower(postgres, tmp_path)
    things.follow()
    execute(postgres, "insert into things values (2, 2)")
    look = things.look()
    execute(
        postgres,
        "create table high partition of things for values from (100) to (200)",
        "insert into things values (150, 3)",
    )

    with things.source.open() as reader:
        found = {key for batch in reader.read(things.stream, look, ()) for key in batch.rows.column(0).to_pylist()}

    assert found >= {2, 150}


def test_pieces_grow_and_shrink_to_stay_below_the_longest_query() -> None:
    part = Part("public", "things", "r", 100_000, 100_000 * 8192)
    pieces = Pieces(make=lambda _, pages: pages, longest=1.0)
    pieces.parts.append((part, 0, 100))

    sizes = []
    for seconds in (0.01, 0.01, 2.0, 0.5, 0.5):
        piece = pieces.next()
        assert piece is not None
        sizes.append(piece.pages)
        pieces.took(piece, seconds)

    assert sizes == [100, 200, 400, 100, 100]
    assert pieces.slowest == 2.0


def test_pieces_hold_every_page_once_and_the_last_goes_on_to_the_end() -> None:
    part = Part("public", "things", "r", 10, 10 * 8192)
    pieces = Pieces(make=lambda _, pages: pages)
    pieces.parts.append((part, 0, 4))

    found = []
    while (piece := pieces.next()) is not None:
        found.append(piece.select)

    assert found == [
        "ctid >= '(0,0)'::tid and ctid < '(4,0)'::tid",
        "ctid >= '(4,0)'::tid and ctid < '(8,0)'::tid",
        "ctid >= '(8,0)'::tid",
    ]


@contextmanager
def _meanwhile(act: Callable[[], Any]) -> Iterator[list[int]]:
    """Do something again and again in a thread of its own; tells how often. Its errors are raised at the end."""
    stopped, rounds, failed = Event(), [0], list[BaseException]()

    def go_on() -> None:
        try:
            while not stopped.wait(0.005):
                act()
                rounds[0] += 1
        except BaseException as error:  # noqa: BLE001  it is raised again at the end
            failed.append(error)

    thread = Thread(target=go_on)
    thread.start()
    try:
        yield rounds
    finally:
        stopped.set()
        thread.join()
    if failed:
        raise failed[0]


def _change_both(url: str) -> None:
    """A child more, and the parent that says so, in one transaction."""
    with psycopg.connect(url) as connection:
        connection.execute("insert into children (parent) select 1 + (random() * 9999)::int")
        newest = "select parent from children order by id desc limit 1"
        connection.execute(f"update parents set children = children + 1 where id = ({newest})".encode())
        connection.execute("delete from children where id = (select min(id) from children where parent = 7)")
        connection.execute(
            "update parents set children = (select count(*) from children where parent = 7) where id = 7"
        )


def _disagreeing(project: Project) -> int:
    """How many parents say another number of children than there are."""
    found: int = projects.value(
        project,
        "select count(*) from staging.live__parents p left join "
        "(select parent, count(*) as found from staging.live__children group by parent) c on c.parent = p.id "
        "where p.children <> coalesce(c.found, 0)",
    )
    return found


def _counts(project: Project) -> tuple[Any, ...]:
    return projects.rows(
        project, "select (select count(*) from staging.live__parents), (select count(*) from staging.live__children)"
    )[0]


def _gone(url: str) -> bool:
    """Whether all our connections end within a moment."""
    for _ in range(100):
        if ask(url, f"select count(*) from pg_stat_activity where {OURS}") == [(0,)]:
            return True
        time.sleep(0.05)
    return False


def test_the_scanner_is_there_for_the_duckdb_that_it_fits() -> None:
    expected = ("scanner", "adbc") if version("duckdb") == "1.5.5" else ("adbc",)

    assert lanes.readers() == expected
