"""Runs a plain SQL script against a DuckDB file, and does nothing else: the limit that a load is compared with."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

database, script = sys.argv[1:]
with duckdb.connect(database) as connection:
    connection.execute(Path(script).read_text(encoding="utf-8"))
