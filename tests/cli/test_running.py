"""What a run shows: lines for logs, JSON lines for programs, bars for people, and a summary with its proof."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.shell import call, call_on_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STEPS = 11


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_log_gets_one_line_for_each_event_and_no_colour(new_shop: Path) -> None:
    answer = call("run", folder=new_shop)
    lines = [line for line in answer.err.splitlines() if line.startswith("[")]

    assert answer.code == 0
    assert answer.out == ""
    assert "\x1b" not in answer.err
    assert len(lines) == 2 * STEPS
    assert lines[0] == "[ 1/11] start land shop.customers: files: 1 new"
    assert lines[1].startswith("[ 1/11] done  land shop.customers: 8 rows, 1 file, 491 B read in ")


def test_the_summary_holds_the_balance_the_sums_and_what_to_do_next(cli: Cli, new_shop: Path) -> None:
    answer = cli("run", "--project", str(new_shop))

    assert re.search(r"^load +shop\.customers +8 +5 +3 ", answer.err, re.MULTILINE)
    assert "rows in = rows out + rejected + merged + lost − doubled, in 7 steps of 7" in answer.err
    assert "fact_sales.quantity = 1,348" in answer.err
    assert "fact_sales.amount = 598.30" in answer.err
    assert "13 of 13 checks hold" in answer.err
    assert "shop.customers 1 file · shop.orders 1 file" in answer.err
    assert answer.err.splitlines()[-1].startswith("done; look at ")


def test_columns_of_losses_show_only_what_was_lost(cli: Cli, new_shop: Path) -> None:
    answer = cli("run", "--project", str(new_shop))
    header = next(line for line in answer.err.splitlines() if line.startswith("step "))

    assert header.split() == ["step", "object", "rows", "in", "rows", "out", "merged", "time", "what"]


def test_a_run_that_changes_nothing_is_one_line(cli: Cli, shop: Path) -> None:
    answer = cli("run", "--project", str(shop))

    assert answer.code == 0
    assert re.fullmatch(r"nothing changed: the warehouse holds what the sources hold \(.+\)\n", answer.err)


def test_warnings_come_before_notes(cli: Cli, shop: Path) -> None:
    orders = shop / "data/orders.csv"
    orders.write_text(orders.read_text("utf-8").replace("1012,", "1013,"), "utf-8")

    answer = cli("run", "--project", str(shop))
    told = [line.split()[0] for line in answer.err.splitlines() if line.startswith(("warning", "note"))]

    assert "warning" in told
    assert told == sorted(told, reverse=True)
    assert "it was read before with other content" in answer.err


def test_a_selection_runs_only_what_was_chosen(cli: Cli, new_shop: Path) -> None:
    answer = cli("run", "--project", str(new_shop), "--json", "--select", "dim_date,shop.customers", "--only", "build")
    steps = [event["step"]["object"] for event in events(answer.out) if event["event"] == "done"]

    assert steps == ["shop.customers", "shop.customers", "dim_date"]


def test_a_full_run_does_everything_again(cli: Cli, shop: Path) -> None:
    answer = cli("run", "--project", str(shop), "--full", "--json")

    assert len([event for event in events(answer.out) if event["event"] == "done"]) == STEPS


def test_another_target_is_another_warehouse(cli: Cli, shop: Path) -> None:
    answer = cli("run", "--project", str(shop), "--target", "duckdb:other.duckdb")

    assert answer.code == 0
    assert (shop / "other.duckdb").exists()
    assert "nothing changed" not in answer.err


def test_events_are_json_lines_that_end_with_the_run(cli: Cli, new_shop: Path) -> None:
    answer = cli("run", "--project", str(new_shop), "--json")
    told = events(answer.out)
    last = told[-1]["run"]

    assert answer.err == ""
    assert {event["schema_version"] for event in told} == {1}
    assert [event["event"] for event in told if event["event"] != "progress"] == ["started", "done"] * STEPS + ["run"]
    assert {"event", "step", "number", "of"} <= set(told[0])
    assert set(told[0]["step"]) == {"verb", "object", "reason"}
    assert {"run_id", "project", "status", "exit_code", "seconds", "rejected", "steps", "findings"} == set(last)
    assert (last["status"], last["exit_code"], len(last["steps"])) == ("succeeded", 0, STEPS)


def test_every_step_balances_in_the_events(cli: Cli, new_shop: Path) -> None:
    answer = cli("run", "--project", str(new_shop), "--json")
    done = [event["outcome"] for event in events(answer.out) if event["event"] == "done"]

    assert len(done) == STEPS
    for each in done:
        accounted = each["rows_out"] + each["rejected"] + each["merged"] + each["lost"] - each["doubled"]
        assert each["rows_in"] == accounted


def test_a_run_that_fails_is_told_as_far_as_it_came_and_then_its_error(cli: Cli, new_shop: Path) -> None:
    declared = new_shop / "starlode.yml"
    declared.write_text(declared.read_text("utf-8").replace("[private, business]", "[private]"), "utf-8")

    answer = cli("run", "--project", str(new_shop), "--json")
    told = events(answer.out)

    assert answer.code == 1
    assert told[-2]["run"]["status"] == "failed"
    assert [step["step"]["verb"] for step in told[-2]["run"]["steps"]][-1] == "build"
    assert told[-1]["error"]["kind"] == "CheckFailed"
    assert [finding["rule"] for finding in told[-1]["error"]["findings"]] == ["known_segments"]


def test_a_terminal_gets_a_bar_colours_and_a_line_for_each_step(new_shop: Path) -> None:
    answer = call_on_terminal("run", folder=new_shop)
    shown = COLOUR.sub("", answer.out)

    assert answer.code == 0
    assert COLOUR.search(answer.out)
    assert "━━━━" in shown
    assert "1/11" in shown
    assert len(re.findall(r"✓ (?:land|load|build|check|export)", shown)) == STEPS
    assert "done; look at " in shown


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"CI": "true"}, {"TERM": "dumb"}])
def test_colours_are_left_out_where_they_are_not_wanted(more: dict[str, str], new_shop: Path) -> None:
    answer = call_on_terminal("run", folder=new_shop, more=more)

    assert answer.code == 0
    assert not COLOUR.search(answer.out)


@pytest.mark.parametrize("more", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_build_server_gets_lines_even_on_a_terminal(more: dict[str, str], new_shop: Path) -> None:
    answer = call_on_terminal("run", folder=new_shop, more=more)

    assert "\x1b" not in answer.out
    assert answer.out.count("] done  ") == STEPS


def test_an_error_on_a_terminal_is_red_and_says_the_same(shop: Path) -> None:
    coloured = call_on_terminal("run", "--select", "nobody", folder=shop)
    plain = call("run", "--select", "nobody", folder=shop)

    assert "\x1b[31;1merror:" in coloured.out
    assert COLOUR.sub("", coloured.out) == plain.err


def test_a_selection_that_nothing_can_be_built_of_writes_no_file_and_says_what_to_choose(new_shop: Path) -> None:
    planned = call("plan", "--select", "fact_sales", folder=new_shop)
    ran = call("run", "--select", "fact_sales", folder=new_shop)
    left = sorted(path.name for path in (new_shop / "out").rglob("*")) if (new_shop / "out").exists() else []
    whole = call("run", folder=new_shop)

    assert (planned.code, ran.code, whole.code) == (0, 0, 0)
    for answer in (planned, ran):
        assert "fact_sales cannot be built before what it is made from: `--select +fact_sales`" in answer.err
    assert "warning     csv: out/csv: fact_sales is not built yet" in ran.err
    assert "look at" not in ran.err
    assert left == []
    assert (new_shop / "out/csv").exists()


def test_an_ordinary_comma_is_not_worth_a_word(new_shop: Path) -> None:
    answer = call("run", folder=new_shop)

    assert "divided by" not in answer.err
