"""The landing: what was read, as Parquet files and one manifest for each extraction.

The manifest is written last and only if it does not exist yet, so it is the commit: a reader of the landing sees whole
extractions or nothing, and two writers can never both finish the same one. Files that no manifest names are garbage.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from starlode.errors import DataError, SourceError
from starlode.finding import Finding
from starlode.table import Column, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlode.source import Mode, Stream

MANIFEST_VERSION = 1
_RUN = r"\d{8}T\d{6}-[0-9a-f]{8}"
_OWN_FOLDER = re.compile(rf"\d{{8,}}-{_RUN}")
_OWN_FILE = re.compile(rf"\d{{8,}}\.{_RUN}\.tmp")


@dataclass(frozen=True)
class LandedFile:
    """One Parquet file of an extraction: where it lies below the landing, what it holds, and its checksum."""

    path: str
    rows: int
    bytes: int
    digest: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Manifest:
    """The immutable account of one extraction of one stream."""

    stream: str
    number: int
    run_id: str
    mode: Mode
    created_at: str
    files: tuple[LandedFile, ...]
    rows: int
    rejected: int
    rejects: LandedFile | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    empty: tuple[str, ...] = ()
    position: Mapping[str, Any] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    forgets: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    digest: str = ""
    version: int = MANIFEST_VERSION

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of all files, in the order in which they were first seen, each with its last type."""
        last: dict[str, Column] = {}
        for file in self.files:
            last.update({column.name: column for column in file.columns})
        return tuple(last.values())

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)


def now() -> datetime:
    """This moment in UTC, without a zone, as the ledger keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def folder_of(landing: Path, stream: Stream) -> Path:
    """Where the extractions of a stream lie."""
    return landing / stream.source / stream.name


def manifest_path(landing: Path, stream: Stream, number: int) -> Path:
    return folder_of(landing, stream) / f"{number:08}.json"


def numbers(landing: Path, stream: Stream) -> tuple[int, ...]:
    """The numbers of the finished extractions of a stream, in order."""
    folder = folder_of(landing, stream)
    if not folder.is_dir():
        return ()
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries]
    return tuple(
        sorted(int(name[:8]) for name in names if len(name) == 13 and name[:8].isdigit() and name[8:] == ".json")
    )


def read_manifest(landing: Path, stream: Stream, number: int) -> Manifest:
    """A finished extraction's account."""
    path = manifest_path(landing, stream, number)
    try:
        held = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("a manifest of the landing cannot be read", where=str(path)) from error
    if held.get("version") != MANIFEST_VERSION:
        raise SourceError(
            f"a manifest has version {held.get('version')}, and this Starlode reads {MANIFEST_VERSION}",
            where=str(path),
            hint="use the newer Starlode that wrote it",
        )
    return replace(
        Manifest(**held),
        files=tuple(_file_from(file) for file in held["files"]),
        rejects=_file_from(held["rejects"]) if held["rejects"] else None,
        empty=tuple(held["empty"]),
        replaces=tuple(held["replaces"]),
        forgets=tuple(held["forgets"]),
        findings=tuple(Finding(**finding) for finding in held["findings"]),
    )


def commit(landing: Path, stream: Stream, manifest: Manifest) -> None:
    """Create the manifest, whole and only if there is none: from here on the extraction counts."""
    path = manifest_path(landing, stream, manifest.number)
    held = asdict(manifest) | {
        "files": [_file_as_json(file) for file in manifest.files],
        "rejects": _file_as_json(manifest.rejects) if manifest.rejects else None,
    }
    beside = path.with_name(f"{path.stem}.{manifest.run_id}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(held, file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError as error:
        raise SourceError(
            f"another run has landed extraction {manifest.number} of {stream} in the meantime",
            where=str(path),
            hint="run again: this run's files are not used, and the next run goes on from there",
        ) from error
    finally:
        beside.unlink()
    sync_folder(path.parent)


def verify(landing: Path, file: LandedFile) -> None:
    """Prove that a landed file still has the bytes that its manifest promised."""
    path = landing / file.path
    try:
        digest = digest_of(path)
    except OSError as error:
        raise DataError(
            "a file that a manifest names is gone from the landing",
            where=str(path),
            hint="bring the file back, or read the source again with `starlode run --full`",
        ) from error
    if digest != file.digest:
        raise DataError(
            "a landed file has changed since it was written",
            where=str(path),
            hint="read the source again with `starlode run --full`",
        )


def digest_of(path: Path) -> str:
    """The checksum that manifests keep of a file's bytes."""
    state = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()


def garbage(landing: Path, stream: Stream) -> Iterator[Path]:
    """Files that a run has written into a stream's folder and no manifest names: remains of runs that died.

    Told by the names that runs give; what lies there under another name is somebody else's.
    """
    folder = folder_of(landing, stream)
    if not folder.is_dir():
        return
    kept: set[Path] = set()
    for number in numbers(landing, stream):
        manifest = read_manifest(landing, stream, number)
        named = (*manifest.files, *([manifest.rejects] if manifest.rejects else []))
        kept |= {landing / file.path for file in named}
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir() and _OWN_FOLDER.fullmatch(path.name):
            yield from (part for part in sorted(path.iterdir()) if part.is_file() and part not in kept)
        elif path.is_file() and _OWN_FILE.fullmatch(path.name):
            yield path


def sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file_as_json(file: LandedFile) -> dict[str, Any]:
    return asdict(file) | {"columns": [[column.name, str(column.type)] for column in file.columns]}


def _file_from(held: dict[str, Any]) -> LandedFile:
    columns = tuple(Column(name, parse_type(word)) for name, word in held["columns"])
    return LandedFile(**(held | {"columns": columns}))
