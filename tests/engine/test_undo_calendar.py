"""A calendar that was declared anew is undone member by member; midnight, whose key is 0, is one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """\
name: shop
sources: {till: {files: data, streams: {orders: {files: "orders*.csv", key: order_id, types: {ordered_at: timestamp}}}}}
dimensions:
  date: {calendar: 2026..2026}
  clock: {calendar: time_of_day, grain: hour}
facts: {sales: {from: till.orders, grain: order_id, dims: {date: ordered_at, clock: ordered_at}}}
"""
ORDERS = "order_id,ordered_at\n1,2025-12-31 00:10:00\n2,2026-01-01 12:00:00\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [("grain: hour", "grain: hour, language: de"), ("grain: hour", "grain: minute"), ("2026}", "2026, grain: hour}")],
)
def test_a_calendar_is_as_it_was_before_it_was_declared_anew(old: str, new: str, tmp_path: Path) -> None:
    project = projects.project(tmp_path, {"starlode.yml": PROJECT, "data/orders.csv": ORDERS})
    starlode.run(project)
    before = projects.star(project)
    anew = projects.project(tmp_path, {"starlode.yml": PROJECT.replace(old, new)})
    run = starlode.run(anew)
    assert projects.star(anew) != before

    starlode.undo(anew, run.run_id)

    assert projects.star(anew) == before
    assert projects.rows(anew, "select clock_key, part_of_day_name from star.dim_clock where clock_key = 0") == [
        (0, "Night")
    ]
