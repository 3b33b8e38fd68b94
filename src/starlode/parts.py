"""Writing the Parquet files of one extraction.

Rows come as Arrow batches and leave as parts of bounded size, each with one schema. A thread of its own encodes and
compresses, so that reading goes on meanwhile; no more than two batches wait for it, so memory stays bounded.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Context, Decimal
from hashlib import blake2b
from typing import IO, TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from starlode.arrow import columns_of
from starlode.finding import Reject
from starlode.landing import LandedFile, sync_folder, verify
from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.table import TEXT, Column

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from starlode.landing import Manifest

ROW_GROUP = 122_880
PART_BYTES = 128 << 20
WAITING_BATCHES = 2
# Beyond this sum of magnitudes a 64-bit sum could wrap around.
SAFE_SUM = 1 << 62
# Decimals of 38 digits and any number of rows; Python's own context would round to 28 digits.
EXACT = Context(prec=100)
REJECT_COLUMNS = ("file", "line", "column", "raw", "reason", "rule")
REJECT_SCHEMA = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in REJECT_COLUMNS])


class PartWriter:
    """Writes batches into numbered Parquet files below a folder, and sums up what it wrote."""

    def __init__(self, landing: Path, folder: Path) -> None:
        self._landing = landing
        self._folder = folder
        self._open: _Part | None = None
        self._rejects: _Part | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parquet")
        self._waiting: deque[Future[None]] = deque()
        self.files: list[LandedFile] = []
        self.rejects: LandedFile | None = None
        self.rows = 0
        self.rejected = 0
        self.sums: dict[str, Decimal] = {}
        self._values: dict[str, int] = {}

    @property
    def empty(self) -> tuple[str, ...]:
        """The columns without a single value, whose type nobody can know yet."""
        return tuple(name for name, count in self._values.items() if not count)

    def __enter__(self) -> PartWriter:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._settle(0)
            self._thread.submit(self._finish).result()
        self._thread.shutdown(wait=True, cancel_futures=True)
        # Arrow keeps what it once used; the warehouse needs it next.
        pa.default_memory_pool().release_unused()
        if kind is None:
            sync_folder(self._folder)

    def write(self, batch: pa.RecordBatch) -> None:
        """Give a batch to the writing thread; waits while two are waiting there already."""
        if batch.num_rows:
            self._settle(WAITING_BATCHES - 1)
            self._waiting.append(self._thread.submit(self._write, batch))

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Keep rows that could not be carried, in a file of their own."""
        rows = [[getattr(reject, name) for name in REJECT_COLUMNS] for reject in rejects]
        if not rows:
            return
        if self._rejects is None:
            self._rejects = _Part(self._folder / "rejects.parquet", REJECT_SCHEMA)
        self._rejects.write(pa.RecordBatch.from_arrays([*map(pa.array, zip(*rows, strict=True))], schema=REJECT_SCHEMA))
        self.rejected += len(rows)

    def _settle(self, may_wait: int) -> None:
        while len(self._waiting) > may_wait:
            self._waiting.popleft().result()

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._open is not None and (self._open.schema != batch.schema or self._open.size > PART_BYTES):
            self.files.append(self._open.finish(self._landing))
            self._open = None
        if self._open is None:
            self._open = _Part(self._folder / f"part-{len(self.files) + 1:05}.parquet", batch.schema, batch)
        self._open.write(batch)
        self.rows += batch.num_rows
        for field, column in zip(batch.schema, batch.columns, strict=True):
            self._values[field.name] = self._values.get(field.name, 0) + len(column) - column.null_count
        for name, total in sums(batch).items():
            self.sums[name] = EXACT.add(self.sums.get(name, Decimal(0)), total)

    def _finish(self) -> None:
        if self._open is not None:
            self.files.append(self._open.finish(self._landing))
        if self._rejects is not None:
            self.rejects = self._rejects.finish(self._landing)


class _Part:
    """One Parquet file while it grows."""

    def __init__(self, path: Path, schema: pa.Schema, first: pa.RecordBatch | None = None) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._bytes = _Digested(path)
        repeating = [] if first is None else _repeating(first)
        self._parquet = pq.ParquetWriter(
            cast("IO[Any]", self._bytes),
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=cast("Any", repeating),
            column_encoding=_encodings(schema, repeating) or None,
            # Least and greatest texts cost a sixth of the writing, and all rows are read in any case.
            write_statistics=cast("Any", [field.name for field in schema if not _is_text(field)]),
        )

    @property
    def size(self) -> int:
        return self._bytes.size

    def write(self, batch: pa.RecordBatch) -> None:
        self._parquet.write_batch(batch, row_group_size=ROW_GROUP)
        self.rows += batch.num_rows

    def finish(self, landing: Path) -> LandedFile:
        self._parquet.close()
        self._bytes.finish()
        relative = self.path.relative_to(landing).as_posix()
        return LandedFile(relative, self.rows, self._bytes.size, self._bytes.digest, _columns(self.schema))


class _Digested:
    """A file that is hashed while it is written, so that its checksum costs no second read."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._state = blake2b(digest_size=16)
        self.size = 0
        self.closed = False

    @property
    def digest(self) -> str:
        return self._state.hexdigest()

    def write(self, data: Any) -> int:
        self._state.update(data)
        self.size += len(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self.size

    def close(self) -> None:
        """Left to `finish`: Parquet closes before the bytes are durable."""

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.closed = True


def read_rejects(landing: Path, file: LandedFile) -> list[Reject]:
    """The rejected rows that an extraction kept beside its parts."""
    held = pq.read_table(landing / file.path, columns=list(REJECT_COLUMNS), partitioning=None)
    return [Reject(**row) for row in held.to_pylist()]


def rows_of_files(landing: Path, manifest: Manifest) -> Counter[str]:
    """How many rows an extraction holds of each file that it read."""
    found: Counter[str] = Counter()
    for file in manifest.files:
        verify(landing, file)
        held = pq.read_table(landing / file.path, columns=[FILE_COLUMN], partitioning=None)
        names = pa.table({"file": held[FILE_COLUMN].cast(pa.string())})
        for row in names.group_by("file").aggregate([([], "count_all")]).to_pylist():
            found[row["file"]] += row["count_all"]
    return found


def parts_of_row(landing: Path, manifest: Manifest, file: str | None, row: int | None) -> tuple[LandedFile, ...]:
    """The part of an extraction that holds a row, or all of them where rows have no number; gone ones are left out."""
    there = tuple(part for part in manifest.files if (landing / part.path).is_file())
    if row is None or len(there) < 2:
        return there
    return tuple(part for part in there if _holds(landing / part.path, file, row))


def _holds(path: Path, file: str | None, row: int) -> bool:
    """Whether a part holds a row of a file; groups whose numbers lie elsewhere are not read."""
    held = pq.ParquetFile(path)
    place = held.schema.names.index(ROW_COLUMN)
    for group in range(held.num_row_groups):
        known = held.metadata.row_group(group).column(place).statistics
        if known is not None and known.has_min_max and not cast("int", known.min) <= row <= cast("int", known.max):
            continue
        rows = held.read_row_group(group, columns=[FILE_COLUMN, ROW_COLUMN])
        names = rows[FILE_COLUMN].cast(pa.string()).to_pylist()
        if (file, row) in zip(names, rows[ROW_COLUMN].to_pylist(), strict=True):
            return True
    return False


def sums(batch: pa.RecordBatch) -> dict[str, Decimal]:
    """The exact sum of each integer and decimal column of the stream itself."""
    found: dict[str, Decimal] = {}
    for field, values in zip(batch.schema, batch.columns, strict=True):
        if field.name.startswith("_") or not (pa.types.is_integer(field.type) or pa.types.is_decimal(field.type)):
            continue
        found[field.name] = _sum(values)
    return found


def _sum(values: pa.Array[Any]) -> Decimal:
    if pa.types.is_integer(values.type):
        least, most = pc.min_max(values).as_py().values()  # type: ignore[attr-defined]
        largest = max(abs(least or 0), abs(most or 0))
        if largest * len(values) > SAFE_SUM:
            values = values.cast(pa.decimal128(38, 0))
    else:
        # With the digits of 128 bits a sum of many large values wraps around without a word.
        values = values.cast(pa.decimal256(76, values.type.scale))
    total = pc.sum(values).as_py()
    return Decimal(total) if total is not None else Decimal(0)


def _repeating(batch: pa.RecordBatch) -> list[str]:
    """The text columns that a dictionary makes smaller, judged by the first batch."""
    texts = [field.name for field in batch.schema if pa.types.is_string(field.type)]
    sample = batch.slice(0, 10_000)
    limit = max(1, sample.num_rows // 2)
    return [name for name in texts if pc.count_distinct(sample.column(name)).as_py() <= limit]


def _is_text(field: pa.Field[Any]) -> bool:
    return pa.types.is_string(field.type) or pa.types.is_binary(field.type)


def _encodings(schema: pa.Schema, repeating: list[str]) -> dict[str, str]:
    """Delta for what grows in steps; a dictionary on every column is Parquet's slowest and largest choice."""
    found = {}
    for field in schema:
        if field.name in repeating:
            continue
        if pa.types.is_integer(field.type) or pa.types.is_timestamp(field.type):
            found[field.name] = "DELTA_BINARY_PACKED"
        elif pa.types.is_floating(field.type):
            found[field.name] = "BYTE_STREAM_SPLIT"
    return found


def _columns(schema: pa.Schema) -> tuple[Column, ...]:
    """The stream's columns, with the text that names the file seen as what it is."""
    return tuple(Column(c.name, TEXT) if c.name == FILE_COLUMN else c for c in columns_of(schema))
