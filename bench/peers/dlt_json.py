"""Loads both folders into DuckDB with dlt in its usual way: the filesystem source, `read_jsonl`, one pipeline run.

dlt does more than copy: it normalises names, types and nested values, and keeps load packages and its own tables.
"""

from __future__ import annotations

import sys

import dlt  # type: ignore[import-not-found]
from dlt.sources.filesystem import filesystem, read_jsonl  # type: ignore[import-not-found]

database, data = sys.argv[1:]
streams = [
    (filesystem(bucket_url=data, file_glob=f"{folder}/**/*.json") | read_jsonl()).with_name(name)
    for name, folder in (("songs", "song_data"), ("events", "log_data"))
]
pipeline = dlt.pipeline("music", destination=dlt.destinations.duckdb(database), dataset_name="music")
pipeline.run(streams, write_disposition="replace")
