"""What Redshift answers: the columns of a statement, and its rows as Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from starlode.arrow import arrow_field
from starlode.postgres.answers import NUMERIC, digits, type_of
from starlode.redshift.refusing import told
from starlode.table import BINARY, JSON, TEXT, Column, Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUPER, VARBYTE, VARCHAR = 4000, 6551, 1043
ROWS_AT_ONCE = 16_384
CURSOR = "starlode_answer"
OWN = {SUPER: JSON, VARBYTE: BINARY}
# A varchar's modifier counts the four bytes of its length.
HEAD = 4


def kind_of(oid: int, modifier: int) -> Type:
    """Our type for one of Redshift's, a text with the bytes that it may have."""
    if oid in OWN:
        return OWN[oid]
    if oid == VARCHAR and modifier > HEAD:
        return Type("text", width=modifier - HEAD)
    return type_of(oid, modifier)


def described(connection: Any, sql: str) -> tuple[tuple[Column, int, int], ...]:
    """The columns that a SELECT gives, each with Redshift's own type and modifier."""
    asked = f"select * from (\n{sql}\n) as described limit 0"
    with told(sql):
        cursor = connection.cursor()
        cursor.paramstyle = "numeric"
        cursor.execute(asked)
        found = cursor.ps["row_desc"]
    kinds = ((c["label"].decode(), c["type_oid"], c["type_modifier"]) for c in found)
    return tuple((Column(name, kind_of(oid, modifier)), oid, modifier) for name, oid, modifier in kinds)


def answer(connection: Any, sql: str, values: Sequence[Any], *, is_alone: bool) -> pa.RecordBatchReader:
    """The rows of a SELECT, fetched as they are read; `is_alone` says that no transaction is open yet."""
    cursor = connection.cursor()
    cursor.paramstyle = "numeric"
    if is_alone:
        _run(cursor, "begin read only")
    try:
        _run(cursor, f"declare {CURSOR} cursor for {sql}", values)
        first = _next(cursor)
        columns = tuple((c["label"].decode(), c["type_oid"], c["type_modifier"]) for c in cursor.ps["row_desc"])
    except BaseException:
        if is_alone:
            _run(cursor, "rollback")
        raise
    parts = _fetched(cursor, first, is_alone=is_alone)
    # Sums have no precision of their own: what they need is seen when all are there.
    if any(oid == NUMERIC and modifier < 0 for _, oid, modifier in columns):
        held = list(parts)
        kinds = [_needed(column, [row[i] for rows in held for row in rows]) for i, column in enumerate(columns)]
        parts = iter(held)
    else:
        kinds = [kind_of(oid, modifier) for _, oid, modifier in columns]
    names = [name for name, *_ in columns]
    schema = pa.schema([arrow_field(Column(name, kind)) for name, kind in zip(names, kinds, strict=True)])
    return pa.RecordBatchReader.from_batches(schema, (_batch(schema, kinds, rows) for rows in parts))


def _needed(column: tuple[str, int, int], cells: list[Any]) -> Type:
    _, oid, modifier = column
    return digits(cells) if oid == NUMERIC and modifier < 0 else kind_of(oid, modifier)


def _fetched(cursor: Any, first: list[Any], *, is_alone: bool) -> Iterator[list[Any]]:
    try:
        rows = first
        while rows:
            yield rows
            rows = _next(cursor)
    finally:
        _run(cursor, f"close {CURSOR}")
        if is_alone:
            _run(cursor, "rollback")


def _next(cursor: Any) -> list[Any]:
    _run(cursor, f"fetch forward {ROWS_AT_ONCE} from {CURSOR}")
    with told(CURSOR):
        return list(cursor.fetchall())


def _run(cursor: Any, sql: str, values: Sequence[Any] = ()) -> None:
    with told(sql):
        cursor.execute(sql, list(values) or None)


def _batch(schema: pa.Schema, kinds: list[Type], rows: list[Any]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    spelled = [
        [None if v is None else str(v) for v in cells] if kind == TEXT else list(cells)
        for cells, kind in zip(columns, kinds, strict=True)
    ]
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(spelled, schema, strict=True)], schema=schema)
