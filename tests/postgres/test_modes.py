"""Full, by key, by a cursor: what a run reads, what it tells, and when it writes nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.postgres import looking
from tests import projects
from tests.postgres.declaring import ask, counts, declare, execute, loaded
from tests.postgres.following import Follower, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

KEYED = "create table things (id int primary key, at {}, word text)"


def _held(project: Project, columns: str = "id") -> list[tuple[object, ...]]:
    return projects.rows(project, f"select {columns} from staging.live__things order by id")


def _ledger_lines(project: Project) -> int:
    tables = ("step", "batch", "position", "check", "reject", "schema_change")
    found = projects.rows(project, "select table_name from information_schema.tables where table_schema = 'starlode'")
    names = [name for (name,) in found if name != "run" and (name in tables or name)]
    return sum(projects.value(project, f'select count(*) from starlode."{name}"') for name in names)


def test_an_unchanged_table_writes_nothing_but_a_line(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "insert into things values (1, 1, 'a'), (2, 2, 'b')")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})
    starlode.run(project)
    lines, files = _ledger_lines(project), sorted((tmp_path / "landing").rglob("*"))

    run = starlode.run(project)

    assert run.status == "unchanged"
    assert _ledger_lines(project) == lines
    assert sorted((tmp_path / "landing").rglob("*")) == files


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("delete from things where id = 1", [(2,), (3,)]),
        ("insert into things values (4, 4)", [(1,), (2,), (3,), (4,)]),
        ("update things set word = 'z' where id = 1", [(1,), (2,), (3,)]),
        ("with gone as (delete from things where id = 1) insert into things values (4, 4)", [(2,), (3,), (4,)]),
        ("truncate things", []),
    ],
)
def test_a_table_that_is_read_whole_follows_every_change(
    postgres: str, tmp_path: Path, change: str, wanted: list[tuple[int]]
) -> None:
    execute(postgres, KEYED.format("int"), "insert into things values (1, 1), (2, 2), (3, 3)")
    project = declare(tmp_path, postgres, {"things": "{table: things, may_shrink: true}"})
    starlode.run(project)
    execute(postgres, change)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert _held(project) == wanted
    assert _held(project, "id, word") == ask(postgres, "select id, word from things order by id")
    assert starlode.run(project).status == "unchanged"


@pytest.mark.parametrize(
    "change", ["update things set word = 'z'", "delete from things", "insert into things values (9)"]
)
def test_what_is_rolled_back_is_no_change(postgres: str, tmp_path: Path, change: str) -> None:
    execute(postgres, KEYED.format("int"), "insert into things values (1, 1), (2, 2)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})
    starlode.run(project)

    with transaction(postgres, change) as dropped:
        while_open = starlode.run(project)
        dropped.rollback()

    assert while_open.status == "unchanged"
    assert starlode.run(project).status == "unchanged"


def test_a_long_transaction_elsewhere_does_not_have_everything_read_again(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "create table other (id int)", "insert into things values (1, 1)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})
    with transaction(postgres, "insert into other values (1)"):
        execute(postgres, "insert into things values (2, 2)")
        starlode.run(project)

        assert starlode.run(project).status == "unchanged"
        execute(postgres, "delete from things where id = 2", "insert into things values (3, 3)")
        assert starlode.run(project).status == "succeeded"

    assert _held(project) == [(1,), (3,)]
    assert starlode.run(project).status == "unchanged"


def test_a_key_and_everything_tells_what_changed(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "insert into things select i, i, 'a' from generate_series(1, 6) as i")
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id}"})
    first = starlode.run(project)
    execute(postgres, "delete from things where id = 1", "update things set word = 'b' where id in (2, 3)")
    execute(postgres, "insert into things values (7, 7)")

    second = starlode.run(project)

    assert counts(first) == (6, 0, 0, 0)
    assert counts(second) == (1, 2, 1, 3)


@pytest.mark.parametrize("changes", ["commits", "cursor"])
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("timestamp", ["2024-01-01 10:00:00.000001", "2024-01-01 10:00:00.000002", "2024-01-01 10:00:00.000003"]),
        ("timestamptz", ["2024-01-01 10:00+05:30", "2024-01-01 10:00-03", "2024-01-02"]),
        ("date", ["2024-01-01", "2024-01-02", "2024-01-02"]),
        ("int", ["1", "2", "2"]),
        ("numeric", ["0.1", "0.123456789012345678901", "0.123456789012345678902"]),
    ],
)
def test_what_is_new_is_read_by_a_cursor_of_any_type(
    postgres: str, tmp_path: Path, changes: str, kind: str, values: list[str]
) -> None:
    execute(postgres, KEYED.format(kind))
    project = declare(tmp_path, postgres, {"things": f"{{table: things, key: id, since: at, changes: {changes}}}"})
    for number, value in enumerate(values):
        execute(postgres, f"insert into things values ({number}, '{value}', 'new')")
        run = starlode.run(project)
        assert counts(run)[:3] == (1, 0, 0)
    execute(postgres, f"update things set word = 'changed', at = '{values[-1]}' where id = 0")

    last = starlode.run(project)

    assert counts(last)[:3] == (0, 1, 0)
    assert _held(project, "id, word")[0] == (0, "changed")
    assert starlode.run(project).status == "unchanged"


def test_a_table_without_a_cursor_is_followed_by_its_transactions(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int primary key, word text)")
    execute(postgres, "insert into things select i, 'a' from generate_series(1, 100) as i")
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id, since: xmin}"})
    starlode.run(project)
    execute(postgres, "update things set word = 'b' where id = 7", "insert into things values (101)")

    run = starlode.run(project)

    assert loaded(run).rows_in == 2
    assert counts(run) == (1, 1, 0, 0)
    assert starlode.run(project).status == "unchanged"


@pytest.mark.parametrize("reads", ["{table: shown, since: xmin, key: id}", "{query: q.sql, since: xmin, key: id}"])
def test_a_view_or_query_does_not_tell_its_transactions(postgres: str, tmp_path: Path, reads: str) -> None:
    execute(postgres, KEYED.format("int"), "create view shown as select id, word from things")
    project = declare(tmp_path, postgres, {"things": reads}, files={"q.sql": "select id from things"})

    with pytest.raises(starlode.SourceError, match="cannot be read by `since: xmin`"):
        starlode.plan(project)


def test_a_lag_reads_further_back(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "create view shown as select * from things")
    execute(postgres, "insert into things select i, i from generate_series(1, 20) as i")
    plain = Follower(postgres, tmp_path, table="shown")
    lagging = Follower(postgres, tmp_path, table="shown", lag="10")
    for follower in (plain, lagging):
        follower.follow()
    execute(postgres, "insert into things values (21, 21)")
    for follower in (plain, lagging):
        follower.follow()
    execute(postgres, "insert into things values (22, 15)", "insert into things values (23, 23)")

    for follower in (plain, lagging):
        follower.follow()

    assert 22 not in plain.keys
    assert 22 in lagging.keys


def test_a_lag_that_is_no_duration_is_a_mistake(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(starlode.ProjectError) as raised:
        declare(tmp_path, postgres, {"things": "{table: things, key: id, since: at, lag: a while}"})

    assert "`lag`" in raised.value.mistakes[0].what


@pytest.mark.parametrize("source", ["things", "shown"])
@pytest.mark.parametrize("changes", ["", ", changes: cursor"])
def test_rows_without_a_cursor_are_read_by_policy(postgres: str, tmp_path: Path, source: str, changes: str) -> None:
    execute(postgres, KEYED.format("int"), "create view shown as select * from things")
    execute(postgres, "insert into things values (1, 1), (2, null), (3, 3)")
    said = f"table: {source}, key: id, since: at{changes if source == 'things' else ''}"
    streams = {"things": f"{{{said}}}", "cut": f"{{{said}, nulls: skip}}"}
    project = declare(tmp_path, postgres, streams)

    first = starlode.run(project)
    execute(postgres, "insert into things values (4, null), (5, 5)", "update things set word = 'x' where id = 2")
    starlode.run(project)

    assert _held(project, "id, word") == [(1, None), (2, "x"), (3, None), (4, None), (5, None)]
    assert projects.rows(project, "select id from staging.live__cut order by id") == [(1,), (3,), (5,)]
    told = {finding.message for finding in first.findings if finding.rule == "no cursor"}
    assert told == {"1 rows are left out, as their `at` is NULL"}
    assert starlode.run(project).status == "unchanged"


def test_rows_without_a_cursor_may_stop_the_run(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "insert into things values (1, 1), (2, null)")
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id, since: at, nulls: fail}"})

    with pytest.raises(starlode.SourceError, match=r"1 rows of live\.things have no `at`"):
        starlode.run(project)


def test_a_key_that_stands_twice_in_one_read_is_refused(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int, at int)", "insert into things values (1, 1), (1, 2), (2, 2)")
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id, since: at}"})

    with pytest.raises(starlode.DataError, match=r"1 keys of live\.things stand in several rows"):
        starlode.run(project)


@pytest.mark.parametrize("changes", ["commits", "cursor"])
def test_a_new_column_brings_the_values_of_old_rows(postgres: str, tmp_path: Path, changes: str) -> None:
    execute(postgres, KEYED.format("int"), "insert into things select i, i from generate_series(1, 5) as i")
    streams = {
        "things": f"{{table: things, key: id, since: at, changes: {changes}}}",
        "whole": "{table: things}",
    }
    project = declare(tmp_path, postgres, streams)
    starlode.run(project)
    starlode.run(project)
    execute(postgres, "alter table things add column colour text default 'red'")

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert _held(project, "id, colour") == [(number, "red") for number in range(1, 6)]
    assert projects.rows(project, "select distinct colour from staging.live__whole") == [("red",)]
    assert starlode.run(project).status == "unchanged"


def test_a_new_column_without_values_costs_nothing(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "insert into things select i, i from generate_series(1, 5) as i")
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id, since: at}"})
    starlode.run(project)
    execute(postgres, "alter table things add column colour text", "insert into things values (6, 6, 'w', 'blue')")

    run = starlode.run(project)

    assert loaded(run).rows_in == 1
    assert _held(project, "id, colour")[4:] == [(5, None), (6, "blue")]


def test_a_column_that_is_called_like_the_row_hides_no_change(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table base (id int primary key, t int, word text, until date)")
    execute(postgres, "create view things as select * from base", "insert into base values (1, 1, 'a')")
    project = declare(tmp_path, postgres, {"things": "{table: things, max_rejects: 1}"})
    starlode.run(project)
    execute(postgres, "update base set word = 'b'", "insert into base values (2, 2, 'bad', 'infinity')")

    starlode.run(project)

    assert _held(project, "id, word") == [(1, "b")]
    assert '"word":"bad"' in next(iter(starlode.rejects(project))).raw


@pytest.mark.slow
def test_a_large_table_with_an_index_is_followed_by_its_cursor(postgres: str, tmp_path: Path) -> None:
    _create_large(postgres, "create index on things (at)")
    things = Follower(postgres, tmp_path)
    for number in range(100_001, 100_004):
        execute(postgres, f"insert into things values ({number}, {number})")
        things.follow()
    asked, horizon = things.position["asked"], things.position["horizon"]
    execute(postgres, "insert into things values (200000, 200000)", "insert into things values (300000, -1)")

    by_cursor = things.follow()
    held_back = (things.position["asked"], things.position["horizon"])
    missed = 300_000 not in things.keys
    things.position["asked"] -= looking.DAY
    a_day_later = things.follow()

    assert by_cursor.reason == "3 rows to read, found by cursor"
    assert missed
    assert held_back == (asked, horizon)
    assert a_day_later.reason == "3 rows to read, found by commits"
    assert things.keys == [key for (key,) in ask(postgres, "select id from things order by id")]
    assert things.look().reason == "nothing new"


@pytest.mark.slow
def test_a_large_table_without_an_index_is_followed_by_commits(postgres: str, tmp_path: Path) -> None:
    _create_large(postgres, "create index on things (at) where at > 100", "create index on things (id, at)")
    things = Follower(postgres, tmp_path)
    for number in range(100_001, 100_004):
        execute(postgres, f"insert into things values ({number}, {number})")
        things.follow()
    execute(postgres, "insert into things values (200000, 200000)")

    assert things.look().reason == "1 rows to read, found by commits"


def _create_large(url: str, *indexes: str) -> None:
    """A table of as many pages as make one large; a row fills a page."""
    rows = f"insert into things select i, i, repeat('x', 7000) from generate_series(1, {looking.FEW_PAGES + 1}) as i"
    plain = "alter table things alter column word set storage plain"
    execute(url, KEYED.format("int"), plain, rows, *indexes)


def test_read_in_full_is_left_at_the_newest_state(postgres: str, tmp_path: Path) -> None:
    execute(postgres, KEYED.format("int"), "create view shown as select * from things")
    execute(postgres, "insert into things values (1, 1), (2, 2)")
    streams = {"things": "{table: things, key: id, since: at}", "seen": "{table: shown, key: id, since: at}"}
    project = declare(tmp_path, postgres, streams)
    starlode.run(project)
    execute(postgres, "delete from things where id = 1")

    run = starlode.run(project, full=True)

    assert _held(project) == [(2,)]
    assert counts(run) == (0, 0, 1, 1)
    assert starlode.run(project).status == "unchanged"


def test_how_fast_it_is_read_is_no_reason_to_read_it_again(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        "create table things (id int primary key, at timestamptz default now())",
        "insert into things values (1)",
    )
    told = "table: things, key: id, since: at"
    starlode.run(declare(tmp_path, postgres, {"things": f"{{{told}}}"}))

    again = starlode.run(
        declare(tmp_path, postgres, {"things": f"{{{told}, longest_query: 2 s, changes: commits, lag: 1 h}}"})
    )

    assert again.status == "unchanged"
