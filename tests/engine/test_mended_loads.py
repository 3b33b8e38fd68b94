"""Loads that once lost a digit, a row or a version: each test tells the case as its user met it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import starlode
from starlode.parts import EXACT, sums
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = "name: a\nsources: {{app: {{files: data, streams: {{t: {{files: '*.csv'{0}}}}}}}}}\n"
LONG = "12345678901234567890.1234567891"


def test_sums_of_more_than_28_digits_are_exact(tmp_path: Path) -> None:
    values = [LONG, "-0.0000000001", "98765432109876543210.5"]
    project = _project(tmp_path, "", {"a.csv": "x\n" + "\n".join(values) + "\n", "b.csv": f"x\n{LONG}\n"})

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.value(project, "select min(x::text) from staging.app__t where x > 1 and _row = 1") == LONG


def test_many_digits_over_many_batches_lose_none(tmp_path: Path) -> None:
    lines = [f"{i % 10}.{'123456789' * 2}{i:05}" for i in range(20_000)]
    project = _project(tmp_path, "", {"a.csv": "x\n" + "\n".join(lines) + "\n"})

    starlode.run(project)

    assert projects.value(project, "select count(*) from staging.app__t") == 20_000


def test_a_sum_of_38_digit_values_does_not_wrap() -> None:
    most = Decimal("9" * 38)
    batch = pa.record_batch({"x": pa.array([most] * 40, pa.decimal128(38, 0))})

    assert sums(batch) == {"x": EXACT.multiply(most, Decimal(40))}


def test_values_of_38_digits_load_though_no_warehouse_could_sum_them(tmp_path: Path) -> None:
    project = _project(tmp_path, "", {"a.csv": "x\n" + f"{'9' * 38}\n" * 20})

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.value(project, "select count(*) from staging.app__t") == 20
    assert dict(run.done[-1].outcome.sums) == {}


@pytest.mark.parametrize("name", ["change", "newest", "rows", "h", "w", "doubled", "select", "__starlode", "a b"])
@pytest.mark.parametrize("mode", ["", ", mode: full"])
def test_a_column_of_any_name_is_merged_by_key(tmp_path: Path, name: str, mode: str) -> None:
    project = _project(tmp_path, f", key: id{mode}", {"a.csv": f'id,"{name}"\n1,7\n2,1\n'})
    starlode.run(project)
    projects.write(tmp_path, {"data/b.csv": f'id,"{name}"\n2,5\n3,9\n'})

    starlode.run(project)

    assert projects.rows(project, f'select id, "{name}" from staging.app__t order by 1') == [(1, 7), (2, 5), (3, 9)]


@pytest.mark.parametrize("other", ["t__seen", "t__work", "t__new"])
def test_no_stream_has_the_name_of_a_table_that_starlode_keeps_for_itself(tmp_path: Path, other: str) -> None:
    declared = f"""
name: a
sources:
  app:
    files: data
    streams:
      {other}: {{files: "s*.csv"}}
      t: {{files: "t*.csv", key: id, since: upd, mode: full}}
      u: {{files: "t*.csv", key: id, since: upd}}
dimensions:
  u: {{from: app.u, key: id, history: [city], at: upd}}
"""
    files = {"starlode.yml": declared, "data/s.csv": "id\n5\n6\n", "data/t.csv": "id,city,upd\n1,Rome,2024-01-01\n"}
    project = projects.project(tmp_path, files)
    starlode.run(project)
    projects.write(tmp_path, {"data/t.csv": "id,city,upd\n1,Oslo,2024-01-02\n"})

    starlode.run(project)

    assert projects.rows(project, f"select id from staging.app__{other} order by 1") == [(5,), (6,)]
    assert projects.rows(project, "select id, city from staging.app__t") == [(1, "Oslo")]


def _project(folder: Path, settings: str, files: dict[str, str]) -> Project:
    named = {f"data/{name}": content for name, content in files.items()}
    return projects.project(folder, {"starlode.yml": PROJECT.format(settings), **named})
