"""The sales example on DuckDB, day by day: the star is what the generator counted, and the run says what disagrees."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import starlode
from starlode.templates.sales_redshift.generate import days, play
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project
    from starlode.run import Run
    from tests.postgres_server import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "sales-redshift"
SIZE, SEED = 900, 4
LOADS = """
    select rows_inserted, rows_updated, rows_deleted, rows_unchanged
    from starlode.step
    where verb = 'load' and status = 'done'
    order by started_at
"""


class Played:
    """The project and its database after each day that is played, with a run in its evening."""

    def __init__(self, folder: Path, url: str) -> None:
        shutil.copytree(EXAMPLE, folder)
        known = {"SALES_URL": url, "TARGET": "duckdb:warehouse.duckdb", "LANDING": "./landing"}
        self.project: Project = starlode.read(folder, known)
        self.url = url
        self.day = 0

    def go_on(self) -> tuple[Run, dict[str, int | str]]:
        """Play the next day; its run and what the star must come to."""
        self.day += 1
        truth = play(self.day, self.url, size=SIZE, seed=SEED)
        return starlode.run(self.project), truth

    def source(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture
def played(postgres_server: Server, tmp_path: Path) -> Iterator[Played]:
    with postgres_server.fresh_database() as url:
        yield Played(tmp_path / "sales", url)


def test_the_star_is_what_was_counted_on_each_day(played: Played) -> None:
    for _ in range(2):
        run, truth = played.go_on()

        proof = starlode.query(played.project, (EXAMPLE / "proof.sql").read_text("utf-8")).to_pylist()[0]
        assert run.status == "succeeded"
        assert proof.keys() == truth.keys()
        assert {name: Decimal(said) for name, said in proof.items()} == {n: Decimal(said) for n, said in truth.items()}
        assert starlode.check(played.project) == ()
    assert starlode.run(played.project).status == "unchanged"


def test_a_run_says_what_came_changed_and_went(played: Played) -> None:
    for _ in range(2):
        played.go_on()

    before, after = days(2, size=SIZE, seed=SEED)
    both = before.keys() & after.keys()
    changed = sum(before[number] != after[number] for number in both)
    counts = (len(after.keys() - before.keys()), changed, len(before.keys() - after.keys()), len(both) - changed)
    assert projects.rows(played.project, LOADS) == [(len(before), 0, 0, 0), counts]


def test_names_that_disagree_are_told_and_the_most_frequent_is_kept(played: Played) -> None:
    run, _ = played.go_on()

    disagreeing = "select product_id from sales group by 1 having count(distinct product_name) > 1"
    names = 'select product_id, mode() within group (order by product_name collate "C") from sales group by 1'
    told = "select key ->> 'product_id' from starlode.conflict where object = 'dim_product'"
    kept = "select product_id, product_name from star.dim_product where product_key > 0"
    assert sorted(projects.rows(played.project, told)) == sorted(played.source(disagreeing))
    assert sorted(projects.rows(played.project, kept)) == sorted(played.source(names))
    assert {f.where for f in run.findings if f.rule == "conflict"} == {"dim_product", "dim_location"}


def test_a_customer_has_the_name_of_the_last_order_and_that_is_no_conflict(played: Played) -> None:
    played.go_on()

    last = (
        "select distinct on (customer_id) customer_id, customer_name from sales order by customer_id, order_date desc"
    )
    kept = "select customer_id, customer_name from star.dim_customer where customer_key > 0"
    told = "select count(*) from starlode.conflict where object = 'dim_customer'"
    assert sorted(projects.rows(played.project, kept)) == sorted(played.source(last))
    assert projects.value(played.project, told) == 0


def test_a_name_that_was_mended_at_the_source_is_mended_in_the_star(played: Played) -> None:
    disagreeing = "select product_id from sales group by 1 having count(distinct product_name) > 1"
    played.go_on()
    before = set(played.source(disagreeing))

    played.go_on()

    mended = before - set(played.source(disagreeing))
    kept = dict(projects.rows(played.project, "select product_id, product_name from star.dim_product"))
    assert mended
    for (product,) in mended:
        assert played.source(f"select distinct product_name from sales where product_id = '{product}'") == [
            (kept[product],)
        ]


def test_a_postal_code_is_a_place_in_its_country_only(played: Played) -> None:
    played.go_on()

    found = projects.rows(
        played.project,
        "select country, city from star.dim_location where postal_code in ('1000', '01067') order by country",
    )

    assert found == [("Belgium", "Bruxelles"), ("Germany", "Dresden"), ("Switzerland", "Lausanne")]


def test_each_question_has_an_answer_that_adds_up(played: Played) -> None:
    _, truth = played.go_on()

    answers = {
        path.stem: projects.rows(played.project, path.read_text("utf-8"))
        for path in sorted((EXAMPLE / "answers").glob("*.sql"))
    }

    assert sum(row[4] for row in answers["1_places"]) == Decimal(truth["profit"])
    assert sum(sum(row[2:]) for row in answers["2_months"]) == Decimal(truth["sales"])
    assert sum(row[3] for row in answers["3_shipping"]) == truth["waiting_lines"]
    assert [row[4] for row in answers["4_products"]] == sorted(row[4] for row in answers["4_products"])
    assert answers["4_products"][0][4] < 0
