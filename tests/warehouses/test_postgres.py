"""What is special to PostgreSQL as the warehouse: its address, its lock, and what the server does not take."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import starlode
from starlode.errors import DataError, ProjectError, WarehouseError
from starlode.secret import Secret
from starlode.sql import staging
from starlode.sql.ledger import create_schema
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
from starlode.table import decimal as decimal_type
from starlode.warehouses.postgres import Postgres
from tests import projects
from tests.engine import shop
from tests.warehouses.pooler import pooling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.session import Session
    from tests.postgres_server import Server

HOLD = """
import sys
from starlode.secret import Secret
from starlode.warehouses.postgres import Postgres
session = Postgres(Secret(sys.argv[1])).connect()
print(session.rows("select pg_backend_pid()")[0][0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def session(postgres: str) -> Iterator[Session]:
    opened = Postgres(Secret(postgres)).connect()
    opened.execute(create_schema(opened.dialect, "house"))
    yield opened
    opened.close()


def test_a_database_that_another_run_holds_says_who_and_since_when(postgres: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, postgres], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        pid = holder.stdout.readline().strip()

        with pytest.raises(WarehouseError) as refused:
            Postgres(Secret(postgres)).connect()
        holder.stdin.close()

    assert f"server process {pid} (starlode) of postgres since 2" in refused.value.what
    assert "--wait" in (refused.value.hint or "")


@pytest.mark.parametrize(("asked", "own"), [("", "starlode"), ("?application_name=" + "x" * 60, "x" * 38)])
def test_a_session_has_the_name_of_its_run_behind_its_own(postgres: str, asked: str, own: str) -> None:
    writing = Postgres(Secret(f"{postgres}{asked}")).connect()
    writing.sign("20240101T000000-0a1b2c3d")

    with pytest.raises(WarehouseError) as refused:
        Postgres(Secret(postgres)).connect()
    writing.close()

    assert f"({own} 20240101T000000-0a1b2c3d)" in refused.value.what


def test_the_statements_of_a_run_have_its_name(postgres: str, tmp_path: Path) -> None:
    shop.opened(tmp_path)
    names: set[str] = set()

    def look(_: object) -> None:
        with psycopg.connect(postgres) as beside:
            names.update(name for (name,) in beside.execute("select application_name from pg_stat_activity"))

    run = starlode.run(starlode.read(tmp_path, target=postgres), listen=look)

    assert f"starlode {run.run_id}" in names


def test_a_reader_does_not_wait_for_a_run(postgres: str) -> None:
    writing = Postgres(Secret(postgres)).connect()
    reading = Postgres(Secret(postgres)).connect(read_only=True)

    assert reading.rows("select 1") == [(1,)]

    reading.close()
    writing.close()


def test_a_run_waits_for_another_to_end(postgres: str, tmp_path: Path) -> None:
    shop.opened(tmp_path)
    project = starlode.read(tmp_path, target=postgres)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("sys.stdin.read()", "import time; time.sleep(1.5)"), postgres],
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()

        run = starlode.run(project, wait=30)

    assert run.status == "succeeded"


def test_a_pooler_is_refused(postgres: str) -> None:
    there = urlsplit(postgres)
    with pooling(there.hostname or "", there.port or 0) as port:
        pooled = postgres.replace(f":{there.port}/", f":{port}/")

        with pytest.raises(WarehouseError, match="goes through a pooler"):
            Postgres(Secret(pooled)).connect()


def test_a_missing_database_is_made_with_utf8(postgres_server: Server) -> None:
    with postgres_server.unmade_database() as url:
        session = Postgres(Secret(url)).connect()

        assert session.rows("select current_setting('server_encoding')") == [("UTF8",)]

        session.close()


def test_a_database_of_another_encoding_is_refused(postgres_server: Server) -> None:
    with (
        postgres_server.fresh_database("encoding 'LATIN1' locale 'C'") as url,
        pytest.raises(WarehouseError, match="keeps texts as LATIN1"),
    ):
        Postgres(Secret(url)).connect()


def test_the_address_is_a_secret(postgres: str, tmp_path: Path) -> None:
    there = urlsplit(postgres)
    url = f"postgresql://somebody:hunter2@127.0.0.1:1{there.path}"
    projects.write(tmp_path, {"starlode.yml": shop.PROJECT + "target: ${TARGET}\n", "sql/sales.sql": shop.SALES})
    project = starlode.read(tmp_path, {"TARGET": url})

    with pytest.raises(WarehouseError) as refused:
        starlode.run(project)

    assert "somebody@127.0.0.1:1/" in str(refused.value)
    assert "hunter2" not in str(refused.value) + repr(project) + repr(project.warehouse)


@pytest.mark.parametrize("target", ["postgresql:shop", "postgres://[::1/x", "postgresql://h/d?nothing=1"])
def test_an_address_that_libpq_cannot_read_is_told_without_being_quoted(target: str, tmp_path: Path) -> None:
    projects.write(tmp_path, {"starlode.yml": f"name: x\ntarget: {target}?password=hunter2\n"})

    with pytest.raises(ProjectError) as refused:
        starlode.read(tmp_path)

    assert "no address of a PostgreSQL database" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_environment_names_the_database_where_the_target_does_not(postgres: str) -> None:
    there = urlsplit(postgres)
    named = {
        "PGHOST": there.hostname or "",
        "PGPORT": str(there.port),
        "PGUSER": "postgres",
        "PGDATABASE": there.path[1:],
    }
    code = (
        "from pathlib import Path; from starlode.warehouses.postgres import Postgres\n"
        "session = Postgres.named('postgresql:', Path()).connect()\n"
        "print(session.rows('select current_database()')[0][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **named}, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == there.path[1:]


@pytest.mark.parametrize("act", ["connect()", "connect(read_only=True)", "exists"])
def test_a_driver_that_is_missing_is_named(act: str) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path; from starlode.errors import WarehouseError\n"
        "from starlode.warehouses.postgres import Postgres\n"
        f"try:\n    Postgres.named('postgresql://h/d', Path()).{act}\n"
        "except WarehouseError as error:\n    print(error.hint)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "pip install 'starlode[postgres]'"


def test_every_value_is_loaded_exactly(session: Session, tmp_path: Path) -> None:
    held: dict[str, tuple[Any, pa.DataType, list[Any]]] = {
        "b": (BOOLEAN, pa.bool_(), [True, None]),
        "i": (INTEGER, pa.int64(), [-(2**63), 2**63 - 1]),
        "d": (
            decimal_type(38, 9),
            pa.decimal128(38, 9),
            [Decimal("-12345678901234567890123456789.000000001"), Decimal("0.100000000")],
        ),
        "f": (DOUBLE, pa.float64(), [float("inf"), 0.1]),
        "t": (TEXT, pa.utf8(), ["", "\\N\t'é👩‍🚀\n"]),
        "day": (DATE, pa.date32(), [date(1, 1, 1), date(9999, 12, 31)]),
        "hour": (TIME, pa.time64("us"), [datetime(2024, 1, 1, 23, 59, 59, 999999).time(), None]),
        "at": (
            TIMESTAMP,
            pa.timestamp("us"),
            [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
        ),
        "tz": (TIMESTAMPTZ, pa.timestamp("us", "UTC"), [datetime(2024, 7, 1, 10, tzinfo=UTC), None]),
        "raw": (BINARY, pa.binary(), [b"\x00\xff", b""]),
        "j": (JSON, pa.utf8(), ['{"b": [1, {"c": null}], "a": 0.10}', None]),
    }
    table = Table("house", "every", tuple(Column(name, kind) for name, (kind, *_) in held.items()))
    file = tmp_path / "every.parquet"
    pq.write_table(pa.table({name: pa.array(cells, kind) for name, (_, kind, cells) in held.items()}), file)
    session.execute(staging.create(session.dialect, table))

    session.load(table, [str(file)], {column.name: column.type for column in table.columns}, {})

    read = session.arrow(f"select {session.dialect.names(table.names)} from house.every order by i").read_all()
    expected = {name: cells for name, (_, _, cells) in held.items()}
    expected["j"] = ['{"a": 0.10, "b": [1, {"c": null}]}', None]
    assert read.to_pydict() == expected


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (TEXT, "a\x00b", "1 row of `c`: PostgreSQL keeps no NUL character in a text"),
        (JSON, '{"a": "\\u0000"}', "1 row of `c`: PostgreSQL keeps no NUL character in JSON"),
    ],
)
def test_what_the_server_does_not_take_is_named_and_not_quoted(
    kind: Any, value: str, says: str, session: Session, tmp_path: Path
) -> None:
    table = Table("house", "refused", (Column("c", kind), Column("n", INTEGER)))
    file = tmp_path / "refused.parquet"
    pq.write_table(pa.table({"c": ["{}", value], "n": [1, 2]}), file)
    session.execute(staging.create(session.dialect, table))

    with pytest.raises(DataError) as refused:
        session.load(table, [str(file)], {"c": kind, "n": INTEGER}, {})

    assert says in str(refused.value)
    assert value not in str(refused.value)
    assert session.rows("select count(*) from house.refused") == [(0,)]


def test_a_landed_value_that_does_not_fit_is_not_quoted(session: Session, tmp_path: Path) -> None:
    table = Table("house", "bent", (Column("n", INTEGER),))
    file = tmp_path / "bent.parquet"
    pq.write_table(pa.table({"n": ["1", "hunter2"]}), file)
    session.execute(staging.create(session.dialect, table))

    with pytest.raises(WarehouseError, match="a value does not fit") as refused:
        session.load(table, [str(file)], {"n": TEXT}, {})

    assert "hunter2" not in str(refused.value)


def test_ctrl_c_cancels_the_statement_that_runs(postgres: str) -> None:
    code = HOLD.replace("sys.stdin.read()", 'session.rows("select pg_sleep(60)")')
    with subprocess.Popen(
        [sys.executable, "-c", code, postgres], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        running.wait(20)

    assert running.returncode != 0
    with psycopg.connect(postgres, autocommit=True) as other:
        busy = other.execute(
            "select count(*) from pg_stat_activity where query like '%pg_sleep(60)' and state = 'active'"
        )
        assert busy.fetchone() == (0,)


def test_moments_before_the_calendar_begins_are_refused(session: Session, tmp_path: Path) -> None:
    table = Table("house", "early", (Column("at", TIMESTAMP),))
    file = tmp_path / "early.parquet"
    pq.write_table(pa.table({"at": pa.array([-9_223_372_022_400_000_000], pa.timestamp("us"))}), file)
    session.execute(staging.create(session.dialect, table))

    with pytest.raises(DataError, match=r"`at` for house\.early holds a moment before 4713 BC"):
        session.load(table, [str(file)], {"at": TIMESTAMP}, {})

    assert session.rows("select count(*) from house.early") == [(0,)]


def test_names_that_the_server_would_cut_off_are_refused_together(tmp_path: Path) -> None:
    long = "s" * 50
    said = shop.PROJECT.replace("shop:\n    files", f"{long}:\n    files").replace("shop.", f"{long}.")
    said = said.replace("  product: {from", f"  {'p' * 60}: {{from").replace(
        "product: product_id", f"{'p' * 60}: product_id"
    )
    projects.write(tmp_path, {"starlode.yml": said, "sql/sales.sql": shop.SALES.replace("shop.", f"{long}.")})

    with pytest.raises(ProjectError) as refused:
        starlode.read(tmp_path, target="postgresql://nobody@127.0.0.1:1/nowhere")

    assert "longer than the 63 bytes" in str(refused.value)
    assert f"{long}__customers (seen) (gone)" in str(refused.value)
    assert f"dim_{'p' * 60} (keys), {'p' * 60}_key" in str(refused.value)


def test_columns_that_the_server_would_cut_off_are_refused_before_anything_is_made(
    postgres: str, tmp_path: Path
) -> None:
    column = "c" * 64
    said = 'name: x\nsources: {app: {files: data, streams: {t: "*.csv"}}}\n'
    projects.write(tmp_path, {"starlode.yml": said, "data/a.csv": f"id,{column}\n1,2\n"})
    project = starlode.read(tmp_path, target=postgres)

    with pytest.raises(DataError, match=column):
        starlode.run(project)

    assert projects.value(project, "select count(*) from information_schema.tables where table_schema = 'staging'") == 0


def test_a_lost_connection_is_told_and_the_next_run_goes_on(postgres: str, tmp_path: Path) -> None:
    shop.opened(tmp_path)
    project = starlode.read(tmp_path, target=postgres)
    session = project.warehouse.connect()
    pid = session.rows("select pg_backend_pid()")[0][0]
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", (pid,))
    time.sleep(0.2)

    with pytest.raises(WarehouseError, match="refuses a statement"):
        session.rows("select 1")
    session.close()

    assert starlode.run(project).status == "succeeded"
