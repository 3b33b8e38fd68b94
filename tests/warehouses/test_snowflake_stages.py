"""Snowflake's external stages, on its double with a bucket: what is landed there is loaded from where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import StarlodeError, WarehouseError
from starlode.snowflake.dialect import DIALECT, Arrival
from starlode.table import INTEGER, Column, Table
from tests import projects
from tests.s3.proxy import Faults, between
from tests.snowflake_double import Snowflake, served
from tests.warehouses.losing import Lost, losing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.project import Project
    from tests.s3.servers import Server

PROJECT = """
name: shop
sources:
  till:
    files: data
    streams:
      customers: {{files: "customers*.csv", key: id, since: version}}
      orders: {{files: "orders*.csv", types: {{at: timestamp, amount: "decimal(10,2)"{types}}}}}
dimensions:
  customer: {{from: till.customers, key: id}}
facts:
  sales: {{from: till.orders, grain: "no", dims: {{customer: id}}, measures: {{amount: sum}}}}
landing: {landing}
target: {target}
"""
FIRST = {
    "data/customers1.csv": "id,version,name\nC1,1,Ann\nC2,1,Bob\n",
    "data/orders1.csv": "no,id,at,on,amount\n1,C1,2024-01-01 08:00:00,08:30:00,1.10\n2,C2,2024-01-02 09:00:00,,2.20\n",
}
SALES = "select sum(amount), count(*) from star.fact_sales"
STAGE = "raw.landing"
TABLE = Table("house", "things", (Column("n", INTEGER),))


@pytest.fixture(scope="module")
def faults() -> Faults:
    """What befalls Snowflake where it asks for an object of the stage."""
    return Faults("expired", "GET .*part-", times=0)


@pytest.fixture(scope="module")
def double(semantics: Server, faults: Faults) -> Iterator[Snowflake]:
    with between(semantics, faults) as asked, served(asked) as listening:
        yield listening


@pytest.fixture
def database(double: Snowflake, semantics: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for variable, said in semantics.environment.items():
        monkeypatch.setenv(variable, said)
    with double.fresh_database() as target:
        yield target


@pytest.fixture
def bucket(semantics: Server) -> str:
    return semantics.fresh_bucket()


def staged(double: Snowflake, target: str, url: str) -> str:
    """The target with a stage that was made at a URL."""
    database = target.partition("?")[0].rpartition("/")[2]
    double.tell(f"create schema {database}.raw")
    double.tell(f"create stage {database}.{STAGE}" + (f" url = '{url}'" if url else ""))
    return f"{target}&stage={STAGE}"


def laid(folder: Path, target: str, landing: str, types: str = "") -> Project:
    return projects.project(
        folder, {"starlode.yml": PROJECT.format(landing=landing, target=target, types=types), **FIRST}
    )


def sales(project: Project) -> list[str]:
    return [str(cell) for cell in projects.rows(project, SALES)[0]]


@pytest.mark.parametrize("within", ["", "lake/"])
def test_a_star_is_loaded_from_the_bucket_and_nothing_is_put(
    database: str, double: Snowflake, bucket: str, tmp_path: Path, within: str
) -> None:
    target = staged(double, database, f"s3://{bucket}/{within}")
    put, copied = Lost(b'"put ', holds=True), Lost(b"from @raw.landing")
    with losing(double.port, put) as relay, losing(relay, copied) as outer:
        run = starlode.run(laid(tmp_path, target.replace(f":{double.port}/", f":{outer}/"), f"s3://{bucket}/lake"))

    project = laid(tmp_path, target, f"s3://{bucket}/lake")
    assert run.status == "succeeded"
    assert sales(project) == ["3.30", "2"]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
    assert (put.has_lost, copied.has_lost) == (False, True)


def test_times_of_a_day_are_put_as_texts_all_the_same(
    database: str, double: Snowflake, bucket: str, tmp_path: Path
) -> None:
    target = staged(double, database, f"s3://{bucket}/lake/")

    project = laid(tmp_path, target, f"s3://{bucket}/lake", ', "on": time')
    starlode.run(project)

    assert sales(project) == ["3.30", "2"]
    assert [str(on) for (on,) in projects.rows(project, 'select "ON" from staging.till__orders order by "NO"')] == [
        "08:30:00",
        "None",
    ]


@pytest.mark.parametrize("url", ["s3://{bucket}/other/", "s3://{bucket}/lake", ""])
def test_a_stage_that_does_not_hold_the_landing_is_refused_before_anything_is_read(
    database: str, double: Snowflake, bucket: str, tmp_path: Path, url: str
) -> None:
    target = staged(double, database, url.format(bucket=bucket))

    with pytest.raises(WarehouseError, match="the landing does not lie below that") as refused:
        starlode.run(laid(tmp_path, target, f"s3://{bucket}/lake"))

    assert "ending in `/`" in str(refused.value.hint)


@pytest.mark.parametrize("name", ["raw.nothing", "nowhere.landing"])
def test_a_stage_that_is_not_there_is_told(
    database: str, double: Snowflake, bucket: str, tmp_path: Path, name: str
) -> None:
    staged(double, database, f"s3://{bucket}/lake/")

    with pytest.raises(WarehouseError, match=f"no stage `{name}`") as refused:
        starlode.run(laid(tmp_path, f"{database}&stage={name}", f"s3://{bucket}/lake"))

    assert "docs/snowflake.md" in str(refused.value.hint)


def test_a_landed_file_that_is_gone_stops_the_load_and_the_next_run_mends_it(
    database: str, double: Snowflake, bucket: str, semantics: Server, tmp_path: Path
) -> None:
    project = laid(tmp_path, staged(double, database, f"s3://{bucket}/lake/"), f"s3://{bucket}/lake")
    starlode.run(project, only="land")
    part = next(key for key in semantics.keys(bucket) if "orders" in key and key.endswith(".parquet"))
    content = semantics.client().get_object(Bucket=bucket, Key=part)["Body"].read()
    semantics.client().delete_object(Bucket=bucket, Key=part)

    with pytest.raises(StarlodeError, match="gone from the landing"):
        starlode.run(project)
    semantics.client().put_object(Bucket=bucket, Key=part, Body=content)
    starlode.run(project)

    assert sales(project) == ["3.30", "2"]


def test_a_credential_of_the_stage_that_expires_in_the_middle_stops_the_load_and_the_next_run_mends_it(
    database: str, double: Snowflake, bucket: str, faults: Faults, tmp_path: Path
) -> None:
    project = laid(tmp_path, staged(double, database, f"s3://{bucket}/lake/"), f"s3://{bucket}/lake")
    faults.pattern, faults.times, faults.met = "GET .*/orders/.*part-", 1, 0

    with pytest.raises(StarlodeError, match="Failed to access remote file") as refused:
        starlode.run(project)
    starlode.run(project, wait=10)

    assert faults.met == 1
    assert "docs/snowflake.md" in str(refused.value.hint)
    assert sales(project) == ["3.30", "2"]
    assert starlode.check(project) == ()


def test_a_copy_names_no_more_files_than_snowflake_takes() -> None:
    names = tuple(f"{number:06}.parquet" for number in range(2_001))

    making, *copies, filling = DIALECT.arriving(TABLE, Arrival(STAGE, names), {"n": INTEGER}, {})

    assert [copy.count(".parquet'") for copy in copies] == [1_000, 1_000, 1]
    assert (making[:6], filling[:6]) == ("create", "insert")
