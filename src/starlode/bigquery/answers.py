"""What BigQuery answers: the columns of a statement or a table, and its rows as Arrow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from starlode.arrow import arrow_field
from starlode.bigquery.dialect import JSON_MARK, SCALE, WHOLE_DIGITS
from starlode.bigquery.names import read
from starlode.postgres.answers import digits
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

KINDS = {
    "INTEGER": INTEGER,
    "INT64": INTEGER,
    "FLOAT": DOUBLE,
    "FLOAT64": DOUBLE,
    "BOOLEAN": BOOLEAN,
    "BOOL": BOOLEAN,
    "STRING": TEXT,
    "BYTES": BINARY,
    "DATE": DATE,
    "TIME": TIME,
    "DATETIME": TIMESTAMP,
    "TIMESTAMP": TIMESTAMPTZ,
    "JSON": JSON,
}
FEW_ROWS = 10_000
_CASTS = re.compile(r" as (?:big)?numeric\((\d+),(\d+)\)\) as `([^`]+)`")


def columns_of(schema: Sequence[Any]) -> tuple[Column, ...]:
    """The columns that a schema of BigQuery stands for."""
    return tuple(Column(read(field.name), _kind(field)) for field in schema)


def digits_said(sql: str) -> dict[str, Type]:
    """The decimals that a statement of ours gives, by name: BigQuery tells no digits of what a SELECT gives."""
    found: dict[str, Type] = {}
    for precision, scale, name in _CASTS.findall(sql):
        found.setdefault(read(name), decimal(int(precision), int(scale)))
    return found


def answer(rows: Any) -> pa.RecordBatchReader:
    """The rows of a statement, page by page."""
    fields = rows.schema
    # A number of many digits has no size of its own, and is seen through when all are there; so are others where they are few.
    unsized = ("BIGNUMERIC", "NUMERIC") if (rows.total_rows or 0) <= FEW_ROWS else ("BIGNUMERIC",)
    is_open = [field.field_type in unsized and not field.precision for field in fields]
    held = iter(list(_pages(rows))) if any(is_open) else _pages(rows)
    kinds = [column.type for column in columns_of(fields)]
    if any(is_open):
        pages = list(held)
        for i in (i for i, opened in enumerate(is_open) if opened):
            kinds[i] = digits([row[i] for page in pages for row in page])
        held = iter(pages)
    columns = [Column(read(field.name), kind) for field, kind in zip(fields, kinds, strict=True)]
    schema = pa.schema([arrow_field(column) for column in columns])
    return pa.RecordBatchReader.from_batches(schema, (_batch(schema, kinds, page) for page in held))


def _kind(field: Any) -> Type:
    if field.mode == "REPEATED" or field.field_type in ("RECORD", "STRUCT"):
        return JSON
    if field.field_type == "STRING" and field.description == JSON_MARK:
        return JSON
    if field.field_type in ("NUMERIC", "BIGNUMERIC", "DECIMAL", "BIGDECIMAL"):
        if field.precision:
            return decimal(min(int(field.precision), MAX_PRECISION), int(field.scale or 0))
        return decimal(WHOLE_DIGITS + SCALE, SCALE)
    return KINDS.get(field.field_type, TEXT)


def _pages(rows: Any) -> Iterator[list[tuple[Any, ...]]]:
    for page in rows.pages:
        held = [tuple(row.values()) for row in page]
        if held:
            yield held


def _batch(schema: pa.Schema, kinds: list[Type], rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    spelled = [
        [None if v is None else str(v) for v in cells] if kind == TEXT else list(cells)
        for cells, kind in zip(columns, kinds, strict=True)
    ]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(spelled, schema, strict=True)], schema=schema)
