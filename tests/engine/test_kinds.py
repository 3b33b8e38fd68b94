"""Facts of every kind, junk dimensions and bridges: undone, built again, and built bit by bit, they say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp, paid_at: timestamp}}
      offers: {files: "offers*.csv", key: [product_id, vendor_id]}
dimensions:
  date: {calendar: 2024..2024}
  flags: {junk: [channel, is_gift]}
  product: {from: sql/products.sql, key: product_id}
  vendor: {from: sql/vendors.sql, key: vendor_id}
facts:
  sales: {from: shop.orders, grain: order_id, dims: {flags: [channel, is_gift], product: product_id}, measures: {amount: sum}}
  paying: {from: shop.orders, kind: lifecycle, grain: order_id, milestones: [ordered_at, paid_at], dims: {date: paid_at}}
  visit: {from: shop.orders, kind: factless, grain: order_id, dims: {flags: [channel, is_gift]}}
  last: {from: shop.orders, kind: daily, grain: product_id, at: ordered_at, dims: {date: day}, measures: {amount: last}}
bridges:
  product_vendors: {from: shop.offers, of: {product: product_id}, to: {vendor: vendor_id}}
"""
SELECTS = {
    "sql/products.sql": "select distinct product_id from shop.offers",
    "sql/vendors.sql": "select distinct vendor_id from shop.offers",
}
ORDERS = "order_id,product_id,ordered_at,paid_at,amount,channel,is_gift\n"
FIRST = {
    "data/orders1.csv": ORDERS
    + "1,P1,2024-02-01 10:00:00,,10.00,web,true\n"
    + "2,P1,2024-02-02 10:00:00,2024-02-03 10:00:00,20.00,web,\n"
    + "3,P2,2024-02-02 11:00:00,,30.00,,\n",
    "data/offers1.csv": "product_id,vendor_id,since\nP1,V1,2020\nP1,V2,2021\nP1,V3,2022\nP2,V1,2020\n",
}
SECOND = {
    "data/orders2.csv": ORDERS
    + "1,P1,2024-02-01 10:00:00,2024-02-02 22:00:00,11.00,web,true\n"
    + "4,P3,2024-02-04 10:00:00,,40.00,shop,true\n",
    "data/offers2.csv": "product_id,vendor_id,since\nP2,V4,2023\nP2,V1,2019\n",
}


def test_a_run_that_changed_every_kind_is_undone(tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, **SELECTS, **FIRST})
    starlode.run(project)
    before = _kept(project)
    projects.write(tmp_path, SECOND)
    run = starlode.run(project)
    after = projects.star(project)

    starlode.undo(project, run.run_id)

    assert _kept(project) == before
    assert starlode.check(project) == ()
    starlode.run(project)
    assert projects.star(project) == after


def test_two_days_give_the_star_of_one(tmp_path: Path) -> None:
    once = projects.project(tmp_path / "once", {"starlode.yml": PROJECT, **SELECTS, **FIRST, **SECOND})
    twice = projects.project(tmp_path / "twice", {"starlode.yml": PROJECT, **SELECTS, **FIRST})

    starlode.run(once)
    starlode.run(twice)
    projects.write(tmp_path / "twice", SECOND)
    starlode.run(twice)

    assert projects.star(twice) == projects.star(once)
    assert starlode.check(twice) == ()


def test_a_plan_says_why_a_daily_fact_is_built_as_a_whole(tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, **SELECTS, **FIRST})
    starlode.run(project)
    projects.write(tmp_path, SECOND)

    reasons = {step.object: step.reason for step in starlode.plan(project).steps if step.verb == "build"}

    assert reasons["fact_last"] == (
        "shop.orders changed; as a whole: each key has a row for every day until the last of all"
    )
    narrow = ("fact_sales", "fact_paying", "fact_visit", "bridge_product_vendors")
    assert [name for name in narrow if "whole" in reasons[name]] == []


def _kept(project: starlode.Project) -> dict[str, object]:
    flags = "select flags_key, channel, is_gift from star.dim_flags order by 1"
    sales = "select order_id, flags_key, product_key from star.fact_sales order by 1"
    return {
        "star": projects.star(project),
        "flags": projects.rows(project, flags),
        "sales": projects.rows(project, sales),
    }


def test_a_junk_dimension_that_was_dropped_comes_back_with_its_keys(tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, **SELECTS, **FIRST})
    starlode.run(project)
    projects.write(tmp_path, SECOND)
    starlode.run(project)
    before = _kept(project)
    session = project.warehouse.connect()
    session.execute("drop table star.dim_flags")
    session.close()

    starlode.run(project)

    assert _kept(project) == before
    assert starlode.check(project) == ()


def test_a_day_tells_the_state_that_it_has(tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, **SELECTS, **FIRST, **SECOND})
    starlode.run(project)

    told = starlode.why(project, "fact_last", {"product_id": "P1", "day": "2024-02-03"})

    assert [(source.file, source.row) for source in told.rows[0].sources] == [("orders1.csv", 2)]
    assert told.remarks == ("no state is of this day: the one of 2024-02-02 10:00:00 is carried forward",)
