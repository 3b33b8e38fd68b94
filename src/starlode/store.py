"""The contract of a store: a place that keeps files by name, such as a local folder or a bucket.

Names are paths with `/` below the store. What a store promises is little, and all of it is needed: a file appears whole or not
at all, one is created only if there is none, and the bytes that are fetched are those that were promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from starlode.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from starlode.finding import Finding

BLOCK = 1 << 20
DIGEST_BYTES = 16


@dataclass(frozen=True)
class Stored:
    """A file of a store: its name, its size, and when it was written, in seconds since 1970."""

    name: str
    bytes: int
    written_at: float


class Promised(Protocol):
    """A file as a manifest names it."""

    @property
    def path(self) -> str:
        """Its name in the store."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def digest(self) -> str:
        """The checksum of its bytes."""


class Store(Protocol):
    """A place for the files of the landing. Naming it opens nothing."""

    @property
    def exists(self) -> bool:
        """Whether it was ever made ready."""

    @property
    def folder(self) -> Path:
        """The local folder below which files lie once they are fetched."""

    def shown(self, name: str) -> str:
        """The full address of a file, for people."""

    def ready(self) -> None:
        """Make ready for writing, or refuse what must not be written to; asks a server once, however often it is called."""

    def news(self) -> tuple[Finding, ...]:
        """What is to be said of a store that was made ready, until it was said once."""

    def listed(self, folder: str) -> tuple[str, ...]:
        """The own names of the files that lie directly in a folder; none where there is no such folder."""

    def below(self, folder: str) -> Iterator[Stored]:
        """Every file below a folder, at any depth."""

    def read(self, name: str) -> bytes:
        """The content of a small file; raises FileNotFoundError where there is none."""

    def create(self, name: str, content: bytes, by: str) -> None:
        """Create a file, whole and only if there is none, durable when this returns; raises FileExistsError.

        `by` names who creates it, so that what a crash leaves can be told.
        """

    def room(self, name: str) -> Path:
        """A local path at which to write a file before it is kept."""

    def keep(self, name: str) -> None:
        """Make the file that was written in its room, and is durable there, one of the store."""

    def fetch(self, files: Sequence[Promised]) -> Iterator[tuple[str, ...]]:
        """Local paths of the files in their order, some at a time; each lasts until the next ones are asked for.

        The bytes of each are proved against its checksum: raises DataError where a file is gone or has changed.
        """

    def holds(self, name: str) -> bool:
        """Whether there is such a file."""

    def prove(self, file: Promised) -> None:
        """Prove that a file is there as it was promised, as far as that goes without fetching it; raises DataError."""

    def clear(self, folder: str) -> None:
        """Remove a folder and all that is below it; no matter if there is none."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove files, and folders that are empty then."""

    def unfinished(self, folder: str) -> tuple[Stored, ...]:
        """Files below a folder that were begun to be kept and never were, as far as the store remembers them."""

    def abandon(self, names: Sequence[str]) -> None:
        """Let the store forget what it remembers of unfinished files."""


def digest_of(path: Path) -> str:
    """The checksum that manifests keep of a file's bytes."""
    state = blake2b(digest_size=DIGEST_BYTES)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            state.update(block)
    return state.hexdigest()


def gone(where: str) -> DataError:
    """A promised file that is not there."""
    return DataError(
        "a file that a manifest names is gone from the landing",
        where=where,
        hint="bring the file back, or read the source again with `starlode run --full`",
    )


def changed(where: str) -> DataError:
    """A promised file that has other bytes."""
    return DataError(
        "a landed file has changed since it was written",
        where=where,
        hint="read the source again with `starlode run --full`",
    )
