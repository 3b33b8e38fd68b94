"""Large answers by way of a bucket: Redshift's nodes write them there as Parquet, and they are read from there.

The files keep the order of the statement, because one node writes them one after the other. They go when they were read.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from sqlglot.errors import SqlglotError

from starlode.arrow import arrow_field
from starlode.errors import WarehouseError
from starlode.redshift.answers import described
from starlode.redshift.refusing import told
from starlode.stores.objects import Objects, address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.redshift.dialect import RedshiftDialect

# What Parquet that Redshift writes holds as we know it; other answers come through the connection.
CARRIED = ("boolean", "integer", "decimal", "double", "text", "date", "timestamp", "timestamptz", "json")


def unloaded(
    connection: Any, dialect: RedshiftDialect, sql: str, prefix: str, role: str
) -> pa.RecordBatchReader | None:
    """The rows of a SELECT; None where they have to come through the connection."""
    columns = described(connection, sql)
    bare = any(column.type.kind == "decimal" and modifier < 0 for column, _, modifier in columns)
    if bare or _has_limit(sql) or any(column.type.kind not in CARRIED for column, *_ in columns):
        return None
    place = address(f"{prefix}/unload-{uuid4().hex}")
    if place is None:
        raise WarehouseError("the address to unload to cannot be read", where=prefix)
    reader = role if role == "default" else dialect.text(role)
    said = (
        f"unload ({dialect.text(sql)}) to {dialect.text(f'{place}/')}\niam_role {reader} format as parquet parallel off"
    )
    with told(said):
        connection.cursor().execute(said)
    schema = pa.schema([arrow_field(column) for column, *_ in columns])
    return pa.RecordBatchReader.from_batches(schema, _read(Objects(place, WarehouseError), schema))


def _read(objects: Objects, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    names = [held.name for held in objects.listed()]
    try:
        for name in names:
            for batch in pq.ParquetFile(io.BytesIO(objects.read(name))).iter_batches():
                cells = [values.cast(field.type) for values, field in zip(batch.columns, schema, strict=True)]
                yield pa.record_batch(cells, schema=schema)
    finally:
        objects.remove(names)


def _has_limit(sql: str) -> bool:
    """Whether a SELECT ends in a LIMIT, which UNLOAD does not take."""
    try:
        tree = sqlglot.parse_one(sql, dialect="redshift")
    except SqlglotError:
        return True
    return bool(tree.args.get("limit"))
