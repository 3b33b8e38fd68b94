"""What came in is what came out, from the file to the fact, and a landing that was tampered with is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode.errors import DataError
from starlode.finding import Finding
from starlode.ledger import Ledger
from starlode.step import Build, Outcome
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

STEPS = """
select verb, object, rows_in, rows_out, rows_rejected, rows_merged, rows_lost, rows_doubled
  from starlode.step where status = 'done' order by started_at
"""


def test_every_step_of_every_run_balances(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    starlode.run(project)
    starlode.run(project, full=True)

    steps = projects.rows(project, STEPS)

    assert len(steps) == 3 * (3 + 3 + 4 + 1) - 1  # the calendar is built in the first and in the full run
    assert [step for step in steps if step[2] != step[3] + step[4] + step[5] + step[6] - step[7]] == []


def test_rows_are_followed_from_the_file_to_the_fact(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    starlode.run(project)

    found = {(verb, name): rows for verb, name, *rows in projects.rows(project, STEPS)}
    assert found["land", "shop.orders"] == [5, 4, 1, 0, 0, 0]
    assert found["load", "shop.orders"] == [4, 4, 0, 0, 0, 0]
    assert found["build", "fact_sales"] == [3, 3, 0, 0, 0, 0]
    assert projects.value(project, "select count(*) from starlode.reject") == 1


def test_sums_agree_from_the_manifest_to_staging_to_the_fact(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    starlode.run(project)

    manifest = json.loads(next((tmp_path / "landing/shop/orders").glob("*.json")).read_text("utf-8"))
    steps = dict(
        projects.rows(project, "select verb, sums from starlode.step where object in ('shop.orders', 'fact_sales')")
    )
    staged = projects.rows(project, "select sum(amount), sum(quantity) from staging.shop__orders")
    built = projects.rows(project, "select sum(amount), sum(quantity) from star.fact_sales")
    assert Decimal(manifest["sums"]["amount"]) == Decimal("60.60")
    assert _exact(json.loads(steps["load"])) == _exact(manifest["sums"])
    assert staged == [(Decimal("60.60"), 6)]
    assert built == staged
    assert _exact(json.loads(steps["build"])) == {"amount": Decimal("60.60"), "quantity": Decimal(6)}


def test_a_step_that_does_not_balance_leaves_nothing_behind(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)
    session = project.warehouse.connect(landing=project.landing.folder)
    ledger = Ledger(session, "shop", "a-run")

    def write_too_much() -> None:
        with ledger.recorded(Build("fact_sales", "digest", "to see")) as entry:
            session.execute("delete from star.fact_sales")
            entry.outcome = Outcome(rows_in=3, rows_out=2, findings=(Finding("seen", "fact_sales", "note", "told"),))

    with pytest.raises(DataError, match="fact_sales does not balance: 3 rows in, 2 out"):
        write_too_much()

    session.close()
    assert projects.value(project, "select count(*) from star.fact_sales") == 3
    assert projects.value(project, "select count(*) from starlode.finding where rule = 'seen'") == 0


def test_a_landed_file_with_other_bytes_is_refused(tmp_path: Path) -> None:
    project = _landed(tmp_path)
    part = _part(tmp_path)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)

    _refuse(project, "has changed since it was written")


def test_a_landed_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    project = _landed(tmp_path)
    _part(tmp_path).unlink()

    _refuse(project, "is gone from the landing")


def test_a_manifest_that_promises_other_rows_is_refused(tmp_path: Path) -> None:
    project = _landed(tmp_path)
    _promise(tmp_path, rows=3)

    _refuse(project, "promises 3 rows, and 2 arrived")


def test_a_manifest_that_promises_another_sum_is_refused(tmp_path: Path) -> None:
    project = _landed(tmp_path)
    _promise(tmp_path, sums={"order_id": "13", "amount": "131.31", "quantity": "13"})

    _refuse(project, "the sums differ in amount")


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    project = _landed(tmp_path)
    _manifest(tmp_path).write_text('{"version": 1, "files": [')

    with pytest.raises(starlode.SourceError, match=r"00000002\.json"):
        starlode.run(project)


def _landed(folder: Path) -> starlode.Project:
    """A shop whose second day is landed and not loaded."""
    starlode.run(shop.opened(folder))
    project = shop.later(folder)
    starlode.run(project, only="land")
    return project


def _part(folder: Path) -> Path:
    return next((folder / "landing/shop/orders").glob("00000002-*/part-*.parquet"))


def _manifest(folder: Path) -> Path:
    return folder / "landing/shop/orders/00000002.json"


def _promise(folder: Path, **changes: Any) -> None:
    path = _manifest(folder)
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def _refuse(project: starlode.Project, reason: str) -> None:
    """The run fails for the reason, and neither staging nor the star has moved."""
    with pytest.raises(DataError, match=reason):
        starlode.run(project)

    last = starlode.status(project, runs=1)[0]
    assert last.status == "failed"
    assert [(step.verb, step.object) for step in last.steps if step.status == "failed"] == [("load", "shop.orders")]
    assert projects.value(project, "select count(*) from staging.shop__orders") == 4
    assert projects.value(project, "select count(*) from star.fact_sales") == 3
    assert projects.value(project, "select count(*) from starlode.position where stream = 'shop.orders'") == 1


def _exact(sums: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(total) for name, total in sums.items()}


@pytest.mark.parametrize(
    "condition",
    [
        # The bare `order_id` behind it would be taken for one of the sub-select's own.
        "exists (select 1 from shop.orders as x where x.order_id <> o.order_id)",
        # The sub-select calls its stream as the driving one is called further down, or as what it stands in.
        "exists (select 1 from shop.orders as beside where beside.order_id <> o.order_id)",
        "exists (select 1 from shop.customers as o where o.city = 'Rome')",
        # Nobody says whose column it is.
        "exists (select 1 from shop.customers as x where order_id < 9)",
    ],
)
def test_what_a_sub_select_asks_is_asked_of_the_driving_row(condition: str, tmp_path: Path) -> None:
    select = f"""
    with chosen as (select order_id, customer_id, product_id, ordered_at, quantity, amount from shop.orders as beside)
    select o.order_id, o.customer_id, o.product_id, o.ordered_at, o.quantity, o.amount
      from chosen as o left join shop.customers as c on c.customer_id = o.customer_id
     where {condition}
    """
    project = projects.project(tmp_path, {"starlode.yml": shop.PROJECT, **shop.FIRST, "sql/sales.sql": select})

    run = starlode.run(project)

    assert [done.outcome.rows_in for done in run.done if done.step.object == "fact_sales"] == [4]
    assert projects.rows(project, "select order_id from star.fact_sales order by 1") == [(1,), (2,), (3,), (4,)]
