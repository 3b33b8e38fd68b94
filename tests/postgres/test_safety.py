"""No secret and no cell leaves by the way of an error, a plan, a ledger, a manifest or what the terminal shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

import starlode
from starlode.postgres import lanes
from tests import projects
from tests.postgres.declaring import declare, execute

if TYPE_CHECKING:
    from pathlib import Path

SECRET, CELL = "pa55-w0rd", "cell-value-4711"
READERS = lanes.readers()
# Each fails on the server at a value, in words that quote it.
FAILING = {
    "cast": f"select '{CELL}'::text::int as id from generate_series(1, 10)",
    "check": "select word::narrow as id from things",
    "date": "select to_date(word, 'YYYY-MM-DD') as id from things",
    "json": "select (('{' || word)::json)::text as id from things",
    "raised": "select shout(word) as id from things",
}


@pytest.fixture
def with_password(postgres: str) -> str:
    known = psycopg.conninfo.conninfo_to_dict(postgres)
    execute(
        postgres,
        "create table things (id int primary key, word text, until date, took interval, at timestamptz default now())",
        f"insert into things values (1, '{CELL}', null, '1 day'), (2, '{CELL}', 'infinity', null)",
        "create domain narrow as text check (length(value) < 3)",
        "create function shout(text) returns text language plpgsql as "
        "$$ begin raise exception 'it is %', $1 using errcode = '42883'; end $$",
    )
    return f"postgresql://{known['user']}:{SECRET}@{known['host']}:{known['port']}/{known['dbname']}"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("failing", FAILING)
def test_an_error_quotes_no_cell_and_no_secret(with_password: str, tmp_path: Path, reader: str, failing: str) -> None:
    files = {"q.sql": FAILING[failing]}
    project = declare(tmp_path, with_password, {"things": "{query: q.sql}"}, files=files, source={"reader": reader})

    with pytest.raises(starlode.SourceError) as raised:
        starlode.run(project)

    told = _whole(raised.value)
    assert (CELL in told, SECRET in told) == (False, False)
    assert _held(tmp_path, project, CELL) == []


def test_an_error_of_a_look_quotes_no_cell(with_password: str, tmp_path: Path) -> None:
    files = {"q.sql": "select id, word::regclass::text as of from things where id > 10"}
    project = declare(tmp_path, with_password, {"things": "{query: q.sql}"}, files=files)
    starlode.run(project)
    execute(with_password, f"insert into things values (11, '{CELL}')")

    with pytest.raises(starlode.SourceError, match=r"does not (fit|exist)|not there") as raised:
        starlode.run(project)

    assert CELL not in _whole(raised.value)


@pytest.mark.parametrize("words", [("plan",), ("plan", "--sql"), ("run",), ("status",), ("rejects", "list")])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_is_shown_holds_no_secret_and_no_cell(
    with_password: str, tmp_path: Path, words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    streams = {"things": "{table: things, key: id, since: at, max_rejects: 1}"}
    declare(tmp_path, with_password, streams)
    if words[0] in ("status", "rejects"):
        _call(tmp_path, with_password, "run")

    done = _call(tmp_path, with_password, *words, *form)

    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown
    assert SECRET not in shown
    assert CELL not in shown or words[0] == "rejects"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_server_that_cannot_be_reached_is_told_without_the_secret(
    with_password: str, tmp_path: Path, form: tuple[str, ...]
) -> None:
    declare(tmp_path, with_password, {"things": "{table: things}"})
    nowhere = with_password.replace(with_password.rpartition(":")[2].partition("/")[0], "1")

    done = _call(tmp_path, nowhere, "run", *form)

    assert done.returncode == 3
    assert "postgresql://" in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_what_is_kept_holds_no_secret_and_cells_only_where_they_belong(with_password: str, tmp_path: Path) -> None:
    streams = {"things": "{table: things, key: id, since: at, max_rejects: 1}"}
    project = declare(tmp_path, with_password, streams)

    starlode.run(project)

    assert _held(tmp_path, project, SECRET) == []
    assert _held(tmp_path, project, CELL) == ["starlode.reject"]
    assert SECRET not in f"{project!r} {starlode.plan(project)!r}"


def test_what_is_carried_otherwise_is_shown_before_anything_is_done(with_password: str, tmp_path: Path) -> None:
    declare(tmp_path, with_password, {"things": "{table: things}"})
    note = "took: interval is carried as the text that PostgreSQL prints"

    for_people = _call(tmp_path, with_password, "plan")
    for_programs = json.loads(_call(tmp_path, with_password, "plan", "--json").stdout)

    assert f"note live.things: {note}" in for_people.stdout
    assert for_programs["steps"][0]["notes"] == [note]


def _call(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    environment = {**os.environ, "LIVE_URL": url, "NO_COLOR": "1", "COLUMNS": "200"}
    command = [sys.executable, "-m", "starlode", *words, "--project", str(folder)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=folder)


def _whole(error: BaseException) -> str:
    """All that an error and those behind it say."""
    behind = [one for one in (error.__cause__, error.__context__ if not error.__suppress_context__ else None) if one]
    return " ".join([str(error), repr(error), *map(_whole, behind)])


def _held(folder: Path, project: starlode.Project, word: str) -> list[str]:
    """Where a word is kept beside the data itself: files of the landing that are no Parquet, and tables of the ledger."""
    files = [path for path in folder.rglob("*.json") if word in path.read_text("utf-8")]
    named = "select table_name from information_schema.tables where table_schema = 'starlode'"
    tables = [name for (name,) in projects.rows(project, named)]
    held = [name for name in tables if word in repr(starlode.query(project, f'from starlode."{name}"').to_pylist())]
    return [*map(str, files), *(f"starlode.{name}" for name in held)]
