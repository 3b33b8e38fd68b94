"""Reads folders the way a run does, and keeps all that came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlode.arrow import columns_of
from starlode.formats.settings import FileSettings
from starlode.source import ReadAgain, Stream
from starlode.sources.files import Files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
