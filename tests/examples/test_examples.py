"""Public example projects end as their expected results say, to the last digit."""

from __future__ import annotations

import csv
import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.declaration import PROJECT_FILE
from starlode.errors import CheckFailed
from starlode.landing import now
from tests import projects

if TYPE_CHECKING:
    from datetime import datetime

    from tests.postgres_server import Server

EXAMPLES = Path(__file__).parent
BUILD = "STARLODE_TEST_BUILD"
# The warehouse that is the target, and where the star is built.
GROUNDS = [("duckdb", "target"), ("duckdb", "duckdb"), ("postgres", "target"), ("postgres", "duckdb")]


@pytest.fixture(autouse=True, params=GROUNDS, ids="-".join)
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each project build its star in the target, and beside it, on each kind of warehouse."""
    stand_on(request, monkeypatch)


def stand_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let projects load the warehouse, and build where they are asked to."""
    warehouse, build = request.param
    monkeypatch.setenv(BUILD, build)
    if warehouse == "postgres":
        server: Server = request.getfixturevalue("postgres_server")
        monkeypatch.setenv(projects.SERVER, server.url.rpartition("/")[0])


def test_p1_a_shop_keeps_every_row_and_reports_what_disagrees(tmp_path: Path) -> None:
    project = _project("p1_shop_star", tmp_path)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert _members(project) == {"date": 31, "product": 8, "customer": 5, "location": 2}
    assert projects.rows(project, "select count(*), sum(sales) from star.fact_sales") == [(60, Decimal("1714.4309"))]
    assert projects.value(project, "select count(*) from star.fact_sales where location_key = -1") == 27
    assert projects.value(project, "select postal_code from star.dim_location where city = 'Boston'") == "02134"
    assert projects.rows(
        project, "select key ->> 'product_id', columns from starlode.conflict where object = 'dim_product'"
    ) == [("P02", "product_name")]
    assert projects.value(project, "select count(*) from starlode.conflict where object = 'dim_date'") == 18
    assert starlode.run(project).status == "unchanged"


def test_p1_the_star_adds_up_to_the_source_by_category(tmp_path: Path) -> None:
    project = _project("p1_shop_star", tmp_path)
    starlode.run(project)

    found = projects.rows(
        project,
        "select category, count(*), sum(sales) from star.fact_sales join star.dim_product using (product_key) "
        "group by 1 order by 1",
    )

    assert found == [
        (row["category"], int(row["n"]), Decimal(row["sales"])) for row in _expected("p1_shop_star", "by_category")
    ]


def test_p2_music_events_match_songs_and_keep_the_users_history(tmp_path: Path) -> None:
    project = _project("p2_music_events", tmp_path)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.value(project, "select count(*) from staging.app__events") == 42
    assert projects.rows(project, "select count(*), count(song_id), sum(plays) from star.fact_songplay") == [
        (25, 16, 25)
    ]
    assert (
        projects.value(project, "select count(*) from star.fact_songplay where song_key > 0 and artist_key > 0") == 16
    )
    assert _members(project) == {"time": 25, "user": 4, "song": 3, "artist": 2}
    assert projects.value(project, "select count(distinct user_id) from star.dim_user where user_key > 0") == 3
    assert projects.value(project, """select count(*) from staging.app__events where "userId" = ''""") == 7
    assert projects.rows(project, "select level from star.dim_user where user_id = '1' order by valid_from") == [
        ("free",),
        ("paid",),
    ]
    assert projects.value(project, "select count(*) from star.dim_artist where latitude is null and artist_key > 0") > 0
    assert projects.value(project, "select count(*) from star.dim_artist where not (latitude between -90 and 90)") == 0
    assert starlode.run(project).status == "unchanged"


def test_p2_users_are_those_that_are_expected(tmp_path: Path) -> None:
    project = _project("p2_music_events", tmp_path)
    starlode.run(project)

    found = projects.rows(
        project,
        "select user_id, level, count(*) from star.dim_user join (select user_id, f.session_id from star.fact_songplay f) "
        "using (user_id) where is_current group by 1, 2 order by 1",
    )
    spans = projects.rows(
        project,
        'select "userId", min(ts), max(ts) from staging.app__events where page = $$NextSong$$ group by 1 order by 1',
    )

    expected = _expected("p2_music_events", "users")
    assert found == [(row["user_id"], row["level"], int(row["plays"])) for row in expected]
    assert spans == [(row["user_id"], int(row["first_ts"]), int(row["last_ts"])) for row in expected]


def test_p3_three_snapshots_make_the_history_that_they_show(tmp_path: Path) -> None:
    folder = _copy("p3_customer_history", tmp_path)
    runs: list[tuple[str, datetime]] = []
    for snapshot in sorted((folder / "data").glob("customers_*.csv")):
        runs.append((snapshot.stem.removeprefix("customers_"), now()))
        shutil.copy(snapshot, folder / "data" / "customers.csv")
        project = starlode.read(folder)

        assert starlode.run(project).status == "succeeded"
        assert starlode.run(project).status == "unchanged"

        assert starlode.run(project, full=True).status == "succeeded"

    def day(moment: datetime) -> str:
        """The snapshot whose run was on when something became true."""
        return [name for name, began in runs if began <= moment][-1] if moment.year < 9999 else ""

    found = projects.rows(
        project,
        "select id, name, city, tier, valid_from, valid_to, is_current from star.dim_customer\n"
        " where customer_key > 0 order by id, valid_from",
    )
    assert [(str(key), *said, day(begins), day(ends), str(last)) for key, *said, begins, ends, last in found] == [
        (
            *(row[name] or None for name in ("id", "name", "city", "tier")),
            row["valid_from"],
            row["valid_to"],
            row["is_current"],
        )
        for row in _expected("p3_customer_history", "dim_customer")
    ]


def test_p4_an_extract_says_what_it_inserts_updates_and_deletes(tmp_path: Path) -> None:
    folder = _copy("p4_stage_to_target", tmp_path)
    for name in ("stage_t0", "stage_t1", "stage_t1"):
        shutil.copy(folder / "data" / f"{name}.csv", folder / "data" / "stage.csv")
        project = starlode.read(folder)
        starlode.run(project, full=True)

    counts = (
        "select rows_inserted, rows_deleted, rows_updated, rows_unchanged from starlode.step\n"
        " where verb = 'load' order by started_at"
    )
    assert projects.rows(project, counts) == [(12, 0, 0, 0), (3, 2, 3, 7), (0, 0, 0, 13)]
    assert projects.rows(project, "select id, specialization from star.dim_student where is_deleted order by 1") == [
        (3, "DE"),
        (7, "DE"),
    ]


def test_p5_messy_files_become_facts_and_what_cannot_be_carried_is_rejected(tmp_path: Path) -> None:
    project = _project("p5_messy_files", tmp_path)

    run = starlode.run(project)

    ids = {
        fact.name: projects.rows(project, f"select id from star.fact_{fact.name} order by id")
        for fact in project.star.facts
    }
    assert run.exit_code == 1
    assert {name: [row[0] for row in rows] for name, rows in ids.items()} == {
        "bom": [1, 2],
        "comma": [1, 2],
        "wide": [1, 2],
        "ragged": [1, 5],
        "doubled": [1],
        "mixed": [1, 2, 3, 4],
        "preamble": [1, 2],
        "glued": [1, 2, 3, 5],
    }
    assert projects.value(project, "select sum(price) from star.fact_comma") == Decimal("1333.50")
    assert projects.value(project, "select zip from star.fact_mixed where id = 3") == "00501"
    assert projects.rows(project, "select stream, line from starlode.reject order by stream, line") == [
        ("inbox.glued", 4),
        ("inbox.ragged", 3),
        ("inbox.ragged", 4),
        ("inbox.ragged", 5),
    ]
    assert starlode.run(project).status == "unchanged"


def test_p6_joins_that_lose_and_double_fail_the_run_with_their_numbers(tmp_path: Path) -> None:
    project = _project("p6_reconcile", tmp_path)

    with pytest.raises(CheckFailed) as failed:
        starlode.run(project)

    assert "lose 17 rows and add 9 rows of shop.orders" in failed.value.what
    assert failed.value.exit_code == 1
    assert projects.rows(project, "select count(*), sum(amount) from staging.shop__orders") == [
        (40, Decimal("1425.00"))
    ]
    assert projects.rows(project, "select rule, count(*) from starlode.conflict group by 1 order by 1") == [
        ("doubled by a join", 9),
        ("lost by a join", 17),
    ]


def test_p6_the_loss_that_is_allowed_is_the_one_that_was_found(tmp_path: Path) -> None:
    folder = _copy("p6_reconcile", tmp_path)
    declaration = folder / "starlode.yml"
    text = declaration.read_text("utf-8")
    loose = text.replace("grain: order_id", "grain: [order_id, vendor]\n    may_lose: true\n    may_multiply: true")
    declaration.write_text(loose, "utf-8")
    project = starlode.read(folder)

    starlode.run(project)

    found = projects.rows(project, "select count(*), count(distinct order_id), sum(amount) from star.fact_sales")
    assert found == [(32, 23, Decimal("1112.50"))]
    assert projects.rows(
        project, "select rows_in, rows_out, rows_lost, rows_doubled from starlode.step where object = 'fact_sales'"
    ) == [(40, 32, 17, 9)]


def test_p7_the_second_batch_inserts_updates_and_ignores_what_is_stale(tmp_path: Path) -> None:
    folder = _copy("p7_incremental", tmp_path)
    second = (folder / "data" / "batch2.csv").rename(tmp_path / "later.csv")
    starlode.run(starlode.read(folder))
    second.rename(folder / "data" / "batch2.csv")

    run = starlode.run(starlode.read(folder))

    project = run.plan.project
    counts = (
        "select rows_in, rows_inserted, rows_updated, rows_merged from starlode.step\n"
        " where verb = 'load' order by started_at"
    )
    assert projects.rows(project, counts) == [(20, 20, 0, 0), (18, 11, 6, 1)]
    assert {f.rule for f in run.findings} >= {"schema change", "stale rows"}
    assert projects.rows(project, "select count(*), sum(amount) from star.fact_payment") == [(31, Decimal("878.5"))]
    assert projects.rows(project, "select count(*), count(channel) from staging.shop__payments") == [(31, 17)]
    assert starlode.run(project).status == "unchanged"


def test_p7_both_batches_at_once_end_in_the_same_star(tmp_path: Path) -> None:
    project = _project("p7_incremental", tmp_path)

    starlode.run(project)

    assert projects.rows(project, "select count(*), sum(amount) from star.fact_payment") == [(31, Decimal("878.5"))]
    assert projects.value(project, "select count(*) from staging.shop__payments where channel is null") == 14


def _project(name: str, tmp_path: Path) -> starlode.Project:
    return starlode.read(_copy(name, tmp_path))


def _copy(name: str, tmp_path: Path) -> Path:
    """A copy of an example, which lands and loads where the tests do."""
    folder = Path(shutil.copytree(EXAMPLES / name, tmp_path / name))
    declared = f"{(folder / PROJECT_FILE).read_text('utf-8')}\nbuild: {os.environ.get(BUILD, 'target')}\n"
    return projects.write(folder, {PROJECT_FILE: declared})


def _expected(name: str, table: str) -> list[dict[str, str]]:
    with (EXAMPLES / name / "expected" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _members(project: starlode.Project) -> dict[str, int]:
    """How many real members each dimension has; its reserved ones and the calendar's are left out."""
    return {
        d.name: projects.value(project, f'select count(*) from star."{d.table.name}" where "{d.key_column}" > 0')
        for d in project.star.dimensions
    }
