"""The wholesaler's star, day by day on a file: it comes to what the generator counted, to the cent and to the line."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.templates.sales_snowflake.generate import DAYS, play
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from starlode.run import Run

EXAMPLE = Path(__file__).parents[2] / "examples" / "sales-snowflake"
SIZE = 40


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "sales"))
    return starlode.read(folder, {"TARGET": "duckdb:warehouse.duckdb", "LANDING": "./landing"})


def lived(project: Project, day: int) -> tuple[Run, dict[str, int | str]]:
    """A day with a run at its end, and what a right star comes to after it."""
    truth = play(day, str(project.folder / "data"), size=SIZE, seed=3)
    return starlode.run(project), truth


def proved(project: Project) -> dict[str, object]:
    """What the star comes to, by the names that the generator gives."""
    (row,) = starlode.query(project, (EXAMPLE / "proof.sql").read_text("utf-8")).to_pylist()
    return dict(row)


def exact(truth: Mapping[str, int | str]) -> dict[str, object]:
    return {name: Decimal(value) if isinstance(value, str) else value for name, value in truth.items()}


def test_the_star_is_what_was_counted_after_each_day(project: Project) -> None:
    for day in range(1, DAYS + 1):
        run, truth = lived(project, day)

        assert run.status == "succeeded"
        assert proved(project) == exact(truth)

    assert starlode.run(project).status == "unchanged"
    assert starlode.check(project) == ()


def test_both_days_at_once_give_the_same_star_as_day_by_day(project: Project, tmp_path: Path) -> None:
    for day in range(1, DAYS + 1):
        lived(project, day)
    other = Path(
        shutil.copytree(project.folder, tmp_path / "other", ignore=shutil.ignore_patterns("landing", "*.duckdb*"))
    )
    at_once = starlode.read(other, {"TARGET": "duckdb:warehouse.duckdb", "LANDING": "./landing"})

    starlode.run(at_once)

    assert projects.star(at_once) == projects.star(project)


def test_a_second_day_is_derived_only_where_something_changed(project: Project) -> None:
    lived(project, 1)
    play(2, str(project.folder / "data"), size=SIZE, seed=3)

    builds = {step.object: step.reason for step in starlode.plan(project).steps if step.verb == "build"}

    assert {"fact_sales", "dim_product", "dim_customer", "bridge_product_vendors"} <= builds.keys()
    assert not any("as a whole" in reason for reason in builds.values())


def test_a_file_that_is_sent_again_under_another_name_changes_no_row(project: Project) -> None:
    lived(project, 1)
    lines = project.folder / "data" / "order_lines"
    shutil.copy(lines / "order_lines_2026-W10.csv", lines / "order_lines_2026-W10_again.csv")
    before = projects.loaded(project)

    run = starlode.run(project)

    changed = [done for done in run.done if done.step.verb == "build"]
    assert all(one.outcome.inserted == one.outcome.updated == one.outcome.deleted == 0 for one in changed)
    assert projects.loaded(project) == before


def test_the_lines_of_each_order_come_to_its_tax_and_its_freight(project: Project) -> None:
    lived(project, 1)

    torn = (EXAMPLE / "sql" / "torn_orders.sql").read_text("utf-8").replace("erp.orders", "staging.erp__orders")
    assert projects.rows(project, torn) == []
    free = projects.rows(
        project,
        "select sum(freight), max(case when line_no = lines then freight end) from (select *, "
        "max(line_no) over (partition by order_id) as lines, sum(amount) over (partition by order_id) as worth "
        "from star.fact_sales) as f where worth = 0",
    )
    assert free[0][0] == free[0][1] > 0


def test_a_customer_who_is_told_of_later_is_the_member_that_was_inferred(project: Project) -> None:
    inferred = "select customer_key from star.dim_customer where is_inferred and customer_key > 0"
    lived(project, 1)
    ((key,),) = projects.rows(project, inferred)

    lived(project, 2)

    assert projects.rows(project, inferred) == []
    assert projects.value(project, f"select count(*) from star.dim_customer where customer_key = {key}") == 1


def test_the_questions_of_the_example_have_answers(project: Project) -> None:
    _, truth = lived(project, 1)
    questions = sorted((EXAMPLE / "answers").glob("*.sql"))

    answers = {path.stem: projects.rows(project, path.read_text("utf-8")) for path in questions}

    assert len(answers) == 5
    assert all(answers.values())
    assert sum(row[2] for row in answers["1_delivery"]) == truth["lines"]
    # Each vendor's part is rounded for people.
    assert abs(sum(row[2] for row in answers["3_vendors"]) - Decimal(truth["amount"])) < Decimal("0.05")
    assert sum(row[3] for row in answers["4_price_groups"]) == Decimal(truth["amount"])
