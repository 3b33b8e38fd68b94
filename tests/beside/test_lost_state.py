"""The file in which the star is built can be lost; it comes again with every key, the target stays as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import ProjectError
from tests import projects
from tests.beside import laying
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

GONE = {"data/products.csv": "product_id,name\nP1,Light\nP2,Chair\nP3,Table\nP4,Desk\n"}
# Two runs of one second have names in no order.
OLD_RUNS = "select run_id from starlode.load group by run_id order by min(load_key)"
BACK = "customer_id,city,changed_at\nC4,Bonn,2024-03-01 00:00:00\n"


def test_the_star_comes_again_with_its_keys_and_no_row_of_the_target_is_touched(target: str, tmp_path: Path) -> None:
    starlode.run(laying.opened(tmp_path, target))
    project = laying.later(tmp_path, target)
    starlode.run(project)
    found, places, files = projects.built(project), laying.touched(project), laying.landed(project)

    laying.lose_state(tmp_path)
    planned, run = starlode.plan(project), starlode.run(project)

    assert [(step.verb, step.object) for step in planned.steps] == [("restore", "state")]
    assert run.status == "unchanged"
    assert projects.built(project) == projects.loaded(project) == found
    assert laying.touched(project) == places
    assert laying.landed(project) == files
    assert starlode.check(project) == ()
    assert projects.value(project, "select count(*) from starlode.step where verb = 'restore' and status = 'done'") == 1


def test_what_comes_after_the_loss_is_what_would_have_come_without_it(target: str, tmp_path: Path) -> None:
    kept, lost = tmp_path / "kept", tmp_path / "lost"
    stars = []
    for folder in (kept, lost):
        place = target if folder == lost else "duckdb:warehouse.duckdb"
        starlode.run(laying.opened(folder, place))
        if folder == lost:
            laying.lose_state(folder)
        project = laying.later(folder, place)
        starlode.run(project)
        if folder == lost:
            laying.lose_state(folder)
        projects.write(folder, GONE | {"data/customers3.csv": BACK})
        starlode.run(project)
        stars.append(projects.loaded(project, "load_key"))

    assert stars[0] == stars[1]
    assert starlode.check(project) == ()


def test_a_key_whose_version_is_gone_is_given_to_nobody_else(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    projects.write(tmp_path, {"data/customers2.csv": BACK})
    starlode.run(project)
    key = projects.value(project, "select customer_key from star.dim_customer where customer_id = 'C4'")
    (tmp_path / "data/customers2.csv").write_text(BACK.replace("C4,Bonn", "C5,Kiel"))
    starlode.run(project)
    laying.lose_state(tmp_path)

    projects.write(tmp_path, {"data/customers3.csv": BACK})
    starlode.run(project)

    found = dict(
        projects.rows(project, "select customer_id, customer_key from star.dim_customer where customer_key > 0")
    )
    assert found["C4"] == key
    assert len(set(found.values())) == len(found)


def test_a_file_of_an_earlier_day_is_made_anew(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    shutil.copytree(tmp_path / ".starlode", tmp_path / "earlier")
    project = laying.later(tmp_path, target)
    starlode.run(project)
    found, places = projects.loaded(project), laying.touched(project)

    laying.lose_state(tmp_path)
    (tmp_path / "earlier").rename(tmp_path / ".starlode")
    status = laying.run(project)

    assert status == "unchanged"
    assert projects.built(project) == projects.loaded(project) == found
    assert laying.touched(project) == places


def test_file_and_target_are_lost_together(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    project = laying.later(tmp_path, target)
    starlode.run(project)
    found = projects.loaded(project)
    runs = projects.rows(project, OLD_RUNS)

    laying.lose_state(tmp_path)
    laying.empty(project)
    run = starlode.run(project)

    assert [step.verb for step in run.plan.steps] == ["deliver", "check"]
    assert projects.loaded(project) == found
    assert projects.rows(project, OLD_RUNS)[: len(runs)] == runs
    assert starlode.check(project) == ()
    assert laying.run(project) == "unchanged"


def test_what_a_whole_table_replaced_is_swept_and_nothing_misses_it(target: str, tmp_path: Path) -> None:
    starlode.run(laying.opened(tmp_path, target))
    project = laying.later(tmp_path, target)
    starlode.run(project)
    starlode.rebuild(project, "customer", "sales")
    found = projects.built(project)
    named = starlode.sweep(project, unneeded=True, dry_run=True)

    swept = starlode.sweep(project, unneeded=True)

    reasons = {file.why for file in swept if "edition" in file.why}
    whole = ("star.dim_customer", "starlode.dim_customer (keys)", "star.fact_sales")
    assert reasons == {f"edition 3 holds all rows of {name}" for name in whole}
    assert swept == named
    assert starlode.sweep(project, unneeded=True, dry_run=True) == ()
    laying.lose_state(tmp_path)
    laying.empty(project)
    starlode.run(project)
    starlode.run(project)
    assert projects.loaded(project) == projects.built(project) == found
    assert starlode.check(project) == ()


def test_a_run_before_the_loss_cannot_be_undone_and_says_so(tmp_path: Path) -> None:
    starlode.run(laying.opened(tmp_path, "duckdb:warehouse.duckdb"))
    project = laying.later(tmp_path, "duckdb:warehouse.duckdb")
    run = starlode.run(project)
    laying.lose_state(tmp_path)

    with pytest.raises(ProjectError, match="is not known any more"):
        starlode.undo(project, run.run_id)

    assert projects.loaded(project) == projects.built(project)


def test_rejects_and_their_numbers_outlive_the_loss(target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    (before,) = starlode.rejects(project)
    laying.lose_state(tmp_path)

    mended = shop.FIRST["data/orders1.csv"].replace("a lot", "50.50")
    projects.write(tmp_path, {"data/orders1.csv": mended})
    run = starlode.replay(project)

    assert before.reject_id == 1
    assert run.status == "succeeded"
    assert starlode.rejects(project) == ()
    assert projects.value(project, "select amount from star.fact_sales where order_id = 5") == 50.5
