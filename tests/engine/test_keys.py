"""Surrogate keys are integers that stay, and never come to mean something else."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

KEYS = "select customer_key, customer_id, valid_from from star.dim_customer order by 1"
LOOKED_UP = "select order_id, customer_key, product_key, date_key, load_key from star.fact_sales order by 1"
MOVES = """
name: shop
sources:
  shop:
    files: data
    streams:
      moves: {files: "*.csv", types: {moved_at: timestamp}}
dimensions:
  customer: {from: shop.moves, key: customer_id, history: [city], at: moved_at}
"""


def test_keys_are_integers_and_count_from_one(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    starlode.run(project)

    assert starlode.table(project, "dim_customer").schema.field("customer_key").type == "int64"
    assert starlode.table(project, "fact_sales").schema.field("customer_key").type == "int64"
    assert [key for key, *_ in projects.rows(project, KEYS) if key > 0] == [1, 2, 3]


def test_reserved_members_stand_in_every_dimension_with_their_labels(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    starlode.run(project)

    for name, label in (("customer", "city"), ("product", "name"), ("date", "month_name")):
        reserved = f"select {name}_key, {label} from star.dim_{name} where {name}_key < 0 order by 1 desc"
        assert projects.rows(project, reserved) == [(-1, "Unknown"), (-2, "Not applicable"), (-3, "Not yet arrived")]


def test_keys_stay_when_everything_is_built_again(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    starlode.run(project)
    before = projects.rows(project, KEYS)
    facts = projects.rows(project, LOOKED_UP)

    starlode.run(project, full=True)

    assert projects.rows(project, KEYS) == before
    assert projects.rows(project, LOOKED_UP) == facts


def test_a_later_day_keeps_the_keys_of_the_first(tmp_path: Path) -> None:
    first = shop.opened(tmp_path)
    starlode.run(first)
    before = {(key, name) for key, name, _ in projects.rows(first, KEYS)}

    project = shop.later(tmp_path)
    starlode.run(project)

    assert before <= {(key, name) for key, name, _ in projects.rows(project, KEYS)}
    assert len(projects.rows(project, KEYS)) == len(before) + 2


def test_an_inferred_member_keeps_its_key_when_it_comes(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    arrived = {"data/customers3.csv": "customer_id,city,changed_at\nC9,Nice,2024-01-01 00:00:00\n"}

    project = projects.project(tmp_path, arrived)
    starlode.run(project)

    found = "select customer_key, city, is_inferred from star.dim_customer where customer_id = 'C9'"
    assert projects.rows(project, found) == [(3, "Nice", False)]
    assert projects.value(project, "select customer_key from star.fact_sales where order_id = 3") == 3


def test_the_key_of_a_version_that_went_is_never_used_again(tmp_path: Path) -> None:
    told = "customer_id,city,moved_at\nC1,Paris,2024-01-01 00:00:00\n"
    starlode.run(
        projects.project(tmp_path, {"starlode.yml": MOVES, "data/1.csv": told + "C1,Lyon,2024-02-01 00:00:00\n"})
    )
    taken_back = projects.project(tmp_path, {"data/1.csv": told})
    starlode.run(taken_back)

    project = projects.project(tmp_path, {"data/2.csv": "customer_id,city,moved_at\nC2,Rome,2024-01-01 00:00:00\n"})
    starlode.run(project)

    found = projects.rows(
        project, "select customer_key, customer_id, city from star.dim_customer where customer_key > 0"
    )
    assert found == [(1, "C1", "Paris"), (3, "C2", "Rome")]


def test_a_version_that_comes_again_has_the_key_that_it_had(tmp_path: Path) -> None:
    told = "customer_id,city,moved_at\nC1,Paris,2024-01-01 00:00:00\n"
    moved = told + "C1,Lyon,2024-02-01 00:00:00\n"
    starlode.run(projects.project(tmp_path, {"starlode.yml": MOVES, "data/1.csv": moved}))
    starlode.run(projects.project(tmp_path, {"data/1.csv": told}))

    project = projects.project(tmp_path, {"data/1.csv": moved + "C1,Nice,2024-01-15 00:00:00\n"})
    starlode.run(project)

    found = projects.rows(project, "select customer_key, city from star.dim_customer where customer_key > 0 order by 1")
    assert found == [(1, "Paris"), (2, "Lyon"), (3, "Nice")]


@pytest.mark.parametrize("lost", ["dim_customer", "dim_product"])
def test_a_dimension_that_was_dropped_by_hand_comes_back_with_its_keys(lost: str, tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    starlode.run(project)
    before = projects.star(project)
    key = f"{lost.removeprefix('dim_')}_key"
    keys = projects.rows(project, f"select {key} from star.{lost} order by {key}")
    facts = projects.rows(project, LOOKED_UP)

    _drop(project, lost)
    starlode.run(project)

    assert projects.rows(project, f"select {key} from star.{lost} order by {key}") == keys
    assert projects.rows(project, LOOKED_UP) == facts
    assert projects.star(project) == before


def test_another_natural_key_makes_other_members(tmp_path: Path) -> None:
    told = "customer_id,number,city,moved_at\nC1,7,Paris,2024-01-01 00:00:00\nC2,7,Rome,2024-02-01 00:00:00\n"
    starlode.run(projects.project(tmp_path, {"starlode.yml": MOVES, "data/1.csv": told}))

    project = projects.project(tmp_path, {"starlode.yml": MOVES.replace("key: customer_id", "key: number")})
    starlode.run(project)

    found = "select customer_key, number, city from star.dim_customer where customer_key > 0 order by 1"
    assert projects.rows(project, found) == [(3, 7, "Paris"), (4, 7, "Rome")]
    assert starlode.check(project) == ()


def test_a_warehouse_without_a_map_keeps_its_keys(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    session = project.warehouse.connect()
    session.execute('drop table starlode."dim_customer (keys)"')
    session.close()

    starlode.run(project)

    found = 'select count(*), max(customer_key) from starlode."dim_customer (keys)"'
    assert projects.rows(project, KEYS)[3:6] == [
        (1, "C1", datetime(2024, 1, 1)),
        (2, "C2", datetime(2024, 1, 1)),
        (3, "C9", datetime(1, 1, 1)),
    ]
    assert projects.rows(project, found) == [(5, 5)]


def _drop(project: starlode.Project, table: str) -> None:
    session = project.warehouse.connect()
    session.execute(f"drop table star.{table}")
    session.close()
