"""Redshift as the warehouse, on its double: what is refused, what breaks, and what becomes of texts and large answers."""

from __future__ import annotations

import gc
import random
from typing import TYPE_CHECKING

import psycopg
import pytest

import starlode
from starlode.errors import StarlodeError, WarehouseError
from starlode.redshift.slices import USUAL
from starlode.sandbox.redshift.preparing import SLICES
from starlode.table import INTEGER, TEXT, Column, Table, Type
from starlode.warehouses.redshift import Redshift
from tests import projects
from tests.s3.proxy import Faults, between
from tests.warehouses.cutting import Cut, cutting

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project
    from tests.redshift_double import Redshift as Double
    from tests.s3.servers import Server

PROJECT = """
name: shop
sources:
  till:
    files: data
    streams:
      customers: {{files: "customers*.csv", key: id, since: version, max_rejects: 9}}
      orders: {{files: "orders*.csv", types: {{at: timestamp, "on": time, amount: "decimal(10,2)"}}}}
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
LOADER = "do $$ begin create role loader login; exception when duplicate_object then null; end $$"
SALES = "select sum(amount), count(*) from star.fact_sales"


@pytest.fixture
def bucket(semantics: Server) -> str:
    return semantics.fresh_bucket()


@pytest.fixture
def project(redshift: str, bucket: str, tmp_path: Path) -> Project:
    return laid(tmp_path, redshift, f"s3://{bucket}/lake")


def laid(folder: Path, target: str, landing: str) -> Project:
    return projects.project(folder, {"starlode.yml": PROJECT.format(landing=landing, target=target), **FIRST})


def test_the_double_says_at_its_start_what_it_does_not_imitate(redshift_double: Double) -> None:
    assert any("error 1023" in gap for gap in redshift_double.gaps)
    assert any("IAM" in gap for gap in redshift_double.gaps)


def test_a_star_is_loaded_from_the_bucket_and_a_second_run_changes_nothing(
    project: Project, bucket: str, semantics: Server
) -> None:
    run = starlode.run(project)

    assert run.status == "succeeded"
    assert [str(cell) for cell in projects.rows(project, SALES)[0]] == ["3.30", "2"]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"
    assert [key for key in semantics.keys(bucket) if "load-" in key] == []


def test_what_is_landed_has_a_file_for_each_slice(project: Project, bucket: str, semantics: Server) -> None:
    noise = random.Random(7)  # noqa: S311
    many = "".join(f"{n},C1,2024-01-02 09:00:00,,1.00,{noise.randbytes(60).hex()}\n" for n in range(150_000))
    projects.write(project.folder, {"data/orders1.csv": f"no,id,at,on,amount,note\n{many}"})

    starlode.run(project)

    parts = [key for key in semantics.keys(bucket) if "/orders/" in key and key.endswith(".parquet")]
    sizes = [semantics.client().head_object(Bucket=bucket, Key=key)["ContentLength"] for key in parts]
    assert len(parts) == SLICES
    assert min(sizes) >= 1 << 20
    assert [str(cell) for cell in projects.rows(project, SALES)[0]] == ["150000.00", "150000"]


def test_a_cluster_is_asked_for_its_slices_and_a_workgroup_is_not(redshift: str, tmp_path: Path) -> None:
    asked = counted(redshift, tmp_path)
    said = counted(f"{redshift}&slices=7", tmp_path)
    serverless = counted(f"{redshift}&workgroup=lake", tmp_path)

    assert (asked, said, serverless) == (SLICES, 7, USUAL)


def test_who_may_not_ask_for_the_slices_has_files_for_the_usual_number(
    redshift: str, redshift_double: Double, tmp_path: Path
) -> None:
    counted(redshift, tmp_path)
    database = redshift.split("?")[0].rpartition("/")[2]
    redshift_double.postgres.execute(LOADER, f'grant create on database "{database}" to loader')
    with psycopg.connect(redshift_double.postgres.database(database), autocommit=True) as connection:
        connection.execute("revoke select on redshift.stv_slices from public")
        connection.execute("drop schema starlode_lock cascade")

    assert counted(redshift_double.target(database, "loader", "loads"), tmp_path) == USUAL


def counted(target: str, folder: Path) -> int:
    session = Redshift.named(target, folder).connect()
    try:
        return session.slices
    finally:
        session.close()


def test_a_landing_that_is_no_bucket_is_refused(redshift: str, tmp_path: Path) -> None:
    project = laid(tmp_path, redshift, "landing")

    with pytest.raises(WarehouseError, match="Redshift loads from S3") as refused:
        starlode.run(project)

    assert "s3://" in str(refused.value.hint)


def test_a_text_that_no_column_can_hold_is_rejected_and_the_others_are_loaded(project: Project) -> None:
    projects.write(project.folder, {"data/customers2.csv": f"id,version,name\nC3,1,{'é' * 33_000}\nC4,1,Dora\n"})

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.rows(project, "select id from star.dim_customer where customer_key > 0 order by 1")[-1] == ("C4",)
    told = [(row.file, row.line, row.column, row.reason) for row in starlode.rejects(project)]
    assert told == [("customers2.csv", 1, "name", "Redshift keeps at most 65,535 bytes in a value")]


def test_a_column_is_as_wide_as_its_texts_need_and_grows_with_them(project: Project) -> None:
    starlode.run(project)
    first = widths(project)["name"]
    projects.write(project.folder, {"data/customers2.csv": f"id,version,name\nC1,2,{'x' * 300}\n"})

    starlode.run(project)

    assert (first, widths(project)["name"]) == (256, 1024)
    assert projects.value(project, "select max(octet_length(name)) from star.dim_customer") == 300
    assert starlode.check(project) == ()


def test_a_role_that_redshift_may_not_take_on_is_told(
    redshift: str, redshift_double: Double, bucket: str, tmp_path: Path
) -> None:
    database = redshift.rpartition("/")[2] if "?" not in redshift else redshift.split("?")[0].rpartition("/")[2]
    project = laid(tmp_path, redshift_double.target(database, role="arn:aws:iam::1:role/other"), f"s3://{bucket}/lake")

    with pytest.raises(StarlodeError, match="not authorized to assume IAM Role"):
        starlode.run(project)


def test_a_user_without_rights_is_told_which_page_names_them(
    redshift: str, redshift_double: Double, tmp_path: Path
) -> None:
    database = redshift.split("?")[0].rpartition("/")[2]
    redshift_double.postgres.execute(LOADER)
    warehouse = Redshift.named(redshift_double.target(database, "loader", "loads"), tmp_path)

    with pytest.raises(WarehouseError, match="permission denied") as refused:
        warehouse.connect()

    assert "docs/redshift.md" in str(refused.value.hint)


# The driver leaves the socket of a login that was refused to the collector.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize(("user", "password"), [("postgres", "wrong"), ("stranger", "secret")])
def test_a_wrong_credential_is_told_without_being_quoted(
    redshift: str, redshift_double: Double, tmp_path: Path, user: str, password: str
) -> None:
    database = redshift.split("?")[0].rpartition("/")[2]
    warehouse = Redshift.named(redshift_double.target(database, user, password), tmp_path)

    with pytest.raises(WarehouseError, match="user or the password is not right") as refused:
        warehouse.connect()

    assert password not in str(refused.value)
    del refused
    gc.collect()


def test_tls_is_verified_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    usual = Redshift.named("redshift://u:p@host/db", tmp_path).address.told()
    without = Redshift.named("redshift://u:p@host/db?sslmode=disable", tmp_path).address.told()

    assert (usual["ssl"], usual["sslmode"]) == (True, "verify-full")
    assert without["ssl"] is False


@pytest.mark.parametrize("word", [b"copy ", b'insert into "staging"', b'insert into "star"', b"commit"])
@pytest.mark.parametrize("is_heard", [False, True])
def test_a_run_that_breaks_off_is_made_good_by_the_next(
    redshift: str, redshift_double: Double, bucket: str, tmp_path: Path, word: bytes, is_heard: bool
) -> None:
    cut = Cut(word, after=1, is_heard=is_heard)
    with cutting(redshift_double.port, cut) as port:
        broken = laid(tmp_path, redshift.replace(str(redshift_double.port), str(port)), f"s3://{bucket}/lake")

        with pytest.raises(StarlodeError):
            starlode.run(broken)
    gc.collect()  # a socket that was left open would be told here

    project = starlode.read(tmp_path, target=redshift)
    run = starlode.run(project, wait=20)

    assert cut.has_broken
    assert run.status in ("succeeded", "unchanged")
    assert [str(cell) for cell in projects.rows(project, SALES)[0]] == ["3.30", "2"]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def test_a_bucket_that_throttles_is_asked_again(
    redshift: str, bucket: str, semantics: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults("throttled", r"PUT .*load-", times=2)
    with between(semantics, faults) as throttling:
        monkeypatch.setenv("AWS_ENDPOINT_URL", throttling.url)

        run = starlode.run(laid(tmp_path, redshift, f"s3://{bucket}/lake"))

    assert run.status == "succeeded"
    assert faults.met == 2


def test_a_landed_file_that_is_gone_stops_the_load(project: Project, bucket: str, semantics: Server) -> None:
    starlode.run(project, only="land")
    part = next(key for key in semantics.keys(bucket) if key.endswith(".parquet"))
    semantics.client().delete_object(Bucket=bucket, Key=part)

    with pytest.raises(StarlodeError, match="gone from the landing"):
        starlode.run(project)


def test_a_large_answer_comes_by_way_of_the_bucket(
    redshift: str, bucket: str, semantics: Server, tmp_path: Path
) -> None:
    session = Redshift.named(f"{redshift}&unload=s3://{bucket}/answers", tmp_path).connect()
    table = Table("public", "numbers", (Column("n", INTEGER), Column("word", TEXT)))
    session.execute("create table public.numbers (n bigint, word varchar(10))")
    session.insert(table, [(n, None if n % 2 else f"it's {n}") for n in range(50)])

    read = session.arrow("select n, word from public.numbers order by n").read_all()
    few = session.arrow("select n from public.numbers order by n limit 2").read_all()
    session.close()

    assert read.column("n").to_pylist() == list(range(50))
    assert read.column("word").to_pylist()[:3] == ["it's 0", None, "it's 2"]
    assert few.column("n").to_pylist() == [0, 1]
    assert semantics.keys(bucket, "answers") == []


def test_a_second_run_is_told_that_the_warehouse_is_in_use(redshift: str, tmp_path: Path) -> None:
    warehouse = Redshift.named(redshift, tmp_path)
    first = warehouse.connect()

    with pytest.raises(WarehouseError, match="in use by another run"):
        warehouse.connect()

    first.close()
    warehouse.connect().close()


def test_the_statements_of_a_run_have_its_name_for_a_label(
    redshift: str, redshift_double: Double, bucket: str, tmp_path: Path
) -> None:
    heard = Cut(b"set query_group to 'starlode 2", after=9)
    with cutting(redshift_double.port, heard) as port:
        target = redshift.replace(str(redshift_double.port), str(port))
        run = starlode.run(laid(tmp_path, target, f"s3://{bucket}/lake"))

    assert heard.after == 8
    assert run.run_id.startswith("2")


def test_a_group_that_leads_to_a_queue_stays(redshift: str, tmp_path: Path) -> None:
    session = Redshift.named(redshift, tmp_path).connect()

    session.sign("20240101T000000-0a1b2c3d")
    named = session.rows("select current_setting('query_group')")
    session.execute("set query_group to 'etl'")
    session.sign("20240101T000000-4e5f6071")
    own = session.rows("select current_setting('query_group')")
    session.close()

    assert (named, own) == ([("starlode 20240101T000000-0a1b2c3d",)], [("etl",)])


def widths(project: Project) -> dict[str, int]:
    session = project.warehouse.connect(read_only=True)
    try:
        return {c.name: c.type.width for c in session.columns(Table("star", "dim_customer")) if c.type == Type("text")}
    finally:
        session.close()
