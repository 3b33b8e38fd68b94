"""A small shop, as most tests of the engine need one: customers with history, orders, and a fact that joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

    import starlode

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers: {files: "customers*.csv", key: customer_id, since: changed_at, types: {changed_at: timestamp}}
      products: {files: "products*.csv", mode: full, key: product_id}
      orders: {files: "orders*.csv", types: {ordered_at: timestamp, amount: "decimal(12,2)"}, max_rejects: 9}
dimensions:
  date: {calendar: 2024..2024}
  customer: {from: shop.customers, key: customer_id, history: [city], at: changed_at}
  product: {from: shop.products, key: product_id}
facts:
  sales:
    from: sql/sales.sql
    grain: order_id
    at: ordered_at
    dims: {customer: customer_id, product: product_id, date: ordered_at}
    measures: {amount: sum, quantity: sum}
"""
SALES = """
select o.order_id, o.customer_id, o.product_id, p.name as product_name, o.ordered_at, o.amount, o.quantity
  from shop.orders as o left join shop.products as p using (product_id)
 where o.quantity > 0
"""
FIRST = {
    "data/customers1.csv": "customer_id,city,changed_at\nC1,Paris,2024-01-01 00:00:00\nC2,Rome,2024-01-01 00:00:00\n",
    "data/products.csv": "product_id,name\nP1,Lamp\nP2,Chair\n",
    "data/orders1.csv": (
        "order_id,customer_id,product_id,ordered_at,amount,quantity\n"
        "1,C1,P1,2024-01-10 10:00:00,10.10,1\n"
        "2,C2,P2,2024-01-11 10:00:00,20.20,2\n"
        "3,C9,P1,2024-01-12 10:00:00,30.30,3\n"
        "4,C1,,2024-01-13 10:00:00,0.00,0\n"
        "5,C1,P1,2024-01-13 10:00:00,a lot,5\n"
    ),
}
LATER = {
    "data/customers2.csv": "customer_id,city,changed_at\nC1,Lyon,2024-02-01 00:00:00\nC3,Oslo,2024-02-01 00:00:00\n",
    "data/products.csv": "product_id,name\nP1,Light\nP2,Chair\nP3,Table\n",
    "data/orders2.csv": (
        "order_id,customer_id,product_id,ordered_at,amount,quantity\n"
        "6,C1,P3,2024-02-10 10:00:00,60.60,6\n"
        "7,C3,P1,2024-02-11 10:00:00,70.70,7\n"
    ),
}


def opened(folder: Path) -> starlode.Project:
    """The shop on its first day, not run yet."""
    return projects.project(folder, {"starlode.yml": PROJECT, "sql/sales.sql": SALES, **FIRST})


def later(folder: Path) -> starlode.Project:
    """The shop some weeks later: customers moved, products were renamed, orders came."""
    return projects.project(folder, LATER)
