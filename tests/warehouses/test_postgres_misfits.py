"""What PostgreSQL cannot keep is rejected row by row, and the rows beside it are loaded, counted and summed like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import starlode
from starlode.postgres import sending
from starlode.table import JSON, TEXT, TIMESTAMP, Column
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

PROJECT = """
name: shop
sources:
  till:
    files: data
    streams:
      things: {{files: "*.*", key: id, since: version, max_rejects: 9}}
dimensions:
  thing: {{from: till.things, key: id, history: [word], at: at}}
facts:
  things: {{from: till.things, grain: id, dims: {{thing: id}}, measures: {{n: sum}}}}
target: {target}
"""
ROWS = """\
{"id": 1, "version": 1, "n": 10, "word": "a", "at": "2026-01-01T00:00:00", "more": {"x": "\\\\u0000"}}
{"id": 2, "version": 1, "n": 20, "word": "nul \\u0000", "at": "2026-01-01T00:00:00", "more": {"x": "y"}}
{"id": 3, "version": 1, "n": 30, "word": "c", "at": "2026-01-01T00:00:00", "more": {"x": "\\u0000"}}
{"id": 4, "version": 1, "n": 40, "word": "d", "at": "2026-01-01T00:00:00", "more": null}
"""
BALANCE = "select rows_in, rows_out, rows_rejected from starlode.step where verb = 'load' and status = 'done' order by ended_at"


@pytest.fixture
def project(postgres: str, tmp_path: Path) -> Project:
    return projects.project(tmp_path, {"starlode.yml": PROJECT.format(target=postgres), "data/things1.json": ROWS})


def test_a_nul_in_a_text_or_in_json_is_rejected_and_the_others_are_loaded(project: Project) -> None:
    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.rows(project, "select id, n from star.fact_things order by id") == [(1, 10), (4, 40)]
    told = [(row.file, row.line, row.column, row.reason) for row in starlode.rejects(project)]
    assert told == [
        ("things1.json", 2, "word", "PostgreSQL keeps no NUL character in a text"),
        ("things1.json", 3, "more", "PostgreSQL keeps no NUL character in JSON"),
    ]
    assert projects.rows(project, BALANCE) == [(4, 2, 2)]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def test_nothing_is_left_in_the_landing_by_what_was_sieved(project: Project) -> None:
    starlode.run(project)

    assert starlode.sweep(project, dry_run=True) == ()
    assert len(list(project.landing.folder.rglob("part-*.parquet"))) == 1


def test_a_mended_file_is_replayed(project: Project) -> None:
    starlode.run(project)
    projects.write(project.folder, {"data/things1.json": ROWS.replace('nul \\u0000"', 'b"')})

    starlode.replay(project)

    assert projects.rows(project, "select id, n from star.fact_things order by id") == [(1, 10), (2, 20), (4, 40)]
    assert [(row.line, row.column) for row in starlode.rejects(project)] == [(3, "more")]


def test_more_of_them_than_a_stream_may_reject_end_the_run_so(project: Project) -> None:
    told = (project.folder / "starlode.yml").read_text("utf-8").replace("max_rejects: 9", "max_rejects: 1")

    run = starlode.run(projects.project(project.folder, {"starlode.yml": told}))

    assert run.status == "rejects"
    assert projects.value(project, "select sum(n) from star.fact_things") == 50


def test_a_moment_before_the_calendar_begins_is_rejected(project: Project) -> None:
    (project.folder / "data" / "things1.json").unlink()
    early = pa.array([-9_223_372_022_400_000_000, 0], pa.timestamp("us"))
    rows: dict[str, Any] = {"id": [1, 2], "version": [1, 1], "n": [1, 2], "word": ["a", "b"], "at": early}
    pq.write_table(pa.table(rows), project.folder / "data" / "things.parquet")

    starlode.run(project)

    assert projects.rows(project, "select id, n from star.fact_things") == [(2, 2)]
    (row,) = starlode.rejects(project)
    assert (row.column, row.reason) == ("at", "it lies before 4713 BC, where its calendar begins")
    assert '"at": "-9223372022400000000"' in row.raw


@pytest.mark.parametrize(
    ("kind", "values", "which"),
    [
        (TEXT, ["\\u0000", "\x00", "a\x00b", "", None], [False, True, True, False, None]),
        (
            JSON,
            [r'"\u0000"', r'"\\u0000"', r'"\\\u0000"', r'"a\u0000"', r'{"\u0000": 1}'],
            [True, False, True, True, True],
        ),
    ],
)
def test_only_what_is_a_nul_is_taken_for_one(kind: Any, values: list[Any], which: list[Any]) -> None:
    found = sending.misfits(Column("c", kind), pa.array(values))

    assert found is not None
    assert found.which.to_pylist() == which


def test_a_moment_is_judged_to_the_microsecond() -> None:
    first = sending.FIRST_MOMENT

    found = sending.misfits(Column("c", TIMESTAMP), pa.array([first - 1, first, None], pa.timestamp("us")))

    assert found is not None
    assert found.which.to_pylist() == [True, False, None]
