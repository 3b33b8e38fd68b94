"""What the double of BigQuery takes and refuses, asked by Google's own client."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPIError, NotFound, PreconditionFailed
from google.cloud import bigquery

from starlode.bigquery.address import read_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gcs_double import Storage

CONFIG = bigquery.LoadJobConfig(source_format="PARQUET", create_disposition="CREATE_NEVER")
COLUMNS = "n int64, word string, day date, seen datetime, zoned timestamp, weight float64"


@pytest.fixture
def client(bigquery: str) -> Iterator[bigquery.Client]:
    found = read_address(bigquery.partition(":")[2].partition("?")[0])
    assert found is not None
    from google.cloud import bigquery as driver

    opened = driver.Client(project=found[0])
    opened.create_dataset("house")
    opened.query("create table house.numbers (n int64, word string)").result()
    opened.query("insert into house.numbers (n, word) values (1, 'one'), (1, 'uno'), (2, 'two')").result()
    yield opened
    opened.close()


def in_session(client: Any) -> Any:
    job = client.query("select 1", job_config=bigquery.QueryJobConfig(create_session=True))
    job.result()
    held = bigquery.ConnectionProperty("session_id", job.session_info.session_id)
    return bigquery.QueryJobConfig(connection_properties=[held])


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select n::string from house.numbers", "Syntax error"),
        ("select no_such from house.numbers", "Unrecognized name"),
        ("select n + word from house.numbers", "No matching signature"),
        ("select n from house.nothing", "not found"),
        ("select epoch_ms(n) from house.numbers", "Function not found"),
        ("select n from house.numbers union select 1", "Syntax error"),
        ("select * from read_csv('/etc/passwd')", "not found"),
        ("delete from house.numbers", "WHERE"),
        ("update house.numbers set n = 1", "WHERE"),
        ("insert into house.numbers (n) select 1.5", "cannot be inserted"),
        ("create temp table t as select 1 as n", "session"),
        ("create table house.t (n bigint generated always as identity)", "Syntax error"),
        (
            "merge house.numbers as t using house.numbers as s on t.n = s.n when matched then update set word = s.word",
            "MERGE",
        ),
        ("begin transaction", "sessions"),
        ("select 1; select 2", "script"),
    ],
)
def test_what_bigquery_would_refuse_is_refused(client: Any, sql: str, why: str) -> None:
    with pytest.raises(GoogleAPIError, match=why):
        client.query(sql, job_retry=None).result()


def test_a_transaction_makes_no_table_and_can_be_rolled_back(client: Any) -> None:
    held = in_session(client)
    client.query("begin transaction", job_config=held).result()
    client.query("delete from house.numbers where true", job_config=held).result()
    client.query("create temp table kept as select 1 as n", job_config=held).result()

    with pytest.raises(BadRequest, match="DDL statements on permanent entities"):
        client.query("create table house.t (n int64)", job_config=held).result()

    client.query("rollback transaction", job_config=held).result()
    assert [tuple(row.values()) for row in client.query("select count(*) from house.numbers").result()] == [(3,)]


def test_a_session_that_was_ended_is_no_more_and_its_transaction_neither(client: Any) -> None:
    held = in_session(client)
    client.query("begin transaction", job_config=held).result()
    client.query("delete from house.numbers where true", job_config=held).result()

    client.query(f"call bq.abort_session('{held.connection_properties[0].value}')").result()

    with pytest.raises(BadRequest, match="has ended"):
        client.query("select 1", job_config=held).result()
    assert [tuple(row.values()) for row in client.query("select count(*) from house.numbers").result()] == [(3,)]


def test_a_job_has_its_name_once(client: Any) -> None:
    client.query("select 1", job_id="named", job_retry=None).result()

    with pytest.raises(Conflict):
        client.query("select 1", job_id="named", job_retry=None).result()


def test_a_load_takes_the_columns_of_its_table_and_no_others(client: Any) -> None:
    assert load(client, {"n": pa.array([3]), "word": pa.array(["three"])}) == 1
    for columns in (
        {"n": pa.array([3])},
        {"n": pa.array([3]), "word": pa.array(["three"]), "more": pa.array([1])},
        {"n": pa.array(["3"]), "word": pa.array(["three"])},
    ):
        with pytest.raises(BadRequest):
            load(client, columns)
    assert client.get_table("house.numbers").num_rows == 4


def load(client: Any, columns: dict[str, Any]) -> int:
    file = io.BytesIO(parquet(columns))
    rows: int = client.load_table_from_file(file, "house.numbers", rewind=True, job_config=CONFIG).result().output_rows
    return rows


def parquet(columns: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_load_reads_exactly_the_objects_that_it_names_or_nothing(client: Any, storage: Storage) -> None:
    bucket = storage.fresh_bucket()
    storage.put(bucket, "a b/1.parquet", parquet({"word": pa.array(["three"]), "n": pa.array([3])}))
    storage.put(bucket, "a b/2.parquet", parquet({"n": pa.array([4]), "word": pa.array(["four"])}))
    storage.put(bucket, "a b/3.parquet", parquet({"n": pa.array([5])}))
    one, two, lacking, missing = (f"gs://{bucket}/a b/{number}.parquet" for number in (1, 2, 3, 4))

    loaded = client.load_table_from_uri([one, two], "house.numbers", job_config=CONFIG).result().output_rows

    assert loaded == 2
    for places, why in (
        ([one, lacking], "a column is missing"),
        ([one, missing], "Not found: URI"),
        ([f"gs://{bucket}/a b/*"], "Unsupported"),
        (["gs://nowhere/1.parquet"], "Not found: URI"),
    ):
        with pytest.raises(GoogleAPIError, match=why):
            client.load_table_from_uri(places, "house.numbers", job_config=CONFIG).result()
    assert client.get_table("house.numbers").num_rows == 5


def test_days_that_bigquery_does_not_keep_are_refused(client: Any) -> None:
    client.query("create table house.days (day date)").result()
    far: Any = pa.array([3_000_000], pa.int32()).cast(pa.date32())

    with pytest.raises(BadRequest, match="Invalid datetime value"):
        client.load_table_from_file(
            io.BytesIO(parquet({"day": far})), "house.days", rewind=True, job_config=CONFIG
        ).result()


def test_a_table_is_changed_only_as_its_reader_saw_it(client: Any) -> None:
    first, second = client.get_table("house.numbers"), client.get_table("house.numbers")
    first.description = "first"
    client.update_table(first, ["description"])

    second.description = "second"
    with pytest.raises(PreconditionFailed):
        client.update_table(second, ["description"])

    assert client.get_table("house.numbers").description == "first"


def test_what_costs_too_much_is_not_run(client: Any) -> None:
    config = bigquery.QueryJobConfig(maximum_bytes_billed=1)

    with pytest.raises(GoogleAPIError, match="exceeded limit for bytes billed"):
        client.query("select n from house.numbers", job_config=config, job_retry=None).result()


def test_what_is_not_there_is_not_found(client: Any) -> None:
    with pytest.raises(NotFound):
        client.get_table("house.nothing")
    with pytest.raises(NotFound):
        client.get_table("nowhere.nothing")


@pytest.mark.parametrize(
    "lies",
    [
        "partition by word",
        "partition by n",
        "partition by zoned",
        "partition by date_trunc(seen, month)",
        "partition by datetime_trunc(seen, week)",
        "partition by range_bucket(word, generate_array(0, 100, 10))",
        "cluster by n, word, day, seen, zoned",
        "cluster by weight",
        "cluster by nothing",
    ],
)
def test_tables_that_cannot_lie_so_are_refused(client: Any, lies: str) -> None:
    with pytest.raises(BadRequest):
        client.query(f"create table house.laid ({COLUMNS}) {lies}", job_retry=None).result()

    with pytest.raises(NotFound):
        client.get_table("house.laid")


def test_how_a_table_lies_is_told_and_goes_along_with_it(client: Any) -> None:
    divided = "partition by datetime_trunc(seen, month) cluster by word, n"
    client.query(f"create table house.laid ({COLUMNS}) {divided}").result()
    client.query("insert into house.laid (n, seen) values (1, '2024-01-31 10:00:00')").result()

    client.query("create or replace table `house`.`copied` copy `house`.`laid`").result()
    client.query("alter table `house`.`laid` rename to `other`").result()
    ranges = "partition by range_bucket(n, generate_array(0, 100, 10))"
    client.query(f"create table house.ranges ({COLUMNS}) {ranges}").result()

    for name in ("copied", "other"):
        table = client.get_table(f"house.{name}")
        assert (table.time_partitioning.field, table.time_partitioning.type_) == ("seen", "MONTH")
        assert table.clustering_fields == ["word", "n"]
        assert table.num_rows == 1
    assert client.get_table("house.ranges").range_partitioning.range_.interval == 10
    assert client.get_table("house.numbers").time_partitioning is None
