"""Landed files on their way to a table: one load job brings them, and one INSERT takes them over.

The job's name follows from what it loads, so one whose answer was lost, or whose run died, is found again and not repeated.
What it brings lies in a table of its own, which is made like the files and goes after a day whatever happens.
"""

from __future__ import annotations

import hashlib
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
    from collections.abc import Mapping

    from starlode.bigquery.asking import Connection
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


@dataclass(frozen=True)
class Arrival:
    """Files that lie in a folder, what they hold, and the load that they belong to."""

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
        told_as = refusal(arrival.files[0], error)
        if getattr(error, "code", None) == 400 and "a value does not fit" in told_as.what:
            raise Unfit(
                "BigQuery cannot hold all that is landed",
                where=arrival.files[0],
                hint="mend the values at the source; the extraction is landed and waits",
            ) from None
        raise told_as from None


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
    with tempfile.TemporaryFile() as file:
        _write(arrival, file)
        size = file.tell()
        file.seek(0)
        try:
            return connection.client.load_table_from_file(
                file,
                identifier,
                size=size,
                job_id=name,
                job_config=config,
                location=connection.address.location or None,
                num_retries=6,
            )
        except failures() as error:
            # The answer to a first try may have been lost.
            if getattr(error, "code", None) == CONFLICT and (job := _found(connection, name)) is not None:
                return job
            raise refusal(identifier, error) from None


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
