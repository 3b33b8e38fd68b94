"""Users' columns may have any name: what the engine works with never meets them, and what the star adds is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import DataError
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "change",
    "newest",
    "held_key",
    "held_change",
    "seen_at",
    "is_repeat",
    "variants",
    "choice",
    "votes",
    "rows",
    "n",
    "times",
    "at",
    "order",
    "select",
    "_driving",
    "d0",
    "d",
    "f",
    "w",
    "c",
    "i",
    "m",
    "t",
    "key",
    "columns",
    "moment",
    "known_from",
    "marked",
    "choosen",
    "numbered",
    "counted",
]
ADDED = ("valid_from", "valid_to", "is_current", "is_inferred", "load_key", "thing_key", "__starlode_change")
NO_EVENTS = {"data/events1.csv": "oid\n1\n"}
STREAMS = """
name: names
sources:
  app:
    files: data
    streams:
      things: {{files: "things*.csv", key: {key}, since: upd}}
      events: {{files: "events*.csv"}}
"""


def _run(folder: Path, files: dict[str, str]) -> starlode.Project:
    project = projects.project(folder, files)
    starlode.run(project)
    return project


@pytest.mark.parametrize("name", NAMES)
def test_an_attribute_with_and_without_history_may_have_any_name(name: str, tmp_path: Path) -> None:
    declared = (
        STREAMS.format(key="id")
        + f"""
dimensions:
  thing: {{from: app.things, key: id, history: ["{name}"], at: upd}}
  plain: {{from: sql/plain.sql, key: id}}
facts:
  event: {{from: app.events, grain: oid, at: ts, dims: {{thing: id, plain: id}}, measures: [amt]}}
"""
    )
    _run(
        tmp_path,
        {
            "starlode.yml": declared,
            "sql/plain.sql": f'select id, "{name}" from app.things',
            "data/things1.csv": f"id,{name},upd\n1,x,2024-01-01\n2,y,2024-01-01\n",
            "data/events1.csv": "oid,id,ts,amt\n1,1,2024-01-05,3\n2,1,2024-03-05,4\n3,9,2024-03-05,5\n",
        },
    )

    project = _run(tmp_path, {"data/things2.csv": f"id,{name},upd\n1,z,2024-02-01\n"})

    for table, expected in (("thing", ["x", "z", "Not yet arrived"]), ("plain", ["z", "z", "Not yet arrived"])):
        joined = f'select d."{name}" from star.fact_event f join star.dim_{table} d using ({table}_key) order by oid'
        assert [value for (value,) in projects.rows(project, joined)] == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_natural_key_a_grain_and_a_measure_may_have_any_name(name: str, tmp_path: Path) -> None:
    declared = (
        STREAMS.format(key=f'"{name}"')
        + f"""
dimensions:
  thing: {{from: app.things, key: "{name}", history: [v], at: upd}}
facts:
  event: {{from: app.events, grain: "{name}", at: ts, dims: {{thing: "{name}"}}, measures: {{amt: sum}}}}
  amount: {{from: sql/amount.sql, grain: oid, measures: {{"{name}": sum}}}}
"""
    )
    first = {
        "starlode.yml": declared,
        "sql/amount.sql": f'select ts as oid, amt as "{name}" from app.events',
        "data/things1.csv": f"{name},v,upd\n1,x,2024-01-01\n2,y,2024-01-01\n",
        "data/events1.csv": f"{name},ts,amt\n1,2024-01-05,3\n9,2024-03-05,5\n",
    }
    _run(tmp_path, first)

    project = _run(
        tmp_path,
        {
            "data/things2.csv": f"{name},v,upd\n1,z,2024-02-01\n9,new,2024-02-01\n",
            "data/events1.csv": f"{name},ts,amt\n1,2024-03-05,4\n9,2024-03-06,5\n2,2024-03-07,6\n",
        },
    )

    joined = f'select f."{name}", d.v, f.amt from star.fact_event f join star.dim_thing d using (thing_key) order by 1'
    assert projects.rows(project, joined) == [(1, "z", 4), (2, "y", 6), (9, "new", 5)]
    assert projects.value(project, f'select sum("{name}") from star.fact_amount') == 15


@pytest.mark.parametrize("name", ADDED)
def test_a_column_of_a_dimension_that_the_star_adds_itself_is_refused_by_name(name: str, tmp_path: Path) -> None:
    declared = STREAMS.format(key="id") + "dimensions:\n  thing: {from: app.things, key: id}\n"
    files = {"starlode.yml": declared, "data/things1.csv": f"id,{name},upd\n1,x,2024-01-01\n", **NO_EVENTS}

    with pytest.raises(DataError, match=f"gives a column {name}, and the star adds one of that name") as refused:
        _run(tmp_path, files)

    assert "give it another name in the SELECT" in str(refused.value)


@pytest.mark.parametrize("name", ["load_key", "thing_key", "Thing_Key"])
def test_a_column_of_a_fact_that_the_star_adds_itself_is_refused_by_name(name: str, tmp_path: Path) -> None:
    declared = (
        STREAMS.format(key="id")
        + """
dimensions:
  thing: {from: app.things, key: id}
facts:
  event: {from: app.events, grain: oid, dims: {thing: id}}
"""
    )
    files = {
        "starlode.yml": declared,
        "data/things1.csv": "id,upd\n1,2024-01-01\n",
        "data/events1.csv": f"oid,id,{name}\n1,1,7\n",
    }

    with pytest.raises(DataError, match=f"gives a column {name}, and the star adds one"):
        _run(tmp_path, files)


def test_work_leaves_no_table_behind(tmp_path: Path) -> None:
    declared = STREAMS.format(key="id") + "dimensions:\n  thing: {from: app.things, key: id, history: [v], at: upd}\n"
    files = {"starlode.yml": declared, "data/things1.csv": "id,v,upd\n1,x,2024-01-01\n", **NO_EVENTS}

    project = _run(tmp_path, files)

    assert projects.value(project, "select count(*) from duckdb_tables() where schema_name = 'main'") == 0
