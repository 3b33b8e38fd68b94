"""BigQuery as the warehouse, on its double: what is refused, what breaks, what a dead run has left, and what it may cost."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode.cli import main
from starlode.cost import cost
from starlode.errors import StarlodeError, WarehouseError
from starlode.session import Reshape
from starlode.sql import staging
from starlode.table import DATE, INTEGER, JSON, TEXT, Column, Table, decimal
from starlode.warehouses.bigquery import BigQuery
from tests import bigquery_double, projects
from tests.thorough import IS_THOROUGH

if TYPE_CHECKING:
    from starlode.project import Project
    from starlode.sandbox.bigquery.double import Request
    from tests.bigquery_double import BigQuery as Double

PROJECT = """
name: shop
sources:
  till:
    files: data
    streams:
      customers: {{files: "customers*.csv", key: id, since: version}}
      orders: {{files: "orders*.csv", types: {{at: timestamp, amount: "decimal(10,2)"}}}}
dimensions:
  customer: {{from: till.customers, key: id}}
facts:
  sales: {{from: till.orders, grain: "no", at: at, dims: {{customer: id}}, measures: {{amount: sum}}}}
target: {target}
"""
FIRST = {
    "data/customers1.csv": "id,version,name\nC1,1,Ann\nC2,1,Bob\n",
    "data/orders1.csv": "no,id,at,amount\n1,C1,2024-01-01 08:00:00,1.10\n2,C2,2024-01-02 09:00:00,2.20\n",
}
LATER = {
    "data/customers2.csv": "id,version,name\nC1,2,Anna\n",
    "data/orders2.csv": "no,id,at,amount\n3,C1,2024-01-03,3.30\n",
}
SALES = "select sum(amount), count(*) from star.fact_sales"
# The request at which a run is killed: some, or all where all are asked for.
MOMENTS = range(15, 165, 15) if IS_THOROUGH else (75, 130)
TEN_MIB = 10 << 20
NUMBERS = Table("star", "numbers", (Column("n", INTEGER), Column("word", TEXT)))


@pytest.fixture
def project(bigquery: str, tmp_path: Path) -> Project:
    return laid(tmp_path, bigquery)


def laid(folder: Path, target: str) -> Project:
    return projects.project(folder, {"starlode.yml": PROJECT.format(target=target), **FIRST})


def total(project: Project) -> tuple[Any, ...]:
    return projects.rows(project, SALES)[0]


def test_the_double_says_at_its_start_what_it_does_not_imitate(bigquery_server: Double) -> None:
    assert any("quotas" in gap for gap in bigquery_server.gaps)
    assert any("MERGE" in gap for gap in bigquery_server.gaps)


def test_datasets_begin_as_the_target_says(bigquery: str, bigquery_server: Double, tmp_path: Path) -> None:
    target = bigquery.replace("?", "/acme?")
    project = laid(tmp_path, target)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.rows(project, "select count(*) from acme_star.fact_sales") == [(2,)]
    name = target.partition("//")[2].partition("/")[0]
    assert bigquery_server.double.project(name).datasets() == ["acme_staging", "acme_star", "acme_starlode"]


def test_datasets_that_are_there_are_not_made(bigquery: str, bigquery_server: Double, tmp_path: Path) -> None:
    """Whoever may change datasets need not be allowed to make some."""
    name = bigquery.partition("//")[2].partition("?")[0]
    kept = bigquery_server.double.project(name)
    for dataset in ("staging", "star", "starlode"):
        kept.make_dataset(dataset)

    run = starlode.run(laid(tmp_path, bigquery))

    asked = [job["configuration"].get("query", {}).get("query", "") for job in kept.jobs.values()]
    assert run.status == "succeeded"
    assert [sql for sql in asked if sql.startswith("create schema")] == []


def test_the_jobs_of_a_run_have_its_name_for_a_label(project: Project, bigquery_server: Double) -> None:
    run = starlode.run(project)

    kept = bigquery_server.double.project(project.warehouse.project)  # type: ignore[attr-defined]
    labels = [job["configuration"]["labels"] for job in kept.jobs.values()]
    loads = [job["configuration"]["labels"] for job in kept.jobs.values() if "load" in job["configuration"]]
    label = run.run_id.lower()
    assert {told["made_by"] for told in labels} == {"starlode"}
    assert {told.get("run", label) for told in labels} == {label}
    assert {told["run"] for told in loads} == {label}
    assert re.fullmatch("[a-z0-9_-]{1,63}", label)
    assert sum("run" in told for told in labels) > 50


def test_a_key_that_is_not_right_is_told(
    project: Project, bigquery_server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Path(bigquery_server.environment(bigquery_double.LOADER)["GOOGLE_APPLICATION_CREDENTIALS"]).read_text(
        "utf-8"
    )
    other = Path(bigquery_server.environment(bigquery_double.READER)["GOOGLE_APPLICATION_CREDENTIALS"]).read_text(
        "utf-8"
    )
    forged = tmp_path / "forged.json"
    forged.write_text(other.replace(bigquery_double.READER, bigquery_double.LOADER), "utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(forged))

    with pytest.raises(WarehouseError, match="the credentials are not right") as refused:
        starlode.run(project)

    assert "PRIVATE KEY" in known
    assert "PRIVATE KEY" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize("account", [bigquery_double.READER, bigquery_double.STRANGER])
def test_rights_that_are_missing_are_told(
    project: Project, bigquery_server: Double, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    for variable, said in bigquery_server.environment(account).items():
        monkeypatch.setenv(variable, said)

    with pytest.raises(WarehouseError, match="Access Denied") as refused:
        starlode.run(project)

    assert "docs/bigquery.md" in str(refused.value.hint)


def test_a_limit_of_cost_stops_a_run_and_a_higher_one_lets_it_go_on(bigquery: str, tmp_path: Path) -> None:
    session = BigQuery.named(f"{bigquery}&maximum_gb=1", tmp_path).connect()
    session.execute(staging.create(session.dialect, Table("starlode", "numbers", NUMBERS.columns)))
    session._connection.bytes_billed = 10**9

    with pytest.raises(WarehouseError, match="more than 1 GB"):
        session.rows("select count(*) from starlode.numbers")

    session._connection.bytes_billed = 0
    assert session.rows("select count(*) from starlode.numbers") == [(0,)]
    session.close()


def test_one_run_at_a_time(project: Project, bigquery: str, tmp_path: Path) -> None:
    held = BigQuery.named(bigquery, tmp_path).connect()

    with pytest.raises(WarehouseError, match=f"in use by process {os.getpid()}"):
        starlode.run(project)

    held.close()
    assert starlode.run(project).status == "succeeded"


@pytest.mark.parametrize("after", MOMENTS)
def test_a_run_that_is_killed_is_finished_by_the_next(
    project: Project, bigquery_server: Double, after: int, tmp_path: Path
) -> None:
    """Whichever request it was that nobody waited for: the star is that of an undisturbed run."""
    seen = 0

    def kill(request: Request) -> str:
        nonlocal seen
        seen += request.verb == "POST"
        if seen == after:
            process.send_signal(signal.SIGKILL)
        return ""

    bigquery_server.double.meets = kill
    with (tmp_path / "told").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "starlode", "run"], cwd=project.folder, stdout=told, stderr=told, env=os.environ
        )
        ended = process.wait()
    bigquery_server.double.meets = lambda _: ""

    starlode.run(project)

    assert ended == -signal.SIGKILL
    assert total(project) == (Decimal("3.3"), 2)
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
    left = [
        name
        for d in ("star", "staging", "starlode")
        for name in tables(bigquery_server, project, d)
        if " made " in name
    ]
    assert left == []


def tables(server: Double, project: Project, dataset: str) -> list[str]:
    return server.double.project(project.warehouse.project).tables(dataset)  # type: ignore[attr-defined]


def test_what_came_later_is_merged(project: Project) -> None:
    starlode.run(project)
    projects.write(project.folder, LATER)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert total(project) == (Decimal("6.6"), 3)
    names = projects.rows(project, "select name from star.dim_customer where customer_key > 0 order by id")
    assert names == [("Anna",), ("Bob",)]


def test_a_table_is_made_anew_and_a_run_taken_back(project: Project) -> None:
    starlode.run(project)
    projects.write(project.folder, LATER)
    second = starlode.run(project)

    starlode.rebuild(project, "dim_customer", "fact_sales")
    rebuilt = total(project)
    starlode.undo(project, second.run_id, through=True)

    assert rebuilt == (Decimal("6.6"), 3)
    assert total(project) == (Decimal("3.3"), 2)
    assert starlode.check(project) == ()


def test_columns_change_while_rows_stay_and_json_stays_as_it_was(bigquery: str, tmp_path: Path) -> None:
    session = BigQuery.named(bigquery, tmp_path).connect()
    session.execute("create schema if not exists star")
    table = Table("star", "kept", (Column("n", INTEGER), Column("told", JSON), Column("sum", decimal(38, 20))))
    session.execute(staging.create(session.dialect, table))
    row = (1, '{"b": 1.10, "a": 12345678901234567890}', Decimal("123456789012345678.00000000000000000001"))
    session.insert(table, [row])

    with session.transaction():
        session.reshape(table, Reshape(dropped=("n",), added=(Column("day", DATE),), retyped=(Column("told", JSON),)))

    assert session.columns(table) == (Column("told", JSON), Column("sum", decimal(38, 20)), Column("day", DATE))
    assert session.rows("select told, `sum`, day from star.kept") == [(*row[1:], None)]
    session.close()


def test_a_table_that_is_made_after_a_change_of_rows_leaves_both(bigquery: str, tmp_path: Path) -> None:
    session = BigQuery.named(bigquery, tmp_path).connect()
    session.execute("create schema if not exists star")
    session.execute(staging.create(session.dialect, NUMBERS))
    other = Table("star", "others", NUMBERS.columns)

    with session.transaction():
        session.execute("create temp table __starlode_in as select 7 as n")
        session.execute(f"insert into {session.dialect.table(NUMBERS)} (n) select n from __starlode_in")
        session.execute(staging.create(session.dialect, other))
        session.insert(other, [(2, "two")])
        session.execute("drop table if exists __starlode_in")
        session.execute("create temp table __starlode_in as select 8 as n")
        session.execute(f"insert into {session.dialect.table(other)} (n) select n from __starlode_in")

    assert session.rows("select n from star.numbers") == [(7,)]
    assert session.rows("select n, word from star.others order by n") == [(2, "two"), (8, None)]
    session.close()


def test_a_fact_is_divided_and_only_parts_that_may_hold_its_rows_are_looked_at(
    bigquery: str, bigquery_server: Double, tmp_path: Path
) -> None:
    laid(tmp_path, bigquery)
    project = _laid_out(tmp_path, bigquery, "partition: at, every: month, cluster: id")
    kept = bigquery_server.double.project(bigquery.partition("//")[2].partition("?")[0])
    starlode.run(project)
    # A row of January is corrected and moves to May, and one comes late for the year before.
    moved = "no,id,at,amount\n1,C1,2024-05-01,9.90\n3,C1,2023-06-01,3.30\n"
    project = projects.project(tmp_path, {"data/orders2.csv": moved})
    before = set(kept.jobs)

    starlode.run(project)

    said = [
        job["configuration"].get("query", {}).get("query", "") for name, job in kept.jobs.items() if name not in before
    ]
    deleted = [sql for sql in said if sql.startswith("delete from `star`.`fact_sales`")]
    asked = "select `no`, `at`, amount from star.fact_sales order by 1"
    table = kept.resource("star", "fact_sales")
    assert (table["timePartitioning"], table["clustering"]) == ({"type": "MONTH", "field": "at"}, {"fields": ["id"]})
    assert len(deleted) == 1
    # Where the row lay that goes, and not where the others lie that come.
    held = "cast('2024-01-01 08:00:00' as datetime)"
    assert f"between {held} and {held}" in deleted[0]
    assert [(no, str(at), amount) for no, at, amount in projects.rows(project, asked)] == [
        (1, "2024-05-01 00:00:00", Decimal("9.90")),
        (2, "2024-01-02 09:00:00", Decimal("2.20")),
        (3, "2023-06-01 00:00:00", Decimal("3.30")),
    ]


def test_a_fact_that_is_to_lie_otherwise_is_made_anew_with_its_rows(
    bigquery: str, bigquery_server: Double, tmp_path: Path
) -> None:
    project = laid(tmp_path, bigquery)
    kept = bigquery_server.double.project(bigquery.partition("//")[2].partition("?")[0])
    starlode.run(project)
    assert "timePartitioning" not in kept.resource("star", "fact_sales")

    run = starlode.run(_laid_out(tmp_path, bigquery, "partition: at"))

    assert run.status == "succeeded"
    assert kept.resource("star", "fact_sales")["timePartitioning"] == {"type": "DAY", "field": "at"}
    assert total(project) == (Decimal("3.3"), 2)
    assert starlode.run(_laid_out(tmp_path, bigquery, "partition: at")).status == "unchanged"
    assert not any(name.count(" made ") for name in kept.tables("star"))


def _laid_out(folder: Path, target: str, layout: str) -> Project:
    """The project with an order's number as the key of its stream, so that rows can be corrected, and a layout of its fact."""
    declared = PROJECT.format(target=target).replace("types: {at", 'key: "no", types: {at')
    declared = declared.replace("measures: {amount: sum}}", f"measures: {{amount: sum}}, layout: {{{layout}}}}}")
    return projects.project(folder, {"starlode.yml": declared})


def test_a_plan_says_what_it_would_be_billed_for(bigquery: str, bigquery_server: Double, tmp_path: Path) -> None:
    project = laid(tmp_path, f"{bigquery}&maximum_gb=3")
    kept = bigquery_server.double.project(bigquery.partition("//")[2].partition("?")[0])
    first = cost(starlode.plan(project))
    starlode.run(project)
    projects.write(tmp_path, LATER)
    held = {name: kept.tables(name) for name in kept.datasets()}

    later = cost(starlode.plan(project))

    assert first is not None
    assert later is not None
    # Nothing is there yet that could be weighed.
    assert first.bytes == 0
    assert first.unweighed == sum(step.unweighed for step in first.steps) > 20
    assert later.most_bytes == 3_000_000_000
    by_step = {(of.step.verb, of.step.object): of for of in later.steps}
    assert by_step["land", "till.orders"].bytes == 0
    # The rows that the job brings, and nothing else: where they go weighs nothing in an INSERT.
    assert by_step["load", "till.orders"].unweighed == 1
    # At least the ten MiB that each table costs which is read: the fact, its dimension, and the stream.
    assert by_step["build", "fact_sales"].bytes >= 3 * TEN_MIB
    assert all(of.bytes % TEN_MIB == 0 for of in later.steps)
    assert later.bytes == sum(of.bytes for of in later.steps)
    assert {name: kept.tables(name) for name in kept.datasets()} == held
    assert kept.sessions == {}
    assert cost(replace(starlode.plan(project), steps=())) is None


def test_a_plan_weighs_what_the_run_is_billed_for(bigquery: str, bigquery_server: Double, tmp_path: Path) -> None:
    """Each statement that a run makes, but for the ledger's and those that read what a job has brought."""
    project = laid(tmp_path, bigquery)
    kept = bigquery_server.double.project(bigquery.partition("//")[2].partition("?")[0])
    starlode.run(project)
    projects.write(tmp_path, LATER)
    planned = cost(starlode.plan(project))
    assert planned is not None
    before = set(kept.jobs)

    starlode.run(project)

    made = [job for name, job in kept.jobs.items() if name not in before and "query" in job["configuration"]]
    of_the_fact = [job for job in made if "`star`.`fact_sales`" in job["configuration"]["query"]["query"]]
    billed = sum(int(job["statistics"]["query"]["totalBytesBilled"]) for job in of_the_fact)
    # The fact's own step and the checks ask for it; what only some data call for is planned as well.
    told = sum(of.bytes for of in planned.steps if of.step.object in ("fact_sales", "star"))
    assert len(of_the_fact) > 3
    assert 0 < billed <= told


def test_plan_tells_what_it_would_cost_and_what_it_may(
    bigquery: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = laid(tmp_path, f"{bigquery}&maximum_gb=3")
    starlode.run(project)
    projects.write(tmp_path, LATER)
    planned = cost(starlode.plan(project))

    main(["plan", "--project", str(tmp_path)])
    text = capsys.readouterr().out
    main(["plan", "--project", str(tmp_path), "--json"])
    document = json.loads(capsys.readouterr().out)

    assert planned is not None
    assert " MB would be billed, as dry runs say, and the ledger's lines on top; " in text
    assert "at most 3.0 GB may be billed (`maximum_gb` of the target)" in text
    assert document["cost"] == {"bytes": planned.bytes, "unweighed": planned.unweighed, "most_bytes": 3_000_000_000}
    assert sum(step["cost"]["bytes"] for step in document["steps"]) == planned.bytes


def test_who_may_only_read_is_told_what_may_be_weighed(
    project: Project, bigquery_server: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starlode.run(project)
    projects.write(tmp_path, LATER)
    whole = cost(starlode.plan(project))
    for variable, said in bigquery_server.environment(bigquery_double.READER).items():
        monkeypatch.setenv(variable, said)

    part = cost(starlode.plan(project))

    assert whole is not None
    assert part is not None
    assert 0 < part.bytes < whole.bytes
    assert part.unweighed > whole.unweighed


def test_other_warehouses_tell_of_no_cost(tmp_path: Path) -> None:
    assert cost(starlode.plan(laid(tmp_path, "duckdb:warehouse.duckdb"))) is None


@pytest.mark.parametrize("target", ["bigquery://", "bigquery://Ab", "bigquery://acme/a/b", "bigquery://acme/a-b"])
def test_a_target_that_names_no_project_is_refused(target: str, tmp_path: Path) -> None:
    with pytest.raises(StarlodeError, match="names no project of BigQuery"):
        projects.project(tmp_path, {"starlode.yml": PROJECT.format(target=target)})
