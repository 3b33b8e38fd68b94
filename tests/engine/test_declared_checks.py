"""Declared checks compare values as the column's type does, and judge what a source gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import CheckFailed, DataError
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: a
sources: {app: {files: data, streams: {c: {files: "c*.csv", key: id}, o: {files: "o*.csv"}}}}
dimensions: {c: {from: app.c, key: id}}
facts: {f: {from: app.o, grain: oid, dims: {c: cid}, measures: [amt]}}
checks: {claim: CLAIM}
"""
FILES = {
    "data/c.csv": "id,level,size,on\n1,gold,9,true\n2,gold,10,false\n3,silver,x1,true\n",
    "data/o.csv": "oid,cid,amt\n1,1,1.50\n2,9,2.00\n",
}


def _run(folder: Path, claim: str) -> None:
    starlode.run(projects.project(folder, {"starlode.yml": PROJECT.replace("CLAIM", claim), **FILES}))


@pytest.mark.parametrize(
    "claim",
    [
        "{table: dim_c, accepted: {level: [gold, silver]}}",
        "{table: fact_f, accepted: {amt: [1.5, 2]}}",
        "{table: fact_f, range: {amt: 1.5..2.0}}",
        "{table: app.o, accepted: {cid: [1, 9]}}",
    ],
)
def test_values_are_compared_in_the_type_of_their_column(claim: str, tmp_path: Path) -> None:
    _run(tmp_path, claim)

    assert (tmp_path / "starlode.yml").exists()


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("{table: dim_c, accepted: {level: [gold]}}", "1 row breaks this"),
        ("{table: fact_f, accepted: {amt: [1.505]}}", "2 rows break this"),
        ("{table: app.c, range: {size: 1..9}}", "2 rows break this"),
    ],
)
def test_values_that_break_a_claim_are_counted(claim: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=said):
        _run(tmp_path, claim)


def test_a_column_that_the_table_does_not_have_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"names the column levle, which star\.dim_c does not have") as refused:
        _run(tmp_path, "{table: dim_c, not_null: levle}")

    assert "did you mean `level`" in str(refused.value)
