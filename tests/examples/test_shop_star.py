"""The shop example, day by day with a run each evening: the star is what the generator counted, whatever came late."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.templates.shop.generate import Shop
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project
    from starlode.templates.shop.generate import Truth
    from tests.postgres_server import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
DAYS = 4
TOTALS = """
    select count(*) as lines, sum(quantity) as quantity, sum(amount) as amount, count(shipped_at) as shipped
    from star.fact_sales
"""
TARGETS = ["duckdb", "postgres"]


@contextmanager
def played(server: Server, folder: Path, target: str) -> Iterator[tuple[Project, Truth]]:
    """The project and the truth after some days, each of which ended with a run while an order was still open."""
    shutil.copytree(EXAMPLE, folder)
    with server.fresh_database() as url, server.fresh_database() as other:
        places = {"duckdb": "duckdb:warehouse.duckdb", "postgres": other}
        project = starlode.read(folder, {"SHOP_URL": url, "TARGET": places[target]})
        shop = Shop(url, orders=60, seed=5)
        shop.create()
        try:
            for _ in range(DAYS):
                shop.play()
                assert starlode.run(project).status == "succeeded"
        finally:
            shop.close()
        starlode.run(project)
        yield project, shop.truth()


@pytest.fixture(scope="module", params=TARGETS)
def days(
    request: pytest.FixtureRequest, postgres_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, Truth]]:
    with played(postgres_server, tmp_path_factory.mktemp("shop") / "shop", request.param) as both:
        yield both


@pytest.fixture
def project(days: tuple[Project, Truth]) -> Project:
    return days[0]


@pytest.fixture
def truth(days: tuple[Project, Truth]) -> Truth:
    return days[1]


@pytest.mark.slow
def test_the_star_is_what_was_counted(project: Project, truth: Truth) -> None:
    kept = truth.lines + truth.deleted_lines, Decimal(truth.amount) + Decimal(truth.deleted_amount)

    lines, _, amount, shipped = projects.rows(project, TOTALS)[0]
    versions = {
        name: projects.value(project, f"select count(*) from star.dim_{name} where {name}_key > 0")
        for name in ("customer", "product", "channel")
    }

    assert (lines, amount, shipped) == (*kept, truth.shipped_lines)
    assert versions == {"customer": truth.customer_versions, "product": truth.product_versions, "channel": 4}
    assert projects.value(project, "select count(distinct order_id) from star.fact_sales") == truth.orders
    assert starlode.run(project).status == "unchanged"


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_what_was_deleted_goes_once_all_lines_are_read_again(
    postgres_server: Server, tmp_path: Path, target: str
) -> None:
    by_segment = """
        select segment, sum(amount) as amount
        from star.fact_sales join star.dim_customer using (customer_key) group by 1
    """
    with played(postgres_server, tmp_path / "shop", target) as (project, truth):
        again = starlode.run(project, select=("shop.order_lines",), full=True)
        starlode.run(project)
        totals, segments = projects.rows(project, TOTALS), dict(projects.rows(project, by_segment))

    gone = sum(done.outcome.deleted for done in again.done if done.step.object == "shop.order_lines")
    assert gone == truth.deleted_lines > 0
    assert totals == [(truth.lines, truth.quantity, Decimal(truth.amount), truth.shipped_lines)]
    assert segments == {segment: Decimal(amount) for segment, amount in truth.amount_by_segment.items()}


@pytest.mark.slow
def test_each_line_finds_its_day_and_the_price_of_its_time(project: Project, truth: Truth) -> None:
    wrong_price = (EXAMPLE / "sql" / "other_prices.sql").read_text("utf-8")
    found = projects.rows(
        project,
        """
        select count(*) filter (where o.date = cast(f.ordered_at as date)) as ordered,
               count(*) filter (where s.date = cast(f.shipped_at as date)) as shipped,
               count(*) filter (where f.shipped_date_key = -1) as waiting
        from star.fact_sales as f
        join star.dim_date as o on o.date_key = f.ordered_date_key
        left join star.dim_date as s on s.date_key = f.shipped_date_key
        """,
    )

    lines = truth.lines + truth.deleted_lines
    assert projects.rows(project, wrong_price) == []
    assert found == [(lines, truth.shipped_lines, lines - truth.shipped_lines)]


@pytest.mark.slow
def test_the_questions_of_the_example_have_answers(project: Project, truth: Truth) -> None:
    questions = sorted((EXAMPLE / "answers").glob("*.sql"))

    answers = {path.stem: projects.rows(project, path.read_text("utf-8")) for path in questions}

    assert len(answers) == 3
    assert sum(lines for _, lines, _, _ in answers["1_segments"]) == truth.lines + truth.deleted_lines
    assert len(answers["2_waiting"]) == DAYS
    assert answers["3_prices"]
