"""A stream's key and cursor may be written in other letters than their columns, on every warehouse."""

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
      customers: {files: "customers*.csv", key: customer_id, since: CHANGED_AT, mode: %s, may_shrink: true}
      orders: {files: "orders*.csv", key: order_id}
dimensions:
  customer: {from: shop.customers, key: Customer_ID, history: [City], at: Changed_At, deletes: close}
  named: {from: sql/named.sql, key: id, deletes: flag}
facts:
  sales: {from: shop.orders, grain: Order_ID, dims: {customer: Customer_ID, named: Customer_ID}}
"""
NAMED = "select customer_id as id, city from shop.customers"
HEADER = "Customer_ID,City,Changed_At\n"
FIRST = {
    "sql/named.sql": NAMED,
    "data/customers1.csv": HEADER + "1,Paris,2024-01-01\n2,Rome,2024-01-01\n",
    "data/orders1.csv": "Order_ID,Customer_ID\n10,1\n11,2\n",
}


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_rows_are_merged_missed_and_traced_by_it(mode: str, tmp_path: Path) -> None:
    starlode.run(projects.project(tmp_path, {"starlode.yml": PROJECT % mode, **FIRST}))
    later = {"data/customers1.csv": HEADER + "1,Lyon,2024-02-01\n", "data/orders2.csv": "Order_ID,Customer_ID\n10,2\n"}
    project = projects.project(tmp_path, later)

    starlode.run(project)

    cities = 'select "City", is_current from star.dim_customer where customer_key > 0 order by valid_from, "City"'
    assert projects.rows(project, cities) == [("Paris", False), ("Rome", False), ("Lyon", True)]
    assert projects.rows(project, "select id from star.dim_named where is_deleted") == [(2,)]
    asked = 'select f."Order_ID", n.id from star.fact_sales as f join star.dim_named as n using (named_key) order by 1'
    assert projects.rows(project, asked) == [(10, 2), (11, 2)]
    assert starlode.check(project) == ()
    told = starlode.why(project, "fact_sales", {"Order_ID": 10})
    assert [source.file for row in told.rows for source in row.sources] == ["orders2.csv"]
