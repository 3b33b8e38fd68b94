"""`rebuild` derives models anew from the landing, with the same keys, whatever has become of their tables."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.engine import killed, shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

KEYS = "select customer_key, customer_id, city, valid_from from star.dim_customer order by 1, 2, 3"
SALES = "select order_id, customer_key, product_key, amount from star.fact_sales order by 1, 4"
STAGED = 'select order_id, _file, _row, _load from staging."shop__orders" order by 1'


def _shop(folder: Path) -> starlode.Project:
    starlode.run(shop.opened(folder))
    project = shop.later(folder)
    starlode.run(project)
    return project


def _by_hand(project: starlode.Project, *statements: str) -> None:
    session = project.warehouse.connect()
    for statement in statements:
        session.execute(statement)
    session.close()


def _kept(project: starlode.Project) -> tuple[object, ...]:
    return tuple(projects.rows(project, sql) for sql in (KEYS, SALES, STAGED))


@pytest.mark.parametrize(
    ("model", "statements"),
    [
        ("dim_customer", ["update star.dim_customer set city = 'Atlantis' where city = 'Lyon'"]),
        ("dim_customer", ["delete from star.dim_customer where customer_id = 'C1'"]),
        ("dim_customer", ["insert into star.dim_customer select 99, 'C77', city, valid_from, valid_to, is_current, "
                          "false, load_key from star.dim_customer where city = 'Oslo'"]),
        ("dim_customer", ["insert into star.dim_customer select * from star.dim_customer where customer_id = 'C2'"]),
        ("dim_customer", ["update star.dim_customer set valid_from = timestamp '2020-01-01' where city = 'Rome'"]),
        ("dim_customer", ["drop table star.dim_customer"]),
        ("dim_product", ["drop table star.dim_product"]),
        ("fact_sales", ["update star.fact_sales set amount = 0, customer_key = 1"]),
        ("fact_sales", ["insert into star.fact_sales select * from star.fact_sales where order_id = 2"]),
        ("fact_sales", ["delete from star.fact_sales where order_id > 2"]),
        ("fact_sales", ["drop table star.fact_sales"]),
        ("fact_sales", ['delete from staging."shop__orders" where order_id = 1',
                        'update staging."shop__orders" set amount = 1']),
    ],
)  # fmt: skip
def test_what_somebody_broke_is_whole_again_with_the_same_keys(
    model: str, statements: list[str], tmp_path: Path
) -> None:
    project = _shop(tmp_path)
    before, star = _kept(project), projects.star(project)
    _by_hand(project, *statements)

    rebuilt = starlode.rebuild(project, model)

    assert rebuilt.status == "succeeded"
    assert _kept(project) == before
    assert projects.star(project) == star
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def test_a_rebuild_of_what_is_right_changes_no_row(tmp_path: Path) -> None:
    project = starlode.read(killed.lay(tmp_path))
    starlode.run(project)
    starlode.run(starlode.read(killed.later(tmp_path)))
    before = projects.star(project)
    facts = "select play_id, user_key, song_key, account_key, load_key from star.fact_play order by 1"
    rows = projects.rows(project, facts)

    rebuilt = starlode.rebuild(project, "dim_user", "song", "dim_account")

    assert projects.star(project) == before
    assert projects.rows(project, facts) == rows
    built = [done for done in rebuilt.done if done.step.verb == "build"]
    assert {done.step.object for done in built} >= {"dim_user", "dim_song", "dim_account", "fact_play"}
    assert all(not done.outcome.inserted + done.outcome.updated + done.outcome.deleted for done in built)


def test_history_by_load_time_stays_as_it_stands(tmp_path: Path) -> None:
    declared = 'name: a\nsources: {app: {files: data, streams: {c: {files: "c.csv", mode: full, key: id}}}}\n'
    files = {"starlode.yml": declared + "dimensions: {c: {from: app.c, key: id, history: [city]}}\n"}
    starlode.run(projects.project(tmp_path, {**files, "data/c.csv": "id,city\n1,Oslo\n2,Rome\n"}))
    project = projects.project(tmp_path, {"data/c.csv": "id,city\n1,Bergen\n2,Rome\n"})
    starlode.run(project)
    history = "select c_key, id, city, valid_from, valid_to from star.dim_c order by 1"
    before = projects.rows(project, history)

    starlode.rebuild(project, "dim_c")

    assert projects.rows(project, history) == before
    assert len(before) == 3 + 3


def test_the_next_days_go_on_from_a_rebuild(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = starlode.read(tmp_path)
    starlode.rebuild(project, "dim_customer", "fact_sales", "dim_product")
    shop.later(tmp_path)
    starlode.run(project)
    star = projects.star(project)
    projects.lose(project)
    starlode.run(project)

    assert projects.star(project) == star


def test_a_column_that_was_left_out_comes_from_the_landing(tmp_path: Path) -> None:
    declared = shop.PROJECT.replace("mode: full, key: product_id", "mode: full, key: product_id, contract: discard")
    projects.write(tmp_path, {"starlode.yml": declared, "sql/sales.sql": shop.SALES, **shop.FIRST})
    project = starlode.read(tmp_path)
    starlode.run(project)
    projects.write(tmp_path, {"data/products.csv": "product_id,name,colour\nP1,Lamp,red\nP2,Chair,\n"})
    starlode.run(project)
    asked = "select product_id, colour from star.dim_product where product_key > 0 order by 1"
    with pytest.raises(starlode.WarehouseError):
        projects.rows(project, asked)

    project = projects.project(tmp_path, {"starlode.yml": shop.PROJECT})
    starlode.rebuild(project, "product")

    assert projects.rows(project, asked) == [("P1", "red"), ("P2", None)]


def test_what_the_landing_has_lost_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    project = _shop(tmp_path)
    lost = next((tmp_path / "landing/shop/customers").glob("00000002-*/*.parquet"))
    lost.unlink()
    before = _kept(project)

    with pytest.raises(starlode.DataError, match="gone from the landing") as refused:
        starlode.rebuild(project, "dim_customer")

    assert str(lost) in str(refused.value.where)
    assert _kept(project) == before


@pytest.mark.parametrize(
    ("models", "what"),
    [
        ((), "no model is named"),
        (("shop.orders",), "`shop.orders` is no table of the star"),
        (("dim_custmer",), "nothing is called `dim_custmer`"),
    ],
)
def test_only_tables_of_the_star_are_rebuilt(models: tuple[str, ...], what: str, tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.rebuild(project, *models)

    assert what in refused.value.mistakes[0].what


def test_a_stream_that_is_declared_anew_is_read_by_a_run(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    declared = shop.PROJECT.replace("mode: full, key: product_id", "mode: full, key: [product_id, name]")
    project = projects.project(tmp_path, {"starlode.yml": declared})

    with pytest.raises(starlode.ProjectError) as refused:
        starlode.rebuild(project, "dim_product")

    assert "the declaration of shop.products changed" in refused.value.mistakes[0].what


def test_since_a_moment_only_what_was_touched_later_is_derived_anew(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = projects.project(tmp_path, {"data/orders2.csv": shop.LATER["data/orders2.csv"]})
    moment = projects.value(project, 'select max("at") from starlode.run') + timedelta(microseconds=1)
    starlode.run(project)
    _by_hand(project, "update star.fact_sales set amount = 0 where order_id in (1, 6)")
    asked = "select order_id, amount from star.fact_sales where order_id in (1, 6) order by 1"

    starlode.rebuild(project, "fact_sales", since=moment)
    since = projects.rows(project, asked)
    starlode.rebuild(project, "fact_sales")

    assert since == [(1, 0), (6, Decimal("60.60"))]
    assert projects.rows(project, asked) == [(1, Decimal("10.10")), (6, Decimal("60.60"))]
