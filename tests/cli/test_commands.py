"""What each of the smaller commands says, to people and to programs."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import starlode
from tests.projects import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Cli
    from tests.cli.shell import Answer


def document(answer: Answer) -> dict[str, Any]:
    """The one document on stdout, of a command that went well."""
    assert (answer.code, answer.err) == (0, "")
    read: dict[str, Any] = json.loads(answer.out)
    assert read.pop("schema_version") == 1
    return read


@pytest.fixture
def rejecting(cli: Cli, new_shop: Path) -> Path:
    """A project whose last order cannot be typed, run once."""
    orders = (new_shop / "data/orders.csv").read_text("utf-8")
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    write(
        new_shop,
        {
            "data/orders.csv": orders + "1013,C001,Notebook,m\x1b[31many,4.50,2025-05-08 10:00:00,\n",
            "starlode.yml": declared.replace("key: order_id}", "key: order_id, types: {quantity: integer}}"),
        },
    )
    assert cli("run", "--project", str(new_shop)).code == 1
    return new_shop


def test_plan_says_each_step_and_why_and_changes_nothing(cli: Cli, new_shop: Path) -> None:
    answer = cli("plan", "--project", str(new_shop))

    lines = answer.out.splitlines()
    assert len(lines) == 2 + 11
    assert lines[2].split() == ["1", "land", "shop.customers", "files:", "1", "new", "1", "491", "B"]
    assert "11 steps; nothing has been changed" in answer.err
    assert not (new_shop / "warehouse.duckdb").exists()
    assert not (new_shop / "landing").exists()


def test_plan_with_nothing_to_do_is_one_line_for_people(cli: Cli, shop: Path) -> None:
    answer = cli("plan", "--project", str(shop))

    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "nothing to do: the warehouse holds what the sources hold\n"


def test_plan_shows_the_sql_of_each_step(cli: Cli, new_shop: Path) -> None:
    shown = cli("plan", "--project", str(new_shop), "--sql", "--select", "+dim_customer").out
    told = document(cli("plan", "--project", str(new_shop), "--sql", "--select", "+dim_customer", "--json"))

    assert "-- build dim_customer" in shown
    assert 'create table "star"."dim_customer"' in shown
    built = next(step for step in told["steps"] if step["verb"] == "build")
    assert any('"star"."dim_customer"' in text for text in built["sql"])


def test_plan_as_json_names_steps_and_what_will_be_read(cli: Cli, new_shop: Path) -> None:
    told = document(cli("plan", "--project", str(new_shop), "--json"))

    first, *_, last = told["steps"]
    assert told["project"] == "shop"
    assert first == {
        "verb": "land",
        "object": "shop.customers",
        "reason": "files: 1 new",
        "mode": "incremental",
        "units": 1,
        "bytes": 491,
        "notes": [],
    }
    assert last == {"verb": "export", "object": "diagram: out/star.svg", "reason": "new", "notes": []}


def test_a_project_is_found_from_a_folder_below_it(cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop / "data")

    assert cli("plan").err.startswith("nothing to do")


def test_check_says_that_everything_holds(cli: Cli, shop: Path) -> None:
    people = cli("check", "--project", str(shop))
    told = document(cli("check", "--project", str(shop), "--json"))

    assert (people.code, people.out, people.err) == (0, "", "every check holds\n")
    assert told == {"passed": True, "findings": []}


def test_a_check_that_only_warns_does_not_fail(cli: Cli, shop: Path) -> None:
    declared = (shop / "starlode.yml").read_text("utf-8")
    warning = declared.replace("{segment: [private, business]}", "{segment: [private]}, severity: warning")
    write(shop, {"starlode.yml": warning})

    answer = cli("check", "--project", str(shop))

    assert answer.code == 0
    assert answer.out.splitlines()[2].startswith("warning ")
    assert answer.err == "every check holds, with 1 warning\n"


def test_status_before_the_first_run_says_how_to_begin(cli: Cli, new_shop: Path) -> None:
    answer = cli("status", "--project", str(new_shop))

    assert (answer.code, answer.out) == (0, "")
    assert "nothing has run yet" in answer.err
    assert document(cli("status", "--project", str(new_shop), "--json"))["runs"] == []


def test_status_shows_the_last_runs_and_the_steps_of_the_newest_that_had_any(cli: Cli, shop: Path) -> None:
    cli("run", "--project", str(shop))

    answer = cli("status", "--project", str(shop))

    lines = answer.out.splitlines()
    assert lines[0].split()[0] == "run"
    assert [lines[2].split()[5], lines[3].split()[5]] == ["unchanged", "succeeded"]
    assert any(line.startswith("steps of ") for line in lines)
    assert sum(line.startswith(("land ", "load ", "build ", "check ", "export ")) for line in lines) == 11


def test_status_shows_as_many_runs_as_asked_for(cli: Cli, shop: Path) -> None:
    cli("run", "--project", str(shop))

    told = document(cli("status", "--project", str(shop), "--runs", "1", "--json"))

    assert [run["status"] for run in told["runs"]] == ["unchanged"]


def test_status_of_one_run_by_the_end_of_its_name(cli: Cli, shop: Path) -> None:
    run_id = document(cli("status", "--project", str(shop), "--json"))["runs"][0]["run_id"]

    people = cli("status", "--project", str(shop), run_id[-8:])
    told = document(cli("status", "--project", str(shop), run_id, "--json"))

    assert people.out.splitlines()[0].split() == ["run", run_id]
    assert "note " in people.out
    assert [run["run_id"] for run in told["runs"]] == [run_id]
    keys = {"run_id", "status", "started_at", "ended_at", "tool_version", "error", "steps", "findings"}
    assert keys == set(told["runs"][0])


def test_rejects_list_shows_the_place_and_the_reason(cli: Cli, rejecting: Path) -> None:
    answer = cli("rejects", "list", "--project", str(rejecting))
    told = document(cli("rejects", "list", "--project", str(rejecting), "--json"))

    cells = answer.out.splitlines()[2].split()
    assert cells[:4] == ["1", "shop.orders", "orders.csv", "14"]
    assert told["rejects"][0]["line"] == 14
    assert told["rejects"][0]["column"] == "quantity"


def test_raw_text_cannot_steer_the_terminal(cli: Cli, rejecting: Path) -> None:
    listed = cli("rejects", "list", "--project", str(rejecting))
    shown = cli("rejects", "show", "1", "--project", str(rejecting))

    assert "\x1b" not in listed.out + shown.out
    assert "m\\x1b[31many" in shown.out


def test_rejects_show_gives_the_whole_row(cli: Cli, rejecting: Path) -> None:
    shown = cli("rejects", "show", "1", "--project", str(rejecting))
    told = document(cli("rejects", "show", "1", "--project", str(rejecting), "--json"))

    assert "place   orders.csv:14, column quantity" in shown.out
    assert told["reject"]["raw"].startswith("1013,C001,Notebook,m\x1b[31many,4.50")


def test_rejects_replay_brings_mended_rows_in_and_leaves_none_open(cli: Cli, rejecting: Path) -> None:
    orders = (rejecting / "data/orders.csv").read_text("utf-8")
    write(rejecting, {"data/orders.csv": orders.replace("m\x1b[31many", "3")})

    replayed = cli("rejects", "replay", "--project", str(rejecting), "--stream", "shop.orders")
    listed = cli("rejects", "list", "--project", str(rejecting))
    counted = document(cli("query", "select count(*) from star.fact_sales", "--project", str(rejecting), "--json"))

    assert replayed.code == 0
    assert listed.err == "no rows wait to be mended\n"
    assert counted["rows"] == [[13]]


def test_rejects_of_a_stream_that_is_not_there(cli: Cli, shop: Path) -> None:
    answer = cli("rejects", "replay", "--stream", "shop.order", "--project", str(shop))

    assert answer.code == 2
    assert "did you mean `shop.orders`?" in answer.err


def test_sweep_removes_what_no_manifest_names(cli: Cli, shop: Path) -> None:
    left = write(shop, {"landing/shop/orders/00000009-20240101T000000-0123abcd/part-00001.parquet": "remains"})
    garbage = left / "landing/shop/orders/00000009-20240101T000000-0123abcd/part-00001.parquet"

    named = cli("sweep", "--dry-run", "--project", str(shop))
    was_kept = garbage.exists()
    told = document(cli("sweep", "--project", str(shop), "--json"))
    clean = cli("sweep", "--project", str(shop))

    assert was_kept
    assert "1 file, 7 B would be removed" in named.err
    file = {"path": str(garbage), "bytes": 7, "why": "no manifest names it"}
    assert told == {"removed": True, "bytes": 7, "files": [file]}
    assert not garbage.exists()
    assert "the landing is clean" in clean.err


def test_sweep_refuses_an_age_that_it_does_not_understand(cli: Cli, shop: Path) -> None:
    answer = cli("sweep", "--older-than", "30", "--project", str(shop))

    assert answer.code == 2
    assert "write hours, days or weeks, such as 12h, 30d or 8w" in answer.err


def test_query_prints_a_table_with_numbers_at_the_end(cli: Cli, shop: Path) -> None:
    sql = (
        "select product, sum(quantity) as quantity from star.fact_sales where quantity < 20 group by product order by 1"
    )

    answer = cli("query", sql, "--project", str(shop))

    assert answer.out.splitlines() == [
        "product       quantity",
        "────────────  ────────",
        "Desk lamp            8",
        "Fountain pen         2",
        "Notebook            13",
    ]
    assert answer.err == "3 rows\n"


def test_query_as_json_keeps_every_digit_and_null(cli: Cli, shop: Path) -> None:
    sql = "select 0.10::decimal(4,2) as d, null as n, date '2025-01-02' as day, 'ä' as t, 1 as i, 'nan'::double as x"

    told = document(cli("query", sql, "--project", str(shop), "--json"))

    assert told["columns"] == ["d", "n", "day", "t", "i", "x"]
    assert told["rows"] == [["0.10", None, "2025-01-02", "ä", 1, "nan"]]


def test_query_reads_a_file_and_tells_columns_of_one_name_apart(cli: Cli, shop: Path) -> None:
    write(shop, {"ask.sql": "select 1 as a, 2 as a, null::varchar as b"})

    answer = cli("query", str(shop / "ask.sql"), "--project", str(shop))

    assert answer.out.splitlines() == ["a  a:2  b", "─  ───  ────", "1    2  NULL"]


def test_query_cannot_change_the_warehouse(cli: Cli, shop: Path) -> None:
    answer = cli("query", "delete from star.fact_sales", "--project", str(shop))

    assert answer.code == 3
    assert "reading only" in answer.err


def test_query_of_a_file_that_is_not_there(cli: Cli, shop: Path) -> None:
    answer = cli("query", "nowhere.sql", "--project", str(shop))

    assert answer.code == 3
    assert "nowhere.sql" in answer.err


def test_schema_is_the_one_generated_from_the_code_and_accepts_the_template(cli: Cli) -> None:
    answer = cli("schema")

    schema = json.loads(answer.out)
    assert schema == starlode.json_schema() == json.loads(cli("schema", "--json").out)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_version_names_what_it_stands_on(cli: Cli) -> None:
    people = cli("version")
    told = document(cli("version", "--json"))

    assert people.out.startswith(f"starlode {starlode.__version__}\n")
    assert told["version"] == starlode.__version__
    assert set(told["libraries"]) == {"duckdb", "pyarrow", "sqlglot"}


def test_paths_are_shown_as_one_would_type_them(cli: Cli, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    os.utime(shop / "starlode.yml")

    answer = cli("run", "--full")

    assert answer.err.splitlines()[-1] == "done; look at out/star, out/csv, out/star.svg"
