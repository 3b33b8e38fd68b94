"""How tables lie is declared once: what a warehouse has no word for is told, and changes nothing of what the tables hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.embedded import words as duckdb
from starlode.errors import DataError, ProjectError
from starlode.plan import notes_of
from starlode.redshift import dialect as redshift
from starlode.snowflake import dialect as snowflake
from starlode.sql import staging
from starlode.table import DATE, DOUBLE, INTEGER, TEXT, TIMESTAMP, TIMESTAMPTZ, Column, Layout, Table
from starlode.warehouses.bigquery import BigQuery
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

PARTED = "measures: {amount: sum, quantity: sum}\n    layout: {partition: ordered_at, sort: order_id}"
COLUMNS = (
    *(Column("day", DATE), Column("at", TIMESTAMP), Column("zoned", TIMESTAMPTZ), Column("n", INTEGER)),
    *(Column("word", TEXT), Column("weight", DOUBLE)),
)


def laid(folder: Path, layout: str = PARTED, target: str | None = None) -> Project:
    declared = shop.PROJECT.replace("measures: {amount: sum, quantity: sum}", layout)
    projects.write(folder, {"starlode.yml": declared, "sql/sales.sql": shop.SALES, **shop.FIRST})
    return starlode.read(folder, target=target)


def test_words_that_a_warehouse_does_not_have_are_told_when_the_table_is_made(tmp_path: Path) -> None:
    project = laid(tmp_path)
    planned = starlode.plan(project)

    first = starlode.run(project)
    later = starlode.run(shop.later(tmp_path))

    told = "this warehouse has no `partition`, no `sort`: the table lies without"
    assert [note for step in planned.steps for note in notes_of(step, planned)] == [told]
    assert [(f.rule, f.where, f.message) for f in first.findings if f.rule == "layout"] == [
        ("layout", "fact_sales", told)
    ]
    assert later.status == "succeeded"
    assert [f for f in later.findings if f.rule == "layout"] == []


def test_a_layout_that_changes_is_told_where_a_table_cannot_be_laid_out_anew(tmp_path: Path) -> None:
    starlode.run(laid(tmp_path, "measures: {amount: sum, quantity: sum}"))
    planned = starlode.plan(laid(tmp_path))
    build = next(step for step in planned.steps if step.object == "fact_sales")

    on_redshift = laid(tmp_path, target="redshift://nobody:nothing@127.0.0.1:1/nowhere")
    on_bigquery = laid(tmp_path, target="bigquery://nowhere")

    notes = {
        project.warehouse.dialect.sqlglot: notes_of(
            build, starlode.Plan(project, planned.options, (build,), planned.state)
        )
        for project in (on_redshift, on_bigquery)
    }
    stays = "the table is there, and lies as it did: a changed layout is for a new one"
    assert notes["redshift"] == ("this warehouse has no `partition`: the table lies without", stays)
    assert notes["bigquery"] == ("this warehouse has no `sort`: the table lies without",)


def test_columns_that_a_table_will_not_have_are_told(tmp_path: Path) -> None:
    words = "partition: orderd_at, cluster: [customer_key, nobody], encode: {odd: zstd}"
    layout = f"measures: {{amount: sum, quantity: sum}}\n    layout: {{{words}}}"

    with pytest.raises(ProjectError) as told:
        laid(tmp_path, layout)

    assert [mistake.what for mistake in told.value.mistakes] == [
        f"unknown column `{name}` in the layout of fact_sales" for name in ("orderd_at", "nobody", "odd")
    ]
    assert "did you mean `ordered_at`?" in told.value.mistakes[0].hint


def test_more_columns_than_a_warehouse_clusters_by_are_told_for_that_one(tmp_path: Path) -> None:
    layout = "measures: {amount: sum}\n    layout: {cluster: [order_id, customer_id, product_id, quantity, ordered_at]}"

    with pytest.raises(ProjectError, match="names 5 columns, and the warehouse takes 4"):
        laid(tmp_path, layout, "bigquery://nowhere")
    assert laid(tmp_path, layout, "snowflake://nobody:nothing@nowhere/nothing").star.facts[0].layout is not None


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        (Layout("day"), "partition by `day`"),
        (Layout("day", "month"), "partition by date_trunc(`day`, month)"),
        (Layout("at"), "partition by datetime_trunc(`at`, day)"),
        (Layout("at", "hour", ("n", "word")), "partition by datetime_trunc(`at`, hour)\ncluster by `n`, `word`"),
        (Layout("zoned", "year"), "partition by timestamp_trunc(`zoned`, year)"),
        (Layout(cluster=("word",), sort=("n",), distribute="n"), "cluster by `word`"),
    ],
)
def test_bigquery_divides_and_clusters(layout: Layout, told: str) -> None:
    made = staging.create(BigQuery("nowhere").dialect, Table("star", "t", COLUMNS, layout))

    assert made.partition("\n)\n")[2] == told


@pytest.mark.parametrize(
    ("layout", "why"),
    [
        (Layout("word"), "word of t is of the type text, which BigQuery does not divide into parts"),
        (Layout("n"), "n of t is of the type integer, which BigQuery does not divide into parts"),
        (Layout("day", "hour"), "day of t is of the type date, which BigQuery does not divide by hour"),
        (Layout(cluster=("weight",)), "BigQuery clusters by no double, which weight of t is"),
        (Layout(cluster=("gone",)), "`cluster` of its layout names `gone`, which t does not have"),
    ],
)
def test_what_bigquery_would_refuse_of_a_layout_is_refused_before_it_is_asked(layout: Layout, why: str) -> None:
    with pytest.raises(DataError, match=why):
        staging.create(BigQuery("nowhere").dialect, Table("star", "t", COLUMNS, layout))


def test_redshift_spreads_sorts_and_compresses() -> None:
    layout = Layout(sort=("day", "n"), distribute="n", encode={"word": "zstd"}, cluster=("word",))

    made = staging.create(redshift.DIALECT, Table("star", "t", COLUMNS, layout))
    over_all = staging.create(redshift.DIALECT, Table("star", "t", COLUMNS, Layout(distribute="all")))

    assert '"word" varchar(65535) encode zstd' in made
    assert made.endswith(')\ndiststyle key distkey ("n")\ncompound sortkey ("day", "n")')
    assert over_all.endswith(")\ndiststyle all")


def test_snowflake_clusters_and_others_do_nothing() -> None:
    layout = Layout("day", cluster=("day", "n"), sort=("n",))
    table = Table("star", "t", COLUMNS, layout)

    assert staging.create(snowflake.DIALECT, table).endswith(')\ncluster by ("DAY", "N")')
    assert staging.create(duckdb.DIALECT, table) == staging.create(duckdb.DIALECT, Table("star", "t", COLUMNS))
