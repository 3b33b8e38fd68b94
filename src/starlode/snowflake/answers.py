"""What Snowflake answers: the columns of a statement, and its rows as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from starlode.arrow import arrow_field
from starlode.errors import WarehouseError
from starlode.snowflake.dialect import letters
from starlode.snowflake.refusing import told
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

# The driver's numbers of types, of which the first is a number with a precision and a scale.
FIXED = 0
KINDS = (
    None,
    DOUBLE,
    TEXT,
    DATE,
    TIMESTAMP,
    JSON,
    TIMESTAMPTZ,
    TIMESTAMPTZ,
    TIMESTAMP,
    JSON,
    JSON,
    BINARY,
    TIME,
    BOOLEAN,
)
# The digits of a whole number, and of what a SELECT counts; a sum has more.
WHOLE, COUNTED = (19,), (18, 19)
ROWS_AT_ONCE = 16_384


def kind_of(described: Any, whole: Sequence[int] = WHOLE) -> Type:
    """Our type for one of the driver's; `whole` says which precisions are those of a whole number."""
    if described.type_code != FIXED:
        return KINDS[described.type_code] or TEXT
    precision, scale = int(described.precision or MAX_PRECISION), int(described.scale or 0)
    return INTEGER if not scale and precision in whole else decimal(precision, scale)


def described(connection: Any, sql: str) -> tuple[Column, ...]:
    """The columns that a SELECT gives, found by compiling it."""
    with told(sql):
        found = connection.cursor().describe(sql) or ()
    return tuple(Column(letters(column.name), kind_of(column)) for column in found)


def answer(cursor: Any, sql: str) -> pa.RecordBatchReader:
    """The rows of a SELECT that was run, fetched as they are read."""
    columns = [Column(letters(c.name), kind_of(c, COUNTED)) for c in cursor.description]
    schema = pa.schema([arrow_field(column) for column in columns])
    return pa.RecordBatchReader.from_batches(schema, _batches(cursor, sql, schema))


def _batches(cursor: Any, sql: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while True:
        with told(sql):
            rows = cursor.fetchmany(ROWS_AT_ONCE)
        if not rows:
            return
        try:
            cells = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
        except (OverflowError, pa.ArrowInvalid) as error:
            raise WarehouseError(
                "a number of the answer has more digits than its type", hint="cast it in the SELECT"
            ) from error
        yield pa.record_batch(cells, schema=schema)
