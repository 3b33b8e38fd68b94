"""A dimension that refers to another: whatever comes in whatever order, each version points to the other one of its time."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import starlode
from starlode.sql.cascade import members_of
from tests import projects
from tests.thorough import few

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: bank
sources:
  bank:
    files: data
    streams:
      accounts:
        {files: "accounts*.jsonl", key: account_id, since: changed_at, types: {changed_at: timestamp, customer_id: text}}
      customers:
        {files: "customers*.jsonl", key: customer_id, since: changed_at, types: {changed_at: timestamp, city: text}}
      regions: {files: regions.csv, key: city}
      transfers: {files: "transfers*.jsonl", key: transfer_id, types: {moved_at: timestamp}}
dimensions:
  account: {from: bank.accounts, key: account_id, history: [status, customer_id], at: changed_at, dims: {customer: customer_id}}
  customer: {from: bank.customers, key: customer_id, history: [city], at: changed_at, dims: {region: city}}
  region: {from: bank.regions, key: city}
facts:
  transfers: {from: bank.transfers, grain: transfer_id, at: moved_at, dims: {account: account_id}}
"""
START = datetime(2024, 1, 1)
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Row = dict[str, Any]
Told = list[tuple[str, Row]]

minutes = st.integers(0, 20)
ids = st.sampled_from(["C1", "C2", None])
accounts = st.dictionaries(
    st.tuples(st.sampled_from(["A1", "A2"]), minutes), st.tuples(st.sampled_from("xy"), ids), min_size=1, max_size=8
)
customers = st.dictionaries(
    st.tuples(st.sampled_from(["C1", "C2"]), minutes), st.sampled_from(["Paris", "Nice", None]), min_size=1, max_size=8
)
transfers = st.lists(st.tuples(st.sampled_from(["A1", "A2"]), minutes), min_size=1, max_size=6)


@st.composite
def lives(draw: st.DrawFn) -> Told:
    """Everything that a bank tells over its life, in one order."""
    told: Told = [
        ("accounts", {"account_id": key, "changed_at": _moment(at), "status": status, "customer_id": customer})
        for (key, at), (status, customer) in draw(accounts).items()
    ]
    told += [
        ("customers", {"customer_id": key, "changed_at": _moment(at), "city": city})
        for (key, at), city in draw(customers).items()
    ]
    told += [
        ("transfers", {"transfer_id": number, "account_id": key, "moved_at": _moment(at)})
        for number, (key, at) in enumerate(draw(transfers))
    ]
    return told


@pytest.mark.slow
@settings(QUICK, max_examples=few(12))
@given(life=lives(), data=st.data())
def test_any_order_of_arrival_gives_the_same_star(life: Told, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(life))
    cut = data.draw(st.integers(0, len(life)))
    with _folder() as once, _folder() as often:
        starlode.run(_told(once, "all", life))

        for number, batch in enumerate((shuffled[:cut], shuffled[cut:])):
            project = _told(often, str(number), list(batch))
            starlode.run(project)

        assert projects.star(project) == projects.star(starlode.read(once))
        assert starlode.check(project) == ()
        _holds(project, life)


def test_the_members_that_a_change_concerns_are_those_that_refer_to_it(tmp_path: Path) -> None:
    life: Told = [
        ("accounts", {"account_id": f"A{n}", "changed_at": _moment(0), "status": "x", "customer_id": f"C{n}"})
        for n in range(3)
    ]
    life += [("customers", {"customer_id": f"C{n}", "changed_at": _moment(0), "city": "Paris"}) for n in range(2)]
    starlode.run(
        _told(
            _laid(tmp_path), "0", [*life, ("transfers", {"transfer_id": 1, "account_id": "A1", "moved_at": _moment(1)})]
        )
    )
    moved = {"customer_id": "C1", "changed_at": _moment(5), "city": "Nice"}
    project = _told(tmp_path, "1", [("customers", moved)])
    before = projects.value(project, "select max(load_key) from starlode.load")
    starlode.run(project, select=("bank.customers", "dim_region", "dim_customer"))
    read = (
        "select rows_in, rows_inserted from starlode.step where object = 'dim_account' order by started_at desc limit 1"
    )

    account = project.star.dimension("account")
    asked = members_of(project.warehouse.dialect, account, project.star, before)

    assert projects.rows(project, asked) == [("A1",)]
    assert projects.rows(project, members_of(project.warehouse.dialect, account, project.star, before + 9)) == []
    assert projects.rows(project, read) == [(1, 1)], "what refers to a dimension with history follows it"


def _holds(project: starlode.Project, life: Told) -> None:
    """Each version points to the city of its customer at every moment that it spans; the first city holds before it too."""
    found = projects.rows(
        project,
        "select a.account_id, a.customer_id, a.valid_from, a.valid_to, c.customer_id, c.city, c.is_inferred,\n"
        "       c.customer_key from star.dim_account as a join star.dim_customer as c using (customer_key)\n"
        " where account_key > 0 and not a.is_inferred",
    )
    cities: dict[str, list[tuple[datetime, str | None]]] = {}
    for kind, row in life:
        if kind == "customers":
            cities.setdefault(row["customer_id"], []).append((datetime.fromisoformat(row["changed_at"]), row["city"]))
    for _, customer, begins, ends, pointed, city, is_inferred, key in found:
        if customer is None:
            assert key == -1
            continue
        assert pointed == customer
        assert is_inferred == (customer not in cities)
        for moment in (begins, min(ends, datetime(2025, 1, 1)) - timedelta(seconds=1)):
            if customer in cities:
                known = sorted(cities[customer], key=lambda told: told[0])
                assert city == ([told for at, told in known if at <= moment] or [known[0][1]])[-1]


def _told(folder: Path, name: str, told: Told) -> starlode.Project:
    files = {
        f"data/{kind}{name}.jsonl": "\n".join(json.dumps(row) for k, row in told if k == kind)
        for kind in ("accounts", "customers", "transfers")
    }
    return projects.project(folder, files)


def _moment(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat(sep=" ")


def _laid(folder: Path) -> Path:
    return projects.write(folder, {"starlode.yml": PROJECT, "data/regions.csv": "city,country\nParis,France\n"})


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(mkdtemp(prefix="starlode-"))
    try:
        yield _laid(path)
    finally:
        shutil.rmtree(path)
