"""What every warehouse must do, asked of each file in `warehouses/`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from starlode import registry
from starlode.errors import WarehouseError
from starlode.session import Reshape
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
    decimal,
    widen,
)
from tests.conftest import WAREHOUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.session import Session
    from starlode.warehouse import Warehouse
    from tests.postgres_server import Server
    from tests.s3.servers import Server as Bucketeer

EVERY_TYPE = (
    BOOLEAN,
    INTEGER,
    decimal(38, 9),
    decimal(18, 2),
    DOUBLE,
    TEXT,
    DATE,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    BINARY,
    JSON,
)
NUMBERS = Table("house", "numbers", (Column("n", INTEGER), Column("word", TEXT)))


@pytest.fixture(params=WAREHOUSES)
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse that is not there yet."""
    kind = registry.member("warehouses", request.param)
    if request.param == "duckdb":
        yield kind.named("duckdb:warehouse.duckdb", tmp_path)
    elif request.param == "postgres":
        server: Server = request.getfixturevalue("postgres_server")
        with server.unmade_database() as url:
            yield kind.named(url, tmp_path)
    else:
        yield kind.named(request.getfixturevalue(request.param), tmp_path)


@pytest.fixture
def session(warehouse: Warehouse, tmp_path: Path) -> Iterator[Session]:
    opened = warehouse.connect(landing=tmp_path / "landing")
    opened.execute(create_schema(opened.dialect, "house"))
    opened.execute(staging.create(opened.dialect, NUMBERS))
    yield opened
    opened.close()


def test_a_warehouse_that_nobody_wrote_to_does_not_exist(warehouse: Warehouse) -> None:
    assert not warehouse.exists

    warehouse.connect().close()

    assert warehouse.exists


def test_every_type_is_spelled_and_read_back(session: Session) -> None:
    columns = tuple(Column(f"c{i}", kind) for i, kind in enumerate(EVERY_TYPE))
    table = Table("house", "types", columns)

    session.execute(staging.create(session.dialect, table))

    assert session.columns(table) == columns


def test_nothing_of_any_type_is_nothing_beside_something(session: Session) -> None:
    columns = tuple(Column(f"c{i}", kind) for i, kind in enumerate(EVERY_TYPE))
    table = Table("house", "nothings", (Column("n", INTEGER), *columns, Column("at", TIMESTAMP)))
    session.execute(staging.create(session.dialect, table))
    nothing: list[Any] = [None] * len(columns)

    session.insert(table, [[1, *nothing, datetime(2026, 1, 31, 10, 20, 30)], [2, *nothing, None]])

    told = session.arrow(f"select * from {session.dialect.table(table)} order by n").read_all().to_pylist()
    assert [[row[column.name] for column in columns] for row in told] == [nothing, nothing]
    assert [row["at"] for row in told] == [datetime(2026, 1, 31, 10, 20, 30), None]


def test_a_table_that_is_not_there_has_no_columns(session: Session) -> None:
    assert session.columns(Table("house", "nothing")) == ()


def test_a_select_is_described_without_running(session: Session) -> None:
    described = session.describe("select 1 as one, 'x' as word, cast(1.5 as decimal(9,2)) as amount")

    assert [column.name for column in described] == ["one", "word", "amount"]
    # BigQuery's expressions have no digits of their own.
    assert widen(decimal(9, 2), described[2].type) == described[2].type


@pytest.mark.parametrize("name", ['quo"te', "semi;colon", "line\nbreak", "sélect", "select", "a.b", "' or 1=1 --", " "])
def test_any_name_is_taken_literally(session: Session, name: str) -> None:
    table = Table("house", name, (Column(name, TEXT),))

    session.execute(staging.create(session.dialect, table))
    session.insert(table, [("value",)])

    assert session.columns(table) == (Column(name, TEXT),)
    assert session.rows(f"select {session.dialect.quote(name)} from {session.dialect.table(table)}") == [("value",)]


@pytest.mark.parametrize(
    "text", ["", "'", "''", "\\", "\\'", "%s", "?", "x\x01y", "é👩‍🚀", "'); drop table numbers; --"]
)
def test_any_text_comes_back_bound_or_quoted(session: Session, text: str) -> None:
    session.insert(NUMBERS, [(1, text)])

    assert session.rows(f"select word from house.numbers where word = {session.dialect.hole(1)}", (text,)) == [(text,)]
    assert session.rows(f"select count(*) from house.numbers where word = {session.dialect.text(text)}") == [(1,)]


def test_a_transaction_that_fails_leaves_nothing(session: Session) -> None:
    def fail_after_writing() -> None:
        with session.transaction():
            session.insert(NUMBERS, [(1, "one")])
            session.execute(staging.create(session.dialect, Table("house", "made", (Column("x", TEXT),))))
            session.rows("select no_such_column from house.numbers")

    with pytest.raises(WarehouseError):
        fail_after_writing()

    assert session.rows("select count(*) from house.numbers") == [(0,)]
    assert session.columns(Table("house", "made")) == ()


def test_a_transaction_that_ends_well_stays(session: Session) -> None:
    with session.transaction():
        session.insert(NUMBERS, [(1, "one"), (2, "two")])

    assert session.rows("select n, word from house.numbers order by n") == [(1, "one"), (2, "two")]


def test_rows_stream_as_arrow(session: Session) -> None:
    session.insert(NUMBERS, [(n, str(n)) for n in range(1000)])

    with session.arrow("select n from house.numbers order by n") as reader:
        read = reader.read_all()

    assert read.column("n").to_pylist() == list(range(1000))


def test_landed_files_load_exactly(session: Session, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    table = Table(
        "house",
        "landed",
        (
            Column("amount", decimal(38, 9)),
            Column("at", TIMESTAMP),
            Column("day", DATE),
            Column("gone", TEXT),
            Column("load", INTEGER),
        ),
    )
    row = (Decimal("12345678901234567890123456789.123456789"), datetime(2024, 2, 29, 23, 59, 59, 999999), date(1, 1, 1))
    (tmp_path / "landing").mkdir()
    file = tmp_path / "landing" / "it's one.parquet"
    names = ["amount", "at", "day"]
    types = [pa.decimal128(38, 9), pa.timestamp("us"), pa.date32()]
    pq.write_table(pa.table([pa.array([cell], kind) for cell, kind in zip(row, types, strict=True)], names=names), file)
    session.execute(staging.create(session.dialect, table))
    landed = dict(zip(names, (c.type for c in table.columns), strict=False))

    session.load(table, [_landed(session, file, request)], landed, {"load": 7})

    assert session.rows(f"select {session.dialect.names(table.names)} from house.landed") == [(*row, None, 7)]


def test_users_sql_cannot_read_files_outside_the_landing(session: Session, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("password\nhunter2\n")

    with pytest.raises(WarehouseError) as refused:
        session.rows(f"select * from read_csv('{secret}')")

    assert "hunter2" not in str(refused.value)


def test_a_question_may_begin_with_a_remark(session: Session) -> None:
    assert session.rows("-- how many?\n/* of\nwhat? */ select 1 as n") == [(1,)]


def test_users_sql_cannot_change_the_settings(session: Session) -> None:
    with pytest.raises(WarehouseError):
        session.execute("set enable_external_access = true")


def test_an_error_does_not_quote_the_value_of_a_cell(session: Session) -> None:
    session.insert(NUMBERS, [(1, "4111-1111-1111-1111")])

    with pytest.raises(WarehouseError) as refused:
        session.rows("select cast(word as bigint) from house.numbers")

    assert "4111" not in str(refused.value)


def test_reading_only_cannot_write(warehouse: Warehouse, session: Session) -> None:
    session.close()
    reading = warehouse.connect(read_only=True)

    with pytest.raises(WarehouseError):
        reading.insert(NUMBERS, [(1, "one")])

    reading.close()


def test_reading_only_answers_behind_remarks_and_writes_behind_none(warehouse: Warehouse, session: Session) -> None:
    session.insert(NUMBERS, [(1, "one")])
    session.close()
    reading = warehouse.connect(read_only=True)

    counted = reading.arrow("-- how many?\n/* delete */ select count(*) as numbers from house.numbers").read_all()
    with pytest.raises(WarehouseError):
        reading.rows("-- how many?\n/* none */ delete from house.numbers where n in (/* one */ select 1)")
    reading.close()

    assert [*counted.to_pylist()[0].values()] == [1]
    again = warehouse.connect(read_only=True)
    assert again.rows("select count(*) from house.numbers") == [(1,)]
    again.close()


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2024-02-28 00:00:00", "2024-03-01 00:00:00", "2.000000"),
        ("2024-02-01 12:00:00", "2024-02-01 12:00:01", "0.000012"),
        ("2024-02-01 12:00:01", "2024-02-01 12:00:00", "-0.000012"),
        ("2024-02-01 00:00:00", "2024-02-01 00:00:00.043199", "0.000000"),
        ("2024-02-01 00:00:00", "2024-02-01 00:00:00.043200", "0.000001"),
        ("2024-02-01 00:00:00.043200", "2024-02-01 00:00:00", "-0.000001"),
        ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "3652059.000000"),
    ],
)
def test_days_between_two_moments_are_exact(session: Session, first: str, last: str, days: str) -> None:
    asked = session.dialect.days(f"timestamp '{first}'", f"timestamp '{last}'")

    rows = session.rows(f"select {session.dialect.cast(asked, decimal(18, 6))}")

    assert rows == [(Decimal(days),)]


def test_a_row_is_made_for_each_number_below_a_value(session: Session) -> None:
    session.insert(NUMBERS, [(2, "two"), (0, "none"), (1, "one")])
    repeated = session.dialect.repeated(session.dialect.table(NUMBERS), "n", "number")

    rows = session.rows(f"select n, word, number from ({repeated}) as r order by 1, 3")

    assert rows == [(1, "one", 0), (2, "two", 0), (2, "two", 1)]


def test_a_view_shows_what_its_table_has_become(session: Session) -> None:
    view = Table("house", "shown")
    count = [0]

    def select() -> str | None:
        count[0] += 1
        names = session.dialect.names(tuple(column.name for column in session.columns(NUMBERS)))
        return f"select {names} from {session.dialect.table(NUMBERS)}" if count[0] < 3 else None

    with session.showing(view, select):
        pass
    first = session.columns(view)
    with session.showing(view, select):
        session.reshape(NUMBERS, Reshape(dropped=("word",), added=(Column("at", DATE),)))
    second = session.columns(view)
    with session.showing(view, select):
        pass

    assert first == NUMBERS.columns
    assert second == (Column("n", INTEGER), Column("at", DATE))
    assert session.columns(view) == ()


def _landed(session: Session, file: Path, request: pytest.FixtureRequest) -> str:
    """Where a landed file is for the warehouse: as it lies, or in a bucket that the warehouse reads itself."""
    if not session.reads(["s3://lake/landing"], {}):
        return str(file)
    server: Bucketeer = request.getfixturevalue("semantics")
    bucket = server.fresh_bucket()
    server.client().put_object(Bucket=bucket, Key=f"landing/{file.name}", Body=file.read_bytes())
    return f"s3://{bucket}/landing/{file.name}"
