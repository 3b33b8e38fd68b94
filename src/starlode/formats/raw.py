"""Bytes of files as they lie: found, opened, counted, hashed and decompressed, and never written.

Only this module and `listing` touch the file system, and only `far` and `listing` a bucket. A file's mark (size, version,
digest of the raw bytes) comes from the bytes that were read, not from a second look.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal, Protocol, Self

import pyarrow as pa

from starlode.errors import SourceError
from starlode.finding import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.formats.shape import Shape

CODECS: dict[str, Literal["gzip", "zstd"]] = {".gz": "gzip", ".zst": "zstd"}
CHUNK = 1 << 20
# A time of change in nanoseconds, or the tag of an object.
Version = int | str
UNREADABLE = "unreadable file"


class Opened(Protocol):
    """An open file."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; none at the end."""

    def identity(self) -> tuple[int, Version]:
        """Its size and version as they are now."""

    def again(self) -> IO[bytes]:
        """The same file once more, for formats that are not read from front to end."""

    def close(self) -> None:
        """Give it back."""


class Place(Protocol):
    """Where a file lies; its text is its address, for people."""

    @property
    def is_far(self) -> bool:
        """Whether opening it waits for somebody else."""

    def open(self) -> Opened:
        """The file, open for reading; raises OSError."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was found: its name under the root, where it lies, its size, and what tells that it changed."""

    name: str
    place: Place
    size: int
    version: Version


@dataclass(frozen=True, slots=True)
class Local:
    """A file of this machine, whose version is the time of its last change."""

    path: Path

    is_far = False

    def __str__(self) -> str:
        return str(self.path)

    def open(self) -> Opened:
        return _Regular(self.path)


class Raw:
    """An open file whose bytes are counted and hashed as they pass."""

    def __init__(self, entry: Entry, opened: Opened | None = None) -> None:
        self.entry = entry
        self.passed = 0
        self._told = 0
        self._digest = hashlib.blake2b(digest_size=16)
        try:
            self._file = opened or entry.place.open()
        except OSError as cause:
            reason = cause.strerror or cause
            raise SourceError(
                f"cannot open {entry.name}: {reason}", where=str(entry.place), hint="check that it can be read"
            ) from cause
        self._before = self._file.identity()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        self.passed += len(data)
        return data

    def close(self) -> None:
        self._file.close()

    def news(self) -> int:
        """The bytes that passed since this was last asked."""
        news, self._told = self.passed - self._told, self.passed
        return news

    def mark(self) -> list[Any]:
        """The file's mark, once all was read; refuses when the file changed in the meantime."""
        while self.read(CHUNK):
            pass
        self.check()
        return [*self._before, self._digest.hexdigest()]

    def check(self) -> None:
        """Refuse a file that changed since it was opened."""
        if self._file.identity() != self._before or self._before[0] != self.passed:
            raise SourceError(
                f"{self.entry.name} changed while it was read",
                where=str(self.entry.place),
                hint="run again when nothing writes to it",
            )

    def again(self) -> IO[bytes]:
        """The same file once more, for formats that are not read from front to end."""
        return self._file.again()


def digest(entry: Entry) -> str:
    """The digest of a file's raw bytes."""
    with Raw(entry) as raw:
        return str(raw.mark()[2])


def reason(cause: Exception) -> str:
    """The first line of what a reader says of a broken file."""
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


def unreadable(entry: Entry, why: str, shape: Shape) -> Reject:
    """What stands for a file that is broken as a whole; the files beside it go on, and it has no mark: it is tried again."""
    told = "the file is broken or cut short and was left out; what was read of it before stays, and each run tries it again"
    shape.tell_of_file(UNREADABLE, entry.name, "failure", told)
    return Reject(entry.name, 0, "", "", why, UNREADABLE)


def codec(name: str) -> Literal["gzip", "zstd"] | None:
    """How a file is compressed, by its name."""
    return CODECS.get(os.path.splitext(name.lower())[1])


def chunks(raw: Raw, size: int = CHUNK) -> Iterator[bytes]:
    """The file's content in pieces, decompressed when its name says that it is compressed."""
    packed = codec(raw.entry.name)
    if packed is None:
        yield from iter(lambda: raw.read(size), b"")
        return
    size = min(size, CHUNK)
    stream = pa.CompressedInputStream(pa.PythonFile(_Passing(raw), mode="r"), packed)
    yield from iter(lambda: stream.read(size), b"")


class _Passing(io.RawIOBase):
    """A file for pyarrow that reads from another one and leaves it open."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._raw.read(size)


class _Regular:
    """A file that is still a regular one and no link, as it was when it was found."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError("not a regular file any more")
        self._file = io.FileIO(descriptor, "rb")
        self.read = self._file.read
        self.close = self._file.close

    def identity(self) -> tuple[int, Version]:
        found = os.fstat(self._file.fileno())
        return found.st_size, found.st_mtime_ns

    def again(self) -> IO[bytes]:
        return os.fdopen(os.dup(self._file.fileno()), "rb")
