"""Writing the Parquet files of an extraction, and what stays of them when it fails half-way."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from starlode.finding import Reject
from starlode.parts import ROOM, PartWriter
from starlode.stores.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.landing import LandedFile


def test_an_extraction_that_fails_half_way_leaves_no_file_open(tmp_path: Path) -> None:
    batch = pa.record_batch({"id": [1, 2], "name": ["a", "b"]})

    with pytest.raises(RuntimeError, match="half-way"):
        _stop_half_way(tmp_path, batch)

    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["part-00001.parquet", "rejects.parquet"]
    assert _open_below(tmp_path) == []


@pytest.mark.parametrize(
    ("rows", "slices", "files"), [(1_000, 4, 1), (400_000, 4, 2), (1_000_000, 4, 4), (1_000_000, 1, 1)]
)
def test_there_are_as_many_files_of_one_size_as_are_read_at_once(
    tmp_path: Path, rows: int, slices: int, files: int
) -> None:
    written = _written(tmp_path, rows, slices)

    sizes = [file.bytes for file in written]
    held = pa.concat_tables([pq.read_table(tmp_path / file.path) for file in written])
    assert len(written) == files
    assert [file.path for file in written] == [f"parts/part-{number:05}.parquet" for number in range(1, files + 1)]
    assert max(sizes) < min(sizes) + (2 << 20)
    assert {*held["id"].to_pylist()} == {*range(rows)}
    assert held.num_rows == rows


def test_parts_that_have_grown_to_their_end_are_followed_by_as_many_more(tmp_path: Path) -> None:
    written = _written(tmp_path, 3_000_000, 2, room=8 << 20)

    assert len(written) == 4
    assert [file.bytes > 8 << 20 for file in written] == [True, True, False, False]


def _written(folder: Path, rows: int, slices: int, room: int = ROOM) -> list[LandedFile]:
    """Files of rows with eight bytes that nothing makes smaller."""
    noise = random.Random(7)  # noqa: S311
    with PartWriter(Folder(folder), "parts", slices, room) as writer:
        for start in range(0, rows, 200_000):
            count = min(200_000, rows - start)
            bits = pa.py_buffer(noise.randbytes(8 * count))
            cells = {
                "id": pa.array(range(start, start + count)),
                "x": pa.Array.from_buffers(pa.float64(), count, [None, bits]),
            }
            writer.write(pa.record_batch(cells))
    return writer.files


def _stop_half_way(folder: Path, batch: pa.RecordBatch) -> None:
    with PartWriter(Folder(folder), "parts") as parts:
        # The writing thread is behind by two batches at most.
        for _ in range(4):
            parts.write(batch)
        parts.reject([Reject("a.csv", 2, "id", "x", "not of type integer", "type")])
        raise RuntimeError("stopped half-way")


def _open_below(folder: Path) -> list[str]:
    """The files below a folder that this process has open."""
    files = {(path.stat().st_dev, path.stat().st_ino): path.name for path in folder.rglob("*")}
    found = []
    for number in os.listdir("/dev/fd"):
        try:
            held = os.fstat(int(number))
        except OSError:
            # The list itself was open while it was read.
            continue
        if (held.st_dev, held.st_ino) in files:
            found.append(files[held.st_dev, held.st_ino])
    return found
