"""What a build of some rows must see to beside them: rows that did not change, and are concerned all the same."""

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
      customers: {files: "customers*.csv", key: customer_id, since: changed_at, types: {changed_at: timestamp}}
      labels: {files: "labels*.csv", key: label_id, types: {label_id: integer}}
      orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp, label_id: integer}}
dimensions:
  customer: {from: sql/customer.sql, key: customer_id, history: [city], at: changed_at}
  order: {from: sql/sales.sql, key: order_id}
facts:
  sales: {from: sql/sales.sql, grain: order_id, at: ordered_at, dims: {customer: customer_id}}
"""
FILES = {
    "starlode.yml": PROJECT,
    "sql/customer.sql": "select customer_id, city, changed_at from shop.customers where city is not null",
    "sql/sales.sql": """
select o.order_id, o.customer_id, o.ordered_at, coalesce(l.rank, '7') as rank
  from shop.orders as o left join shop.labels as l on l.label_id = o.label_id
""",
    "data/customers1.csv": "customer_id,city,changed_at\nC1,Paris,2024-01-01\nC1,Lyon,2024-03-01\nC2,Rome,2024-01-01\n",
    "data/labels.csv": "label_id,rank\n1,\n2,\n",
    "data/orders.csv": "order_id,customer_id,label_id,ordered_at\n1,C1,1,2024-01-05\n2,C2,2,2024-01-05\n3,C1,,2024-04-05\n",
}


def test_a_column_of_another_type_is_derived_for_rows_that_did_not_change(tmp_path: Path) -> None:
    """A column without a value has no type yet; what its first value decides changes the type of what is made from it."""
    project = projects.project(tmp_path, FILES)
    starlode.run(project)
    assert _ranks(project) == [["7", "7", "7"], ["7", "7", "7"]]

    projects.write(tmp_path, {"data/labels2.csv": "label_id,rank\n2,5\n"})
    starlode.run(project)

    assert _ranks(project) == [[7, 5, 7], [7, 5, 7]]


def test_facts_leave_a_first_version_that_is_gone_though_the_next_is_as_it_was(tmp_path: Path) -> None:
    project = projects.project(tmp_path, FILES)
    starlode.run(project)
    before = projects.rows(project, "select city, customer_key from star.dim_customer where customer_id = 'C1'")
    keys = dict(before)

    # What was said of January was wrong, and nothing is known of it.
    projects.write(tmp_path, {"data/customers1.csv": FILES["data/customers1.csv"].replace("Paris", "")})
    starlode.run(project)

    pointed = "select order_id, customer_key from star.fact_sales where customer_id = 'C1' order by 1"
    assert projects.rows(project, pointed) == [(1, keys["Lyon"]), (3, keys["Lyon"])]
    assert starlode.check(project) == ()


def _ranks(project: starlode.Project) -> list[list[object]]:
    """The ranks of the fact and of the dimension, in the order of their orders."""
    return [
        [rank for (rank,) in projects.rows(project, f"select rank from star.{table} where {real} order by order_id")]
        for table, real in (("fact_sales", "true"), ("dim_order", "order_key > 0"))
    ]
