"""No row is skipped, however transactions interleave with reads: each order of events that could do it, one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from starlode.postgres.watermark import HALF, Cursor, Mark, Moment, advanced, since_cursor
from tests.postgres.declaring import ask, execute
from tests.postgres.following import Follower, transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.postgres_server import Server

TABLE = "create table things (id bigint primary key, at bigint, word text)"


@pytest.fixture(params=["commits", "cursor"])
def follow(request: pytest.FixtureRequest, postgres: str, tmp_path: Path) -> Callable[..., Follower]:
    """Makes followers of the table `things`, by either way."""
    execute(postgres, TABLE)
    return lambda **more: Follower(postgres, tmp_path, **{"changes": request.param, **more})


@pytest.mark.parametrize("runs", [1, 2, 5])
def test_a_row_committed_late_with_an_earlier_cursor_arrives(postgres: str, follow: Any, runs: int) -> None:
    things = follow()
    with transaction(postgres, "insert into things values (1, 10)") as late:
        for run in range(runs):
            execute(postgres, f"insert into things values ({run + 2}, {run + 20})")
            things.follow()
        assert 1 not in things.keys

        late.commit()
    things.follow()

    assert things.keys == [1, *range(2, runs + 2)]
    assert things.follow().reason == "nothing new"


def test_a_transaction_that_had_written_nothing_yet_is_waited_for(postgres: str, follow: Any) -> None:
    things = follow()
    with transaction(postgres, "select 1") as late:
        for run in range(3):
            execute(postgres, f"insert into things values ({run + 2}, {run + 20})")
            things.follow()
        late.execute("insert into things values (1, 10)")
        execute(postgres, "insert into things values (9, 99)")
        things.follow()
        late.commit()

    things.follow()

    assert things.keys == [1, 2, 3, 4, 9]


def test_rows_of_subtransactions_arrive(postgres: str, follow: Any) -> None:
    things = follow()
    opened = ("savepoint a", "insert into things values (1, 10)", "release a", "savepoint b")
    with transaction(postgres, *opened, "insert into things values (2, 11)", "rollback to b") as late:
        execute(postgres, "insert into things values (3, 30)")
        things.follow()
        late.execute("savepoint c")
        late.execute("insert into things values (4, 12)")
        execute(postgres, "insert into things values (5, 50)")
        things.follow()
        late.commit()

    things.follow()

    assert things.keys == [1, 3, 4, 5]


def test_a_transaction_with_more_subtransactions_than_are_shared_is_seen_whole(postgres: str, follow: Any) -> None:
    things = follow()
    many = [s for i in range(80) for s in (f"savepoint s{i}", f"insert into things values ({i}, {i})")]
    with transaction(postgres, *many) as late:
        execute(postgres, "insert into things values (1000, 1000)")
        things.follow()
        execute(postgres, "insert into things values (1001, 1001)")
        things.follow()
        late.commit()

    things.follow()

    assert things.keys == [*range(80), 1000, 1001]


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_prepared_transaction_is_waited_for(postgres: str, follow: Any, ending: str) -> None:
    things = follow()
    with transaction(postgres, "insert into things values (1, 10)") as late:
        execute(postgres, "insert into things values (2, 20)")
        things.follow()
        late.execute("prepare transaction 'one'")
    for run in range(3):
        execute(postgres, f"insert into things values ({run + 3}, {run + 30})")
        things.follow()

    execute(postgres, f"{ending} prepared 'one'")
    things.follow()

    assert things.keys == ([1, 2, 3, 4, 5] if ending == "commit" else [2, 3, 4, 5])
    assert things.follow().reason == "nothing new"


def test_what_is_rolled_back_is_nothing_new(postgres: str, follow: Any) -> None:
    things = follow()
    execute(postgres, "insert into things values (1, 10)")
    things.follow()
    with transaction(postgres, "insert into things values (2, 20)", "update things set at = 11") as dropped:
        assert things.follow().reason == "nothing new"
        dropped.rollback()

    assert things.follow().reason == "nothing new"
    assert things.keys == [1]


def test_rows_that_share_a_cursor_are_never_split(postgres: str, follow: Any) -> None:
    things = follow()
    for run in range(4):
        execute(postgres, f"insert into things values ({run}, 10)")
        things.follow()
    with transaction(postgres, "insert into things values (90, 10)") as late:
        things.follow()
        execute(postgres, "insert into things values (91, 10)")
        things.follow()
        late.commit()

    things.follow()

    assert things.keys == [0, 1, 2, 3, 90, 91]


def test_rows_that_are_copied_in_arrive(postgres: str, follow: Any) -> None:
    things = follow()
    execute(postgres, "insert into things values (1, 10)")
    things.follow()
    with psycopg.connect(postgres) as connection, connection.cursor() as cursor:
        with cursor.copy("copy things (id, at) from stdin") as copy:
            for number in range(2, 5):
                copy.write_row((number, 10 + number))
        execute(postgres, "insert into things values (5, 50)")
        things.follow()

    things.follow()

    assert things.keys == [1, 2, 3, 4, 5]


def test_a_long_reader_holds_nothing_up(postgres: str, follow: Any) -> None:
    things = follow()
    execute(postgres, "insert into things values (1, 10)")
    reading = ("set transaction isolation level repeatable read", "select count(*) from things")
    with transaction(postgres, *reading):
        things.follow()
        execute(postgres, "insert into things values (2, 20)")
        things.follow()
        execute(postgres, "insert into things values (3, 30)")
        things.follow()

        assert things.keys == [1, 2, 3]
        assert things.follow().reason == "nothing new"


def test_transactions_of_another_database_do_no_harm(postgres: str, postgres_server: Server, follow: Any) -> None:
    things = follow()
    with postgres_server.fresh_database() as other, transaction(other, "create table elsewhere (id int)"):
        for number in range(1, 4):
            execute(postgres, f"insert into things values ({number}, {number})")
            things.follow()

        assert things.keys == [1, 2, 3]
        assert things.follow().reason == "nothing new"


def test_old_rows_that_vacuum_freezes_are_not_new(postgres: str, follow: Any) -> None:
    things = follow()
    execute(postgres, "insert into things select i, i from generate_series(1, 1000) as i")
    things.follow()
    execute(postgres, "vacuum (freeze) things", "insert into things values (1001, 1001)")

    things.follow()

    assert things.keys == list(range(1, 1002))
    assert things.read_rows <= 1001 if things.stream.reads.changes == "cursor" else things.read_rows == 1
    assert things.follow().reason == "nothing new"


def test_rows_that_are_frozen_before_they_are_seen_arrive(postgres: str, follow: Any) -> None:
    things = follow()
    execute(postgres, "insert into things values (1, 10)")
    things.follow()
    execute(postgres, "insert into things values (2, 20)", "vacuum (freeze) things", "vacuum full things")

    things.follow()

    assert things.keys == [1, 2]


def test_a_row_from_the_future_hides_none_of_the_present(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int primary key, at timestamptz)")
    execute(postgres, "insert into things values (1, '2999-01-01'), (2, now())")
    things = Follower(postgres, tmp_path, changes="cursor")
    for number in range(3, 7):
        with transaction(postgres, f"insert into things values ({number}, now())") as late:
            things.follow()
            things.follow()
            late.commit()

    things.follow()

    assert things.keys == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_local_times_of_the_farthest_zones_are_not_skipped(postgres: str, tmp_path: Path, kind: str) -> None:
    execute(postgres, f"create table things (id int primary key, at {kind})")
    things = Follower(postgres, tmp_path, changes="cursor")
    for number, zone in enumerate(["Pacific/Kiritimati", "UTC", "Etc/GMT+12"] * 2):
        execute(postgres, f"insert into things values ({number}, (now() at time zone '{zone}')::{kind})")
        things.follow()
        things.follow()

    assert things.keys == [0, 1, 2, 3, 4, 5]


def test_local_times_that_come_twice_in_autumn_are_not_skipped(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int primary key, at timestamp)")
    things = Follower(postgres, tmp_path, changes="cursor")
    for number, time in enumerate(["02:10", "02:59", "02:01", "02:30", "03:00"]):
        execute(postgres, f"insert into things values ({number}, '2024-10-27 {time}')")
        things.follow()

    things.follow()

    assert things.keys == [0, 1, 2, 3, 4]


def test_a_column_that_does_not_grow_is_no_matter_by_commits(postgres: str, tmp_path: Path) -> None:
    execute(postgres, TABLE)
    things = Follower(postgres, tmp_path)
    for number in range(5):
        execute(postgres, f"insert into things values ({number}, {100 - number})")
        things.follow()

    assert things.keys == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("since", ["at", "xmin"])
def test_another_server_with_higher_numbers_is_told_apart(postgres: str, tmp_path: Path, since: str) -> None:
    execute(postgres, TABLE, "insert into things values (1, 10)")
    things = Follower(postgres, tmp_path, since=since)
    things.follow()
    system, timeline, database = things.position["system"].split("/")

    for changed in (f"1/{timeline}/{database}", f"{system}/00000002/{database}", f"{system}/{timeline}/1"):
        things.position["system"] = changed
        look = things.look()
        assert (look.mode, look.units) == ("full", ("things",))
        assert "another server" in look.reason


def test_a_server_that_is_behind_its_own_past_is_read_anew(postgres: str, tmp_path: Path) -> None:
    execute(postgres, TABLE, "insert into things values (1, 10)")
    things = Follower(postgres, tmp_path)
    things.follow()
    things.position["horizon"] += 1000

    look = things.look()

    assert look.mode == "full"
    assert "cannot be told apart" in look.reason


MOMENT = Moment("s", 100, 120, False, "system", "started", 1_000, frozenset(), frozenset())
CURSOR = Cursor("at", "int8")


def test_the_cursor_follows_one_read_behind() -> None:
    first = advanced(None, replace(MOMENT, after=frozenset({"1/1"})), CURSOR, "10")
    second = advanced(first, MOMENT, CURSOR, "20")

    assert (first.cursor, first.held) == (None, "10")
    assert (second.cursor, second.held) == ("10", "20")


def test_the_cursor_stays_while_one_of_its_transactions_runs() -> None:
    running = frozenset({"1/1"})
    first = advanced(None, replace(MOMENT, after=running), CURSOR, "10")
    second = advanced(first, replace(MOMENT, before=running, after=running), CURSOR, "20")
    third = advanced(second, replace(MOMENT, before=frozenset({"2/7"})), CURSOR, "30")

    assert (second.cursor, second.held) == (None, "10")
    assert (third.cursor, third.held) == ("10", "30")


def test_numbers_of_a_server_that_started_again_name_nobody() -> None:
    running = frozenset({"1/1"})
    first = advanced(None, replace(MOMENT, after=running), CURSOR, "10")

    second = advanced(first, replace(MOMENT, server="started later", before=running), CURSOR, "20")

    assert second.cursor == "10"


def test_a_prepared_transaction_outlives_its_server() -> None:
    first = advanced(None, replace(MOMENT, after=frozenset({"1/1"})), CURSOR, "10")

    second = advanced(first, replace(MOMENT, server="started later", before=frozenset({"prepared 7"})), CURSOR, "20")

    assert (second.cursor, second.held) == (None, "10")


def test_a_standby_tells_nothing_of_its_primary() -> None:
    standby = replace(MOMENT, is_standby=True)
    known = Mark(cursor="5", held="10", system="system")

    without = advanced(known, standby, CURSOR, "20")
    lagging = advanced(known, standby, replace(CURSOR, lag="3"), "20")

    assert (without.cursor, without.held) == (None, None)
    assert lagging.cursor == "20"
    assert since_cursor(lagging, replace(CURSOR, lag="3")) == """("at" >= ('20'::int8 - '3'::int8) or "at" is null)"""


def test_numbers_are_compared_only_where_ages_can_be() -> None:
    mark = Mark(horizon=100, system="system")

    assert mark.holds_at(replace(MOMENT, newest=100))
    assert mark.holds_at(replace(MOMENT, newest=100 + HALF - 1))
    assert not mark.holds_at(replace(MOMENT, newest=100 + HALF))
    assert not mark.holds_at(replace(MOMENT, newest=99))
    assert HALF < 1 << 31


def test_a_position_comes_back_as_it_was(postgres: str, tmp_path: Path) -> None:
    execute(postgres, TABLE, "insert into things values (1, 10)")
    things = Follower(postgres, tmp_path)
    things.follow()

    mark = Mark.of(things.position)

    assert mark is not None
    assert mark.as_position() == things.position
    assert ask(postgres, "select count(*) from things") == [(mark.rows,)]
