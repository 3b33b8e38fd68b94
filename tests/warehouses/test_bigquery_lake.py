"""BigQuery and a landing in Cloud Storage, on their doubles: load jobs read what is landed from where it lies."""

from __future__ import annotations

import json
import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import starlode
from starlode.arrow import arrow_field
from starlode.bigquery import arriving
from starlode.errors import WarehouseError
from starlode.parts import PartWriter
from starlode.sql import staging
from starlode.steps.arrival import places_of
from starlode.stores.bucket import Bucket
from starlode.stores.objects import Address
from starlode.table import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Column,
    Table,
)
from starlode.table import decimal as decimals
from starlode.warehouses.bigquery import BigQuery, BigQuerySession
from tests import projects
from tests.bigquery_double import LOADER
from tests.warehouses.test_bigquery import FIRST, LATER, PROJECT, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlode.project import Project
    from starlode.sandbox.bigquery.double import Request
    from tests.bigquery_double import BigQuery as Double
    from tests.gcs_double import Storage

    Befalls = Callable[[Request], str]
    Loads = Callable[[], list[list[str]]]

NUMBERS = Table("house", "numbers", (Column("n", INTEGER),))
ONE = pa.record_batch({"n": [1]})
ROW: dict[Column, Any] = {
    Column("n", INTEGER): -7,
    Column("price", decimals(38, 20)): Decimal("123456789012345678.00000000000000000001"),
    Column("small", decimals(10, 2)): Decimal("1.10"),
    Column("weight", DOUBLE): 0.1,
    Column("is_new", BOOLEAN): True,
    Column("word", TEXT): "Müller",
    Column("told", JSON): '{"b": 1.10, "a": 12345678901234567890}',
    Column("day", DATE): date(1, 1, 1),
    Column("hour", TIME): time(23, 59, 59, 999999),
    Column("seen", TIMESTAMP): datetime(9999, 12, 31, 23, 59, 59, 999999),
    Column("zoned", TIMESTAMPTZ): datetime(2024, 3, 31, 1, 30, 0, 123456, UTC),
    Column("raw", BINARY): b"\x00\xff",
}


@pytest.fixture
def bucket(bigquery: str, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001  the key is BigQuery's
    """A new bucket, of the Cloud Storage that the environment names."""
    monkeypatch.setenv("GOOGLE_BASE_URL", storage.url)
    return storage.fresh_bucket()


@pytest.fixture
def landing(bucket: str) -> Bucket:
    return Bucket(Address("gs", bucket, "lake"))


@pytest.fixture
def session(bigquery: str, tmp_path: Path) -> Iterator[BigQuerySession]:
    opened = BigQuery.named(bigquery, tmp_path).connect()
    opened.execute("create schema if not exists house")
    opened.execute(staging.create(opened.dialect, NUMBERS))
    yield opened
    opened.close()


@pytest.fixture
def loads(bigquery: str, bigquery_server: Double) -> Loads:
    """What each load job has read from Cloud Storage; nothing for one whose file was uploaded."""
    kept = bigquery_server.double.project(bigquery.partition("//")[2].partition("?")[0])

    def told() -> list[list[str]]:
        of = [job["configuration"] for job in kept.jobs.values()]
        return [configuration["load"].get("sourceUris", []) for configuration in of if "load" in configuration]

    return told


@pytest.fixture
def meets(bigquery_server: Double) -> Iterator[Callable[[Befalls], None]]:
    """Lets something befall the requests to BigQuery."""

    def let(befalls: Befalls) -> None:
        bigquery_server.double.meets = befalls

    yield let
    let(lambda _: "")


def laid(folder: Path, target: str, bucket: str) -> Project:
    declared = f"{PROJECT.format(target=target)}landing: gs://{bucket}/lake\n"
    return projects.project(folder, {"starlode.yml": declared, **FIRST})


def land(landing: Bucket, *batches: pa.RecordBatch) -> tuple[str, ...]:
    """Where rows lie once they are landed."""
    with PartWriter(landing, "house/landed") as parts:
        for batch in batches:
            parts.write(batch)
    return tuple(landing.shown(file.path) for file in parts.files)


def is_load(request: Request) -> bool:
    return (request.verb, *request.path) == ("POST", "jobs") and "load" in request.told["configuration"]


def test_what_is_landed_is_loaded_from_where_it_lies(
    bigquery: str, loads: Loads, storage: Storage, bucket: str, tmp_path: Path
) -> None:
    starlode.run(laid(tmp_path, bigquery, bucket), only="land")
    project = starlode.read(tmp_path)
    starlode.run(project)
    projects.write(tmp_path, LATER)

    run = starlode.run(starlode.read(tmp_path))

    parts = [f"gs://{bucket}/{key}" for key in storage.keys(bucket) if key.endswith(".parquet")]
    assert run.status == "succeeded"
    assert total(project) == (Decimal("6.6"), 3)
    assert starlode.check(project) == ()
    assert sorted(loads()) == [[part] for part in parts]
    assert list(project.landing.folder.rglob("*.parquet")) == []
    assert starlode.run(starlode.read(tmp_path)).status == "unchanged"


def test_each_kind_of_column_is_loaded_as_it_was_landed(
    session: BigQuerySession, landing: Bucket, loads: Loads
) -> None:
    schema = pa.schema([arrow_field(column) for column in ROW])
    cells = {column.name: cell for column, cell in ROW.items()}
    places = land(landing, pa.RecordBatch.from_pylist([cells, {"n": 0}], schema))
    landed = {column.name: column.type for column in ROW}
    table = Table("house", "landed", (*ROW, Column("load", INTEGER)))
    session.execute(staging.create(session.dialect, table))

    is_read = session.reads(places, landed)
    session.load(table, places, landed, {"load": 7})

    found = session.rows(f"select {session.dialect.names(table.names)} from house.landed order by n")
    assert is_read
    assert loads() == [[*places]]
    assert found == [(*ROW.values(), 7), (0, *(None for _ in [*ROW][1:]), 7)]


def test_a_column_that_has_another_name_there_is_fetched_and_uploaded(
    session: BigQuerySession, landing: Bucket, loads: Loads
) -> None:
    with PartWriter(landing, "house/landed") as parts:
        parts.write(pa.record_batch({"n": [1], "full.name": ["Ann"]}))
    landed = {"n": INTEGER, "full.name": TEXT}
    table = Table("house", "named", tuple(Column(name, kind) for name, kind in landed.items()))
    session.execute(staging.create(session.dialect, table))

    for places in places_of(landing, session, parts.files, landed):
        session.load(table, places, landed, {})

    assert loads() == [[]]
    assert session.rows("select n, full_u002e_name from house.named") == [(1, "Ann")]


def test_a_target_may_ask_for_uploads(session: BigQuerySession, bigquery: str, tmp_path: Path) -> None:
    asked = BigQuery.named(f"{bigquery}&load=upload", tmp_path)
    session.close()

    uploading = asked.connect()

    assert not uploading.reads(["gs://lake/part.parquet"], {"n": INTEGER})
    uploading.close()


@pytest.mark.parametrize("place", ["/lake/part.parquet", "s3://lake/part.parquet", "gs://lake/a*/part.parquet"])
def test_what_no_load_job_reads_is_uploaded(place: str) -> None:
    assert arriving.reads(["gs://lake/part.parquet"], {"n": INTEGER})
    assert not arriving.reads(["gs://lake/part.parquet", place], {"n": INTEGER})
    assert not arriving.reads(["gs://lake/part.parquet"] * 10_001, {"n": INTEGER})


def test_a_load_whose_answer_was_lost_is_not_made_twice(
    session: BigQuerySession, landing: Bucket, loads: Loads, meets: Callable[[Befalls], None]
) -> None:
    lost: list[Request] = []

    def lose(request: Request) -> str:
        is_lost = is_load(request) and not lost
        lost.extend([request] if is_lost else [])
        return "unanswered" if is_lost else ""

    meets(lose)

    session.load(NUMBERS, places := land(landing, ONE), {"n": INTEGER}, {})

    assert len(lost) == 1
    assert loads() == [[*places]]
    assert session.rows("select n from house.numbers") == [(1,)]


def test_what_a_run_has_loaded_that_died_is_taken_by_the_next(
    session: BigQuerySession, landing: Bucket, loads: Loads, bigquery: str, tmp_path: Path
) -> None:
    places = land(landing, ONE)

    def die() -> None:
        session.load(NUMBERS, places, {"n": INTEGER}, {})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), session.transaction():
        die()
    session.close()

    again = BigQuery.named(bigquery, tmp_path).connect()
    again.load(NUMBERS, places, {"n": INTEGER}, {})

    assert loads() == [[*places]]
    assert again.rows("select n from house.numbers") == [(1,)]
    again.close()


@pytest.mark.parametrize(
    ("befalls", "what", "hint"),
    [
        ("taken away", "Access Denied: BigQuery BigQuery: Permission denied", "has the rights to a bucket"),
        ("removed", "Not found: URI gs://", "run again"),
        ("moved", "Cannot read and write in different locations: source: US", "`load=upload` in the target"),
    ],
)
def test_a_bucket_that_cannot_be_read_is_told_with_what_to_do(
    session: BigQuerySession, landing: Bucket, storage: Storage, befalls: str, what: str, hint: str
) -> None:
    places, kept = land(landing, ONE), storage.double.buckets[landing.address.bucket]
    held = dict(kept.objects)
    kept.rights |= {LOADER: frozenset()} if befalls == "taken away" else {}
    kept.objects = {} if befalls == "removed" else kept.objects
    kept.location = "US" if befalls == "moved" else kept.location

    with pytest.raises(WarehouseError, match=what) as refused:
        session.load(NUMBERS, places, {"n": INTEGER}, {})
    kept.rights.clear()
    kept.objects, kept.location = held, "europe-west1"
    session.load(NUMBERS, places, {"n": INTEGER}, {})

    assert hint in str(refused.value.hint)
    assert refused.value.where == places[0]
    assert "PRIVATE KEY" not in "".join(traceback.format_exception(refused.value))
    assert session.rows("select n from house.numbers") == [(1,)]


def test_rows_that_bigquery_cannot_keep_are_rejected_and_the_others_loaded(
    bigquery: str, loads: Loads, storage: Storage, bucket: str, tmp_path: Path
) -> None:
    project = laid(tmp_path, bigquery, bucket)
    born: Any = pa.array([19_723, None, 3_000_000], pa.int32()).cast(pa.date32())
    rows = pa.table({"id": ["C1", "C2", "C3"], "version": [1, 1, 1], "born": born})
    pq.write_table(rows, tmp_path / "data/customers.parquet")
    declared = (tmp_path / "starlode.yml").read_text().replace("customers*.csv", "customers.parquet")
    projects.write(tmp_path, {"starlode.yml": declared})

    run = starlode.run(starlode.read(tmp_path))

    assert (run.status, run.rejected) == ("rejects", 1)
    kept = projects.rows(project, "select id, born from star.dim_customer where customer_key > 0 order by id")
    assert kept == [("C1", date(2024, 1, 1)), ("C2", None)]
    raw = projects.rows(project, "select raw, reason from starlode.reject")
    assert json.loads(raw[0][0]) == {"id": "C3", "version": 1, "born": "10183-09-21"}
    assert raw[0][1] == "BigQuery keeps the years 1 to 9999"
    assert all(loads())
    # What fitted was landed beside the extraction, and went when it was loaded.
    assert [key for key in storage.keys(bucket) if "customers/00000002" in key] == []


def test_a_star_built_beside_bigquery_is_taken_over_from_the_bucket(
    bigquery: str, loads: Loads, bucket: str, tmp_path: Path
) -> None:
    laid(tmp_path, bigquery, bucket)
    file = tmp_path / "starlode.yml"
    file.write_text(f"{file.read_text()}build: duckdb\n")

    project = starlode.read(tmp_path)
    run = starlode.run(project)

    target = replace(project, warehouse=project.target or project.warehouse, target=None)
    assert run.status == "succeeded"
    assert total(target) == (Decimal("3.3"), 2)
    assert all(uris[0].startswith(f"gs://{bucket}/lake/star/") for uris in loads())
