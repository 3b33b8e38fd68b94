"""What a lookup would bend is refused: keys of different kinds, moments that are none; moments unknown find what is current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import DataError
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

STREAMS = 'name: a\nsources: {app: {files: data, streams: {c: {files: "c*.csv", key: id}, o: {files: "o*.csv"}}}}\n'
HISTORY = STREAMS + (
    "dimensions: {c: {from: app.c, key: id, history: [city], at: upd}}\n"
    "facts: {f: {from: app.o, grain: oid, at: ts, dims: {c: cid}}}\n"
)


def test_a_text_key_is_not_compared_with_a_number(tmp_path: Path) -> None:
    star = "dimensions: {c: {from: app.c, key: id}}\nfacts: {f: {from: app.o, grain: oid, dims: {c: cid}}}\n"
    files = {"data/c.csv": "id,n\n007,bond\n8,x\n", "data/o.csv": "oid,cid\n1,7\n2,8\n"}

    with pytest.raises(DataError, match="cid of fact_f is integer and id of dim_c is text") as refused:
        starlode.run(projects.project(tmp_path, {"starlode.yml": STREAMS + star, **files}))

    assert "`types:`" in str(refused.value)


def test_an_integer_key_finds_a_decimal_one(tmp_path: Path) -> None:
    star = "dimensions: {c: {from: app.c, key: id}}\nfacts: {f: {from: app.o, grain: oid, dims: {c: cid}}}\n"
    files = {"data/c.csv": "id,n\n7.0,bond\n", "data/o.csv": "oid,cid\n1,7\n"}
    project = projects.project(tmp_path, {"starlode.yml": STREAMS + star, **files})

    starlode.run(project)

    assert projects.value(project, "select n from star.fact_f join star.dim_c using (c_key)") == "bond"


def test_a_row_without_a_moment_or_at_the_end_of_time_finds_the_current_version(tmp_path: Path) -> None:
    files = {
        "data/c1.csv": "id,city,upd\n2,Oslo,2024-01-01\n",
        "data/c2.csv": "id,city,upd\n2,Bergen,2024-02-01\n",
        "data/o.csv": "oid,cid,ts\n1,2,2024-01-02\n2,2,\n3,2,9999-12-31\n",
    }
    project = projects.project(tmp_path, {"starlode.yml": HISTORY, **files})

    starlode.run(project)

    cities = projects.rows(project, "select city from star.fact_f join star.dim_c using (c_key) order by oid")
    assert cities == [("Oslo",), ("Bergen",), ("Bergen",)]
    told = projects.value(project, "select message from starlode.finding where rule = 'no moment'")
    assert told == "1 row without ts, which point to the current versions"


def test_a_version_cannot_begin_at_the_end_of_time(tmp_path: Path) -> None:
    files = {"data/c.csv": "id,city,upd\n1,Rome,9999-12-31\n", "data/o.csv": "oid,cid,ts\n1,1,2024-01-02\n"}

    with pytest.raises(DataError, match=r"1 row of dim_c have a moment .upd. at or after 9999-12-31"):
        starlode.run(projects.project(tmp_path, {"starlode.yml": HISTORY, **files}))


@pytest.mark.parametrize("moment", ["1700000000000", "soon"])
def test_a_calendar_role_that_is_no_moment_is_told_with_the_remedy(moment: str, tmp_path: Path) -> None:
    star = "dimensions: {d: {calendar: 2024..2024}}\nfacts: {f: {from: app.o, grain: oid, dims: {d: ts}}}\n"
    files = {"data/c.csv": "id\n1\n", "data/o.csv": f"oid,ts\n1,{moment}\n"}

    with pytest.raises(DataError, match="ts of fact_f should be a moment and is") as refused:
        starlode.run(projects.project(tmp_path, {"starlode.yml": STREAMS + star, **files}))

    assert "epoch_ms(ts)" in str(refused.value)
    assert moment not in str(refused.value)


def test_the_latest_row_needs_a_moment(tmp_path: Path) -> None:
    star = "dimensions: {c: {from: app.c, key: id, on_conflict: latest}}\n"
    files = {"data/c.csv": "id\n1\n", "data/o.csv": "oid\n1\n"}

    with pytest.raises(DataError, match="does not say which row is the latest"):
        starlode.run(projects.project(tmp_path, {"starlode.yml": STREAMS + star, **files}))
