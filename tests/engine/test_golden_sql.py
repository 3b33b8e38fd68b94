"""What the engine says to each warehouse, pinned in `tests/golden/<warehouse>` and reviewed like code.

`STARLODE_WRITE_GOLDEN=1` writes the files anew. The rest of the tests prove that the statements are right; these show
when they change.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import starlode
from starlode import registry
from tests import projects
from tests.engine import shop

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
TARGETS = {
    "duckdb": "duckdb:warehouse.duckdb",
    "postgres": "postgresql://nobody@127.0.0.1:1/nowhere",
    "bigquery": "bigquery://nowhere",
    "redshift": "redshift://nobody:nothing@127.0.0.1:1/nowhere",
    "snowflake": "snowflake://nobody:nothing@nowhere/nothing",
}
SONG = {
    "num_songs": 1,
    "artist_id": "AR1",
    "artist_latitude": None,
    "artist_longitude": None,
    "artist_location": "Oslo",
    "artist_name": "The Kites",
    "song_id": "SO1",
    "title": "Rain",
    "duration": 123.45678,
    "year": 0,
}
EVENT = {
    "artist": "The Kites",
    "auth": "Logged In",
    "firstName": "Ada",
    "gender": "F",
    "itemInSession": 0,
    "lastName": "Koch",
    "length": 123.45678,
    "level": "free",
    "location": "Oslo",
    "method": "PUT",
    "page": "NextSong",
    "sessionId": 1,
    "registration": 1540000000000.0,
    "song": "Rain",
    "status": 200,
    "ts": 1541030400000,
    "userAgent": "a",
    "userId": "1",
}


# The shop with every word of a layout, and the steps that it changes.
LAID = (
    shop.PROJECT.replace(
        "max_rejects: 9}", "max_rejects: 9, layout: {cluster: order_id, sort: ordered_at, distribute: order_id}}"
    )
    .replace(
        "at: changed_at}",
        "at: changed_at, layout: {cluster: [customer_id, city], sort: customer_key, distribute: all}}",
    )
    .replace(
        "measures: {amount: sum, quantity: sum}",
        """measures: {amount: sum, quantity: sum}
    layout:
      partition: ordered_at
      every: month
      cluster: [customer_key, product_id]
      sort: [ordered_at, order_id]
      distribute: customer_key
      encode: {product_name: zstd, amount: az64}""",
    )
)
OF_LAYOUTS = ("load_shop.orders.sql", "build_dim_customer.sql", "build_fact_sales.sql")


@pytest.mark.parametrize("day", ["first", "later"])
@pytest.mark.parametrize("name", ["music", "shop"])
@pytest.mark.parametrize("warehouse", registry.names("warehouses"))
def test_the_statements_are_those_that_were_reviewed(warehouse: str, name: str, day: str, tmp_path: Path) -> None:
    """For a warehouse with a server, they are said without one in reach."""
    project = (_music if name == "music" else _shop)(tmp_path, day)

    said = _said(project, TARGETS[warehouse])

    folder = GOLDEN / warehouse / name / day
    if os.environ.get("STARLODE_WRITE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        projects.write(folder, said)
    assert {path.name: path.read_text("utf-8") for path in folder.glob("*.sql")} == said


@pytest.mark.parametrize("day", ["first", "later"])
@pytest.mark.parametrize("warehouse", ["bigquery", "redshift", "snowflake"])
def test_the_statements_for_tables_with_a_layout_are_those_that_were_reviewed(
    warehouse: str, day: str, tmp_path: Path
) -> None:
    project = _shop(tmp_path, day, LAID)

    said = _said(project, TARGETS[warehouse])

    kept = {name: text for name, text in said.items() if name in OF_LAYOUTS}
    folder = GOLDEN / warehouse / "laid" / day
    if os.environ.get("STARLODE_WRITE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        projects.write(folder, kept)
    assert {path.name: path.read_text("utf-8") for path in folder.glob("*.sql")} == kept


def test_snowflake_copies_from_a_stage_that_holds_the_landing(tmp_path: Path) -> None:
    project = _shop(tmp_path, "first")

    said = _said(project, f"{TARGETS['snowflake']}?stage=raw.landing")

    usual = _said(project, TARGETS["snowflake"])
    other = {name: text.replace("@starlode_work.loads/load", "@raw.landing") for name, text in usual.items()}
    assert said == other
    assert "from @raw.landing\nfiles = (" in said["load_shop.orders.sql"]


def test_the_statements_of_a_plan_change_nothing(tmp_path: Path) -> None:
    project = _shop(tmp_path, "later")
    before = sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))

    starlode.statements(starlode.plan(project))

    assert sorted((str(path), path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_plan_for_one_model_is_said_with_all_that_it_reads(tmp_path: Path) -> None:
    project = _shop(tmp_path, "later")
    starlode.run(project, select=("shop.*",))

    said = starlode.statements(starlode.plan(project, select=("fact_sales",)))

    steps = {step.object: texts for step, texts in said}
    assert 'insert into "star"."fact_sales"' in "\n".join(steps["fact_sales"])
    assert "dim_customer" not in steps


def test_what_is_landed_and_waits_is_said_with_its_columns(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    columns = "order_id,customer_id,product_id,ordered_at,amount,quantity,till"
    wider = {"data/orders2.csv": f"{columns}\n6,C1,P1,2024-02-01 00:00:00,1.00,1,T1\n"}
    project = projects.project(tmp_path, wider)
    starlode.run(project, only="land")

    said = starlode.statements(starlode.plan(project))

    loads = "\n".join(texts[0] for step, texts in said if step.verb == "load")
    assert 'alter table "staging"."shop__orders" add column "till" VARCHAR' in loads


def test_a_full_run_is_said_by_what_differs_and_as_a_swap_without_a_key(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)

    said = starlode.statements(starlode.plan(project, full=True))

    compared = [step.object for step, texts in said if any("full join" in text for text in texts)]
    swapped = [
        step.object for step, texts in said if any("rename to" in text and "(seen)" not in text for text in texts)
    ]
    assert compared == ["shop.customers", "shop.products"]
    assert swapped == ["shop.orders"]


def test_what_ends_the_versions_of_deleted_members_is_said(tmp_path: Path) -> None:
    said = _said_of_customers(tmp_path, "close")

    assert '"staging"."shop__customers (deleted)"' in said
    assert "__starlode_lives as" in said


def test_what_marks_deleted_members_is_said(tmp_path: Path) -> None:
    """Whether a member was deleted only the data tell, so it is said in any case."""
    said = _said_of_customers(tmp_path, "flag")

    assert 'update "star"."dim_customer" as d\n   set is_deleted = not coalesce(is_deleted, false)' in said


def _said_of_customers(folder: Path, deletes: str) -> str:
    """What a later run says to a dimension of which a member was deleted before."""
    declared = shop.PROJECT.replace("since: changed_at", "since: changed_at, may_shrink: true")
    declared = declared.replace(
        "history: [city], at: changed_at", f"history: [city], at: changed_at, deletes: {deletes}"
    )
    project = projects.project(folder, {"starlode.yml": declared, "sql/sales.sql": shop.SALES, **shop.FIRST})
    starlode.run(project)
    less = shop.FIRST["data/customers1.csv"].replace("C2,Rome,2024-01-01 00:00:00\n", "")
    projects.write(folder, {"data/customers1.csv": less})
    starlode.run(project)
    projects.write(folder, shop.LATER)
    said = {step.object: "\n".join(texts) for step, texts in starlode.statements(starlode.plan(project))}
    return said["dim_customer"]


def _shop(folder: Path, day: str, declared: str = shop.PROJECT) -> starlode.Project:
    shop.opened(folder)
    project = projects.project(folder, {"starlode.yml": declared})
    if day == "first":
        return project
    starlode.run(project)
    return shop.later(folder)


def _music(folder: Path, day: str) -> starlode.Project:
    example = Path(
        shutil.copytree(ROOT / "examples" / "music", folder / "music", ignore=shutil.ignore_patterns("data", "out"))
    )
    log = "data/log_data/2018/11/2018-11-{:02}-events.json"
    first = {"data/song_data/A/TR1.json": json.dumps(SONG), log.format(1): json.dumps(EVENT)}
    project = projects.project(example, first)
    if day == "first":
        return project
    starlode.run(project)
    paid = EVENT | {"itemInSession": 1, "level": "paid", "ts": 1541030460000}
    return projects.project(example, {log.format(2): json.dumps(paid)})


def _said(project: starlode.Project, target: str) -> dict[str, str]:
    """A file for each step that says anything, with the landing's folder left out."""
    said = {}
    plan = replace(starlode.plan(project), project=starlode.read(project.folder, target=target))
    for step, texts in starlode.statements(plan):
        name = f"{step.verb}_{step.object}.sql"
        if texts:
            said[name] = ";\n\n".join(texts).replace(str(project.landing.folder), "landing") + ";\n"
    return said
