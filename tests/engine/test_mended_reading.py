"""What a stream holds after its files or its declaration changed: nothing that was read is lost without a word."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import StarlodeError
from starlode.step import Outcome
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlode.project import Project

PROJECT = "name: a\nsources: {{app: {{files: data, streams: {{t: {{files: '*.csv*'{0}}}}}}}}}\n"
HISTORY = PROJECT + "dimensions: {{t: {{from: app.t, key: id, history: [city], at: upd}}}}\n"
ROWS = "select * exclude (_file, _row, _load) from staging.app__t order by 1"
VERSIONS = "select id, city from star.dim_t where t_key > 0 order by id, valid_from"


def test_a_replay_reads_files_that_changed_as_changed_files(tmp_path: Path) -> None:
    project = _project(tmp_path, ", types: {v: integer}", {"a.csv": "id,v\n1,1\n2,bad\n", "b.csv": "id,v\n3,3\n"})
    starlode.run(project)
    projects.write(tmp_path, {"data/a.csv": "id,v\n1,1\n2,2\n", "data/b.csv": "id,v\n3,3\n4,4\n"})

    starlode.replay(project)

    assert projects.rows(project, ROWS) == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("", ", key: id", [(1, "6")]),
        ("", ", types: {x: integer}", [(1, 5), (1, 6)]),
        ("", ", delimiter: ';'", [("1,05",), ("1,6",)]),
        (", key: id", "", [(1, "05"), (1, "6")]),
    ],
)
def test_a_stream_that_is_declared_otherwise_is_read_anew(
    tmp_path: Path, before: str, after: str, rows: list[tuple[object, ...]]
) -> None:
    files = {"a.csv": "id,x\n1,05\n1,6\n"}
    starlode.run(_project(tmp_path, before, files))
    project = _project(tmp_path, after, {})

    planned = starlode.plan(project)
    starlode.run(planned)

    assert [(step.verb, step.reason) for step in planned.steps] == [
        ("land", "its declaration changed"),
        ("load", "its declaration changed"),
    ]
    assert projects.rows(project, ROWS) == rows
    assert starlode.plan(project).is_empty


def test_a_stream_that_was_landed_anew_and_not_loaded_is_not_read_a_third_time(tmp_path: Path) -> None:
    starlode.run(_project(tmp_path, "", {"a.csv": "id,x\n1,05\n"}))
    project = _project(tmp_path, ", types: {x: integer}", {})
    starlode.run(project, only="land")

    planned = starlode.plan(project)

    assert [step.verb for step in planned.steps] == ["load"]


def test_how_many_rejects_are_allowed_says_nothing_of_how_a_stream_is_read(tmp_path: Path) -> None:
    starlode.run(_project(tmp_path, "", {"a.csv": "id,x\n1,05\n"}))

    project = _project(tmp_path, ", max_rejects: 5, may_shrink: true, contract: freeze", {})

    assert starlode.plan(project).is_empty


@pytest.mark.parametrize("part", ["rows_out", "rejected", "merged", "lost", "doubled"])
def test_parts_that_are_less_than_nothing_do_not_balance(part: str) -> None:
    other = "rows_out" if part != "rows_out" else "merged"
    parts = {part: -1, other: -1 if part == "doubled" else 1}

    assert not replace(Outcome(), **parts).is_balanced  # type: ignore[arg-type]


def test_a_value_that_is_held_keeps_its_type(tmp_path: Path) -> None:
    project = _project(tmp_path, "", {"a.csv": "id,x\n1,\n2,\n"})
    starlode.run(project)
    projects.write(tmp_path, {"data/b.csv": "id,x\n3,007\n"})
    starlode.run(project, full=True)
    projects.write(tmp_path, {"data/c.csv": "id,x\n5,8\n"})

    starlode.run(project)

    assert projects.rows(project, ROWS) == [(1, None), (2, None), (3, "007"), (5, "8")]


@pytest.mark.parametrize("declared", [PROJECT, HISTORY])
def test_an_extraction_that_cannot_be_loaded_is_left_out_once_all_is_read_anew(tmp_path: Path, declared: str) -> None:
    settings = ", key: id, since: upd"
    files = {"a.csv": "id,city,upd\n1,2024-01-01,2024-01-01\n"}
    starlode.run(_project(tmp_path, settings, files, declared))
    projects.write(tmp_path, {"data/b.csv": "id,city,upd\n2,Rome,2024-01-01\n"})
    project = _project(tmp_path, settings, {}, declared)
    with pytest.raises(StarlodeError):
        starlode.run(project)

    run = starlode.run(_project(tmp_path, settings + ", types: {city: text}", {}, declared))

    assert run.status == "succeeded"
    assert projects.rows(project, "select id, city from staging.app__t order by 1") == [(1, "2024-01-01"), (2, "Rome")]
    told = projects.rows(project, "select severity from starlode.finding where rule = 'extraction left out'")
    assert told == ([("warning",)] if declared == HISTORY else [])


def test_a_changed_file_that_has_shrunk_is_refused_until_it_is_whole_again(tmp_path: Path) -> None:
    whole = "id\n" + "".join(f"{i}\n" for i in range(100))
    project = _project(tmp_path, "", {"a.csv": whole, "b.csv": "id\n1000\n"})
    starlode.run(project)
    projects.write(tmp_path, {"data/a.csv": "id\n1\n"})

    with pytest.raises(StarlodeError, match=r"the changed file a.csv of app.t has 1 rows where it had 100") as refused:
        starlode.run(project)

    assert "may_shrink: true" in (refused.value.hint or "")
    assert projects.value(project, "select count(*) from staging.app__t") == 101
    projects.write(tmp_path, {"data/a.csv": whole + "101\n"})
    starlode.run(project)
    assert projects.value(project, "select count(*) from staging.app__t") == 102


def test_a_changed_file_may_shrink_with_leave(tmp_path: Path) -> None:
    project = _project(tmp_path, "", {"a.csv": "id\n1\n2\n3\n"})
    starlode.run(project)
    project = _project(tmp_path, ", may_shrink: true", {"a.csv": "id\n4\n"})

    starlode.run(project)

    assert projects.rows(project, ROWS) == [(4,)]


def test_a_changed_file_that_cannot_be_read_keeps_its_rows(tmp_path: Path) -> None:
    packed = gzip.compress(b"id,x\n" + b"".join(b"%d,5\n" % i for i in range(100)))
    project = _project(tmp_path, ", max_rejects: 9, may_shrink: true", {"a.csv.gz": packed})
    starlode.run(project)
    projects.write(tmp_path, {"data/a.csv.gz": packed[:60]})

    starlode.run(project)

    assert projects.value(project, "select count(distinct id) from staging.app__t") == 100


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_history_outlives_the_file_that_told_it(tmp_path: Path, mode: str) -> None:
    settings = f", key: id, since: upd, mode: {mode}"
    project = _project(tmp_path, settings, {"a.csv": "id,city,upd\n1,Berlin,2024-01-01\n"}, HISTORY)
    starlode.run(project)
    for city, day in (("Hamburg", "2024-02-01"), ("Bremen", "2024-03-01"), ("Kiel", "2024-03-01")):
        projects.write(tmp_path, {"data/a.csv": f"id,city,upd\n1,{city},{day}\n"})
        starlode.run(project)

    versions = projects.rows(project, VERSIONS)

    assert versions == [(1, "Berlin"), (1, "Hamburg"), (1, "Kiel")]


def test_a_key_that_a_changed_file_no_longer_holds_is_what_the_others_say(tmp_path: Path) -> None:
    project = _project(tmp_path, ", key: id", {"a.csv": "id,v\n1,a\n", "b.csv": "id,v\n1,wrong\n2,x\n"})
    starlode.run(project)
    projects.write(tmp_path, {"data/b.csv": "id,v\n2,x\n"})

    run = starlode.run(project)

    assert [f.severity for f in run.findings if f.rule == "rows back"] == ["note"]
    assert projects.rows(project, "select id, v from staging.app__t order by 1") == [(1, "a"), (2, "x")]


def _project(folder: Path, settings: str, files: Mapping[str, str | bytes], declared: str = PROJECT) -> Project:
    named = {f"data/{name}": content for name, content in files.items()}
    return projects.project(folder, {"starlode.yml": declared.format(settings), **named})
