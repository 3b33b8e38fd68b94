"""Landed files on their way to a table: one load job brings them, and one INSERT takes them over.

The job reads them where they lie in Cloud Storage; what lies elsewhere, or has to be renamed, is uploaded. Its name
follows from what it loads, so one whose answer was lost, or whose run died, is found again and not repeated. What it
brings lies in a table of its own, which is made like the files and goes after a day whatever happens.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from starlode.arrow import arrow_field, beyond_years
from starlode.bigquery.address import found_table
from starlode.bigquery.dialect import SCALE, WHOLE_DIGITS
from starlode.bigquery.driver import driver, failures
from starlode.bigquery.names import written
from starlode.bigquery.refusing import refusal, told
from starlode.errors import WarehouseError
from starlode.session import Misfits, Unfit
from starlode.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.bigquery.asking import Connection
    from starlode.errors import StarlodeError
    from starlode.table import Type

KEPT_FOR = timedelta(days=1)
WORDS = {
    "boolean": "BOOL",
    "integer": "INT64",
    "double": "FLOAT64",
    "text": "STRING",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "DATETIME",
    "timestamptz": "TIMESTAMP",
    "binary": "BYTES",
    "json": "STRING",
}
TRIES = 50
CONFLICT = 409
# How many addresses a job may list, and those that mean what they say: a `*` is a pattern there, and what is odd in a name may
# stand otherwise in the bucket.
MOST_FILES = 10_000
PLAIN = re.compile(r"gs://[\w./ =-]+")
# What BigQuery says of a bucket, and what to do.
OF_A_BUCKET = {
    "Not found: URI": "it was there a moment ago; run again, and if it is gone, read the source with `starlode run --full`",
    "storage.": "BigQuery reads the landing as whoever runs: docs/bigquery.md has the rights to a bucket",
    "in different locations": "land in a bucket where the datasets lie, or let files be uploaded: `load=upload` in the target",
}


@dataclass(frozen=True)
class Arrival:
    """Files in a folder or in Cloud Storage, what they hold, and the load that they belong to."""

    dataset: str
    files: tuple[str, ...]
    landed: Mapping[str, Type]
    fixed: Mapping[str, int]

    @property
    def digest(self) -> str:
        told = repr(
            (self.dataset, self.files, [(n, str(k)) for n, k in self.landed.items()], sorted(self.fixed.items()))
        )
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def place(self) -> str:
        """The quoted name of the table that they arrive in."""
        return f"{self.dataset}.`arrived {self.digest}`"

    @property
    def is_there(self) -> bool:
        """Whether the files lie where BigQuery reads them."""
        return self.files[0].startswith("gs://")


def reads(files: Sequence[str], landed: Mapping[str, Type]) -> bool:
    """Whether a load job reads landed files where they lie.

    It takes each type that they have for that of our column: a text for JSON, which is one in both, a moment with or without a
    zone, a decimal, a time. But it knows columns by their names, and one that is written otherwise in BigQuery finds no place.
    """
    is_listed = len(files) <= MOST_FILES and all(PLAIN.fullmatch(file) for file in files)
    return is_listed and all(written(name) == name for name in landed)


def bring(connection: Connection, arrival: Arrival) -> None:
    """Load the files of an arrival, unless they are there already."""
    for tried in range(TRIES):
        name = f"starlode-{arrival.digest}-{tried}"
        job = _found(connection, name)
        if job is None:
            _wait(_begun(connection, arrival, name), arrival)
            return
        # One that failed, or whose table is gone, belongs to another try, or to another life of the warehouse.
        if _is_done(job) and found_table(connection.client, connection.address.place(arrival.place)) is not None:
            return
    raise WarehouseError("files were loaded again and again, and are not there", where=arrival.files[0])


def misfits(column: Column, values: pa.Array[Any]) -> Misfits | None:
    """Which values BigQuery keeps in no column of their type."""
    if column.type.kind in ("date", "timestamp", "timestamptz"):
        return Misfits(beyond_years(values), "BigQuery keeps the years 1 to 9999")
    return None


def _found(connection: Connection, name: str) -> Any:
    """The job of a name; None where there is none."""
    from google.api_core.exceptions import NotFound

    try:
        return connection.client.get_job(name, location=connection.address.location or None)
    except NotFound:
        return None
    except failures() as error:
        raise refusal(name, error) from None


def _is_done(job: Any) -> bool:
    """Whether a job ends well."""
    try:
        job.result()
    except failures():
        return False
    return True


def _wait(job: Any, arrival: Arrival) -> None:
    try:
        job.result()
    except failures() as error:
        raise _refusal(arrival, error) from None


def _refusal(arrival: Arrival, error: Exception) -> StarlodeError:
    """Why files were not loaded, and what to do."""
    place = arrival.files[0]
    told_as = refusal(place, error)
    if getattr(error, "code", None) == 400 and "a value does not fit" in told_as.what:
        hint = "mend the values at the source; the extraction is landed and waits"
        hint += "; where none is to blame, try `load=upload` in the target" if arrival.is_there else ""
        return Unfit("BigQuery cannot hold all that is landed", where=place, hint=hint)
    hints = [hint for words, hint in OF_A_BUCKET.items() if arrival.is_there and words in told_as.what]
    return WarehouseError(told_as.what, where=place, hint=hints[0]) if hints else told_as


def _begun(connection: Connection, arrival: Arrival, name: str) -> Any:
    opened, schema = driver(), _schema(arrival)
    identifier = connection.address.place(arrival.place)
    table = opened.Table(identifier, schema=schema)
    table.expires = datetime.now(UTC) + KEPT_FOR
    config = opened.LoadJobConfig(
        source_format="PARQUET",
        schema=schema,
        write_disposition="WRITE_TRUNCATE",
        create_disposition="CREATE_NEVER",
        labels=connection.labels,
    )
    with told(identifier):
        connection.client.create_table(table, exists_ok=True)
    how = {"job_id": name, "job_config": config, "location": connection.address.location or None}
    try:
        if arrival.is_there:
            return connection.client.load_table_from_uri(list(arrival.files), identifier, **how)
        return _uploaded(connection, arrival, identifier, how)
    except failures() as error:
        # The answer to a first try may have been lost.
        if getattr(error, "code", None) == CONFLICT and (job := _found(connection, name)) is not None:
            return job
        raise refusal(identifier, error) from None


def _uploaded(connection: Connection, arrival: Arrival, identifier: str, how: Mapping[str, Any]) -> Any:
    with tempfile.TemporaryFile() as file:
        _write(arrival, file)
        size = file.tell()
        file.seek(0)
        return connection.client.load_table_from_file(file, identifier, size=size, num_retries=6, **how)


def _write(arrival: Arrival, file: Any) -> None:
    """The files as one, each column under the name that BigQuery takes."""
    columns = [Column(name, kind) for name, kind in arrival.landed.items()]
    kept = [arrow_field(column) for column in columns]
    schema = pa.schema([pa.field(written(f.name), f.type) for f in kept])
    with pq.ParquetWriter(file, schema) as writer:
        for name in arrival.files:
            for batch in pq.ParquetFile(name).iter_batches(columns=[c.name for c in columns]):
                cells = [batch.column(c.name).cast(f.type) for c, f in zip(columns, schema, strict=True)]
                writer.write_batch(pa.record_batch(cells, schema=schema))


def _schema(arrival: Arrival) -> list[Any]:
    return [_field(name, kind) for name, kind in arrival.landed.items()]


def _field(name: str, kind: Type) -> Any:
    opened = driver()
    if kind.kind != "decimal":
        return opened.SchemaField(written(name), WORDS[kind.kind])
    word = "NUMERIC" if kind.scale <= SCALE and kind.precision - kind.scale <= WHOLE_DIGITS else "BIGNUMERIC"
    return opened.SchemaField(written(name), word, precision=kind.precision, scale=kind.scale)
