"""The same data in any split and any order gives the same star, and a run on the same data changes nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import starlode
from tests import projects
from tests.thorough import few

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers: {files: "customers/*.jsonl", key: customer_id, since: changed_at, types: {changed_at: timestamp}}
      orders: {files: "orders/*.jsonl", types: {ordered_at: timestamp}}
dimensions:
  customer:
    from: shop.customers
    key: customer_id
    history: [city, segment]
    previous: [city, name]
    at: changed_at
    durable: true
  person: {from: shop.customers, key: customer_id, fixed: [name, segment], previous: [city], at: changed_at}
  date: {calendar: 2024..2024}
facts:
  sales:
    from: sql/sales.sql
    grain: [order_id]
    at: ordered_at
    dims: {customer: customer_id, person: customer_id, date: ordered_at}
    measures: {amount: sum}
"""
SALES = "select order_id, customer_id, ordered_at, amount from shop.orders"
START = datetime(2024, 1, 1)

# Each example runs a project several times: shrinking one would take longer than reading it.
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

minutes = st.integers(0, 40)
cities = st.sampled_from(["Paris", "Lyon", "Nice", None])
customers = st.tuples(st.sampled_from(["C1", "C2", "C3"]), minutes)
changes = st.dictionaries(
    customers,
    st.tuples(cities, st.sampled_from(["gold", "silver", ""]), st.sampled_from(["Ann", "Anna"])),
    min_size=1,
    max_size=14,
)
orders = st.lists(
    st.tuples(st.sampled_from(["C1", "C2", "C3", None]), minutes, st.integers(-500, 9_999)), min_size=1, max_size=12
)


@dataclass(frozen=True)
class Life:
    """What a shop would tell over its life: rows of customers and of orders."""

    customers: tuple[dict[str, Any], ...]
    orders: tuple[dict[str, Any], ...]


@st.composite
def lives(draw: st.DrawFn) -> Life:
    told = draw(changes)
    sold = draw(orders)
    return Life(
        tuple(
            {"customer_id": key, "changed_at": _moment(minute), "city": city, "segment": segment, "name": name}
            for (key, minute), (city, segment, name) in told.items()
        ),
        tuple(
            {"order_id": number, "customer_id": key, "ordered_at": _moment(minute), "amount": cents / 100}
            for number, (key, minute, cents) in enumerate(sold)
        ),
    )


@pytest.mark.slow
@settings(QUICK, max_examples=few(15))
@given(life=lives(), data=st.data())
def test_shuffled_batches_give_the_star_of_one_load(life: Life, data: st.DataObject) -> None:
    with _folders(2) as (once, often):
        _tell(once, "all", life.customers, life.orders)
        starlode.run(starlode.read(once))
        batches = _split(data, life)

        for number, (some_customers, some_orders) in enumerate(batches):
            _tell(often, f"{number:02}", some_customers, some_orders)
            starlode.run(starlode.read(often))

        assert projects.star(starlode.read(often)) == projects.star(starlode.read(once))
        assert starlode.check(starlode.read(often)) == ()


@settings(QUICK, max_examples=few(10))
@given(life=lives())
def test_a_second_run_changes_nothing(life: Life) -> None:
    with _folders(1) as (folder,):
        _tell(folder, "all", life.customers, life.orders)
        project = starlode.read(folder)
        starlode.run(project)
        before, landed = projects.star(project), _landed(folder)

        again = starlode.run(project)

        assert again.status == "unchanged"
        assert projects.star(project) == before
        assert _landed(folder) == landed
        assert projects.value(project, "select count(*) from starlode.run where status = 'unchanged'") == 1


@settings(QUICK, max_examples=few(10))
@given(life=lives(), data=st.data())
def test_the_same_rows_told_again_change_no_star(life: Life, data: st.DataObject) -> None:
    with _folders(1) as (folder,):
        _tell(folder, "first", life.customers, life.orders)
        project = starlode.read(folder)
        starlode.run(project)
        before = projects.star(project)
        again = data.draw(st.lists(st.sampled_from(life.customers), min_size=1, max_size=5))

        _tell(folder, "later", again, ())
        starlode.run(starlode.read(folder))

        assert projects.star(project) == before


@settings(QUICK, max_examples=few(10))
@given(life=lives())
def test_a_warehouse_built_again_from_the_landing_is_the_same(life: Life) -> None:
    with _folders(1) as (folder,):
        _tell(folder, "all", life.customers, life.orders)
        project = starlode.read(folder)
        starlode.run(project)
        before = projects.star(project)
        projects.lose(project)
        shutil.rmtree(folder / "data" / "orders")
        (folder / "data" / "orders").mkdir()

        run = starlode.run(starlode.read(folder))

        assert not any(done.step.verb == "land" for done in run.done)
        assert projects.star(project) == before


def _split(data: st.DataObject, life: Life) -> list[tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]]:
    """The rows of a life in a random order, cut into batches anywhere."""
    rows = [("c", row) for row in life.customers] + [("o", row) for row in life.orders]
    shuffled = data.draw(st.permutations(rows))
    count = data.draw(st.integers(2, 4))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=count - 1, max_size=count - 1)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    return [([r for k, r in part if k == "c"], [r for k, r in part if k == "o"]) for part in parts]


def _tell(
    folder: Path, name: str, some_customers: Sequence[dict[str, Any]], some_orders: Sequence[dict[str, Any]]
) -> None:
    """Lay a batch as files; a batch without rows of a kind lays an empty file, as real senders do."""
    for kind, told in (("customers", some_customers), ("orders", some_orders)):
        text = "\n".join(json.dumps(row) for row in told)
        projects.write(folder, {f"data/{kind}/{name}.jsonl": text})


def _moment(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat(sep=" ")


def _landed(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in (folder / "landing").rglob("*") if path.is_file())


class _folders:  # noqa: N801  reads as a function where it is used
    """Fresh folders with the project in each, gone afterwards."""

    def __init__(self, count: int) -> None:
        self._paths = [Path(mkdtemp(prefix="starlode-")) for _ in range(count)]

    def __enter__(self) -> list[Path]:
        return [projects.write(path, {"starlode.yml": PROJECT, "sql/sales.sql": SALES}) for path in self._paths]

    def __exit__(self, *_: object) -> None:
        for path in self._paths:
            shutil.rmtree(path)
