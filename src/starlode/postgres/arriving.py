"""Rows as they come from the server, as batches of exactly our types, with those that no type can hold as rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import arrow_field
from starlode.finding import Reject
from starlode.postgres.looking import LOST
from starlode.source import Batch

if TYPE_CHECKING:
    from starlode.postgres.asking import Asked
    from starlode.postgres.looking import PostgresLook

RULE = "not representable"


def arrive(look: PostgresLook, raw: pa.RecordBatch) -> Batch:
    """The rows of a look, each column in the type that the plan said."""
    asked = look.asked
    rejects: tuple[Reject, ...] = ()
    size = raw.nbytes
    if LOST in raw.schema.names:
        lost = raw.column(LOST)
        if lost.null_count < len(lost):
            rejects = tuple(_reject(asked, str(told)) for told in pc.drop_null(lost).to_pylist())
            raw = raw.filter(pc.is_null(lost))
    schema = _schema(asked)
    columns = [_as(raw.column(place), field.type) for place, field in enumerate(schema)]
    return Batch(pa.RecordBatch.from_arrays(columns, schema=schema), rejects=rejects, bytes_read=size)


def nothing(look: PostgresLook) -> pa.RecordBatch:
    """No rows, with the columns of a look."""
    return pa.RecordBatch.from_pylist([], schema=_schema(look.asked))


def _schema(asked: Asked) -> pa.Schema:
    return pa.schema([arrow_field(column.column) for column in asked.carried])


def _as(values: pa.Array[Any], wanted: pa.DataType) -> pa.Array[Any]:
    if values.type == wanted:
        return values
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    return values.cast(wanted)


def _reject(asked: Asked, told: str) -> Reject:
    """What the server said of a row: the place of the column, and the row as JSON."""
    place, _, raw = told.partition(":")
    column = asked.carried[int(place)]
    where = asked.stream.reads.table or asked.stream.reads.query_file
    return Reject(where, 0, column.column.name, raw, column.reason, RULE)
