"""Parquet files as Arrow batches in the shared types, without loss: what does not fit rejects its row.

Nested values become JSON text, which passes through Python (some ten thousand rows a second); all else is cast by
Arrow.
"""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from starlode.arrow import arrow_type, from_arrow
from starlode.formats.casting import cast_text
from starlode.formats.rows import Rows, finish, numbered, same_file
from starlode.source import Batch
from starlode.table import DOUBLE, JSON, TEXT, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.formats.raw import Raw
    from starlode.formats.shape import Shape

BATCH_ROWS = 65_536


def read_parquet(opened: Raw, shape: Shape, dates: Mapping[str, str]) -> Iterator[Batch]:
    """The rows of one file in batches; the last batch carries the file's mark."""
    name = opened.entry.name
    mark = opened.mark()
    row = 1
    with opened.again() as content, pq.ParquetFile(content, pre_buffer=False) as file:
        _learn(file.schema_arrow, shape)
        left = file.metadata.num_rows
        for part in file.iter_batches(BATCH_ROWS):
            left -= len(part)
            rows = _rows(part, name, row, shape)
            row += len(part)
            placed, rejects = finish(rows, shape, dates)
            opened.check()
            yield Batch(placed, {} if left else {name: mark}, rejects, shape.news(), opened.news())
        if not file.metadata.num_rows:
            rows = _rows(pa.RecordBatch.from_pylist([], schema=file.schema_arrow), name, row, shape)
            yield Batch(finish(rows, shape, dates)[0], {name: mark}, (), shape.news(), opened.news())


def _learn(schema: pa.Schema, shape: Shape) -> None:
    for field in schema:
        name = shape.name(field.name)
        kind = _type_of(field, name, shape)
        if kind is not None:
            shape.learn(name, kind)


def _type_of(field: pa.Field[Any], name: str, shape: Shape) -> Type | None:
    if pa.types.is_null(field.type):
        return None
    try:
        kind = from_arrow(field.type, field.metadata)
    except ValueError:
        kind = TEXT
    if kind == TEXT and not _is_text(field.type):
        shape.tell("lossy type", name, "note", f"values of the type {field.type} are kept as their text")
    return kind


def _rows(part: pa.RecordBatch, name: str, row: int, shape: Shape) -> Rows:
    columns: list[pa.Array[Any]] = []
    names = [shape.name(key) for key in part.schema.names]
    bad: set[int] = set()
    for column, values in zip(names, part.columns, strict=True):
        wanted = shape.types[column]
        typed, failed = (pa.nulls(len(values)), ()) if wanted is None else _convert(values, wanted)
        columns.append(typed)
        bad.update(failed)
    table = pa.RecordBatch.from_arrays(columns, names=names)
    rows = Rows(table, same_file(name, len(part)), numbered(row, len(part)), lambda at: (row + at, _shown(part, at)))
    if bad:
        rows.drop(sorted(bad), "a value loses digits or is out of range in the column's type", "type")
    return rows


def _convert(values: Any, wanted: Type) -> tuple[pa.Array[Any], tuple[int, ...]]:
    """The values in a type, and the rows whose value has no place in it."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_nested(values.type) or wanted == JSON:
        return pa.array([None if v is None else _json(v) for v in values.to_pylist()], pa.utf8()), ()
    target = arrow_type(wanted)
    try:
        return pc.cast(values, target), ()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    if pa.types.is_temporal(values.type) and wanted.kind in ("timestamp", "timestamptz", "time"):
        exact = pc.cast(values, target, safe=False)
        back = pc.cast(exact, values.type, safe=False)
        lost = pc.fill_null(pc.not_equal(back, values), False)
        return pc.if_else(lost, pa.scalar(None, target), exact), tuple(pc.indices_nonzero(lost).to_pylist())
    if wanted == DOUBLE:
        return pc.cast(values, target, safe=False), ()
    return cast_text(_text(values), wanted)


def _text(values: pa.Array[Any]) -> pa.Array[Any]:
    try:
        return pc.cast(values, pa.utf8())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.utf8())


def _is_text(kind: pa.DataType) -> bool:
    held = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held) or pa.types.is_string_view(held))


def _json(value: Any) -> str:
    """A value as JSON, decimals with all their digits, bytes as base64, moments in ISO."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_json(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_json(member) for member in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return json.dumps(base64.b64encode(value).decode())
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and value - value == 0):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(str(value), ensure_ascii=False)


def _shown(part: pa.RecordBatch, row: int) -> str:
    return _json({name: _cell(column[row]) for name, column in zip(part.schema.names, part.columns, strict=True)})


def _cell(value: Any) -> str:
    try:
        return str(value)
    except ValueError:
        return str(value.value)
