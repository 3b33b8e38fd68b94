"""Leaving out the rows of an extraction that the warehouse cannot keep, once it has refused them: they go to the rejects.

Which values these are depends on the warehouse, so the landing holds the rows, and only what is loaded from it is sieved: what
fits is written beside it, as an extraction of its own that goes when it is loaded.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from starlode.finding import Reject
from starlode.landing import folder_of
from starlode.parts import PartWriter, read_rejects
from starlode.session import slices_of
from starlode.source import FILE_COLUMN, ROW_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.landing import LandedFile, Manifest
    from starlode.source import Stream
    from starlode.work import Work

RULE = "not representable"


@contextmanager
def sieved(work: Work, stream: Stream, manifest: Manifest) -> Iterator[Manifest]:
    """An extraction without the rows that the warehouse cannot keep; they are among its rejects."""
    landing = work.landing
    # The name of a folder that this run could have landed, so that `sweep` knows what a crash leaves.
    folder = f"{folder_of(stream)}/{manifest.number + 1:08}-{work.ledger.run_id}"
    try:
        with PartWriter(landing, folder, slices_of(work.session)) as parts:
            if manifest.rejects is not None:
                parts.reject(read_rejects(landing, manifest.rejects))
            for file in manifest.files:
                for (path,) in landing.fetch([file]):
                    _sieve(work, stream, file, path, parts)
        sums = {name: format(total, "f") for name, total in parts.sums.items()}
        yield replace(manifest, files=tuple(parts.files), rows=parts.rows, sums=sums, rejects=parts.rejects)
    finally:
        landing.clear(folder)


def _sieve(work: Work, stream: Stream, file: LandedFile, path: str, parts: PartWriter) -> None:
    kinds = {column.name: column for column in file.columns}
    for batch in pq.ParquetFile(path).iter_batches():
        fits: Any = pa.array([True] * batch.num_rows)
        for name, column in kinds.items():
            found = (work.target or work.session).misfits(column, batch.column(name))
            if found is None:
                continue
            unfit: Any = found.which.fill_null(False)
            wrong: Any = pc.and_(unfit, fits)
            places: list[Any] = pc.indices_nonzero(wrong).to_pylist()
            parts.reject(_reject(stream, batch, row, name, found.reason) for row in places)
            fits = pc.and_(fits, pc.invert(wrong))
        parts.write(batch.filter(fits))


def _reject(stream: Stream, batch: pa.RecordBatch, row: int, column: str, reason: str) -> Reject:
    """A row with its place in its file; a stream without files is its own place."""
    names = batch.schema.names
    file = batch.column(FILE_COLUMN)[row].as_py() if FILE_COLUMN in names else str(stream)
    line = batch.column(ROW_COLUMN)[row].as_py() if ROW_COLUMN in names else 0
    told = {name: _shown(batch.column(name), row) for name in names if name not in (FILE_COLUMN, ROW_COLUMN)}
    return Reject(file, line, column, json.dumps(told, ensure_ascii=False), reason, RULE)


def _shown(values: pa.Array[Any], row: int) -> Any:
    try:
        value = values[row].as_py()
    except (ValueError, OverflowError):
        # Python's calendar has the years 1 to 9999, and Arrow writes only days of others.
        written = pa.string() if pa.types.is_date(values.type) else pa.int64()
        return str(values.slice(row, 1).cast(written)[0])
    return value if value is None or isinstance(value, bool | int | str) else str(value)
