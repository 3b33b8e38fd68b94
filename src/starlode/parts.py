"""Writing the Parquet files of one extraction, and reading what they tell beside their rows.

Rows come as Arrow batches and leave as parts of bounded size, each with one schema. A thread of its own encodes and
compresses, so that reading goes on meanwhile, and others bring finished parts into the store; no more than two batches and two
parts wait, so memory and room stay bounded. For a warehouse that reads so many files at once there are as many parts, of the
same size, as soon as there is enough for each.
"""

from __future__ import annotations

import io
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
from starlode.landing import LandedFile
from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.store import DIGEST_BYTES
from starlode.table import TEXT, Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from starlode.landing import Manifest
    from starlode.store import Store

ROW_GROUP = 122_880
PART_BYTES = 128 << 20
# Parts that grow together: what each has before another begins, where it ends at the earliest, and the room for all.
LEAST_BYTES, LEAST_END, ROOM = 1 << 20, 8 << 20, 1 << 30
# What is spread over them at once, as it lies in memory.
PIECE_BYTES = 4 << 20
WAITING_BATCHES = 2
WAITING_PARTS = 2
# Beyond this sum of magnitudes a 64-bit sum could wrap around.
SAFE_SUM = 1 << 62
# Decimals of 38 digits and any number of rows; Python's own context would round to 28 digits.
EXACT = Context(prec=100)
REJECT_COLUMNS = ("file", "line", "column", "raw", "reason", "rule")
REJECT_SCHEMA = pa.schema([(name, pa.int64() if name == "line" else pa.string()) for name in REJECT_COLUMNS])


class PartWriter:
    """Writes batches into numbered Parquet files below a folder, and sums up what it wrote.

    `slices` says how many files the warehouse reads at once; so many grow together, in as much room as there is for them.
    """

    def __init__(self, landing: Store, folder: str, slices: int = 1, room: int = ROOM) -> None:
        self._landing = landing
        self._folder = folder
        self._slices = slices
        self._end = max(LEAST_END, min(PART_BYTES, room // slices))
        self._open: list[_Part] = []
        self._rejects: _Part | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parquet")
        self._waiting: deque[Future[None]] = deque()
        self._keepers = ThreadPoolExecutor(max_workers=WAITING_PARTS, thread_name_prefix="keep")
        self._keeping: deque[Future[None]] = deque()
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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_whole = False
        try:
            if kind is None:
                self._settle(0)
                self._thread.submit(self._finish).result()
                is_whole = True
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._keepers.shutdown(wait=True, cancel_futures=True)
            if not is_whole:
                self._leave()
            # Arrow keeps what it once used; the warehouse needs it next.
            pa.default_memory_pool().release_unused()

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
            self._rejects = self._part("rejects.parquet", REJECT_SCHEMA)
        self._rejects.write(pa.RecordBatch.from_arrays([*map(pa.array, zip(*rows, strict=True))], schema=REJECT_SCHEMA))
        self.rejected += len(rows)

    def _settle(self, may_wait: int) -> None:
        while len(self._waiting) > may_wait:
            self._waiting.popleft().result()

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._open and (self._open[0].schema != batch.schema or self._smallest().size > self._end):
            self._keep_open()
        for piece in [batch] if self._slices == 1 else _pieces(batch):
            self._part_for(piece).write(piece)
        self.rows += batch.num_rows
        for field, column in zip(batch.schema, batch.columns, strict=True):
            self._values[field.name] = self._values.get(field.name, 0) + len(column) - column.null_count
        for name, total in sums(batch).items():
            self.sums[name] = EXACT.add(self.sums.get(name, Decimal(0)), total)

    def _part_for(self, batch: pa.RecordBatch) -> _Part:
        """The part that has the least, or a new one where each has enough and more can be read at once."""
        if not self._open or (len(self._open) < self._slices and self._smallest().size >= LEAST_BYTES):
            number = len(self.files) + len(self._open) + 1
            self._open.append(self._part(f"part-{number:05}.parquet", batch.schema, batch))
        return self._smallest()

    def _smallest(self) -> _Part:
        return min(self._open, key=lambda part: part.size)

    def _keep_open(self) -> None:
        for part in self._open:
            self.files.append(self._kept(part))
        self._open = []

    def _leave(self) -> None:
        """Let go of the files that an extraction which failed has begun; nobody ever reads them."""
        for part in (*self._open, self._rejects):
            if part is not None:
                part.leave()

    def _finish(self) -> None:
        self._keep_open()
        if self._rejects is not None:
            self.rejects = self._kept(self._rejects)
        self._let_keep(0)

    def _part(self, own_name: str, schema: pa.Schema, first: pa.RecordBatch | None = None) -> _Part:
        name = f"{self._folder}/{own_name}"
        return _Part(name, self._landing.room(name), schema, first)

    def _kept(self, part: _Part) -> LandedFile:
        """Close a part, and let it be brought into the store meanwhile."""
        file = part.finish()
        self._let_keep(WAITING_PARTS - 1)
        self._keeping.append(self._keepers.submit(self._landing.keep, file.path))
        return file

    def _let_keep(self, may_wait: int) -> None:
        while len(self._keeping) > may_wait:
            self._keeping.popleft().result()


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch as groups of rows that are small enough to be spread evenly."""
    rows = max(1, min(ROW_GROUP, batch.num_rows * PIECE_BYTES // max(1, batch.nbytes)))
    return (batch.slice(start, rows) for start in range(0, batch.num_rows, rows))


class _Part:
    """One Parquet file while it grows."""

    def __init__(self, name: str, path: Path, schema: pa.Schema, first: pa.RecordBatch | None) -> None:
        self.name = name
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

    def finish(self) -> LandedFile:
        self._parquet.close()
        self._bytes.finish()
        return LandedFile(self.name, self.rows, self._bytes.size, self._bytes.digest, _columns(self.schema))

    def leave(self) -> None:
        self._bytes.leave()
        self._parquet.close()


class _Digested:
    """A file that is hashed while it is written, so that its checksum costs no second read."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._state = blake2b(digest_size=DIGEST_BYTES)
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

    def leave(self) -> None:
        """Close the file as it stands; what is still written goes nowhere."""
        self._file.close()
        self._file = io.BytesIO()

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self.closed = True


def read_rejects(landing: Store, file: LandedFile) -> list[Reject]:
    """The rejected rows that an extraction kept beside its parts."""
    return [
        Reject(**row)
        for (path,) in landing.fetch([file])
        for row in pq.read_table(path, columns=list(REJECT_COLUMNS), partitioning=None).to_pylist()
    ]


def rows_of_files(landing: Store, manifest: Manifest) -> Counter[str]:
    """How many rows an extraction holds of each file that it read."""
    found: Counter[str] = Counter()
    for path in (path for paths in landing.fetch(manifest.files) for path in paths):
        held = pq.read_table(path, columns=[FILE_COLUMN], partitioning=None)
        names = pa.table({"file": held[FILE_COLUMN].cast(pa.string())})
        for row in names.group_by("file").aggregate([([], "count_all")]).to_pylist():
            found[row["file"]] += row["count_all"]
    return found


def parts_of_row(landing: Store, manifest: Manifest, file: str | None, row: int | None) -> tuple[LandedFile, ...]:
    """The part of an extraction that holds a row, or all of them where rows have no number; gone ones are left out."""
    there = tuple(part for part in manifest.files if landing.holds(part.path))
    if row is None or len(there) < 2:
        return there
    return tuple(part for part in there for (path,) in landing.fetch([part]) if _holds(path, file, row))


def _holds(path: str, file: str | None, row: int) -> bool:
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
