"""The users' SELECTs mean what they mean in DuckDB, and what their joins do to rows is seen through WITH and GROUP BY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import CheckFailed
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: a
sources: {app: {files: data, streams: {lines: {files: "l*.csv"}, prod: {files: "p*.csv"}}}}
facts: {f: {from: sql/f.sql, grain: id, measures: {amt: sum}}}
"""
FILES = {
    "data/l.csv": "id,pid,amt\n1,1,10\n2,2,20\n3,9,30\n",
    "data/p.csv": "pid,pname\n1,A\n2,B\n2,B2\n",
}


def _run(folder: Path, select: str) -> starlode.Project:
    project = projects.project(folder, {"starlode.yml": PROJECT, "sql/f.sql": select, **FILES})
    starlode.run(project)
    return project


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("with x as (select l.id, l.amt, p.pname from app.lines l join app.prod p using (pid)) select * from x "
         "where pname <> 'B2'", "lose 1 row of app.lines"),
        ("select * from (select l.id, l.amt from app.lines l join app.prod p on p.pid = l.pid and pname <> 'B2') s",
         "lose 1 row of app.lines"),
        ("select l.id, sum(l.amt) as amt from app.lines l left join app.prod p on p.pid = l.pid group by l.id",
         "add 1 row of app.lines"),
        ("select l.id, sum(amt) as amt from app.lines l join app.prod p on p.pid = l.pid and pname <> 'B2' group by 1",
         "lose 1 row of app.lines"),
        ("select distinct l.id, l.amt from app.lines l left join app.prod p on p.pid = l.pid", "add 1 row"),
    ],
)  # fmt: skip
def test_joins_are_followed_through_clauses_and_before_groups(select: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=f"the joins of fact_f {said}"):
        _run(tmp_path, select)


@pytest.mark.parametrize(
    "select",
    [
        "with x as (select id, amt * 2 as twice, amt from app.lines) select id, amt from x where twice > 20",
        "select s.id, s.amt from (select * from app.lines where pid < 9) s where s.id = 2 or amt = 30",
        "select id, amt as x, amt from app.lines where x > 10 and pid < 9",
        "select id, sum(amt) as amt from app.lines where id = 2 group by all",
        "select app.lines.id, app.lines.amt from app.lines where app.lines.id = 2",
        "select L.* from app.lines as l where L.id = 2",
        "select columns(*) from app.lines where id = 2",
    ],
)
def test_rows_that_the_select_does_not_ask_for_are_not_lost(select: str, tmp_path: Path) -> None:
    project = _run(tmp_path, select)

    assert (2, 20) in projects.rows(project, "select id, amt from star.fact_f")
    assert projects.value(project, "select count(*) from starlode.finding where rule = 'balance'") == 0
    assert (
        projects.value(
            project, "select count(*) from information_schema.columns where starts_with(column_name, '__starlode')"
        )
        == 0
    )


@pytest.mark.parametrize(
    "select",
    [
        "select id, amt from app.lines union select id, amt from app.lines",
        "select id, amt from app.lines limit 2",
        "with x as (select *, row_number() over (partition by id) as n from app.lines) select id, amt from x where n = 1",
    ],
)
def test_what_cannot_be_followed_is_a_warning(select: str, tmp_path: Path) -> None:
    project = _run(tmp_path, select)

    assert projects.value(project, "select severity from starlode.finding where rule = 'balance'") == "warning"


def test_a_star_may_stand_before_other_columns(tmp_path: Path) -> None:
    project = _run(
        tmp_path, "select l.*, p.pname from app.lines as l left join app.prod as p on p.pid = l.pid and p.pid = 1"
    )

    assert projects.rows(project, "select id, pid, amt, pname from star.fact_f order by 1") == [
        (1, 1, 10, "A"),
        (2, 2, 20, None),
        (3, 9, 30, None),
    ]


def test_two_streams_of_one_name_are_told_apart(tmp_path: Path) -> None:
    declared = """
name: a
sources:
  shop: {files: data/shop, streams: {customers: "*.csv"}}
  crm: {files: data/crm, streams: {customers: "*.csv"}}
facts: {f: {from: sql/f.sql, grain: id, measures: {score: sum}}}
"""
    select = """
with x as (select id, score from crm.customers)
select customers.id, x.score from shop.customers left join x on x.id = customers.id
"""
    files = {"data/shop/a.csv": "id,score\n1,10\n2,20\n", "data/crm/a.csv": "id,score\n1,111\n2,222\n"}
    project = projects.project(tmp_path, {"starlode.yml": declared, "sql/f.sql": select, **files})

    starlode.run(project)

    assert projects.rows(project, "select id, score from star.fact_f order by id") == [(1, 111), (2, 222)]


def test_a_tilde_and_an_arrow_mean_what_they_mean_in_duckdb(tmp_path: Path) -> None:
    declared = (
        'name: a\nsources: {app: {files: data, streams: {t: "*.json"}}}\nfacts: {f: {from: sql/f.sql, grain: _id}}\n'
    )
    select = "select _id, name ~ 'b' as whole, json_array_length(j -> 'a' -> 'b') as long from app.t"
    files = {"data/a.json": '{"_id":1,"name":"abc","j":{"a":{"b":[1,2]}}}\n{"_id":2,"name":"b","j":{"a":{"b":[]}}}\n'}
    project = projects.project(tmp_path, {"starlode.yml": declared, "sql/f.sql": select, **files})

    starlode.run(project)

    assert projects.rows(project, "select _id, whole, long from star.fact_f order by 1") == [
        (1, False, 2),
        (2, True, 0),
    ]


def test_a_star_shows_columns_that_begin_with_an_underscore(tmp_path: Path) -> None:
    declared = (
        'name: a\nsources: {app: {files: data, streams: {t: "*.json"}}}\ndimensions: {d: {from: app.t, key: _id}}\n'
    )
    files = {"starlode.yml": declared, "data/a.json": '{"_id":"x1","_note":"kept"}\n'}
    project = projects.project(tmp_path, files)

    starlode.run(project)

    assert projects.rows(project, "select _id, _note from star.dim_d where d_key > 0") == [("x1", "kept")]


def test_columns_behind_a_star_keep_their_values(tmp_path: Path) -> None:
    project = _run(
        tmp_path, "select l.*, p.pname from app.lines as l left join app.prod as p using (pid) where id <> 2"
    )

    found = projects.rows(project, "select id, pid, amt, pname from star.fact_f order by id")
    assert found == [(1, 1, 10, "A"), (3, 9, 30, None)]
