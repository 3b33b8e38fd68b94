"""A run that goes on from where another ended: its extractions, its rejects and its checks are taken up as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

OPEN = """
select count(*) from starlode.reject as r
 where not exists (select 1 from starlode.resolution as s where s.reject_id = r.reject_id)
"""


def test_what_was_landed_is_loaded_though_its_source_is_gone(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project, only="land")
    for name in ("customers1.csv", "orders1.csv"):
        (tmp_path / "data" / name).unlink()

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert not any(done.step.verb == "land" for done in run.done)
    assert projects.value(project, "select count(*) from star.fact_sales") == 3


def test_an_empty_extract_does_not_take_the_place_of_one_that_waits(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project, only="land")
    (tmp_path / "data" / "products.csv").unlink()

    with pytest.raises(starlode.DataError, match="has 0 rows where the target has 2"):
        starlode.run(project)

    assert projects.value(project, "select count(*) from staging.shop__products") == 2


def test_landing_only_shows_nothing_yet(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    run = starlode.run(project, only="land")

    assert {done.step.verb for done in run.done} == {"land"}
    assert run.rejected == 1
    assert projects.value(project, "select count(*) from information_schema.tables where table_schema = 'staging'") == 0
    assert projects.value(project, "select count(*) from starlode.position") == 0


def test_rejects_that_were_landed_earlier_count_where_they_are_loaded(tmp_path: Path) -> None:
    strict = {"starlode.yml": shop.PROJECT.replace(", max_rejects: 9", "")}
    shop.opened(tmp_path)
    project = projects.project(tmp_path, strict)
    landed = starlode.run(project, only="land")

    loaded = starlode.run(project)

    assert landed.status == "rejects"
    assert loaded.status == "rejects"
    assert loaded.exit_code == 1
    assert projects.value(project, OPEN) == 1


def test_rejects_of_a_stream_that_is_declared_no_more_are_left_alone(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    smaller = """
name: shop
sources:
  shop: {files: data, streams: {products: {files: "products*.csv", mode: full, key: product_id}}}
dimensions:
  product: {from: shop.products, key: product_id}
"""
    project = projects.project(tmp_path, {"starlode.yml": smaller})

    run = starlode.replay(project)

    assert run.status == "unchanged"
    assert projects.value(project, OPEN) == 1


def test_one_stream_is_replayed_and_no_other(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    mended = shop.FIRST["data/orders1.csv"].replace("a lot", "50.50")
    project = projects.project(tmp_path, {"data/orders1.csv": mended})

    others = starlode.replay(project, stream="shop.customers")
    run = starlode.replay(project, stream="shop.orders")

    assert others.status == "unchanged"
    assert run.status == "succeeded"
    assert projects.value(project, OPEN) == 0
    assert projects.value(project, "select count(*) from star.fact_sales") == 4


def test_a_check_of_staging_fails_until_its_rows_are_mended(tmp_path: Path) -> None:
    declaration = """
name: shop
sources:
  shop: {files: data, streams: {products: {files: "products*.csv", mode: full, key: product_id}}}
checks:
  named: {table: shop.products, not_null: name}
"""
    unnamed = {"starlode.yml": declaration, "data/products.csv": "product_id,name\nP1,Lamp\nP2,\n"}
    project = projects.project(tmp_path, unnamed)

    for _ in range(2):
        with pytest.raises(starlode.CheckFailed, match="name is not NULL: 1 row breaks this"):
            starlode.run(project)

    named = projects.project(tmp_path, {"data/products.csv": "product_id,name\nP1,Lamp\nP2,Chair\n"})
    assert starlode.run(named).status == "succeeded"
    assert starlode.run(named).status == "unchanged"


def test_conditions_on_other_streams_are_what_the_select_asks_for(tmp_path: Path) -> None:
    sales = """
with known as (select customer_id as id from shop.customers)
select o.order_id, o.customer_id, o.product_id, p.name as product_name, o.ordered_at, o.amount, o.quantity
  from shop.orders as o left join shop.products as p on p.product_id = o.product_id
 where o.customer_id in (select id from known)
   and not exists (select 1 from shop.products as q where q.product_id = o.product_id and q.name = 'Chair')
"""
    shop.opened(tmp_path)
    project = projects.project(tmp_path, {"sql/sales.sql": sales})

    starlode.run(project)

    steps = "select rows_in, rows_out, rows_lost, rows_doubled from starlode.step where object = 'fact_sales'"
    assert projects.rows(project, steps) == [(2, 2, 0, 0)]
    assert projects.rows(project, "select order_id from star.fact_sales order by 1") == [(1,), (4,)]


def test_a_condition_that_looks_at_what_was_joined_counts_as_lost(tmp_path: Path) -> None:
    sales = shop.SALES.replace("where", "where exists (select 1 from shop.products as q where q.name = p.name) and")
    shop.opened(tmp_path)
    lost = {"data/products.csv": "product_id,name\nP1,Lamp\n", "sql/sales.sql": sales}

    with pytest.raises(starlode.CheckFailed, match="lose 1 row of shop"):
        starlode.run(projects.project(tmp_path, lost))
