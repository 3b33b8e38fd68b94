"""Snowflake as the warehouse, on its double: how one comes in, what is refused, what breaks, and what is left to do then."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import starlode
from starlode.errors import StarlodeError, Stopped, WarehouseError
from starlode.session import Reshape
from starlode.snowflake import copying
from starlode.snowflake.dialect import DIALECT, letters
from starlode.sql import staging
from starlode.sql.ledger import create_schema
from starlode.table import DATE, INTEGER, TEXT, Column, Table, decimal
from starlode.warehouses.snowflake import Snowflake
from tests import projects
from tests.snowflake_double import TOKEN
from tests.warehouses.losing import Lost, losing

if TYPE_CHECKING:
    from starlode.project import Project
    from tests.snowflake_double import Snowflake as Double

GOLDEN = Path(__file__).parents[1] / "golden" / "snowflake"
PROJECT = """
name: shop
sources:
  till:
    files: data
    streams:
      customers: {{files: "customers*.csv", key: id, since: version}}
      orders: {{files: "orders*.csv", types: {{at: timestamp, "on": time, amount: "decimal(10,2)"}}}}
dimensions:
  customer: {{from: till.customers, key: id}}
facts:
  sales: {{from: till.orders, grain: "no", dims: {{customer: id}}, measures: {{amount: sum}}}}
target: {target}
"""
FIRST = {
    "data/customers1.csv": "id,version,name\nC1,1,Ann\nC2,1,Bob\n",
    "data/orders1.csv": "no,id,at,on,amount\n1,C1,2024-01-01 08:00:00,08:30:00,1.10\n2,C2,2024-01-02 09:00:00,,2.20\n",
}
SALES = "select sum(amount), count(*) from star.fact_sales"
TABLE = Table("house", "things", (Column("n", INTEGER), Column("firstName", TEXT)))


@pytest.fixture
def project(snowflake: str, tmp_path: Path) -> Project:
    return laid(tmp_path, snowflake)


def laid(folder: Path, target: str) -> Project:
    return projects.project(folder, {"starlode.yml": PROJECT.format(target=target), **FIRST})


def sales(project: Project) -> list[str]:
    return [str(cell) for cell in projects.rows(project, SALES)[0]]


def made(target: str, folder: Path) -> Any:
    """A session with a table in it."""
    session = Snowflake.named(target, folder).connect()
    session.execute(create_schema(session.dialect, "house"))
    session.execute(staging.create(session.dialect, TABLE))
    return session


def test_a_star_is_loaded_and_a_second_run_changes_nothing(project: Project) -> None:
    run = starlode.run(project)

    assert run.status == "succeeded"
    assert sales(project) == ["3.30", "2"]
    assert str(projects.value(project, 'select "ON" from staging.till__orders where no = 1')) == "08:30:00"
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


@pytest.mark.parametrize(
    ("name", "kept"), [("city", "CITY"), ("ID", "id"), ("firstName", "firstName"), ("été", "éTé"), ("a.b 1", "A.B 1")]
)
def test_a_name_is_kept_in_letters_that_tell_how_it_was_written(name: str, kept: str) -> None:
    assert letters(name) == kept
    assert letters(kept) == name


def test_what_is_planned_quotes_no_name_that_is_kept_otherwise() -> None:
    quoted = re.compile(r"'(?:[^'\\]|''|\\.)*'|\"((?:[^\"]|\"\")+)\"")

    names = {name for path in GOLDEN.rglob("*.sql") for name in quoted.findall(path.read_text("utf-8"))}

    assert "CUSTOMER_ID" in names
    assert {name for name in names if name and name == name.lower()} == set()


def test_a_target_says_neither_password_nor_key(tmp_path: Path) -> None:
    target = Snowflake.named("snowflake://loader:hunter2@acme-eu/lake?login=key&key=keys/k.p8", tmp_path)

    assert "hunter2" not in repr(target)
    assert "hunter2" not in target.address.shown
    assert target.address.told()["private_key_file"] == str(tmp_path / "keys/k.p8")


@pytest.mark.parametrize(
    "target", ["snowflake://", "snowflake://acme/lake", "snowflake://a@acme", "snowflake://a@acme/b/c"]
)
def test_a_target_that_is_no_address_is_told(target: str, tmp_path: Path) -> None:
    with pytest.raises(StarlodeError) as told:
        laid(tmp_path, target)

    assert "no address of a Snowflake database" in str(told.value)


def test_one_comes_in_with_a_key(snowflake_double: Double, snowflake: str, tmp_path: Path) -> None:
    (tmp_path / "key.p8").write_bytes(snowflake_double.key)
    (tmp_path / "key.p8").chmod(0o600)
    target = snowflake.replace("loader:loads", "signer") + "&login=key&key=key.p8"

    assert not Snowflake.named(target, tmp_path).exists


def test_one_comes_in_with_a_token(snowflake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_TOKEN", TOKEN)
    target = snowflake.replace("loader:loads", "bearer") + "&login=oauth"

    assert not Snowflake.named(target, tmp_path).exists


def test_a_wrong_password_is_told_without_it(snowflake: str, tmp_path: Path) -> None:
    target = Snowflake.named(snowflake.replace("loader:loads", "loader:hunter2"), tmp_path)

    with pytest.raises(WarehouseError) as refused:
        _ = target.exists

    assert "is not right" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(("asked", "missing"), [("warehouse=nothing", "warehouse"), ("role=nobody", "role")])
def test_a_warehouse_or_a_role_that_is_not_there_is_told(
    snowflake: str, asked: str, missing: str, tmp_path: Path
) -> None:
    target = Snowflake.named(f"{snowflake.partition('?')[0]}?protocol=http&{asked}", tmp_path)

    with pytest.raises(WarehouseError) as refused:
        _ = target.exists

    assert f"no such {missing}" in str(refused.value)


def test_a_user_without_rights_is_told_which_page_names_them(snowflake: str, tmp_path: Path) -> None:
    project = laid(tmp_path, snowflake.replace("loader:loads", "reader:reads"))

    with pytest.raises(WarehouseError) as refused:
        starlode.run(project)

    assert "Insufficient privileges" in str(refused.value)
    assert "docs/snowflake.md" in str(refused.value)


def test_a_landed_file_that_is_missing_stops_the_load_and_the_next_run_mends_it(project: Project) -> None:
    starlode.run(project)
    before = sales(project)
    projects.write(project.folder, {"data/orders2.csv": "no,id,at,on,amount\n3,C1,2024-01-03 08:00:00,,9.99\n"})
    starlode.run(project, only="land")
    file = max(project.landing.folder.rglob("till/orders/*/part-*.parquet"), key=lambda path: path.stat().st_mtime)
    content = file.read_bytes()
    file.unlink()

    with pytest.raises(StarlodeError):
        starlode.run(project)
    after = sales(project)
    file.write_bytes(content)
    starlode.run(project)

    assert after == before
    assert sales(project) == ["13.29", "3"]


@pytest.mark.parametrize("word", ["copy into", "commit"])
def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(word: str, snowflake: str, tmp_path: Path) -> None:
    port = int(snowflake.partition("127.0.0.1:")[2].partition("/")[0])
    lost = Lost(word.encode())
    with losing(port, lost) as relay:
        project = laid(tmp_path, snowflake.replace(f":{port}/", f":{relay}/"))
        run = starlode.run(project)

    assert lost.has_lost
    assert run.status == "succeeded"
    assert sales(laid(tmp_path, snowflake)) == ["3.30", "2"]


def test_the_statements_of_a_run_are_tagged_with_its_name(snowflake: str, tmp_path: Path) -> None:
    port = int(snowflake.partition("127.0.0.1:")[2].partition("/")[0])
    heard = Lost(b"set query_tag = 'starlode 2")
    with losing(port, heard) as relay:
        run = starlode.run(laid(tmp_path, snowflake.replace(f":{port}/", f":{relay}/")))

    assert heard.has_lost
    assert run.run_id.startswith("2")


def test_days_beyond_the_years_that_snowflake_keeps_are_known_for_what_a_copy_is_refused_for() -> None:
    days: Any = pa.array([0, 2_932_896, 2_932_897, -719_163, None], pa.int32()).cast(pa.date32())

    found = copying.misfits(Column("on", DATE), days)

    assert found is not None
    assert found.which.to_pylist() == [False, False, True, True, None]
    assert "1 to 9999" in found.reason


def test_a_process_that_is_killed_in_the_middle_is_mended_by_the_next(
    snowflake_double: Double, snowflake: str, tmp_path: Path
) -> None:
    project = laid(tmp_path, snowflake)
    port = int(snowflake.partition("127.0.0.1:")[2].partition("/")[0])
    lost = Lost(b"copy into", holds=True)
    with losing(port, lost) as relay:
        laid(tmp_path, snowflake.replace(f":{port}/", f":{relay}/"))
        run = subprocess.Popen([sys.executable, "-m", "starlode", "run"], cwd=tmp_path, env=dict(os.environ))
        assert lost.came.wait(60)
        run.kill()
        run.wait(60)
    snowflake_double.abort()
    project = laid(tmp_path, snowflake)

    starlode.run(project)

    assert sales(project) == ["3.30", "2"]
    assert starlode.check(project) == ()


@pytest.mark.parametrize("how", ["aborted", "waited for"])
def test_a_transaction_that_snowflake_ends_behind_its_back_leaves_nothing(
    how: str, snowflake_double: Double, snowflake: str, tmp_path: Path
) -> None:
    session = made(snowflake.replace("loader:loads", "sleeper:sleeps"), tmp_path)
    session.insert(TABLE, [(1, "Ann")])

    def write() -> None:
        with session.transaction():
            session.execute(staging.empty(DIALECT, TABLE))
            if how == "aborted":
                snowflake_double.abort()
            else:
                session.reshape(TABLE, Reshape(added=(Column("at", TEXT),)))
            session.insert(TABLE, [(2, "Bob")])

    with pytest.raises(Stopped) as stopped:
        write()

    assert "before its time" in str(stopped.value)
    assert session.rows("select * from house.things") == [(1, "Ann")]
    with session.transaction():
        session.insert(TABLE, [(3, "Eve")])
    assert session.rows("select n from house.things order by n") == [(1,), (3,)]
    session.close()


def test_what_a_transaction_has_made_goes_with_it(snowflake: str, tmp_path: Path) -> None:
    session = made(snowflake, tmp_path)
    session.insert(TABLE, [(1, "Ann")])

    def fail_half_way() -> None:
        with session.transaction():
            session.reshape(TABLE, Reshape(dropped=("firstName",), added=(Column("at", TEXT),)))
            session.execute(staging.drop(DIALECT, TABLE))
            session.execute(staging.create(DIALECT, Table("house", "things", (Column("other", TEXT),))))
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()

    assert session.columns(TABLE) == TABLE.columns
    assert session.rows("select * from house.things") == [(1, "Ann")]
    session.close()


def test_a_table_that_is_dropped_and_made_again_is_another_one(snowflake: str, tmp_path: Path) -> None:
    session = made(snowflake, tmp_path)
    session.insert(TABLE, [(1, "Ann")])
    other = Table("house", "things", (Column("n", TEXT),))

    with session.transaction():
        session.execute(staging.drop(DIALECT, TABLE))
        gone = session.columns(TABLE)
        session.execute(staging.create(DIALECT, other))
        session.insert(other, [("one",)])
        seen = session.rows(staging.all_rows(DIALECT, other))

    assert (gone, seen) == ((), [("one",)])
    assert session.columns(TABLE) == other.columns
    assert session.rows("select * from house.things") == [("one",)]
    session.close()


def test_a_table_has_its_new_name_in_the_transaction_that_gives_it(snowflake: str, tmp_path: Path) -> None:
    session = made(snowflake, tmp_path)
    session.insert(TABLE, [(1, "Ann")])
    other = Table("house", "others", TABLE.columns)

    with session.transaction():
        session.execute(staging.rename(DIALECT, TABLE, "others"))
        session.insert(other, [(2, "Bob")])
        seen = (session.columns(TABLE), session.columns(other))

    assert seen == ((), TABLE.columns)
    assert (session.columns(TABLE), session.columns(other)) == seen
    assert session.rows("select * from house.others order by n") == [(1, "Ann"), (2, "Bob")]
    session.close()


def test_a_column_of_another_type_keeps_its_values(snowflake: str, tmp_path: Path) -> None:
    session = made(snowflake, tmp_path)
    session.insert(TABLE, [(1, "Ann"), (2, None)])

    with session.transaction():
        session.reshape(TABLE, Reshape(retyped=(Column("n", decimal(12, 2)),)))

    assert {column.name: column.type for column in session.columns(TABLE)} == {"n": decimal(12, 2), "firstName": TEXT}
    assert [str(row[0]) for row in session.rows("select n from house.things order by n")] == ["1.00", "2.00"]
    session.close()


def test_a_second_run_is_told_who_holds_the_warehouse(snowflake: str, tmp_path: Path) -> None:
    target = Snowflake.named(snowflake, tmp_path)
    first = target.connect()

    with pytest.raises(WarehouseError) as refused:
        target.connect()
    first.close()
    target.connect().close()

    assert f"in use by process {os.getpid()}" in str(refused.value)


def test_a_run_whose_lease_was_taken_changes_nothing(snowflake: str, tmp_path: Path) -> None:
    session = made(snowflake, tmp_path)
    session.execute('update "STARLODE_LOCK"."HOLDER" set token = ?', ("another",))

    def write() -> None:
        with session.transaction():
            session.insert(TABLE, [(1, "Ann")])

    with pytest.raises(WarehouseError) as refused:
        write()

    assert "lost its hold" in str(refused.value)
    assert session.rows("select count(*) from house.things") == [(0,)]
    session.close()


def test_a_work_table_is_made_again_from_one_that_has_taken_its_name(snowflake: str, tmp_path: Path) -> None:
    """As where the states of a daily fact give way to its days."""
    session = made(snowflake, tmp_path)
    work, other = "__starlode_days", "__starlode_states"

    with session.transaction():
        session.execute(f"{DIALECT.create_work} {work} as\nselect 1 as n")
        session.execute(f"alter table {work} rename to {other}")
        session.execute(f"{DIALECT.create_work} {work} as\nselect n + 1 as n, 'x' as word from {other}")
        columns = session.describe(f"select * from {DIALECT.quote(work)}")
        seen = session.rows(f"select w.n, o.n from {work} as w cross join {other} as o")

    assert [column.name for column in columns] == ["n", "word"]
    assert seen == [(2, 1)]
    session.close()
