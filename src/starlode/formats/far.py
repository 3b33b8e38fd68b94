"""Objects of a bucket as files that can be opened, and opened ahead of being read.

An object is fetched whole before a row of it is read, small ones into memory and large ones into a temporary file without a
name: what is cut off on the way never gives half its rows. Many small ones are on their way at a time, because each is mostly
waiting.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from starlode.formats.raw import Raw

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Future

    from starlode.formats.raw import Entry, Opened, Version
    from starlode.stores.objects import Objects

SMALL = 8 << 20
# Objects that are on their way or wait to be read, and how many bytes of them.
AHEAD, AHEAD_BYTES = 64, 64 << 20
FETCHERS = 32


@dataclass(frozen=True, slots=True)
class Far:
    """An object as it was listed; another one that has taken its name meanwhile is not opened."""

    objects: Objects
    name: str
    size: int
    tag: str
    version: str

    is_far = True

    def __str__(self) -> str:
        return self.objects.shown(self.name)

    def open(self) -> Opened:
        return _InMemory(self) if self.size <= SMALL else _OnDisk(self)


class _InMemory:
    """A small object."""

    def __init__(self, far: Far) -> None:
        self._content = far.objects.read(far.name, far.tag)
        self._far = far
        self._file = io.BytesIO(self._content)
        self.read = self._file.read
        self.close = self._file.close

    def identity(self) -> tuple[int, Version]:
        return len(self._content), self._far.version

    def again(self) -> IO[bytes]:
        return io.BytesIO(self._content)


class _OnDisk:
    """A large object, as a temporary file without a name."""

    def __init__(self, far: Far) -> None:
        self._far = far
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with the object
        try:
            for piece in far.objects.pieces(far.name, far.tag):
                self._file.write(piece)
            self._file.seek(0)
        except BaseException:
            self._file.close()
            raise
        self.read = self._file.read
        self.close = self._file.close

    def identity(self) -> tuple[int, Version]:
        return os.fstat(self._file.fileno()).st_size, self._far.version

    def again(self) -> IO[bytes]:
        return os.fdopen(os.dup(self._file.fileno()), "rb")


class Opening:
    """Opens files in the order in which they were announced; small objects are fetched ahead."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._coming = deque(entry for entry in entries if entry.place.is_far and entry.size <= SMALL)
        self._begun: dict[str, Future[Opened]] = {}
        self._bytes = 0
        self._pool = ThreadPoolExecutor(FETCHERS, "fetch") if self._coming else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def raw(self, entry: Entry) -> Raw:
        """A file, open for reading."""
        if self._pool is None:
            return Raw(entry)
        self._fetch_ahead(self._pool)
        begun = self._begun.pop(entry.name, None)
        if begun is None:
            return Raw(entry)
        self._bytes -= entry.size
        try:
            opened = begun.result()
        except OSError:
            return Raw(entry)
        return Raw(entry, opened)

    def _fetch_ahead(self, pool: ThreadPoolExecutor) -> None:
        while self._coming and len(self._begun) < AHEAD and self._bytes < AHEAD_BYTES:
            entry = self._coming.popleft()
            self._begun[entry.name] = pool.submit(entry.place.open)
            self._bytes += entry.size
