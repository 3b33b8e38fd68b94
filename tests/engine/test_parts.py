"""Writing the Parquet files of an extraction, and what stays of them when it fails half-way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from starlode.finding import Reject
from starlode.parts import PartWriter
from starlode.stores.folder import Folder

if TYPE_CHECKING:
    from pathlib import Path


def test_an_extraction_that_fails_half_way_leaves_no_file_open(tmp_path: Path) -> None:
    batch = pa.record_batch({"id": [1, 2], "name": ["a", "b"]})

    with pytest.raises(RuntimeError, match="half-way"):
        _stop_half_way(tmp_path, batch)

    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["part-00001.parquet", "rejects.parquet"]
    assert _open_below(tmp_path) == []


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
