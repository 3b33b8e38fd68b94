"""Targets that are not where they should be: behind, empty, changed by somebody, or somebody else's."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import WarehouseError
from tests import projects
from tests.beside import laying
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

FILE = "duckdb:warehouse.duckdb"
IDENTITIES = {"dim_customer": "customer_key", "dim_product": "product_key", "fact_sales": "order_id"}
ORDERS = "order_id,customer_id,product_id,ordered_at,amount,quantity\n"


def test_an_unchanged_source_writes_nothing_but_a_line_of_the_ledger(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    counts = ", ".join(f"(select count(*) from starlode.{name})" for name in ("run", "load", "step"))
    lines = f"select {counts}"
    before, files, places = projects.rows(project, lines)[0], laying.landed(project), laying.touched(project)

    status = laying.run(project)

    assert status == "unchanged"
    assert projects.rows(project, lines) == [(before[0] + 1, *before[1:])]
    assert laying.landed(project) == files
    assert laying.touched(project) == places


def test_only_rows_that_changed_are_written(postgres: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, postgres)
    starlode.run(project)
    before = laying.touched(project)

    project = laying.later(tmp_path, postgres)
    starlode.run(project)

    after = laying.touched(project)
    newest = "load_key > (select min(load_key) from starlode.load where verb = 'deliver')"
    written = {
        name: {key for (key,) in projects.rows(project, f"select {identity} from star.{name} where {newest}")}
        for name, identity in IDENTITIES.items()
    }
    elsewhere = {
        name: {key for key, place in places.items() if before[name].get(key) != place} for name, places in after.items()
    }
    assert elsewhere == {"dim_date": set(), **written}
    assert laying.deliveries(project)[1] == (5, 4, 0)


def test_a_target_that_was_restored_to_an_earlier_day_is_brought_up(tmp_path: Path) -> None:
    project = laying.opened(tmp_path, FILE)
    starlode.run(project)
    shutil.copy(tmp_path / "warehouse.duckdb", tmp_path / "earlier.duckdb")
    project = laying.later(tmp_path, FILE)
    starlode.run(project)
    projects.write(tmp_path, {"data/customers3.csv": "customer_id,city,changed_at\nC1,Nice,2024-03-01 00:00:00\n"})
    starlode.run(project)
    found = projects.loaded(project)

    shutil.move(tmp_path / "earlier.duckdb", tmp_path / "warehouse.duckdb")
    planned, run = starlode.plan(project), starlode.run(project)

    assert [(step.verb, step.reason) for step in planned.steps] == [("deliver", "the target is 2 editions behind")]
    assert run.status == "succeeded"
    assert projects.loaded(project) == found
    assert len(starlode.status(project, runs=9)) == 4
    assert starlode.check(project) == ()


def test_an_empty_target_is_filled_from_the_landing(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    project = laying.later(tmp_path, target)
    starlode.run(project)
    found, files = projects.loaded(project), laying.landed(project)

    laying.empty(project)
    run = starlode.run(project)

    assert [step.verb for step in run.plan.steps] == ["deliver"]
    assert projects.loaded(project) == found
    assert laying.landed(project) == files
    assert projects.value(project, "select count(*) from starlode.run where status = 'succeeded'") == 3
    assert laying.run(project) == "unchanged"


def test_a_table_that_somebody_dropped_comes_again(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    project = laying.later(tmp_path, target)
    starlode.run(project)
    found = projects.loaded(project)
    _say(project, "drop table star.fact_sales")

    run = starlode.run(project)

    assert [(step.verb, step.reason) for step in run.plan.steps] == [("deliver", "fact_sales is not in the target")]
    assert projects.loaded(project) == found


@pytest.mark.parametrize(
    "harm",
    [
        "update star.fact_sales set amount = amount + 1, quantity = quantity where order_id = 1",
        "update star.dim_customer set city = 'Milan' where customer_id = 'C2'",
        "delete from star.fact_sales where order_id = 2",
        "insert into star.fact_sales select * from star.fact_sales where order_id = 2",
    ],
)
def test_a_change_by_hand_is_found_and_mended(harm: str, target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    found, table = projects.loaded(project), "fact_sales" if "fact_sales" in harm else "dim_customer"
    _say(project, harm)

    findings = starlode.check(project)
    starlode.rebuild(project, table)

    assert [(finding.rule, finding.where) for finding in findings] == [("target", table)]
    assert projects.loaded(project) == projects.built(project)
    assert {name: len(rows) for name, rows in projects.loaded(project).items()} == {n: len(r) for n, r in found.items()}
    assert starlode.check(project) == ()


def test_a_changed_row_that_is_not_there_any_more_stops_the_delivery(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    _say(project, "delete from star.dim_customer where customer_id = 'C1'")
    before = projects.loaded(project)

    project = laying.later(tmp_path, target)
    with pytest.raises(WarehouseError, match="of 1 row that changes now, 0 are there") as stopped:
        starlode.run(project)
    kept = projects.loaded(project)
    starlode.rebuild(project, "dim_customer")

    assert "starlode rebuild dim_customer" in (stopped.value.hint or "")
    assert kept == before
    assert projects.loaded(project) == projects.built(project)
    assert starlode.check(project) == ()


def test_a_target_of_another_landing_is_refused(target: str, tmp_path: Path) -> None:
    starlode.run(laying.opened(tmp_path / "one", target if "//" in target else f"duckdb:{tmp_path}/shared.duckdb"))
    other = laying.opened(tmp_path / "other", target if "//" in target else f"duckdb:{tmp_path}/shared.duckdb")
    before = projects.loaded(other)

    with pytest.raises(
        WarehouseError, match=r"edition 1 of the star, made by run .*, and the landing does not have it"
    ):
        starlode.run(other)

    assert projects.loaded(other) == before


def test_a_star_is_built_either_in_its_target_or_beside_it(target: str, tmp_path: Path) -> None:
    there = projects.project(
        tmp_path / "there", {"starlode.yml": shop.PROJECT, "sql/sales.sql": shop.SALES, **shop.FIRST}, target=target
    )
    beside = laying.opened(tmp_path / "there", target)
    starlode.run(there)

    with pytest.raises(WarehouseError, match="was built in the target itself"):
        starlode.run(beside)
    projects.lose(there)
    shutil.rmtree(tmp_path / "there" / ".starlode")
    starlode.run(beside)
    with pytest.raises(WarehouseError, match="is built beside it and loaded there"):
        starlode.run(there)

    assert projects.loaded(beside) == projects.built(beside)


def test_what_was_built_before_a_run_failed_is_delivered(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    projects.write(
        tmp_path,
        {
            "sql/sales.sql": shop.SALES.replace("left join", "join"),
            "data/customers2.csv": "customer_id,city,changed_at\nC1,Lyon,2024-02-01 00:00:00\n",
            "data/orders2.csv": f"{ORDERS}6,C1,P9,2024-02-10 10:00:00,1.00,6\n",
        },
    )

    with pytest.raises(starlode.CheckFailed):
        starlode.run(starlode.read(tmp_path, target=target))

    assert projects.value(project, "select count(*) from star.dim_customer where customer_id = 'C1'") == 2
    assert projects.value(project, "select count(*) from star.fact_sales") == 3
    assert starlode.status(project)[0].status == "failed"
    assert projects.value(project, "select rule from starlode.conflict where object = 'fact_sales'") == "lost by a join"


def _say(project: starlode.Project, statement: str) -> None:
    """What somebody does to the target by hand."""
    session = replace(project, warehouse=project.shown, target=None).warehouse.connect()
    session.execute(statement)
    session.close()
