"""`undo` brings the star back to what it was before a run, whatever the run did, and the next run reads its input again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.engine import killed, shop
from tests.thorough import some

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.usefixtures("every_warehouse")

ROOT = Path(__file__).parents[2]
ORDERS = "order_id,customer_id,product_id,ordered_at,amount,quantity\n"
DAYS: Mapping[str, Mapping[str, str]] = {
    "new rows": shop.LATER,
    "rows of a changed file": {"data/orders1.csv": shop.FIRST["data/orders1.csv"].replace("20.20", "25.25")},
    "rows that are gone": {"data/orders1.csv": ORDERS + "".join(shop.FIRST["data/orders1.csv"].splitlines(True)[1:3])},
    "a late version": {"data/customers2.csv": "customer_id,city,changed_at\nC1,Nice,2024-01-05 00:00:00\n"},
    "a version before all": {"data/customers2.csv": "customer_id,city,changed_at\nC2,Bari,2023-01-05 00:00:00\n"},
    "a member that was inferred": {"data/customers2.csv": "customer_id,city,changed_at\nC9,Oslo,2024-01-01 00:00:00\n"},
    "a member to infer": {"data/orders2.csv": ORDERS + "6,C7,P9,2024-02-10 10:00:00,60.60,6\n"},
    "a year beyond": {"data/orders2.csv": ORDERS + "6,C1,P1,2026-02-10 10:00:00,60.60,6\n"},
    "a full extract": {"data/products.csv": "product_id,name\nP2,Stool\nP4,Desk\n"},
    "a new column": {
        "data/products.csv": "product_id,name,colour\nP1,Lamp,red\nP2,Chair,\n",
        "data/customers2.csv": "customer_id,city,changed_at,rank\nC1,Lyon,2024-02-01 00:00:00,gold\n",
    },
    "rejects": {
        "data/orders2.csv": ORDERS + "6,C1,P1,2024-02-10 10:00:00,much,6\n7,C1,P1,2024-02-10 10:00:00,7.70,7\n"
    },
}


@pytest.mark.parametrize("day", DAYS)
def test_the_star_is_as_before_and_the_input_is_read_again(day: str, tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = starlode.read(tmp_path)
    before, rejects = _kept(project), starlode.rejects(project)
    projects.write(tmp_path, DAYS[day])
    run = starlode.run(project)
    after, later_rejects = projects.star(project), starlode.rejects(project)
    assert projects.star(project) != before["star"]

    undone = starlode.undo(project, run.run_id)

    assert undone.status == "succeeded"
    assert _kept(project) == before
    assert starlode.rejects(project) == rejects
    assert starlode.check(project) == ()
    assert {r.run_id: r.status for r in starlode.status(project)}[run.run_id] == "undone"
    again = starlode.run(project)
    assert [done.step.object for done in again.done if done.step.verb == "land"] == [
        done.step.object for done in run.done if done.step.verb == "land"
    ]
    assert projects.star(project) == after
    assert [row.reason for row in starlode.rejects(project)] == [row.reason for row in later_rejects]
    assert starlode.run(project).status == "unchanged"


def _kept(project: starlode.Project) -> dict[str, object]:
    """The star with its keys, and staging."""
    sales = "select order_id, customer_key, product_key, date_key, amount, load_key from star.fact_sales order by 1"
    keys = "select customer_key, customer_id, valid_from, valid_to, city, load_key from star.dim_customer order by 1"
    staged = [
        sorted(projects.rows(project, f'select * from staging."{name}"'), key=repr)
        for name in ("shop__customers", "shop__customers (seen)", "shop__products", "shop__orders")
    ]
    return {
        "star": projects.star(project),
        "sales": projects.rows(project, sales),
        "keys": projects.rows(project, keys),
        "staged": staged,
    }


def test_a_day_of_every_kind_of_change_is_undone(tmp_path: Path) -> None:
    project = starlode.read(killed.lay(tmp_path))
    starlode.run(project)
    before = projects.star(project)
    killed.later(tmp_path)
    run = starlode.run(project)
    after = projects.star(project)

    starlode.undo(project, run.run_id)
    undone = projects.star(project)
    starlode.run(project)

    assert undone == before
    assert projects.star(project) == after
    exported = (tmp_path / "out" / "fact_play.csv").read_text("utf-8")
    assert len(exported.splitlines()) == len(after["fact_play"]) + 1


def test_an_older_run_is_undone_with_those_after_it(tmp_path: Path) -> None:
    first = starlode.run(shop.opened(tmp_path))
    project = starlode.read(tmp_path)
    before = _kept(project)
    projects.write(tmp_path, DAYS["a late version"])
    second = starlode.run(project)
    projects.write(tmp_path, DAYS["new rows"])
    third = starlode.run(project)

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.undo(project, second.run_id)
    with pytest.raises(starlode.ProjectError) as unknown:
        starlode.undo(project, "no such run")
    starlode.undo(project, second.run_id[-8:], through=True)

    assert third.run_id in refused.value.mistakes[0].hint
    assert "--through" in refused.value.mistakes[0].hint
    assert third.run_id in unknown.value.mistakes[0].hint
    assert _kept(project) == before
    states = {run.run_id: run.status for run in starlode.status(project)}
    assert [states[run.run_id] for run in (first, second, third)] == ["succeeded", "undone", "undone"]


def test_the_first_run_is_undone_and_comes_again(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    first = starlode.run(project)
    star = projects.star(project)

    starlode.undo(project, first.run_id)
    with pytest.raises(starlode.WarehouseError):
        projects.star(project)
    again = starlode.run(project)

    assert again.status == "succeeded"
    assert projects.star(project) == star
    assert projects.value(project, "select count(*) from star.fact_sales") == 3


def test_one_run_after_another_is_undone(tmp_path: Path) -> None:
    first = starlode.run(shop.opened(tmp_path))
    project = starlode.read(tmp_path)
    before = _kept(project)
    projects.write(tmp_path, DAYS["a late version"])
    starlode.run(project)
    projects.write(tmp_path, DAYS["new rows"])
    later = starlode.run(project)

    starlode.undo(project, "last")
    second = next(
        run
        for run in starlode.status(project)
        if run.run_id not in (later.run_id, first.run_id) and run.steps[0].verb == "land"
    )
    starlode.undo(project, second.run_id, through=True)

    assert _kept(project) == before
    assert starlode.check(project) == ()


def test_an_undo_cannot_be_undone(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)
    later = starlode.run(shop.later(tmp_path))
    undo = starlode.undo(project, later.run_id)

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.undo(project, undo.run_id)

    assert "an undo cannot be undone" in refused.value.mistakes[0].what
    assert f"`starlode run` reads the input of {later.run_id} again" in refused.value.mistakes[0].hint


def test_what_the_landing_has_lost_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)
    later = starlode.run(project)
    before = _kept(project)
    lost = next((tmp_path / "landing/shop/orders").glob("00000001-*/*.parquet"))
    lost.unlink()

    with pytest.raises(starlode.DataError, match="gone from the landing"):
        starlode.undo(project, later.run_id)

    assert _kept(project) == before


def test_a_stream_that_is_declared_anew_is_not_undone(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    later = starlode.run(shop.later(tmp_path))
    declared = shop.PROJECT.replace("mode: full, key: product_id", "mode: full, key: [product_id, name]")
    project = projects.project(tmp_path, {"starlode.yml": declared})

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.undo(project, later.run_id)

    assert "the declaration of shop.products is not the one" in refused.value.mistakes[0].what


def test_what_a_table_was_before_its_type_changed_is_not_known(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    select = shop.SALES.replace("p.name as product_name", "length(p.name) as product_name")
    project = projects.project(tmp_path, {"sql/sales.sql": select})
    run = starlode.run(project)

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.undo(project, run.run_id)

    assert "what fact_sales was before the run is not known any more" in refused.value.mistakes[0].what


@pytest.mark.slow
@pytest.mark.parametrize("place", some(8))
def test_killed_while_undoing_and_undone_again(place: int, tmp_path: Path) -> None:
    project = starlode.read(killed.lay(tmp_path))
    starlode.run(project)
    before = projects.star(project)
    killed.later(tmp_path)
    run = starlode.run(project)
    after = projects.star(project)

    _undo_and_die(tmp_path, 1 + place * 12, run.run_id)

    found = projects.star(project)
    assert found in (before, after)
    if {one.run_id: one.status for one in starlode.status(project)}[run.run_id] != "undone":
        assert found == after
        starlode.undo(project, run.run_id)
    assert projects.star(project) == before


def _undo_and_die(folder: Path, number: int, run: str) -> None:
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), "statement", str(number), run]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=False)


def test_lasting_keys_and_first_and_previous_values_come_back(tmp_path: Path) -> None:
    declared = shop.PROJECT.replace(
        "history: [city], at: changed_at}",
        "history: [city], at: changed_at, durable: true, previous: [city], fixed: [rank]}",
    )
    customers = "customer_id,city,rank,changed_at\nC1,Paris,a,2024-01-01 00:00:00\nC2,Rome,b,2024-01-01 00:00:00\n"
    moved = "customer_id,city,rank,changed_at,extra\nC1,Lyon,z,2024-02-01 00:00:00,x\nC3,Oslo,c,2024-02-01 00:00:00,y\n"
    first = {**shop.FIRST, "starlode.yml": declared, "sql/sales.sql": shop.SALES, "data/customers1.csv": customers}
    project = projects.project(tmp_path, first)
    starlode.run(project)
    current = (
        "select customer_key, customer_durable_key, city, previous_city, rank from star.dim_customer_current order by 1"
    )
    before = projects.star(project), projects.rows(project, current)
    projects.write(tmp_path, {**shop.LATER, "data/customers2.csv": moved})
    starlode.run(project)
    after = projects.star(project), projects.rows(project, current)

    starlode.undo(project, "last")
    undone = projects.star(project), projects.rows(project, current)
    starlode.run(project)

    assert undone == before
    assert (projects.star(project), projects.rows(project, current)) == after
