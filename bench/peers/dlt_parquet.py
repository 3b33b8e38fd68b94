"""Loads a Parquet file into PostgreSQL with dlt: Arrow batches, one pipeline run, CSV to the server (its fastest way)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import dlt  # type: ignore[import-not-found]
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator

url, file, table = sys.argv[1:]


def batches() -> Iterator[Any]:
    """The file's rows, as dlt's own Parquet reader yields them."""
    yield from pq.ParquetFile(file).iter_batches(100_000)


# dlt insists on a password; the bench's server asks for none.
credentials = url.replace("postgres@", "postgres:none@")
pipeline = dlt.pipeline("loads", destination=dlt.destinations.postgres(credentials), dataset_name="loaded")
pipeline.run(batches(), table_name=table, write_disposition="replace", loader_file_format="csv")
