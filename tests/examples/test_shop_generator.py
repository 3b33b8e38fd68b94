"""The shop example's generator: the same rows for a seed, a database that agrees with the truth, and one order that is late."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from starlode.templates.shop.generate import TABLES, Shop, Truth, generate, main

TOTALS = """
    select count(*), sum(quantity), sum(amount), (select count(*) from orders), (select count(*) from shipments)
    from order_lines
"""


@pytest.fixture
def shop(postgres: str) -> Shop:
    made = Shop(postgres, orders=60, seed=3)
    made.create()
    return made


def ask(url: str, query: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        found = connection.execute(query.encode()).fetchone()
        assert found
        return found


def fingerprint(url: str) -> str:
    """A digest of all that depends on the seed: everything but the server's own clock."""
    digest = hashlib.sha256()
    with psycopg.connect(url) as connection:
        for table in TABLES:
            rows = sql.SQL("select (to_jsonb(t) - 'updated_at')::text from {} as t order by 1")
            for (row,) in connection.execute(rows.format(sql.Identifier(table))):
                digest.update(row.encode())
    return digest.hexdigest()


def test_the_database_comes_to_what_was_counted(postgres: str) -> None:
    truth = generate(postgres, days=5, orders=80)

    found = ask(postgres, TOTALS)

    assert found == (truth.lines, truth.quantity, Decimal(truth.amount), truth.orders, truth.shipped_lines)
    assert sum(map(Decimal, truth.amount_by_segment.values())) == Decimal(truth.amount)
    assert truth.orders == 5 * 81
    assert truth.late_orders == 5


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(postgres: str) -> None:
    marks, truths = [], []
    for seed in (7, 7, 8):
        truths.append(generate(postgres, days=3, orders=40, seed=seed))
        marks.append(fingerprint(postgres))

    assert marks[0] == marks[1] != marks[2]
    assert truths[0] == truths[1] != truths[2]


def test_an_order_of_noon_appears_next_day_with_a_moment_that_others_have_passed(shop: Shop, postgres: str) -> None:
    shop.play()
    seen = ask(postgres, "select count(*), max(updated_at) from orders")

    shop.close()

    late = ask(postgres, "select updated_at from orders where order_id = 61")
    assert seen[0] == 60
    assert ask(postgres, "select count(*) from orders") == (61,)
    assert late[0] < seen[1]


def test_every_day_brings_changes_of_each_kind(shop: Shop, postgres: str) -> None:
    truths: list[Truth] = []
    for _ in range(4):
        shop.play()
        truths.append(shop.truth())
    shop.close()

    for name in ("customers", "customer_versions", "product_versions", "shipped_lines", "deleted_lines"):
        counts = [getattr(truth, name) for truth in truths]
        assert counts[1:] == sorted(set(counts[1:])), name
    assert ask(
        postgres, "select count(*) from order_lines as l join orders as o using (order_id) where line_no = 1"
    ) == (shop.truth().orders,)


def test_some_moves_are_told_two_days_late(shop: Shop, postgres: str) -> None:
    moved = "select count(*) from customers where changed_at between '2026-03-03' and '2026-03-03 06:00'"
    for _ in range(3):
        shop.play()
    before = ask(postgres, moved)

    shop.play()
    shop.close()

    assert ask(postgres, moved) > before > (0,)


def test_texts_and_missing_values_are_such_as_break_careless_readers(postgres: str) -> None:
    generate(postgres, days=1, orders=400)

    found = ask(
        postgres,
        """
        select (select count(*) from customers where name like '%"%' or name like '%\\\\%'),
               (select count(*) from customers where email is null),
               (select count(*) from customers where postal_code like '0%'),
               (select count(*) from orders where note like e'%\\n%'),
               (select count(*) from orders where note = 'NULL'),
               (select count(*) from products where weight_kg is null),
               (select count(*) from products where attributes ->> 'colour' = 'weiß')
        """,
    )

    assert all(found), found


def test_the_command_runs_another_each_evening(postgres: str, capfd: pytest.CaptureFixture[str]) -> None:
    main(["--url", postgres, "--days", "2", "--orders", "10", "--run", "echo 'good evening'"])

    said = capfd.readouterr().out
    assert said.count("good evening") == 2
    assert "22 orders with" in said


def test_a_command_without_a_database_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_URL", raising=False)

    with pytest.raises(SystemExit):
        main(["--days", "2"])

    assert "name the database with --url or SHOP_URL" in capsys.readouterr().err
