"""The files of the wholesaler: the same bytes for a seed, difficult on purpose, and counted from what they say."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from starlode.templates.sales_snowflake.generate import LEAST, Line, main, play, split

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def played(place: Path, *, days: int = 2, seed: int = 1) -> dict[str, int | str]:
    """The truth after some days, all of which are laid at a place."""
    return [play(day, str(place), size=30, seed=seed) for day in range(1, days + 1)][-1]


def laid(place: Path) -> dict[str, bytes]:
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def read(place: Path, pattern: str, **how: str) -> Iterator[dict[str, str]]:
    """The rows of files as Python's own reader sees them; a later file takes nothing back."""
    for path in sorted(place.glob(pattern)):
        with path.open(encoding=how.get("encoding", "utf-8-sig"), newline="") as file:
            yield from csv.DictReader(file, delimiter=how.get("delimiter", ","))


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    truths = [played(tmp_path / str(place), seed=seed) for place, seed in enumerate((7, 7, 8))]

    files = [laid(tmp_path / str(place)) for place in range(3)]
    assert files[0] == files[1]
    assert files[0] != files[2]
    assert truths[0] == truths[1] != truths[2]


def test_a_second_day_can_be_told_again_without_the_first(tmp_path: Path) -> None:
    truth = played(tmp_path / "both")
    alone = play(2, str(tmp_path / "alone"), size=30)

    assert alone == truth
    assert laid(tmp_path / "alone").items() < laid(tmp_path / "both").items()


@pytest.mark.parametrize("days", [1, 2])
def test_the_files_come_to_what_was_counted(tmp_path: Path, days: int) -> None:
    truth = played(tmp_path, days=days)

    orders = {row["order_id"]: row for row in read(tmp_path, "orders/*.csv")}
    lines = {(row["order_id"], row["line_no"]): row for row in read(tmp_path, "order_lines/*.csv")}
    delivered = {row["order_id"] for row in read(tmp_path, "deliveries/*.csv")}

    assert (len(orders), len(lines)) == (truth["orders"], truth["lines"])
    assert {order for order, _ in lines} == orders.keys()
    assert str(sum(amount(line["amount"]) for line in lines.values())) == truth["amount"]
    assert str(sum(amount(order["tax"]) for order in orders.values())) == truth["tax"]
    assert str(sum(amount(order["freight"]) for order in orders.values())) == truth["freight"]
    assert sum(order not in delivered for order, _ in lines) == truth["open_lines"]


def test_a_second_day_corrects_repeats_and_goes_on(tmp_path: Path) -> None:
    play(1, str(tmp_path), size=30)
    before = laid(tmp_path)

    play(2, str(tmp_path), size=30)

    after = laid(tmp_path)
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed == {"orders/orders_2026-W11.csv", "order_lines/order_lines_2026-W11.csv"}
    assert after["order_lines/order_lines_2026-W10_again.csv"] == before["order_lines/order_lines_2026-W10.csv"]
    assert len(before) < len(after)


def test_files_are_such_as_break_careless_readers(tmp_path: Path) -> None:
    played(tmp_path)

    orders = (tmp_path / "orders" / "orders_2026-W10.csv").read_bytes()
    notes = {row["note"] for row in read(tmp_path, "orders/*.csv")}
    prices = {row["list_price"] for row in read(tmp_path, "products/*.txt", encoding="cp1252", delimiter=";")}
    freights = [row for row in read(tmp_path, "order_lines/*.csv") if row["amount"] == "0.00"]

    assert orders.startswith(b"\xef\xbb\xbforder_id,")
    assert orders.count(b"\r\n") > 30
    assert any("\n" in note for note in notes)
    assert any('"' in note for note in notes)
    assert any("." in price and "," in price for price in prices)
    assert freights


def test_a_customer_is_told_of_after_the_first_order(tmp_path: Path) -> None:
    truth = played(tmp_path, days=1)

    told = {row["customer_id"] for row in read(tmp_path, "customers/*.csv")}

    assert len({row["customer_id"] for row in read(tmp_path, "orders/*.csv")} - told) == 1
    assert truth["customers"] == len(told) + 1


@pytest.mark.parametrize(
    ("cents", "amounts", "shares"),
    [
        (100, [500, 500, 500], [33, 33, 34]),
        (0, [500, 1], [0, 0]),
        (5, [0, 0], [0, 5]),
        (7, [300, -100], [10, -3]),
        (-7, [300, 100], [-5, -2]),
    ],
)
def test_an_amount_is_shared_out_to_the_cent(cents: int, amounts: list[int], shares: list[int]) -> None:
    lines = [Line(1, place, 1, 1, cost, 0) for place, cost in enumerate(amounts, 1)]

    assert split(cents, lines) == shares
    assert sum(shares) == cents


def test_the_command_lays_a_day_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--to", str(tmp_path / "data"), "--size", "20", "--truth", str(tmp_path / "truth.json")])

    assert "day 1: 40 orders with" in capsys.readouterr().out
    assert '"orders": 40' in (tmp_path / "truth.json").read_text("utf-8")


def test_a_week_has_so_many_orders_that_each_thing_happens(tmp_path: Path) -> None:
    assert play(1, str(tmp_path), size=3)["orders"] == 2 * LEAST
