"""A run in which members left their stream, or came back, is undone like any other."""

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
      customers:
        {files: "customers*.csv", key: customer_id, mode: %s, may_shrink: true, types: {changed_at: timestamp}}
      orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp}}
dimensions:
  customer: {from: shop.customers, key: customer_id, history: [city], at: changed_at, deletes: close}
  marked: {from: shop.customers, key: customer_id, history: [city], at: changed_at, deletes: flag}
  loaded: {from: shop.customers, key: customer_id, history: [city], deletes: close, previous: [city]}
  plain: {from: shop.customers, key: customer_id, deletes: flag}
facts:
  sales: {from: shop.orders, grain: order_id, at: ordered_at, dims: {customer: customer_id, loaded: customer_id}}
"""
HEADER = "customer_id,city,changed_at\n"
FIRST = HEADER + "C1,Paris,2024-01-01\nC2,Rome,2024-01-01\nC3,Oslo,2024-01-01\n"
LESS = HEADER + "C1,Lyon,2024-02-01\nC3,Oslo,2024-01-01\n"
BACK = HEADER + "C1,Lyon,2024-02-01\nC2,Bari,2100-01-01\nC3,Oslo,2024-01-01\n"
ORDERS = "order_id,customer_id,ordered_at\n1,C2,2024-01-05\n2,C2,2099-01-05\n"


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_deletions_and_returns_are_undone(mode: str, tmp_path: Path) -> None:
    days = [FIRST, LESS, BACK]
    states, runs = [], []
    for day in days:
        files = {"data/customers.csv": day, "data/orders.csv": ORDERS}
        project = projects.project(tmp_path, {"starlode.yml": PROJECT % mode, **files})
        runs.append(starlode.run(project).run_id)
        states.append(_held(project))
    assert states[0] != states[1] != states[2]

    for run, state in zip(reversed(runs), reversed(states[:-1]), strict=False):
        starlode.undo(project, run, through=True)

        assert _held(project) == state
        assert starlode.check(project) == ()

    starlode.run(project)
    assert projects.rows(project, "select customer_id from star.dim_marked where is_deleted") == []


def _held(project: starlode.Project) -> dict[str, list[str]]:
    """Every table of the star as it stands, with its keys and loads, and staging with the keys that left."""
    staged = ["shop__customers", "shop__customers (seen)", "shop__customers (deleted)"]
    there = projects.rows(project, "select table_name from information_schema.tables where table_schema = 'staging'")
    names = [f'staging."{name}"' for name in staged if (name,) in there]
    names += [f"star.{table.name}" for table in project.star.tables]
    return {name: sorted(map(repr, projects.rows(project, f"select * from {name}"))) for name in names}
