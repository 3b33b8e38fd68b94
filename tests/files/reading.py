"""Reads folders the way a run does, and keeps all that came out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.arrow import columns_of
from starlode.formats.csv_text import CsvReader
from starlode.formats.json_text import read_json
from starlode.formats.raw import Entry, Local, Raw
from starlode.formats.settings import FileSettings
from starlode.formats.shape import Shape
from starlode.source import ReadAgain, Stream
from starlode.sources.files import Files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.finding import Finding, Reject
    from starlode.source import Batch, Look, Mode
    from starlode.table import Column, Type


@dataclass
class Result:
    """What a read gave out, from all its batches."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    position: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    bytes_read: int = 0
    times: int = 1

    @property
    def values(self) -> list[dict[str, Any]]:
        """The rows without the columns of their place."""
        return [{k: v for k, v in row.items() if k not in ("_file", "_row")} for row in self.rows]

    @property
    def rules(self) -> list[str]:
        return [reject.rule for reject in self.rejects]

    def told(self, rule: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.rule == rule]


def files_of(
    folder: Path, files: str = "*", types: Mapping[str, Type] | None = None, mode: Mode = "incremental", **settings: Any
) -> tuple[Files, Stream]:
    """A source of one stream over a folder."""
    stream = Stream("shop", "sales", FileSettings(files, **settings), mode=mode, types=types or {})
    return Files("shop", ".", folder, (stream,)), stream


def look(folder: Path, position: Mapping[str, Any], files: str = "*", *, full: bool = False, **settings: Any) -> Look:
    source, stream = files_of(folder, files, **settings)
    return source.look(stream, position, full=full)


def read(
    folder: Path,
    files: str = "*",
    *,
    columns: tuple[Column, ...] = (),
    position: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Result:
    """All that a stream gives, read again with wider columns as often as it asks for it."""
    source, stream = files_of(folder, files, **settings)
    found = source.look(stream, position or {})
    for times in range(1, 10):
        try:
            return collect(list(source.read(stream, found, columns)), times)
        except ReadAgain as again:
            columns = again.columns
    raise AssertionError("a read asks for another one without an end")


def read_blocks(kind: str, data: bytes, block: int) -> Result:
    """One file in blocks of a chosen size, read again with wider columns as often as it asks for it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        path.write_bytes(data)
        columns: tuple[Column, ...] = ()
        for times in range(1, 10):
            shape = Shape("shop.sales", {}, columns)
            with Raw(Entry(path.name, Local(path), len(data), 0)) as opened:
                try:
                    if kind == "json":
                        return collect(list(read_json(opened, shape, "utf-8", {}, block)), times)
                    own = FileSettings("*", delimiter=",", encoding="utf-8")
                    return collect(list(CsvReader(own, shape, block).read(opened)), times)
                except ReadAgain as again:
                    columns = again.columns
        raise AssertionError("a read asks for another one without an end")


def collect(batches: list[Batch], times: int = 1) -> Result:
    result = Result(batches=batches, times=times)
    for batch in batches:
        result.rows += batch.rows.to_pylist()
        result.rejects += batch.rejects
        result.findings += batch.findings
        result.position |= batch.position
        result.bytes_read += batch.bytes_read
        result.types |= {column.name: str(column.type) for column in columns_of(batch.rows.schema)}
    return result
