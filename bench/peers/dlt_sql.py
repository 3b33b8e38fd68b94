"""Copies PostgreSQL tables with dlt: its sql_database source, one pipeline run, to Parquet files or into DuckDB.

With a cursor it reads what is new, as dlt's own incremental does; without one it replaces the table.
"""

from __future__ import annotations

import sys

import dlt  # type: ignore[import-not-found]
from dlt.sources.sql_database import sql_table  # type: ignore[import-not-found]

url, backend, kind, to, cursor, *tables = sys.argv[1:]
resources = [
    sql_table(
        url.replace("postgresql://", "postgresql+psycopg2://"),
        table,
        backend=backend,
        chunk_size=100_000,
        incremental=dlt.sources.incremental(cursor) if cursor else None,
        backend_kwargs={"return_type": "arrow_stream"} if backend == "connectorx" else {},
    )
    for table in tables
]
destination = dlt.destinations.filesystem(to) if kind == "parquet" else dlt.destinations.duckdb(to)
pipeline = dlt.pipeline("copies", destination=destination, dataset_name="copied")
pipeline.run(resources, write_disposition="append" if cursor else "replace", loader_file_format="parquet")
