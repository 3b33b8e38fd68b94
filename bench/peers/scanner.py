"""Copies a PostgreSQL table with DuckDB's own scanner, in one statement and without a guard: to Parquet or into a DuckDB file.

The other way round, it inserts a Parquet file into a PostgreSQL table that is there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import duckdb_extension_postgres_scanner as extension  # type: ignore[import-untyped]

COPIES = {
    "parquet": "copy (select * from there.public.{table}) to '{to}' (format parquet, compression zstd)",
    "duckdb": "create table {table} as select * from there.public.{table}",
    "postgres": "insert into there.public.{table} select * from read_parquet('{to}')",
}

url, table, kind, to = sys.argv[1:]
file = next(Path(str(extension.__file__)).parent.rglob("*.duckdb_extension"))
with duckdb.connect(to if kind == "duckdb" else ":memory:") as connection:
    connection.execute(f"load '{file}'")
    connection.execute(f"attach '{url}' as there (type postgres{'' if kind == 'postgres' else ', read_only'})")
    connection.execute(COPIES[kind].format(table=table, to=to))
