"""The landing: what was read, as Parquet files and one manifest for each extraction, in a store.

The manifest is written last and only if it does not exist yet, so it is the commit: a reader of the landing sees whole
extractions or nothing, and two writers can never both finish the same one. Files that no manifest names are garbage.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlode.errors import SourceError
from starlode.finding import Finding
from starlode.table import Column, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.source import Mode, Stream
    from starlode.store import Store, Stored

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


def folder_of(stream: Stream) -> str:
    """Where the extractions of a stream lie below a landing."""
    return f"{stream.source}/{stream.name}"


def manifest_name(stream: Stream, number: int) -> str:
    return f"{folder_of(stream)}/{number:08}.json"


def numbers(landing: Store, stream: Stream) -> tuple[int, ...]:
    """The numbers of the finished extractions of a stream, in order."""
    names = landing.listed(folder_of(stream))
    return tuple(
        sorted(int(name[:8]) for name in names if len(name) == 13 and name[:8].isdigit() and name[8:] == ".json")
    )


def read_manifest(landing: Store, stream: Stream, number: int) -> Manifest:
    """A finished extraction's account."""
    name = manifest_name(stream, number)
    try:
        held = json.loads(landing.read(name).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("a manifest of the landing cannot be read", where=landing.shown(name)) from error
    if held.get("version") != MANIFEST_VERSION:
        raise SourceError(
            f"a manifest has version {held.get('version')}, and this Starlode reads {MANIFEST_VERSION}",
            where=landing.shown(name),
            hint="use the newer Starlode that wrote it",
        )
    return replace(
        Manifest(**held),
        files=tuple(file_from(file) for file in held["files"]),
        rejects=file_from(held["rejects"]) if held["rejects"] else None,
        empty=tuple(held["empty"]),
        replaces=tuple(held["replaces"]),
        forgets=tuple(held["forgets"]),
        findings=tuple(Finding(**finding) for finding in held["findings"]),
    )


def commit(landing: Store, stream: Stream, manifest: Manifest) -> None:
    """Create the manifest, whole and only if there is none: from here on the extraction counts."""
    name = manifest_name(stream, manifest.number)
    held = asdict(manifest) | {
        "files": [file_as_json(file) for file in manifest.files],
        "rejects": file_as_json(manifest.rejects) if manifest.rejects else None,
    }
    content = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    try:
        landing.create(name, content, manifest.run_id)
    except FileExistsError as error:
        raise SourceError(
            f"another run has landed extraction {manifest.number} of {stream} in the meantime",
            where=landing.shown(name),
            hint="run again: this run's files are not used, and the next run goes on from there",
        ) from error


def garbage(landing: Store, stream: Stream) -> Iterator[Stored]:
    """Files that a run has written into a stream's folder and no manifest names: remains of runs that died.

    Told by the names that runs give; what lies there under another name is somebody else's.
    """
    kept: set[str] = set()
    for number in numbers(landing, stream):
        manifest = read_manifest(landing, stream, number)
        kept |= {file.path for file in (*manifest.files, *([manifest.rejects] if manifest.rejects else []))}
    folder = folder_of(stream)
    for file in landing.below(folder):
        if file.name not in kept and _is_own(file.name.removeprefix(f"{folder}/")):
            yield file


def unfinished(landing: Store, stream: Stream) -> Iterator[Stored]:
    """Files that a run has begun to bring into a stream's folder, where beginning leaves something."""
    folder = folder_of(stream)
    for file in landing.unfinished(folder):
        if _is_own(file.name.removeprefix(f"{folder}/")):
            yield file


def _is_own(name: str) -> bool:
    """Whether a run gives such a name to a file in a stream's folder, manifests aside."""
    above, slash, own = name.partition("/")
    return bool(_OWN_FOLDER.fullmatch(above)) and "/" not in own if slash else bool(_OWN_FILE.fullmatch(name))


def file_as_json(file: LandedFile) -> dict[str, Any]:
    return asdict(file) | {"columns": [[column.name, str(column.type)] for column in file.columns]}


def file_from(held: dict[str, Any]) -> LandedFile:
    columns = tuple(Column(name, parse_type(word)) for name, word in held["columns"])
    return LandedFile(**(held | {"columns": columns}))
