"""Each exit code, provoked: it is what a script can act on, and no mistake of a user shows a traceback."""

from __future__ import annotations

import errno
import json
import signal
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from starlode.terminal.failures import exit_code
from tests.cli.shell import call, start
from tests.projects import write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.shell import Answer

TRACEBACK = "Traceback (most recent call last)"


def assert_told(answer: Answer, *parts: str) -> None:
    """The error is in words, on stderr, and without a traceback."""
    for part in parts:
        assert part in answer.err
    assert TRACEBACK not in answer.out + answer.err


def test_0_when_there_is_nothing_to_do(shop: Path) -> None:
    answer = call("run", folder=shop)

    assert answer.code == 0
    assert answer.err.count("\n") == 1


def test_1_when_a_check_fails(new_shop: Path) -> None:
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    write(new_shop, {"starlode.yml": declared.replace("[private, business]", "[private]")})

    ran = call("run", folder=new_shop)
    checked = call("check", folder=new_shop)

    assert (ran.code, checked.code) == (1, 1)
    assert_told(ran, "check failed: ", "dim_customer: segment is one of the accepted values", "hint: ")
    assert "known_segments" in checked.out
    assert_told(checked, "1 check failed")


def test_1_when_more_rows_are_rejected_than_allowed(new_shop: Path) -> None:
    orders = (new_shop / "data/orders.csv").read_text("utf-8")
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    write(
        new_shop,
        {
            "data/orders.csv": orders + "1013,C001,Notebook,many,4.50,2025-05-08 10:00:00,\n",
            "starlode.yml": declared.replace("key: order_id}", "key: order_id, types: {quantity: integer}}"),
        },
    )

    answer = call("run", folder=new_shop)

    assert answer.code == 1
    assert_told(answer, "1 row rejected: `starlode rejects list`", "more rows were rejected than `max_rejects` allows")


def test_2_when_the_project_is_wrong_with_every_mistake_and_its_place(new_shop: Path) -> None:
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    wrong = declared.replace("grain:", "grian:").replace("history:", "histroy:")
    write(new_shop, {"starlode.yml": wrong})

    answer = call("run", folder=new_shop)

    assert answer.code == 2
    assert_told(answer, "grian", "histroy", "did you mean `history`", "starlode.yml:", "^^^^^", "nothing was started")
    assert not (new_shop / "warehouse.duckdb").exists()


def test_2_when_there_is_no_project(tmp_path: Path) -> None:
    answer = call("run", folder=tmp_path)

    assert answer.code == 2
    assert_told(answer, "there is no project file here", "starlode init")


def test_2_when_a_selection_names_nothing(shop: Path) -> None:
    answer = call("run", "--select", "dim_custmer", folder=shop)

    assert answer.code == 2
    assert_told(answer, "nothing is called `dim_custmer`", "did you mean `dim_customer`?")


def test_3_when_the_warehouse_is_held_by_another_process(shop: Path) -> None:
    with duckdb.connect(str(shop / "warehouse.duckdb")):
        answer = call("run", folder=shop)

    assert answer.code == 3
    assert_told(answer, "warehouse error: ", "in use by process", "--wait SECONDS")


def test_3_when_the_system_does_not_allow_it(new_shop: Path) -> None:
    write(new_shop, {"landing": "a file where a folder should be"})

    answer = call("run", folder=new_shop)

    assert answer.code == 3
    assert_told(answer, "error: ", str(new_shop / "landing"))


def test_3_when_there_is_no_warehouse_to_ask(new_shop: Path) -> None:
    answer = call("query", "select 1", folder=new_shop)

    assert answer.code == 3
    assert_told(answer, "there is no warehouse yet", "`starlode run` makes it")


def test_4_when_rows_break_a_promise_half_way(shop: Path) -> None:
    declared = (shop / "starlode.yml").read_text("utf-8")
    orders = (shop / "data/orders.csv").read_text("utf-8").splitlines(keepends=True)
    full = declared.replace("key: order_id}", "key: order_id, mode: full}")
    write(shop, {"starlode.yml": full, "data/orders.csv": "".join(orders[:3])})

    answer = call("run", folder=shop)

    assert answer.code == 4
    assert_told(
        answer,
        "data error: ",
        "has 2 rows where the target has 12",
        "stopped     in load shop.orders, step 2 of 7",
        "may_shrink: true",
    )


def test_1_when_a_join_loses_rows(shop: Path) -> None:
    lossy = "select o.*, o.price as amount from shop.orders as o join shop.customers as c on c.customer_id = o.product"
    write(shop, {"sql/sales.sql": lossy})

    answer = call("run", folder=shop)

    assert answer.code == 1
    assert_told(answer, "check failed: ", "fact_sales", "may_lose: true")


def test_5_when_it_is_our_bug_and_the_traceback_only_on_request(shop: Path, tmp_path: Path) -> None:
    broken = write(tmp_path / "broken", {"duckdb.py": "raise RuntimeError('a cell says 4711')\n"})

    plain = call("run", folder=shop, more={"PYTHONPATH": str(broken)})
    debugged = call("run", "--debug", folder=shop, more={"PYTHONPATH": str(broken)})

    assert (plain.code, debugged.code) == (5, 5)
    assert_told(plain, "this is a bug of Starlode (RuntimeError)", "--debug")
    assert "4711" not in plain.err
    assert TRACEBACK in debugged.err


def test_130_when_it_is_interrupted(new_shop: Path) -> None:
    with duckdb.connect(str(new_shop / "warehouse.duckdb")):
        waiting = start("run", "--wait", "60", folder=new_shop)
        # It waits for the file, and says nothing of that.
        time.sleep(4)
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=30)

    assert waiting.returncode == 130
    assert said.startswith("interrupted: ")
    assert TRACEBACK not in said


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("run", "--json", "--select", "nothing_like_it"), 2, "ProjectError"),
        (("query", "--json", "selct 1"), 3, "WarehouseError"),
        (("status", "--json", "no-such-run"), 2, "ProjectError"),
        (("rejects", "show", "99", "--json"), 2, "ProjectError"),
        (("rejects", "list", "--stream", "shop.order", "--json"), 2, "ProjectError"),
        (("run", "--json", "--only", "everything"), 2, "UsageError"),
    ],
)
def test_errors_are_json_on_stdout_when_asked_for(words: tuple[str, ...], code: int, kind: str, shop: Path) -> None:
    answer = call(*words, folder=shop)
    document = json.loads(answer.out)

    assert answer.code == code
    assert answer.err == ""
    assert document["schema_version"] == 1
    assert document["error"]["kind"] == kind
    assert document["error"]["exit_code"] == code
    assert document["error"]["what"]


def test_mistakes_in_json_have_places_and_no_lines_of_the_file(new_shop: Path) -> None:
    declared = (new_shop / "starlode.yml").read_text("utf-8")
    write(new_shop, {"starlode.yml": declared.replace("grain:", "grian:")})

    document = json.loads(call("plan", "--json", folder=new_shop).out)

    mistakes = document["error"]["mistakes"]
    assert {"what", "file", "line", "column", "width", "hint"} == set(mistakes[0])
    assert all(mistake["file"] == "starlode.yml" and mistake["line"] > 0 for mistake in mistakes)


def test_debug_shows_the_cause_of_an_error(shop: Path) -> None:
    answer = call("query", "selct 1", "--debug", folder=shop)

    assert answer.code == 3
    assert "warehouse error: " in answer.err
    assert "direct cause" in answer.err


def test_a_reader_who_leaves_early_is_no_error(shop: Path) -> None:
    process = start("query", "select * from range(200000)", folder=shop)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=60) == 0
    assert "Broken" not in said
    assert TRACEBACK not in said


def test_a_run_goes_on_when_nobody_reads_its_events(new_shop: Path) -> None:
    process = start("run", "--json", folder=new_shop)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait(timeout=60) == 0
    assert said == ""
    assert call("run", folder=new_shop).err.startswith("nothing changed")


def test_a_file_that_grows_past_what_the_system_allows_is_a_stop_half_way() -> None:
    code = exit_code(OSError(errno.EFBIG, "File too large"))

    assert code == 4


def test_a_warehouse_file_that_is_damaged_is_told_with_the_way_out(shop: Path) -> None:
    (shop / "warehouse.duckdb").write_bytes(b"no database" * 1_000)

    damaged = call("run", folder=shop)
    (shop / "warehouse.duckdb").unlink()
    mended = call("run", folder=shop)

    assert damaged.code == 3
    assert_told(damaged, "warehouse error: DuckDB cannot open the file", "hint: if it is damaged, move the file away")
    assert mended.code == 0
