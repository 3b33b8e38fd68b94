"""A run that followed another declaration is undone by the rows that it changed, whatever it changed them for."""

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
sources: {till: {files: data, streams: {products: {files: "products*.csv", key: code}, orders: {files: "orders*.csv"}}}}
dimensions:
  product: {from: till.products, key: code}
  thing: {from: till.products, key: code}
facts: {sales: {from: till.orders, grain: order_id, dims: {product: code}}}
"""
FILES = {
    "starlode.yml": PROJECT,
    "data/products.csv": "code,name\nP1,Lamp\nP2,Chair\n",
    "data/orders.csv": "order_id,code\n1,P1\n2,P9\n",
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("facts:", "labels: {not_yet_arrived: Noch nicht da}\nfacts:"),
        ("thing: {from: till.products, key: code", "thing: {from: till.products, key: name"),
    ],
)
def test_the_star_is_as_it_was_before_it_was_declared_anew(old: str, new: str, tmp_path: Path) -> None:
    project = projects.project(tmp_path, FILES)
    starlode.run(project)
    before = _held(project)
    anew = projects.project(tmp_path, {"starlode.yml": PROJECT.replace(old, new)})
    run = starlode.run(anew)
    assert _held(anew) != before

    starlode.undo(anew, run.run_id)

    project = projects.project(tmp_path, {"starlode.yml": PROJECT})
    assert _held(project) == before
    starlode.run(project)
    assert _held(project) == before
    assert starlode.check(project) == ()


def _held(project: starlode.Project) -> dict[str, list[str]]:
    """Every table of the star as it stands, with its keys and loads."""
    return {
        table.name: sorted(map(repr, starlode.table(project, table.name).to_pylist())) for table in project.star.tables
    }
