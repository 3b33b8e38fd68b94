"""What is special to the embedded warehouse: its file, its lock, its limits."""

from __future__ import annotations

import subprocess
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

import pytest

from starlode.errors import WarehouseError
from starlode.warehouses.duckdb import DuckDB

if TYPE_CHECKING:
    from pathlib import Path


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


class Searches(MetaPathFinder):
    """Finds nothing, and notes what it was asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, fullname: str, *_: object) -> None:
        self.names.append(fullname)


def test_files_are_written_so_that_duckdb_1_5_reads_them(tmp_path: Path) -> None:
    session = DuckDB(tmp_path / "w.duckdb").connect()

    tags = session.rows(
        "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
    )
    session.close()

    assert tags[0][0].startswith("v1.5")


def test_values_are_bound_without_a_search_for_pandas(tmp_path: Path) -> None:
    session = DuckDB(tmp_path / "w.duckdb").connect()
    searches = Searches()
    sys.meta_path.insert(0, searches)
    try:
        rows = session.rows("select ?, ?, ?", ["text", 1, None])
    finally:
        sys.meta_path.remove(searches)
        session.close()

    assert rows == [("text", 1, None)]
    assert searches.names == []
    assert "pandas" not in sys.modules


def test_a_file_that_another_process_holds_says_who(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()

        with pytest.raises(WarehouseError) as refused:
            DuckDB(path).connect()
        holder.stdin.close()

    assert f"process {holder.pid}" in refused.value.what
    assert "--wait" in (refused.value.hint or "")


def test_a_file_that_is_no_warehouse_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("this is a diary, not a database, and it is long enough to be read as one\n" * 200)

    with pytest.raises(WarehouseError) as refused:
        DuckDB(path).connect()

    assert refused.value.where == str(path)


@pytest.mark.parametrize(("memory", "share"), [("1GiB", "677.1 MiB"), ("2GB", "1.4 GiB"), ("0.3GB", "143.0 MiB")])
def test_duckdb_gets_its_share_of_the_memory_and_the_threads_that_are_set(
    tmp_path: Path, memory: str, share: str
) -> None:
    session = DuckDB(tmp_path / "w.duckdb", memory=memory, threads=1).connect()

    held = session.rows("select current_setting('memory_limit'), current_setting('threads')")
    session.close()

    assert held == [(share, 1)]


def test_a_look_up_that_fails_tells_its_own_error_and_the_transaction_is_rolled_back(tmp_path: Path) -> None:
    session = DuckDB(tmp_path / "w.duckdb").connect()
    session.execute("create table held (n bigint)")

    with pytest.raises(WarehouseError) as refused, session.transaction():
        session.look_up("insert into held select 1 from missing")

    assert "missing" in str(refused.value)
    session.look_up("insert into held values (7)")
    told = session.rows("select n, current_setting('disabled_optimizers') from held")
    session.close()
    assert told == [(7, "")]


def test_times_are_utc(tmp_path: Path) -> None:
    session = DuckDB(tmp_path / "w.duckdb").connect()

    hour = session.rows("select cast(timestamptz '2024-07-01 12:00:00+02' as timestamp)::varchar")
    session.close()

    assert hour == [("2024-07-01 10:00:00",)]
