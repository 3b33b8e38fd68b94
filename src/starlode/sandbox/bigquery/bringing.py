"""A job that loads Parquet: its columns have to be those of the table, and it fills the table or leaves it as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from starlode.sandbox.bigquery.keeping import quoted
from starlode.sandbox.bigquery.refused import DUPLICATE, INVALID, NOT_FOUND, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.sandbox.bigquery.keeping import Project

# What a column of a table takes, by what a column of Parquet is and what it means.
FITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "INTEGER": (("INT64", "None"), ("INT32", "None"), ("INT64", "Int"), ("INT32", "Int")),
    "FLOAT": (("DOUBLE", "None"), ("FLOAT", "None")),
    "STRING": (("BYTE_ARRAY", "String"),),
    "BOOLEAN": (("BOOLEAN", "None"),),
    "BYTES": (("BYTE_ARRAY", "None"), ("FIXED_LEN_BYTE_ARRAY", "None")),
    "DATE": (("INT32", "Date"),),
    "TIME": (("INT64", "Time"), ("INT32", "Time")),
    "DATETIME": (("INT64", "Timestamp"),),
    "TIMESTAMP": (("INT64", "Timestamp of a zone"),),
    "NUMERIC": (("FIXED_LEN_BYTE_ARRAY", "Decimal"), ("INT64", "Decimal"), ("INT32", "Decimal")),
    "BIGNUMERIC": (("FIXED_LEN_BYTE_ARRAY", "Decimal"), ("INT64", "Decimal"), ("INT32", "Decimal")),
}
# What has a year, of which there are 9999.
OF_YEARS = ("DATE", "DATETIME", "TIMESTAMP")


def load(project: Project, told: dict[str, Any], files: Sequence[str]) -> int:
    """Load files; how many rows they had."""
    place = told["destinationTable"]
    dataset, table = place["datasetId"], place["tableId"]
    if told.get("sourceFormat") != "PARQUET":
        raise Refused(INVALID, "Unsupported by this double: a load job of another format than Parquet")
    if told.get("createDisposition") == "CREATE_NEVER" or table in project.tables(dataset):
        fields = project.fields(dataset, table)
    else:
        raise Refused(NOT_FOUND, f"Not found: Table {project.name}:{dataset}.{table}")
    for file in files:
        _guard(fields, _kinds(file))
    how, names = told.get("writeDisposition", "WRITE_APPEND"), [f["name"] for f in fields if f["type"] in OF_YEARS]
    _guard_years(project, [*files], names)
    return _fill(project, f"{quoted(dataset)}.{quoted(table)}", [*files], how)


def _kinds(file: str) -> dict[str, tuple[str, str]]:
    """What the columns of a file are, and what they mean, as Parquet itself says."""
    try:
        schema = pq.ParquetFile(file).schema
    except (pa.ArrowException, OSError):
        raise Refused(INVALID, "Error while reading data, error message: Not a Parquet file") from None
    columns: Any = [schema.column(number) for number in range(len(schema))]
    return {column.name: (column.physical_type, _meaning(column)) for column in columns}


def _meaning(column: Any) -> str:
    told = json.loads(column.logical_type.to_json())
    return f"{told['Type']}{' of a zone' if told.get('isAdjustedToUTC') and told['Type'] == 'Timestamp' else ''}"


def _guard(fields: list[dict[str, Any]], kinds: Mapping[str, tuple[str, str]]) -> None:
    held = {told["name"].lower(): told for told in fields}
    for name, kind in kinds.items():
        told = held.get(name.lower())
        if told is None:
            raise Refused(INVALID, f"Provided Schema does not match Table. Cannot add fields (field: {name})")
        if kind not in FITS[told["type"]]:
            raise Refused(INVALID, f"Error while reading data: Parquet column '{name}' has type {' '.join(kind)}")
    if len(kinds) < len(fields):
        raise Refused(INVALID, "Provided Schema does not match Table: a column is missing")


def _guard_years(project: Project, files: list[str], names: list[str]) -> None:
    """Refuse days and moments outside of the years that BigQuery keeps."""
    for name in names:
        column, rows = quoted(name), "read_parquet(?, union_by_name = true)"
        asked = f"select {column}::varchar from {rows} where not year({column}) between 1 and 9999"
        found = project.cursor().execute(asked, [files]).fetchone()
        if found:
            told = f"Invalid datetime value {found[0]} for field '{name}'"
            raise Refused(INVALID, f"Error while reading data, error message: {told}")


def _fill(project: Project, place: str, files: list[str], how: str) -> int:
    connection = project.cursor()
    held = connection.execute(f"select count(*) from {place}").fetchone()
    if how == "WRITE_EMPTY" and held and held[0]:
        raise Refused(DUPLICATE, "Already Exists: Table")
    try:
        connection.execute("begin")
        if how == "WRITE_TRUNCATE":
            connection.execute(f"delete from {place}")
        connection.execute(f"insert into {place} by name select * from read_parquet(?, union_by_name = true)", [files])
        added = connection.fetchone()
        connection.execute("commit")
    except duckdb.Error as error:
        raise Refused(INVALID, f"Error while reading data, error message: {str(error).splitlines()[0]}") from None
    return int(added[0]) if added else 0
