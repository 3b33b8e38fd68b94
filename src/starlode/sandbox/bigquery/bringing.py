"""A job that loads Parquet: its columns have to be those of the table, and it fills the table or leaves it as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from starlode.sandbox.bigquery.keeping import quoted
from starlode.sandbox.bigquery.refused import DUPLICATE, INVALID, NOT_FOUND, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.sandbox.bigquery.keeping import Project

# What a column of Parquet may be for a column of a table.
FITS: dict[str, Callable[[Any], bool]] = {
    "INTEGER": pa.types.is_integer,
    "FLOAT": pa.types.is_floating,
    "STRING": lambda of: pa.types.is_string(of) or pa.types.is_large_string(of),
    "BOOLEAN": pa.types.is_boolean,
    "BYTES": lambda of: pa.types.is_binary(of) or pa.types.is_large_binary(of),
    "DATE": pa.types.is_date,
    "TIME": pa.types.is_time,
    "DATETIME": lambda of: pa.types.is_timestamp(of) and of.tz is None,
    "TIMESTAMP": lambda of: pa.types.is_timestamp(of) and of.tz is not None,
    "NUMERIC": pa.types.is_decimal,
    "BIGNUMERIC": pa.types.is_decimal,
}


def load(project: Project, told: dict[str, Any], file: str) -> int:
    """Load one file; how many rows it had."""
    place = told["destinationTable"]
    dataset, table = place["datasetId"], place["tableId"]
    if told.get("sourceFormat") != "PARQUET":
        raise Refused(INVALID, "Unsupported by this double: a load job of another format than Parquet")
    if told.get("createDisposition") == "CREATE_NEVER" or table in project.tables(dataset):
        fields = project.fields(dataset, table)
    else:
        raise Refused(NOT_FOUND, f"Not found: Table {project.name}:{dataset}.{table}")
    _guard(fields, _schema(file))
    return _fill(project, f"{quoted(dataset)}.{quoted(table)}", file, told.get("writeDisposition", "WRITE_APPEND"))


def _schema(file: str) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (pa.ArrowException, OSError):
        raise Refused(INVALID, "Error while reading data, error message: Not a Parquet file") from None


def _guard(fields: list[dict[str, Any]], schema: pa.Schema) -> None:
    held = {told["name"].lower(): told for told in fields}
    for column in schema:
        told = held.get(column.name.lower())
        if told is None:
            raise Refused(INVALID, f"Provided Schema does not match Table. Cannot add fields (field: {column.name})")
        if not FITS[told["type"]](column.type):
            raise Refused(INVALID, f"Error while reading data: Parquet column '{column.name}' has type {column.type}")
    if len(schema) < len(fields):
        raise Refused(INVALID, "Provided Schema does not match Table: a column is missing")


def _fill(project: Project, place: str, file: str, how: str) -> int:
    connection = project.cursor()
    held = connection.execute(f"select count(*) from {place}").fetchone()
    if how == "WRITE_EMPTY" and held and held[0]:
        raise Refused(DUPLICATE, "Already Exists: Table")
    try:
        connection.execute("begin")
        if how == "WRITE_TRUNCATE":
            connection.execute(f"delete from {place}")
        connection.execute(f"insert into {place} by name select * from read_parquet(?)", [file])
        added = connection.fetchone()
        connection.execute("commit")
    except duckdb.Error as error:
        raise Refused(INVALID, f"Error while reading data, error message: {str(error).splitlines()[0]}") from None
    return int(added[0]) if added else 0
