"""The fast way through JSON text: pyarrow with an explicit schema, and the guards that make it exact.

Whatever does not fit raises ValueError (pyarrow's ArrowInvalid is one), and nothing is given out. Three things pass
pyarrow 26 that must not, and are looked for beside it: bytes that are not UTF-8, a bare `null` for a record (it dies of
it), and a text like "1.5" in a column of decimals.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from starlode.arrow import arrow_type, readable
from starlode.formats.json_raw import quote_values
from starlode.formats.json_scan import members
from starlode.table import JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.formats.shape import Shape

PARSE_SIZE = 2 << 20

_BLANK = re.compile(rb"[ \t\r\n]*\Z")
# One pattern each: a pattern that begins with a fixed character is searched twenty times faster than an alternation.
_FIRST_NULL = re.compile(rb"\s*null")
_NULLS = (re.compile(rb"\n\s*null"), re.compile(rb"\}\s*null"))
_ESCAPED_KEY = re.compile(rb'\\u[0-9a-fA-F]{4}[^"\\]*"\s*:')
_NEVER = ("date", "time", "timestamp", "timestamptz", "binary")
_AS_TEXT = ("text", "json", "date", "time", "timestamp", "timestamptz", "binary")


def parse(block: bytes, shape: Shape, added: pa.Field[Any] | None = None) -> pa.RecordBatch:
    """The records of a block as columns by name; declared types that JSON does not know are still text.

    `added` is a member that we put there ourselves.
    """
    if _BLANK.match(block):
        return _empty(shape, added)
    if not shape.keys:
        raise ValueError("no columns are known yet")
    text = None if block.isascii() else block.decode()
    if _FIRST_NULL.match(block) or any(null.search(block) for null in _NULLS):
        raise ValueError("a record is null")
    quoted = dict(shape.quoted)
    quoted.update({key: "all" for key, name in shape.keys.items() if shape.types[name] == JSON})
    if quoted:
        block = quote_values(text if text is not None else block.decode(), quoted).encode()
    schema = _schema(shape, added)
    with ThreadPoolExecutor(1) as beside:
        # pyarrow lets go of the interpreter while it parses, so the guards cost no time of their own.
        reading = beside.submit(_read, block, schema)
        _guard_text(block, schema, shape)
    table = reading.result()
    _guard_numbers(table)
    return _batch(table.rename_columns([shape.keys.get(key, key) for key in table.schema.names]))


def expect(shape: Shape) -> None:
    """Forget known types that JSON values never have by themselves, so that they are found again."""
    for name, held in shape.types.items():
        if held is not None and held.kind in _NEVER and name not in shape.declared:
            shape.types[name] = None


def parse_records(texts: Sequence[str], shape: Shape) -> tuple[pa.RecordBatch, list[int], list[int]]:
    """The rows of good records, with the places of those that were parsed and those that are still refused."""
    if not shape.keys:
        return _without_columns(len(texts)), list(range(len(texts))), []
    try:
        return parse("\n".join(texts).encode(), shape), list(range(len(texts))), []
    except (pa.ArrowInvalid, ValueError):
        plain = [_plainly(text) for text in texts]
    parts: list[pa.RecordBatch] = []
    good: list[int] = []
    bad: list[int] = []
    _sift(plain, 0, shape, parts, good, bad)
    rows = pa.Table.from_batches(parts) if parts else None
    return (_batch(rows) if rows is not None else _empty(shape)), good, bad


def _sift(
    texts: Sequence[str], first: int, shape: Shape, parts: list[pa.RecordBatch], good: list[int], bad: list[int]
) -> None:
    try:
        parts.append(parse("\n".join(texts).encode(), shape))
        good.extend(range(first, first + len(texts)))
    except (pa.ArrowInvalid, ValueError):
        if len(texts) == 1:
            bad.append(first)
            return
        half = len(texts) // 2
        _sift(texts[:half], first, shape, parts, good, bad)
        _sift(texts[half:], first + half, shape, parts, good, bad)


def _plainly(text: str) -> str:
    """The record with its keys spelled in one way, without escapes that are not needed."""
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{value}" for key, value in members(text)) + "}"


def _schema(shape: Shape, added: pa.Field[Any] | None = None) -> pa.Schema:
    fields = [added] if added is not None else []
    for key, name in shape.keys.items():
        held = shape.types[name]
        as_text = held is not None and (key in shape.quoted or held.kind in _AS_TEXT)
        fields.append(pa.field(key, pa.null() if held is None else pa.utf8() if as_text else arrow_type(held)))
    return pa.schema(fields)


def _read(block: bytes, schema: pa.Schema) -> pa.Table:
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    try:
        return pj.read_json(readable(block), pj.ReadOptions(block_size=PARSE_SIZE), options)
    except pa.ArrowInvalid as cause:
        if "straddl" not in str(cause):
            raise
        return pj.read_json(readable(block), pj.ReadOptions(block_size=len(block) + 1), options)


def _guard_text(block: bytes, schema: pa.Schema, shape: Shape) -> None:
    """Refuse a text that stands in a column of decimals, which pyarrow takes for a number."""
    decimals = [field.name for field in schema if pa.types.is_decimal(field.type)]
    if decimals and _ESCAPED_KEY.search(block):
        raise ValueError("a key is written with escapes")
    undeclared = [key for key in decimals if shape.keys[key] not in shape.declared]
    if undeclared:
        names = b"|".join(re.escape(json.dumps(key, ensure_ascii=False)[1:-1].encode()) for key in undeclared)
        if re.search(rb'"(?:' + names + rb')"\s*:\s*"', block):
            raise ValueError("a text stands among numbers")


def _guard_numbers(table: pa.Table) -> None:
    for column in table.columns:
        if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(column))).as_py():
            raise ValueError("a number is not finite")


def _batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _without_columns(count: int) -> pa.RecordBatch:
    records: Any = pa.array([{}] * count, pa.struct([]))
    return pa.RecordBatch.from_struct_array(records)


def _empty(shape: Shape, added: pa.Field[Any] | None = None) -> pa.RecordBatch:
    schema = pa.schema([field.with_name(shape.keys.get(field.name, field.name)) for field in _schema(shape, added)])
    return pa.RecordBatch.from_pylist([], schema=schema)
