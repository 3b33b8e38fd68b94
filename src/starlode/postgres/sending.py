"""Rows on their way into a PostgreSQL table: Arrow encoded as binary COPY, sent while the next batch is made.

The server refuses what its types cannot hold: NUL in a text or in JSON, moments out of range. Which column it was is told, and
how many of its rows; never the value. That the values are looked through only then keeps the usual load fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.errors import WarehouseError
from starlode.postgres.address import INSTALL
from starlode.session import Misfits, Unfit
from starlode.words import counted

if TYPE_CHECKING:
    import psycopg

    from starlode.table import Column, Table

# Before it, a moment counted from 2000 does not fit where one counted from 1970 does; PostgreSQL begins here.
FIRST_MOMENT = -210_866_803_200_000_000
# A backslash that another one escapes escapes nothing.
ESCAPED_NUL = r"(?:^|[^\\])(?:\\\\)*\\u0000"
HINT = "mend the values at the source; the extraction is landed and waits"


def send(connection: psycopg.Connection[Any], copy: str, table: Table, rows: pa.RecordBatchReader) -> None:
    """Send rows to a COPY of a table; the next batch is encoded while one is on its way."""
    from psycopg.copy import QueuedLibpqWriter

    encoder = _encoder(table, rows.schema)
    with connection.cursor() as cursor, cursor.copy(copy.encode(), writer=QueuedLibpqWriter(cursor)) as sent:
        sent.write(encoder.write_header())
        for batch in rows:
            _guard_moments(table, batch)
            sent.write(encoder.write_batch(batch))
        sent.write(encoder.finish())


def misfits(column: Column, values: pa.Array[Any]) -> Misfits | None:
    """Which values the server keeps in no column of their type."""
    kind = column.type.kind
    if kind in ("text", "json"):
        texts = values.cast(pa.string())
        found = pc.match_substring(texts, "\x00") if kind == "text" else pc.match_substring_regex(texts, ESCAPED_NUL)
        return Misfits(found, f"PostgreSQL keeps no NUL character in {'a text' if kind == 'text' else 'JSON'}")
    if kind in ("timestamp", "timestamptz"):
        return Misfits(
            pc.less(values.view(pa.int64()), pa.scalar(FIRST_MOMENT)),
            "it lies before 4713 BC, where its calendar begins",
        )
    return None


def unfit(table: Table, rows: pa.RecordBatchReader) -> Unfit | None:
    """What the rows hold that the server refuses, by column, when it can be told."""
    counts: dict[tuple[str, str], int] = {}
    for batch in rows:
        for column, values in zip(table.columns, batch.columns, strict=True):
            found = misfits(column, values)
            if found is not None and (count := pc.sum(found.which).as_py()):
                known = (column.name, found.reason)
                counts[known] = counts.get(known, 0) + count
    told = "; ".join(f"{counted(count, 'row')} of `{name}`: {reason}" for (name, reason), count in counts.items())
    return Unfit(f"{table} cannot hold all that is landed: {told}", hint=HINT) if told else None


def _encoder(table: Table, schema: pa.Schema) -> Any:
    try:
        import pgpq
        from pgpq.encoders import LargeStringEncoderBuilder, StringEncoderBuilder
        from pgpq.schema import Jsonb
    except ImportError as error:
        raise WarehouseError("PostgreSQL needs a driver that is not installed", hint=INSTALL) from error
    encoders: dict[str, Any] = {}
    for column, field in zip(table.columns, schema, strict=True):
        if column.type.kind == "json":
            text = LargeStringEncoderBuilder if pa.types.is_large_string(field.type) else StringEncoderBuilder
            encoders[field.name] = text.new_with_output(field, Jsonb())
        else:
            encoders[field.name] = pgpq.ArrowToPostgresBinaryEncoder.infer_encoder(field)
    return pgpq.ArrowToPostgresBinaryEncoder.new_with_encoders(schema, encoders)


def _guard_moments(table: Table, batch: pa.RecordBatch) -> None:
    """Refuse moments that the encoding would bend, before they are on their way."""
    for column, held in zip(table.columns, batch.columns, strict=True):
        if column.type.kind in ("timestamp", "timestamptz"):
            least = pc.min(held.view(pa.int64())).as_py()
            if least is not None and least < FIRST_MOMENT:
                raise Unfit(
                    f"`{column.name}` for {table} holds a moment before 4713 BC, where its calendar begins", hint=HINT
                )
