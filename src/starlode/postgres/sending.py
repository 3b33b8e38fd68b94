"""Rows on their way into a PostgreSQL table: Arrow encoded as binary COPY, sent while the next batch is made.

The server refuses what its types cannot hold (NUL in a text, JSON that jsonb does not take, moments out of range). Which
column it was is told, and how many of its rows; never the value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.errors import DataError, WarehouseError
from starlode.postgres.address import INSTALL

if TYPE_CHECKING:
    import psycopg

    from starlode.table import Table

# Before it, a moment counted from 2000 does not fit where one counted from 1970 does; PostgreSQL begins here.
FIRST_MOMENT = -210_866_803_200_000_000


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


def unfit(table: Table, rows: pa.RecordBatchReader) -> DataError | None:
    """What the rows hold that the server refuses, by column, when it can be told."""
    counts = dict.fromkeys(table.names, 0)
    texts = {column.name: column.type.kind for column in table.columns if column.type.kind in ("text", "json")}
    for batch in rows:
        for name, kind in texts.items():
            found = pc.match_substring(batch.column(name), "\x00" if kind == "text" else "\\u0000")
            counts[name] += found.true_count
    told = [f"{count:,} rows of `{name}`" for name, count in counts.items() if count]
    if not told:
        return None
    return DataError(
        f"{' and '.join(told)} for {table} hold a NUL character, which PostgreSQL keeps in no text and no JSON",
        hint="take it out at the source, or leave the rows out; the extraction is landed and waits",
    )


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
    for column, held in zip(table.columns, batch.columns, strict=True):
        if column.type.kind in ("timestamp", "timestamptz"):
            least = pc.min(held.view(pa.int64())).as_py()
            if least is not None and least < FIRST_MOMENT:
                raise DataError(
                    f"`{column.name}` for {table} holds a moment before 4713 BC, where PostgreSQL's calendar begins",
                    hint="make such moments NULL at the source; the extraction is landed and waits",
                )
