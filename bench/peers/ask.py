"""Answers questions about what a job made: a JSON list of SELECTs in, a JSON list of texts out.

They are asked of a DuckDB file, or of a PostgreSQL when the argument is a URL.
"""

from __future__ import annotations

import json
import sys
from typing import Any

place = sys.argv[1]
connection: Any
if place.startswith("postgresql:"):
    import psycopg

    connection = psycopg.connect(place)
else:
    import duckdb

    connection = duckdb.connect(place, read_only=place != ":memory:")
with connection:
    answers = [connection.execute(sql).fetchone() for sql in json.load(sys.stdin)]
print(json.dumps([str(answer[0]) if answer else "" for answer in answers]))
