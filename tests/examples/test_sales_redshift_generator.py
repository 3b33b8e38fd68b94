"""The generator of the sales example: the same table for a seed, one that agrees with the truth, and all that is difficult."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from starlode.templates.sales_redshift.generate import days, main, play

TOTALS = """
    select count(*) as lines,
           count(distinct order_id) as orders,
           sum(quantity) as quantity,
           sum(sales) as sales,
           sum(profit) as profit,
           sum(sales) filter (where segment = 'business') as sales_to_business,
           sum(sales) filter (where country = 'Belgium' and postal_code is not null) as sales_to_belgium,
           count(*) filter (where postal_code like '0%') as lines_to_codes_with_a_zero,
           count(*) filter (where postal_code is null) as lines_without_a_place,
           count(*) filter (where ship_date is null) as waiting_lines,
           count(distinct product_id) as products,
           count(distinct customer_id) as customers,
           count(distinct (country, postal_code)) filter (where postal_code is not null) as locations
    from sales
"""


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def fingerprint(url: str) -> str:
    return hashlib.sha256(repr(ask(url, "select * from sales order by row_id")).encode()).hexdigest()


def test_the_table_comes_to_what_was_counted(postgres: str) -> None:
    truth = play(1, postgres, size=900, seed=4)

    with psycopg.connect(postgres) as connection:
        counted = connection.execute(TOTALS.encode())
        names, found = [column.name for column in counted.description or ()], counted.fetchone()

    assert dict(zip(names, map(str, found or ()), strict=True)) == {name: str(said) for name, said in truth.items()}
    assert truth["lines"] == 900


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(postgres: str) -> None:
    marks = []
    for seed in (7, 7, 8):
        for day in (1, 2):
            play(day, postgres, size=200, seed=seed)
            marks.append(fingerprint(postgres))

    assert marks[:2] == marks[2:4]
    assert len(set(marks)) == 4


def test_the_second_day_brings_changes_and_takes_away_lines(postgres: str) -> None:
    before, after = days(2, size=600)
    play(1, postgres, size=600)
    first = set(ask(postgres, "select * from sales"))

    play(2, postgres, size=600)

    second = set(ask(postgres, "select * from sales"))
    come, gone = ({row[0] for row in one} for one in (second - first, first - second))
    assert come - gone == after.keys() - before.keys()
    assert gone - come == before.keys() - after.keys()
    assert come & gone == {number for number in before.keys() & after.keys() if before[number] != after[number]}
    assert all((come - gone, gone - come, come & gone))


@pytest.mark.parametrize(
    "trap",
    [
        "select product_id from sales group by 1 having count(distinct product_name) > 1",
        "select customer_id from sales group by 1 having count(distinct customer_name) > 1",
        "select country, postal_code from sales where postal_code <> '' group by 1, 2 having count(distinct city) > 1",
        "select postal_code from sales where postal_code <> '' group by 1 having count(distinct country) > 1",
        "select order_date from sales group by 1 having count(distinct ship_mode) > 1",
        "select order_id, product_id from sales group by 1, 2 having count(*) > 1",
        "select row_id from sales where postal_code is null and country <> 'Ireland'",
        "select row_id from sales where ship_date is null",
        "select row_id from sales where sales <> round(sales, 2) and profit < 0",
        "select row_id from sales where product_name ~ '[\",'']' and customer_name ~ 'Null'",
    ],
)
def test_each_trap_is_there(postgres: str, trap: str) -> None:
    play(1, postgres)

    assert ask(postgres, trap)


def test_the_command_makes_and_changes_the_table(postgres: str, capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("1", "2"):
        main(["--url", postgres, "--size", "120", "--day", day])

    lines, total = ask(postgres, "select count(*), sum(sales) from sales")[0]
    assert f"day 2: {lines:,} lines of" in capsys.readouterr().out.splitlines()[-1]
    assert total == sum(Decimal(line.sales).scaleb(-4) for line in list(days(2, size=120))[-1].values())


def test_a_command_without_a_database_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SALES_URL", raising=False)

    with pytest.raises(SystemExit):
        main(["--day", "2"])

    assert "name the database with --url or SALES_URL" in capsys.readouterr().err
