"""The shared types in Arrow's words, and back.

Arrow has no type for JSON text that every version writes and reads alike, so a column of it is text whose field says so
in its metadata. Everything that leaves a source has one of the Arrow types named here.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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
    from collections.abc import Mapping, Sequence

JSON_MARK = {b"starlode": b"json"}
# The first and the last microsecond of the years 1 to 9999, counted from 1970.
YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)

_ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "double": pa.float64(),
    "text": pa.utf8(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "binary": pa.binary(),
    "json": pa.utf8(),
}


def arrow_type(held: Type) -> pa.DataType:
    """The Arrow type that carries a type."""
    return pa.decimal128(held.precision, held.scale) if held.kind == "decimal" else _ARROW[held.kind]


def arrow_field(column: Column) -> pa.Field[Any]:
    """The Arrow field that carries a column, marked when its text is JSON."""
    return pa.field(column.name, arrow_type(column.type), metadata=JSON_MARK if column.type == JSON else None)


def from_arrow(carried: pa.DataType, metadata: Mapping[bytes, bytes] | None = None) -> Type:
    """The type that an Arrow field stands for: the narrowest of ours that holds all its values."""
    if metadata and metadata.get(b"starlode") == b"json":
        return JSON
    if pa.types.is_dictionary(carried):
        return from_arrow(carried.value_type)
    if pa.types.is_decimal(carried):
        return decimal(carried.precision, carried.scale) if carried.precision <= MAX_PRECISION else TEXT
    if pa.types.is_timestamp(carried):
        return TIMESTAMPTZ if carried.tz else TIMESTAMP
    return _plain(carried)


def readable(data: bytes | memoryview) -> Any:
    """The bytes as a source that Arrow's parsers read without copying them."""
    return pa.py_buffer(data)


def is_utf8(data: bytes | memoryview) -> bool:
    """Whether bytes are UTF-8 throughout; checked where they lie, so that no text is made of them."""
    try:
        _one_value(data, pa.large_utf8()).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def holds(data: bytes | memoryview, pattern: str) -> bool:
    """Whether a pattern of bytes is found anywhere in some, by RE2, which lets other threads go on meanwhile."""
    return bool(pc.match_substring_regex(_one_value(data, pa.large_binary()), pattern)[0].as_py())


def count(data: bytes | memoryview, pattern: str) -> int:
    """How often a pattern of bytes is found, by RE2."""
    value: Any = _one_value(data, pa.large_binary())
    return int(pc.count_substring_regex(value, pattern)[0].as_py())


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns that an Arrow schema stands for."""
    return tuple(Column(field.name, from_arrow(field.type, field.metadata)) for field in schema)


def beyond_years(moments: Any) -> Any:
    """Which dates or moments lie outside the years 1 to 9999, which are all that some warehouses keep."""
    held: Any = moments.cast(pa.timestamp("us")) if pa.types.is_date(moments.type) else moments
    low, high = (pa.scalar(end, pa.int64()).cast(pa.timestamp("us")).cast(held.type) for end in YEARS)
    return pc.or_(pc.less(held, low), pc.greater(held, high))


def with_texts(content: bytes, names: Sequence[str]) -> bytes:
    """A Parquet file with some of its columns as texts, for a warehouse that cannot read them otherwise."""
    read = pq.ParquetFile(io.BytesIO(content))
    kinds = [pa.field(f.name, pa.string() if f.name in names else f.type) for f in read.schema_arrow]
    schema, written = pa.schema(kinds), io.BytesIO()
    with pq.ParquetWriter(written, schema) as writer:
        for batch in read.iter_batches():
            cells = [values.cast(field.type) for values, field in zip(batch.columns, schema, strict=True)]
            writer.write_batch(pa.record_batch(cells, schema=schema))
    return written.getvalue()


def _one_value(data: bytes | memoryview, kind: pa.DataType) -> pa.Array[Any]:
    """Bytes as an array of a single value, without copying them."""
    offsets = pa.py_buffer(b"".join(size.to_bytes(8, sys.byteorder) for size in (0, len(data))))
    return pa.Array.from_buffers(kind, 1, [None, offsets, readable(data)])


def _plain(carried: pa.DataType) -> Type:
    found = next((ours for test, ours in _TESTS if test(carried)), None)
    if found is None:
        raise ValueError(f"no type holds the Arrow type {carried}")
    return found


_TESTS = (
    (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_uint64, decimal(20, 0)),
    (pa.types.is_integer, INTEGER),
    (pa.types.is_floating, DOUBLE),
    (lambda t: pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t), TEXT),
    (pa.types.is_null, TEXT),
    (pa.types.is_date, DATE),
    (pa.types.is_time, TIME),
    (
        lambda t: (
            pa.types.is_binary(t)
            or pa.types.is_large_binary(t)
            or pa.types.is_fixed_size_binary(t)
            or pa.types.is_binary_view(t)
        ),
        BINARY,
    ),
    (pa.types.is_nested, JSON),
)
