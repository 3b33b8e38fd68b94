"""Sweeping what is not needed takes only that: each run can be undone as before, and a lost warehouse comes back the same."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp
from typing import Any

import starlode
from starlode.sql.before import UNDOABLE
from tests import projects

DAYS = UNDOABLE + 3
PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      products: {files: "products.csv", mode: full, key: product_id}
      moves: {files: "moves.csv", mode: full, key: customer_id, types: {moved_at: timestamp}}
      orders: {files: "orders*.csv"}
dimensions:
  product: {from: shop.products, key: product_id}
  customer: {from: shop.moves, key: customer_id, history: [city], at: moved_at}
facts:
  sales: {from: shop.orders, grain: order_id, dims: {product: product_id}, measures: {amount: sum}}
"""


def test_a_full_extraction_lets_go_what_was_landed_before_it(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))

    swept = starlode.sweep(project, unneeded=True)

    assert {held.name.split("/")[1] for held in swept} == {"products"}
    assert {held.why for held in swept} == {"extraction 3 of shop.products has read everything anew"}
    assert [held.name.split("/")[2][:8] for held in swept] == ["00000001", "00000002"]
    assert len(list((project.landing.folder / "shop/products").glob("*.json"))) == DAYS
    assert starlode.sweep(project, unneeded=True) == ()
    assert starlode.run(project).status == "unchanged"


def test_every_run_that_could_be_undone_still_can(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))
    starlode.sweep(project, unneeded=True)
    runs = [run.run_id for run in starlode.status(project, runs=UNDOABLE)]

    starlode.undo(project, runs[-1], through=True)

    assert projects.star(project) == _star_after(DAYS - UNDOABLE)


def test_a_lost_warehouse_comes_back_from_what_is_left(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))
    before = projects.star(project)
    starlode.sweep(project, unneeded=True)
    (tmp_path / "warehouse.duckdb").unlink()

    starlode.run(project)

    assert projects.star(project) == before


def test_rebuilding_needs_nothing_that_went(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))
    before = projects.star(project)
    starlode.sweep(project, unneeded=True)

    starlode.rebuild(project, "dim_product", "dim_customer", "fact_sales")

    assert projects.star(project) == before


def test_what_is_young_stays_and_naming_removes_nothing(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))

    young = starlode.sweep(project, unneeded=True, older_than=timedelta(days=1))
    named = starlode.sweep(project, unneeded=True, dry_run=True)

    assert young == ()
    assert all(Path(held.where).is_file() for held in named)
    assert len(named) == 2


def test_garbage_that_is_young_stays(tmp_path: Path) -> None:
    project = starlode.read(_weeks(tmp_path))
    projects.write(tmp_path / "landing/shop/orders", {"00000099.20240101T000000-0123abcd.tmp": "{"})

    assert starlode.sweep(project, older_than=timedelta(days=1)) == ()
    assert len(starlode.sweep(project)) == 1


def _weeks(folder: Path) -> Path:
    """A project that ran each day, with new prices, moves and orders."""
    return Path(copytree(_folder_after(DAYS), folder, dirs_exist_ok=True))


@cache
def _folder_after(days: int) -> Path:
    folder = Path(mkdtemp(prefix="starlode-"))
    if days:
        copytree(_folder_after(days - 1), folder, dirs_exist_ok=True)
    orders = "".join(f"{days * 10 + number},P{number},{number}\n" for number in range(3))
    projects.write(
        folder,
        {
            "starlode.yml": PROJECT,
            "data/products.csv": f"product_id,price\nP0,{days}\nP1,{days + 1}\nP2,9\n",
            "data/moves.csv": f"customer_id,city,moved_at\nC1,City {days},2024-01-{days + 1:02} 00:00:00\n",
            f"data/orders{days:02}.csv": f"order_id,product_id,amount\n{orders}",
        },
    )
    if days:
        starlode.run(starlode.read(folder))
    return folder


@cache
def _star_after(days: int) -> dict[str, list[tuple[Any, ...]]]:
    return projects.star(starlode.read(_folder_after(days)))
