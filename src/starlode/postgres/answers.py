"""What a PostgreSQL server answers, as Arrow with the types that it describes; types of which we know nothing come as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from starlode.arrow import arrow_field
from starlode.postgres.refusing import told
from starlode.table import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    MAX_PRECISION,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Column,
    Type,
    decimal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    import psycopg

KNOWN: dict[int, Type] = {
    16: BOOLEAN,
    17: BINARY,
    20: INTEGER,
    21: INTEGER,
    23: INTEGER,
    26: INTEGER,
    25: TEXT,
    1042: TEXT,
    1043: TEXT,
    114: JSON,
    3802: JSON,
    700: DOUBLE,
    701: DOUBLE,
    1082: DATE,
    1083: TIME,
    1114: TIMESTAMP,
    1184: TIMESTAMPTZ,
}
NUMERIC = 1700
ROWS_AT_ONCE = 16_384
CURSOR = "starlode_answer"


def type_of(oid: int, modifier: int) -> Type:
    """Our type for one of the server's; a numeric without precision has no digits that could be named, and is text."""
    if oid != NUMERIC:
        return KNOWN.get(oid, TEXT)
    precision, scale = ((modifier - 4) >> 16) & 0xFFFF, ((modifier - 4) & 0x7FF ^ 0x400) - 0x400
    fits = modifier >= 0 and 0 <= scale <= precision <= MAX_PRECISION
    return decimal(precision, scale) if fits else TEXT


def described(connection: psycopg.Connection[Any], sql: str) -> tuple[tuple[Column, int, int], ...]:
    """The columns that a statement gives, each with the server's own type and modifier, found without running it."""
    from psycopg import errors, pq

    plain = connection.pgconn
    result = plain.prepare(b"", sql.encode())
    if result.status == pq.ExecStatus.COMMAND_OK:
        result = plain.describe_prepared(b"")
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise errors.error_from_result(result)
    found = []
    for i in range(result.nfields):
        oid, modifier = result.ftype(i), result.fmod(i)
        found.append((Column((result.fname(i) or b"").decode(), type_of(oid, modifier)), oid, modifier))
    return tuple(found)


def answer(connection: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> pa.RecordBatchReader:
    """The rows of a SELECT, fetched as they are read."""
    columns = described(connection, sql)
    # Sums have no precision of their own: what they need is seen when all are there.
    if any(oid == NUMERIC and column.type == TEXT for column, oid, _ in columns):
        return _settled(columns, list(_fetched(connection, sql, values, columns)))
    schema = pa.schema([arrow_field(column) for column, *_ in columns])
    batches = (_batch(schema, rows) for rows in _fetched(connection, sql, values, columns))
    return pa.RecordBatchReader.from_batches(schema, batches)


def _fetched(
    connection: psycopg.Connection[Any], sql: str, values: Sequence[Any], columns: tuple[tuple[Column, int, int], ...]
) -> Iterator[list[tuple[Any, ...]]]:
    from psycopg import RawCursor, pq
    from psycopg.types.string import TextLoader

    is_alone = connection.info.transaction_status == pq.TransactionStatus.IDLE
    if is_alone:
        connection.execute("begin read only")
    try:
        with RawCursor(connection) as cursor:
            for _, oid, _ in columns:
                if oid not in KNOWN and oid != NUMERIC:
                    cursor.adapters.register_loader(oid, TextLoader)
            with told(sql):
                cursor.execute(f"declare {CURSOR} no scroll cursor for {sql}".encode(), list(values) or None)
            while rows := _next(cursor, sql):
                yield rows
            cursor.execute(f"close {CURSOR}".encode())
    finally:
        if is_alone:
            connection.execute("rollback")


def _next(cursor: psycopg.Cursor[Any], sql: str) -> list[tuple[Any, ...]]:
    with told(sql):
        return cursor.execute(f"fetch {ROWS_AT_ONCE} from {CURSOR}".encode()).fetchall()


def _batch(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.record_batch(
        [pa.array(cells, field.type) for cells, field in zip(columns, schema, strict=True)], schema=schema
    )


def _settled(
    columns: tuple[tuple[Column, int, int], ...], fetched: list[list[tuple[Any, ...]]]
) -> pa.RecordBatchReader:
    """All rows at once, with the digits that the values of each numeric need."""
    rows = [row for part in fetched for row in part]
    held = []
    for place, (column, oid, _) in enumerate(columns):
        is_free = oid == NUMERIC and column.type == TEXT
        held.append(Column(column.name, digits([row[place] for row in rows]) if is_free else column.type))
    schema = pa.schema([arrow_field(column) for column in held])
    spelled = {i for i, c in enumerate(held) if c.type == TEXT and columns[i][1] == NUMERIC}
    if spelled:
        rows = [tuple(str(v) if i in spelled and v is not None else v for i, v in enumerate(row)) for row in rows]
    return pa.RecordBatchReader.from_batches(schema, [_batch(schema, rows)] if rows else [])


def digits(values: list[Decimal | None]) -> Type:
    """The decimal that holds all of some numbers, or text where none does."""
    whole, scale = 1, 0
    for value in values:
        if value is None:
            continue
        _, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int):
            return TEXT
        whole, scale = max(whole, len(digits) + exponent), max(scale, -exponent)
    return decimal(whole + scale, scale) if whole + scale <= MAX_PRECISION else TEXT
