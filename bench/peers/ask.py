"""Answers questions about a finished DuckDB file: a JSON list of SELECTs in, a JSON list of texts out."""

from __future__ import annotations

import json
import sys

import duckdb

with duckdb.connect(sys.argv[1], read_only=True) as connection:
    answers = [connection.execute(sql).fetchone() for sql in json.load(sys.stdin)]
print(json.dumps([str(answer[0]) if answer else "" for answer in answers]))
