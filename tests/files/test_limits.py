"""Records and files that are too large, and memory that stays bounded."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from starlode.formats.blocks import LONGEST
from tests.files.reading import read

if TYPE_CHECKING:
    from pathlib import Path

READS = """
import resource, sys
from pathlib import Path
from tests.files.reading import files_of
source, stream = files_of(Path(sys.argv[1]))
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(len(batch.rows) for batch in source.read(stream, source.look(stream, {}), ()))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


@pytest.mark.parametrize("name", ["a.json", "a.csv"])
def test_a_record_longer_than_the_limit_is_rejected_and_the_next_one_is_kept(tmp_path: Path, name: str) -> None:
    long = b'"' + b"x" * (LONGEST + (20 << 20)) + b'"'
    text = b'{"a":1}\n{"a":%s}\n{"a":3}\n' if name == "a.json" else b"a,b\n1,x\n2,%s\n3,y\n"
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text % long, 1))

    found = read(tmp_path)

    assert [row["a"] for row in found.rows] == [1, 3]
    assert len(found.rejects) == 1
    assert len(found.rejects[0].raw) <= 64 * 1024


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_memory_is_bounded_by_blocks_and_not_by_the_file(tmp_path: Path, kind: str) -> None:
    row = {"id": 12345, "name": "some name", "price": 10.25, "note": "x" * 100}
    line = json.dumps(row) if kind == "json" else "12345,some name,10.25," + "x" * 100
    head = "" if kind == "json" else "id,name,price,note\n"
    (tmp_path / f"a.{kind}").write_text(head + (line + "\n") * 1_500_000)

    told = subprocess.run([sys.executable, "-c", READS, str(tmp_path)], capture_output=True, text=True, check=True)

    rows, grown = (int(part) for part in told.stdout.split())
    assert rows == 1_500_000
    assert grown < 300
