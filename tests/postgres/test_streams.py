"""What can be read: tables of every kind and name, views, queries; and what is said where something is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

import starlode
from starlode.postgres import lanes
from starlode.step import Land
from tests import projects
from tests.postgres.declaring import ask, declare, execute, loaded

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "Order Lines",
    "a.b",
    'say "hi"',
    "Größe 🦆",
    "select",
    "x" * 63,
    "%s",
    "back\\slash",
    "it's",
    "{brace}",
    "-- no",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reader", lanes.readers())
def test_names_of_any_kind_are_read(postgres: str, tmp_path: Path, name: str, reader: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    execute(postgres, f"create schema {quoted}", f"create table {quoted}.{quoted} ({quoted} int primary key, v date)")
    execute(postgres, f"insert into {quoted}.{quoted} values (1), (2)")
    table = (quoted + "." + quoted).replace("'", "''")
    column = name.replace("'", "''")
    stream = f"{{table: '{table}', key: '{column}', since: '{column}'}}"
    project = declare(tmp_path, postgres, {"things": stream}, source={"reader": reader})

    run = starlode.run(project)
    again = starlode.run(project)

    assert loaded(run).rows_out == 2
    assert projects.rows(project, f"select {quoted} from staging.live__things order by 1") == [(1,), (2,)]
    assert again.status == "unchanged"


def test_names_that_differ_in_case_only_are_told_apart_or_refused(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres, 'create table "Things" (id int)', "create table things (id int)", 'insert into "Things" values (1)'
    )
    execute(postgres, 'create table clash (id int, "Id" int)')
    project = declare(tmp_path, postgres, {"upper": "{table: Things}", "lower": "{table: things}"})
    clashing = declare(tmp_path / "other", postgres, {"things": "{table: clash}"})

    starlode.run(project)

    assert projects.value(project, "select count(*) from staging.live__upper") == 1
    with pytest.raises(starlode.StarlodeError, match="differ in case only: `id`, `Id`"):
        starlode.run(clashing)


def test_generated_columns_are_read_and_dropped_ones_are_not(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (a int, gone text, b int generated always as (a * 2) stored, c int)")
    execute(postgres, "alter table things drop column gone", "insert into things (a, c) values (21, 3)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})

    starlode.run(project)

    assert projects.rows(project, "select * exclude (_file, _row, _load) from staging.live__things") == [(21, 42, 3)]


@pytest.mark.parametrize("kind", ["view", "materialized view"])
def test_views_are_read(postgres: str, tmp_path: Path, kind: str) -> None:
    execute(postgres, "create table base (id int, at int)", "insert into base values (1, 1), (2, 2)")
    execute(postgres, f"create {kind} things as select id, at, id * 10 as ten from base")
    streams = {"things": "{table: things}", "new": "{table: things, key: id, since: at}"}
    project = declare(tmp_path, postgres, streams)
    first = starlode.run(project)
    unchanged = starlode.run(project)
    refresh = ["refresh materialized view things"] if kind == "materialized view" else []
    execute(postgres, "insert into base values (3, 3)", *refresh)

    starlode.run(project)

    assert (first.status, unchanged.status) == ("succeeded", "unchanged")
    for table in ("live__things", "live__new"):
        assert projects.rows(project, f"select id, ten from staging.{table} order by id") == [(1, 10), (2, 20), (3, 30)]
    assert starlode.run(project).status == "unchanged"


@pytest.mark.parametrize(
    "since", ["", ", since: at, changes: commits", ", since: at, changes: cursor", ", since: xmin"]
)
def test_a_table_of_partitions_of_partitions_is_read_once(postgres: str, tmp_path: Path, since: str) -> None:
    execute(
        postgres,
        "create table things (id int, at int, word text) partition by range (id)",
        "create table low partition of things for values from (0) to (100)",
        "create table high (word text, gone int, at int, id int)",
        "alter table high drop column gone",
        "create table deep (at int, id int, word text) partition by list (at)",
        "create table deep_one partition of deep for values in (1)",
        "create table deep_other partition of deep default",
        "alter table things attach partition high for values from (100) to (200)",
        "alter table things attach partition deep for values from (200) to (300)",
        "insert into things select i, i % 3, 'row ' || i from generate_series(0, 299) as i",
    )
    project = declare(tmp_path, postgres, {"things": f"{{table: things, key: id{since}}}"})

    run = starlode.run(project)
    starlode.run(project)
    execute(postgres, "insert into high values ('new', 9, 150)", "delete from high where word = 'row 150'")
    starlode.run(project)

    assert loaded(run).rows_in == 300
    held = projects.rows(project, 'select id, "at", word from staging.live__things order by id')
    assert held == ask(postgres, "select id, at, word from things order by id")
    assert starlode.run(project).status == "unchanged"


def test_an_inherited_table_is_read_with_its_heirs(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        "create table things (id int, word text)",
        "create table heirs (more int) inherits (things)",
        "insert into things values (1, 'own')",
        "insert into heirs values (2, 'heir', 3)",
    )
    project = declare(tmp_path, postgres, {"things": "{table: things}"})

    starlode.run(project)

    assert projects.rows(project, "select id, word from staging.live__things order by id") == [(1, "own"), (2, "heir")]


@pytest.mark.parametrize("made", ["create unlogged table things (id int)", "create table things (id int)"])
def test_an_empty_or_unlogged_table_is_read(postgres: str, tmp_path: Path, made: str) -> None:
    execute(postgres, made)
    project = declare(tmp_path, postgres, {"things": "{table: things}"})
    empty, again = starlode.run(project), starlode.run(project)
    execute(postgres, "insert into things values (1)")

    starlode.run(project)

    assert (empty.status, again.status) == ("succeeded", "unchanged")
    assert projects.rows(project, "select id from staging.live__things") == [(1,)]


@pytest.mark.parametrize(
    "text",
    [
        "select id, word from base",
        "select id, word from base;",
        "select id, word from base ;\n\n",
        "select id, word from base -- the end",
        "select id, word from base /* the end */",
        "with chosen as (select * from base) select id, word from chosen",
        "-- first\nselect id, word from base where word like '%a%' or true",
        "select id, word from base union all select id, word from base where false",
        "select id, word from base order by id desc limit 10",
        "\ufeffselect id, word from base",
        "values (1, 'a')",
    ],
)
def test_queries_of_every_shape_are_read(postgres: str, tmp_path: Path, text: str) -> None:
    execute(postgres, "create table base (id int, word text)", "insert into base values (1, 'a')")
    project = declare(tmp_path, postgres, {"things": "{query: q.sql}"}, files={"q.sql": text})

    starlode.run(project)

    columns = "column1, column2" if text.startswith("values") else "id, word"
    assert projects.rows(project, f"select {columns} from staging.live__things") == [(1, "a")]
    assert starlode.run(project).status == "unchanged"


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("select 1 as a; select 2 as b", "syntax error", 1),
        ("select 1) as q; drop table base; select * from (select 1", "cannot insert multiple commands", 1),
        ("select id,\n  wrod from base", 'column "wrod" does not exist', 2),
        ("select\n id\n from bsae", 'relation "bsae" does not exist', 3),
        ("insert into base values (2) returning id", "syntax error", 1),
        ("with w as (insert into base values (2) returning id) select * from w", "data-modifying", 1),
        ("select id, id from base", "have the same name, or differ in case only: `id`, `id`", None),
        ("delete from base", "syntax error", 1),
        ("", "syntax error", 1),
    ],
)
def test_a_wrong_query_is_refused_with_its_line(
    postgres: str, tmp_path: Path, text: str, said: str, line: int | None
) -> None:
    execute(postgres, "create table base (id int)", "insert into base values (1)")
    project = declare(tmp_path, postgres, {"things": "{query: q.sql}"}, files={"q.sql": text})

    with pytest.raises(starlode.SourceError) as raised:
        starlode.plan(project)

    assert said in raised.value.what
    assert raised.value.where == (f"q.sql:{line}" if line else "q.sql")
    assert ask(postgres, "select * from base") == [(1,)]


@pytest.mark.parametrize("reader", lanes.readers())
def test_a_function_that_writes_is_refused(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(postgres, "create table base (id int)", "create sequence numbers")
    execute(
        postgres,
        "create function write() returns int language sql as 'insert into base values (1) returning id'",
    )
    streams = {"things": "{query: q.sql}"}
    for text in ("select write() as id", "select nextval('numbers') as id"):
        project = declare(tmp_path, postgres, streams, files={"q.sql": text}, source={"reader": reader})
        with pytest.raises(starlode.SourceError, match="refuses a read"):
            starlode.run(project)

    assert ask(postgres, "select count(*) from base") == [(0,)]
    assert ask(postgres, "select is_called from numbers") == [(False,)]


@pytest.mark.parametrize(
    ("stream", "what", "hint"),
    [
        ("{table: thngs}", "there is no table `thngs`", "`things`"),
        ("{table: nowhere.things}", "there is no table `nowhere.things`", ""),
        ("{table: things, key: idd}", "no column `idd`", "`id`"),
        ("{table: things, key: id, since: att}", "no column `att`", "`at`"),
        ("{table: things, types: {wrd: text}}", "no column `wrd`", "`word`"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest_name(
    postgres: str, tmp_path: Path, stream: str, what: str, hint: str
) -> None:
    execute(postgres, "create table things (id int, at int, word text)")
    project = declare(tmp_path, postgres, {"things": stream})

    with pytest.raises(starlode.SourceError) as raised:
        starlode.plan(project)

    assert what in raised.value.what
    assert hint in (raised.value.hint or "")
    assert raised.value.exit_code == 3


def test_what_this_user_may_not_read_is_told(postgres: str, tmp_path: Path) -> None:
    execute(postgres, *_reader_role(), "create table things (id int)", "insert into things values (1)")
    project = declare(tmp_path, _as_reader(postgres), {"things": "{table: things}"})

    with pytest.raises(starlode.SourceError, match="permission denied for table things") as raised:
        starlode.run(project)

    assert raised.value.hint == "grant select on it to the user"


def test_rows_that_a_policy_hides_stop_the_read(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        *_reader_role(),
        "create table things (id int)",
        "insert into things values (1), (2)",
        "alter table things enable row level security",
        "create policy low on things for select using (id < 2)",
        "grant select on things to starlode_reader",
    )
    project = declare(tmp_path, _as_reader(postgres), {"things": "{table: things}"})

    with pytest.raises(starlode.SourceError, match="row-level security") as raised:
        starlode.run(project)

    assert "BYPASSRLS" in (raised.value.hint or "")


def test_select_on_a_partitioned_table_is_right_enough(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        *_reader_role(),
        "create table things (id int, at int) partition by range (id)",
        "create table low partition of things for values from (0) to (100)",
        "create table high partition of things for values from (100) to (200)",
        "insert into things values (1, 1), (150, 2)",
        "grant select on things to starlode_reader",
    )
    streams = {"things": "{table: things}", "new": "{table: things, key: id, since: at}"}
    project = declare(tmp_path, _as_reader(postgres), streams)

    starlode.run(project)
    execute(postgres, "insert into things values (2, 3)")
    starlode.run(project)

    for name in ("things", "new"):
        assert projects.rows(project, f"select id from staging.live__{name} order by id") == [(1,), (2,), (150,)]


def test_all_tables_of_a_schema_are_streams(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres,
        "create table things (id int primary key, word text)",
        'create table "Order Lines" (o int, l int, primary key (l, o))',
        "create table audit_log (id int)",
        "create view shown as select * from things",
        "create table parts (id int) partition by range (id)",
        "create table part_one partition of parts for values from (0) to (9)",
        "insert into things values (1)",
    )
    projects.write(
        tmp_path,
        {
            "starlode.yml": "name: all\nsources:\n  live:\n    url: ${LIVE_URL}\n    tables: public.*\n"
            "    except: [audit_*]\n    streams:\n      own: {table: public.things, key: id}\n"
        },
    )
    project = starlode.read(tmp_path, {"LIVE_URL": postgres})

    run = starlode.run(project)

    read = {step.stream.name: step.stream.key for step in (done.step for done in run.done) if isinstance(step, Land)}
    assert read == {"own": ("id",), "order_lines": ("l", "o"), "shown": (), "parts": ()}
    assert starlode.run(project).status == "unchanged"


def _reader_role() -> tuple[str, ...]:
    known = "exists (select from pg_roles where rolname = 'starlode_reader')"
    made = f"do $$ begin if not {known} then create role starlode_reader login; end if; end $$"
    return (made, "grant usage on schema public to starlode_reader")


def _as_reader(url: str) -> str:
    known = psycopg.conninfo.conninfo_to_dict(url)
    return f"postgresql://starlode_reader@{known['host']}:{known['port']}/{known['dbname']}"
