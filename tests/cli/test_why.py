"""`starlode why` tells people and programs the same about a row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.test_completing import completed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli


def test_why_says_sources_keys_and_the_load_on_stdout(cli: Cli, shop: Path) -> None:
    answer = cli("why", "fact_sales", "order_id=1001", "--project", str(shop))

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("fact_sales: order_id = 1001\n")
    assert "written by load " in answer.out
    assert "made from " in answer.out
    assert "orders.csv" in answer.out
    assert "landed in" in answer.out
    assert "it points to" in answer.out


def test_why_of_a_member_tells_each_version(cli: Cli, shop: Path) -> None:
    answer = cli("why", "dim_customer", "customer_id=C001", "--project", str(shop))

    assert answer.code == 0
    assert answer.out.count("valid from") >= 1
    assert "customers.csv" in answer.out


def test_why_as_json_holds_the_row_and_what_is_behind_it(cli: Cli, shop: Path) -> None:
    answer = cli("why", "sales", "order_id=1001", "--project", str(shop), "--json")

    told = json.loads(answer.out)["why"]
    assert told["table"] == "fact_sales"
    assert told["named"] == {"order_id": 1001}
    (row,) = told["rows"]
    assert row["values"]["order_id"] == 1001
    assert {source["stream"] for source in row["sources"]} >= {"shop.orders"}
    assert row["written"]["because"] == "new"
    assert {pointing["dimension"] for pointing in told["pointings"]} >= {"dim_customer", "dim_date"}


def test_why_without_a_row_is_a_mistake_with_a_hint(cli: Cli, shop: Path) -> None:
    several = cli("why", "fact_sales", "customer_id=C001", "--project", str(shop))
    unwritten = cli("why", "fact_sales", "order_id", "--project", str(shop))

    assert (several.code, several.out) == (2, "")
    assert "rows of fact_sales have this customer_id" in several.err
    assert "name order_id as well" in several.err
    assert unwritten.code == 2
    assert "`order_id` is not written as COLUMN=VALUE" in unwritten.err


def test_tables_and_their_keys_are_completed(shop: Path) -> None:
    assert completed("starlode why fact_", shop) == ["fact_sales"]
    assert completed("starlode why fact_sales ord", shop) == ["order_id="]
