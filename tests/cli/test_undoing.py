"""`starlode undo` and `starlode rebuild` say what they did as a run does, and refuse with a hint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import starlode
from tests.cli.test_completing import completed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

MORE = "1013,C001,Notebook,2,4.50,2025-05-08 10:00:00,\n"


def _later(cli: Cli, shop: Path) -> str:
    """Run the shop once more with an order that is new."""
    orders = shop / "data/orders.csv"
    orders.write_text(orders.read_text("utf-8") + MORE, "utf-8")
    assert cli("run", "--project", str(shop)).code == 0
    return starlode.status(starlode.read(shop))[0].run_id


def test_undo_tells_its_steps_and_the_status_says_undone(cli: Cli, shop: Path) -> None:
    run = _later(cli, shop)

    answer = cli("undo", run[-8:], "--project", str(shop))
    status = cli("status", "--project", str(shop)).out

    assert (answer.code, answer.out) == (0, "")
    assert f"undo    {run}" in answer.err
    assert "done" in answer.err
    assert any(run in line and "undone" in line for line in status.splitlines())
    assert "1013" not in (shop / "out/csv/fact_sales.csv").read_text("utf-8")


def test_undo_as_json_is_a_run(cli: Cli, shop: Path) -> None:
    run = _later(cli, shop)

    answer = cli("undo", "last", "--project", str(shop), "--json")

    told = json.loads(answer.out.splitlines()[-1])["run"]
    assert told["status"] == "succeeded"
    assert told["steps"][0]["step"] == {"verb": "undo", "object": run, "reason": "asked for"}


def test_an_older_run_is_refused_with_the_later_ones(cli: Cli, shop: Path) -> None:
    first = starlode.status(starlode.read(shop))[0].run_id
    later = _later(cli, shop)

    answer = cli("undo", first, "--project", str(shop))

    assert (answer.code, answer.out) == (2, "")
    assert "1 run changed something after" in answer.err
    assert f"--through: {later}" in answer.err


def test_rebuild_tells_what_it_loaded_and_built(cli: Cli, shop: Path) -> None:
    answer = cli("rebuild", "dim_customer", "--project", str(shop))
    nothing = cli("rebuild", "dim_nobody", "--project", str(shop))

    assert (answer.code, answer.out) == (0, "")
    lines = [line.split()[:2] for line in answer.err.splitlines() if line]
    assert ["reload", "shop.customers"] in lines
    assert ["build", "dim_customer"] in lines
    assert ["build", "fact_sales"] in lines
    assert nothing.code == 2
    assert "nothing is called `dim_nobody`" in nothing.err


def test_a_date_that_is_none_is_refused(cli: Cli, shop: Path) -> None:
    answer = cli("rebuild", "dim_customer", "--since", "yesterday", "--project", str(shop))

    assert answer.code == 2
    assert "`yesterday` is no date" in answer.err


def test_tables_to_rebuild_are_completed(shop: Path) -> None:
    assert completed("starlode rebuild dim_c", shop) == ["dim_customer"]


def test_runs_are_completed(shop: Path) -> None:
    run = starlode.status(starlode.read(shop))[0].run_id

    assert completed("starlode undo 2", shop) == [run]
