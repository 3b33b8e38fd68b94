"""A calendar of minutes: half a million members a year, so it is built once here, and stories have hours."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import starlode
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
name: shop
sources:
  shop: {files: data, streams: {orders: {files: "orders.csv", types: {ordered_at: timestamp}}}}
dimensions:
  date: {calendar: 2024..2024, grain: minute, fiscal_year_starts: 10, fiscal_year_named_by: start}
facts:
  sales: {from: shop.orders, grain: order_id, dims: {date: ordered_at}, measures: {amount: sum}}
"""
ORDERS = "order_id,ordered_at,amount\n1,2024-10-01 17:01:59,10.00\n"
MEMBER = """
select date_key, starts_at, hour, minute, month_name, fiscal_year, fiscal_quarter
  from star.dim_date join star.fact_sales using (date_key)
"""


def test_each_minute_of_a_year_is_a_member_that_facts_point_to(tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, "data/orders.csv": ORDERS})

    starlode.run(project)

    assert projects.value(project, "select count(*) from star.dim_date where date_key > 0") == 366 * 24 * 60
    assert projects.rows(project, MEMBER) == [(202410011701, datetime(2024, 10, 1, 17, 1), 17, 1, "October", 2024, 1)]
