"""A declared column that the SELECT does not give is told by its name, with the nearest that it does give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import DataError
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

STREAMS = 'name: a\nsources: {app: {files: data, streams: {t: {files: "*.csv"}}}}\n'
FILE = "id,city,upd,amount\n1,Oslo,2024-01-01,3\n"


@pytest.mark.parametrize(
    ("setting", "declared"),
    [
        ("key", "key: ID"),
        ("key", "key: nope"),
        ("history", "key: id, history: [City], at: upd"),
        ("at", "key: id, history: [city], at: nope"),
    ],
)
def test_a_dimension_says_which_declared_column_is_missing(setting: str, declared: str, tmp_path: Path) -> None:
    files = {"starlode.yml": STREAMS + f"dimensions: {{t: {{from: app.t, {declared}}}}}\n", "data/a.csv": FILE}

    with pytest.raises(DataError, match=rf"`{setting}` of dim_t names the column \w+, which its SELECT") as refused:
        starlode.run(projects.project(tmp_path, files))

    assert refused.value.where
    assert "columns: id, city, upd, amount" in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "declared"),
    [
        ("grain", "grain: Id"),
        ("at", "grain: id, at: nope"),
        ("dims", "grain: id, dims: {t: nope}"),
        ("measures", "grain: id, measures: [amuont]"),
    ],
)
def test_a_fact_says_which_declared_column_is_missing(setting: str, declared: str, tmp_path: Path) -> None:
    star = f"dimensions: {{t: {{from: app.t, key: id}}}}\nfacts: {{f: {{from: app.t, {declared}}}}}\n"

    with pytest.raises(DataError, match=rf"`{setting}` of fact_f names the column \w+, which its SELECT") as refused:
        starlode.run(projects.project(tmp_path, {"starlode.yml": STREAMS + star, "data/a.csv": FILE}))

    assert "columns: id, city, upd, amount" in str(refused.value)
