"""Whatever kind of table was damaged, a rebuild gives it back as it was, with its keys."""

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
      products: {files: "products*.csv", key: product_id}
      vendors: {files: "vendors*.csv", key: [product_id, vendor_id]}
      orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp, paid_at: timestamp}}
      states: {files: "states*.csv", key: [product_id, told_at], types: {told_at: timestamp}}
dimensions:
  product: {from: shop.products, key: product_id}
  vendor: {from: sql/vendor.sql, key: vendor_id}
  flags: {junk: [gift, channel]}
facts:
  orders:
    from: shop.orders
    kind: lifecycle
    grain: order_id
    milestones: [ordered_at, paid_at]
    dims: {product: product_id, flags: [gift, channel]}
  stock:
    {from: shop.states, kind: daily, grain: product_id, at: told_at, dims: {product: product_id}, measures: {stock: last}}
bridges:
  product_vendors: {from: shop.vendors, of: {product: product_id}, to: {vendor: vendor_id}}
"""
FILES = {
    "starlode.yml": PROJECT,
    "sql/vendor.sql": "select distinct vendor_id from shop.vendors",
    "data/products.csv": "product_id,name\nP1,Lamp\nP2,Chair\n",
    "data/vendors.csv": "product_id,vendor_id\nP1,V1\nP1,V2\nP1,V3\nP2,V1\n",
    "data/orders.csv": (
        "order_id,product_id,gift,channel,ordered_at,paid_at\n"
        "1,P1,true,web,2024-01-01,2024-01-03\n2,P2,false,,2024-01-02,\n3,P1,true,web,2024-01-05,\n"
    ),
    "data/states.csv": "product_id,told_at,stock\nP1,2024-01-01,5\nP1,2024-01-04,3\nP2,2024-01-02,9\n",
}
LATER = {"data/orders2.csv": "order_id,product_id,gift,channel,ordered_at,paid_at\n4,P2,,shop,2024-01-06,\n"}


DAMAGES = (
    ("dim_flags", "delete from star.dim_flags where flags_key = 1"),
    ("dim_flags", "update star.dim_flags set channel = 'shop' where flags_key = 1"),
    ("dim_flags", "drop table star.dim_flags"),
    ("bridge_product_vendors", "delete from star.bridge_product_vendors where vendor_id = 'V2'"),
    ("bridge_product_vendors", "update star.bridge_product_vendors set weight = 1"),
    ("bridge_product_vendors", "drop table star.bridge_product_vendors"),
    ("fact_orders", "update star.fact_orders set flags_key = -1"),
    ("fact_orders", "delete from star.fact_orders where order_id < 3"),
    ("fact_stock", "delete from star.fact_stock where day = date '2024-01-02'"),
)


def test_it_is_as_it_was(tmp_path: Path) -> None:
    starlode.run(projects.project(tmp_path, FILES))
    project = projects.project(tmp_path, LATER)
    starlode.run(project)
    before = _held(project)

    for table, damage in DAMAGES:
        session = project.warehouse.connect()
        session.execute(damage)
        session.close()

        starlode.rebuild(project, table)

        assert _held(project) == before, damage
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def _held(project: starlode.Project) -> dict[str, list[str]]:
    """Every table of the star with its keys, but for the load that wrote a row."""
    return {
        table.name: sorted(
            repr({name: cell for name, cell in row.items() if name != "load_key"})
            for row in starlode.table(project, table.name).to_pylist()
        )
        for table in project.star.tables
    }
