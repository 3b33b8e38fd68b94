"""What others put on the tables of a PostgreSQL warehouse outlives every load: views, rights, and what readers see."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import psycopg
import pytest

import starlode
from starlode.errors import WarehouseError
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres_server import Server

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      prices: {files: "prices.csv", key: sku, mode: full, may_shrink: true}
      orders: {files: "orders*.csv"}
dimensions:
  price: {from: shop.prices, key: sku}
facts:
  sales: {from: shop.orders, grain: order_id, dims: {price: sku}, measures: {amount: sum}}
"""
FILES = {
    "starlode.yml": PROJECT,
    "data/prices.csv": "sku,price\nA,1\nB,2\n",
    "data/orders1.csv": "order_id,sku,amount\n1,A,1\n2,B,2\n",
}
VIEWS = (
    "create schema report",
    "create view report.prices as select sku, price from staging.shop__prices",
    "create view report.dear as select sku from report.prices where price > 1",
    "create view report.sales as select f.amount, d.sku from star.fact_sales f join star.dim_price d using (price_key)",
    "comment on view report.prices is 'what things cost'",
)


@pytest.fixture
def analyst(postgres_server: Server) -> Iterator[str]:
    """A role that may read, and owns nothing."""
    name = "analyst"
    postgres_server.execute(f"create role {name}")
    yield name
    postgres_server.execute(f"drop role {name}")


@pytest.fixture
def shop(postgres: str, analyst: str, tmp_path: Path) -> Iterator[starlode.Project]:
    """A shop that has run once, with views on its staging and its star, and rights for the analyst."""
    projects.write(tmp_path, FILES)
    project = starlode.read(tmp_path, target=postgres)
    starlode.run(project)
    tables = (
        "staging.shop__prices",
        "star.fact_sales",
        "star.dim_price",
        "report.prices",
        "report.dear",
        "report.sales",
    )
    with psycopg.connect(postgres, autocommit=True) as connection:
        for statement in (*VIEWS, *(f"grant select on {table} to {analyst}" for table in tables)):
            connection.execute(statement.encode())
        for schema in ("staging", "star", "report"):
            connection.execute(f"grant usage on schema {schema} to {analyst}".encode())
        yield project
        connection.execute(f"drop owned by {analyst}".encode())


@pytest.mark.parametrize(
    ("prices", "dear"),
    [
        ("sku,price\nA,5\nB,2\nC,3\n", ["A", "B", "C"]),
        ("sku,price\nA,1.25\nB,2.50\n", ["A", "B"]),
        ("sku,price,note\nA,1,x\nB,2,y\n", ["B"]),
    ],
    ids=["reloaded", "widened", "added"],
)
def test_views_and_rights_survive_a_full_load(
    prices: str, dear: list[str], shop: starlode.Project, postgres: str, analyst: str
) -> None:
    projects.write(shop.folder, {"data/prices.csv": prices})

    starlode.run(shop)

    with psycopg.connect(postgres) as connection:
        connection.execute(f"set role {analyst}".encode())
        rows = connection.execute("select sku from report.dear order by 1").fetchall()
        staged = connection.execute("select count(*) from staging.shop__prices").fetchone()
        built = connection.execute("select count(*) from star.dim_price where price_key > 0").fetchone()
        comment = connection.execute("select obj_description('report.prices'::regclass)").fetchone()
    assert [sku for (sku,) in rows] == dear
    assert staged == built == (prices.count("\n") - 1,)
    assert comment == ("what things cost",)


@pytest.mark.parametrize(
    "orders",
    ["order_id,sku,amount\n3,A,1.50\n", "order_id,sku,amount,till\n3,A,3,T1\n"],
    ids=["widened", "added"],
)
def test_views_and_rights_survive_new_shapes_of_a_stream(
    orders: str, shop: starlode.Project, postgres: str, analyst: str
) -> None:
    projects.write(shop.folder, {"data/orders2.csv": orders})

    starlode.run(shop)

    with psycopg.connect(postgres) as connection:
        connection.execute(f"set role {analyst}".encode())
        rows = connection.execute("select count(*) from report.sales").fetchone()
    assert rows == (3,)


@pytest.mark.parametrize(
    "prices",
    ["sku,price\nA,1.25\nB,2.50\n", "sku,price,note\nA,1,x\nB,2,y\n"],
    ids=["widened", "added"],
)
def test_the_view_on_current_members_keeps_rights_and_readers(
    prices: str, shop: starlode.Project, postgres: str, analyst: str
) -> None:
    durable = {"starlode.yml": PROJECT.replace("key: sku}\nfacts", "key: sku, durable: true}\nfacts")}
    starlode.run(projects.project(shop.folder, durable, target=postgres))
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("create view report.now as select sku from star.dim_price_current where price_key > 0")
        connection.execute("comment on view star.dim_price_current is 'what things cost now'")
        for table in ("report.now", "star.dim_price_current"):
            connection.execute(f"grant select on {table} to {analyst}".encode())

    starlode.run(projects.project(shop.folder, {"data/prices.csv": prices}, target=postgres))

    with psycopg.connect(postgres) as connection:
        connection.execute(f"set role {analyst}".encode())
        skus = connection.execute("select sku from report.now order by 1").fetchall()
        shown = connection.execute("select * from star.dim_price_current")
        names = {column.name for column in shown.description or ()}
        comment = connection.execute("select obj_description('star.dim_price_current'::regclass)").fetchone()
    assert skus == [("A",), ("B",)]
    assert {"price_key", "price_durable_key", *prices.partition("\n")[0].split(",")} <= names
    assert comment == ("what things cost now",)


def test_a_column_that_a_view_reads_is_not_dropped_in_silence(shop: starlode.Project) -> None:
    projects.write(shop.folder, {"data/prices.csv": "sku\nA\nB\n"})

    with pytest.raises(WarehouseError) as refused:
        starlode.run(shop, full=True)

    assert "view report.prices depends on column price" in refused.value.what
    assert projects.value(shop, "select sum(price) from staging.shop__prices") == 3


def test_a_table_that_nobody_else_can_see_is_renamed(postgres: str, tmp_path: Path) -> None:
    projects.write(tmp_path, FILES)
    project = starlode.read(tmp_path, target=postgres)
    starlode.run(project)
    before = projects.value(project, "select 'staging.shop__prices'::regclass::oid::bigint")
    projects.write(tmp_path, {"data/prices.csv": "sku,price\nA,3\nB,4\n"})

    starlode.run(project)

    assert projects.value(project, "select 'staging.shop__prices'::regclass::oid::bigint") != before


def test_a_table_stays_where_few_of_its_rows_differ(postgres: str, tmp_path: Path) -> None:
    projects.write(tmp_path, FILES)
    project = starlode.read(tmp_path, target=postgres)
    starlode.run(project)
    before = projects.value(project, "select 'staging.shop__prices'::regclass::oid::bigint")

    starlode.run(project, full=True)

    assert projects.value(project, "select 'staging.shop__prices'::regclass::oid::bigint") == before


def test_readers_never_see_an_empty_or_half_table(shop: starlode.Project, postgres: str, analyst: str) -> None:
    rows = 2_000
    prices = ["sku,price\n" + "".join(f"S{i},{i + day}\n" for i in range(rows)) for day in range(4)]
    projects.write(shop.folder, {"data/prices.csv": prices[0]})
    starlode.run(shop)
    seen: list[int] = []
    is_over = threading.Event()
    reader = threading.Thread(target=_read, args=(postgres, analyst, seen, is_over))
    reader.start()

    for told in prices[1:]:
        projects.write(shop.folder, {"data/prices.csv": told})
        starlode.run(shop)
    is_over.set()
    reader.join()

    assert len(seen) > 10
    assert set(seen) == {rows}


def _read(url: str, role: str, seen: list[int], is_over: threading.Event) -> None:
    """Count the rows again and again, each time twice in one transaction that sees one moment."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"set role {role}".encode())
        while not is_over.is_set():
            connection.execute("begin isolation level repeatable read")
            connection.execute("select 1 from report.dear limit 1")
            for table in ("report.prices", "staging.shop__prices"):
                found = connection.execute(f"select count(*) from {table}".encode()).fetchone()
                seen.append(found[0] if found else 0)
            connection.execute("commit")


@pytest.fixture
def loader(postgres_server: Server, postgres: str) -> Iterator[str]:
    """The URL of a database for a role that has the rights in the docs and no others."""
    database = postgres.rpartition("/")[2]
    postgres_server.execute("create role loader login")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'grant connect, create, temporary on database "{database}" to loader'.encode())
    yield postgres.replace("postgres@", "loader@")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("drop owned by loader cascade")
    postgres_server.execute("drop role loader")


def test_the_rights_in_the_docs_are_enough(loader: str, tmp_path: Path) -> None:
    projects.write(tmp_path, FILES)
    project = starlode.read(tmp_path, target=loader)

    first = starlode.run(project)
    projects.write(tmp_path, {"data/prices.csv": "sku,price\nA,1.5\n"})
    second = starlode.run(project)

    assert (first.status, second.status) == ("succeeded", "succeeded")
    assert projects.rows(project, "select sku, price from staging.shop__prices") == [("A", Decimal("1.5"))]


def test_a_view_of_somebody_else_is_not_lost(loader: str, postgres: str, tmp_path: Path) -> None:
    projects.write(tmp_path, FILES)
    project = starlode.read(tmp_path, target=loader)
    starlode.run(project)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("create schema report")
        connection.execute("create view report.prices as select price from staging.shop__prices")
        projects.write(tmp_path, {"data/prices.csv": "sku,price\nA,1.5\nB,2\n"})

        with pytest.raises(WarehouseError, match=r"permission denied|must be owner"):
            starlode.run(project)

        assert connection.execute("select sum(price) from report.prices").fetchone() == (3,)
