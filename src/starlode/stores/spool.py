"""A temporary folder of bounded size for copies of what a bucket holds: where files are written, and read by a warehouse.

Copies that were not used for longest make room for others. The folder goes with the process; that of a process which was killed
goes when the next spool is made, told by a lock that the system lets go of.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from collections import OrderedDict
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PREFIX = "starlode-spool-"
LOCK = "lock"


class Spool:
    """Copies by name, no more bytes of them than the limit, but for those in use and the newest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        _remove_abandoned()
        self.folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=PREFIX)))
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._in_use: set[str] = set()
        self._guard = Lock()
        self._end = weakref.finalize(self, _end, self.folder, descriptor, os.getpid())

    def path(self, name: str) -> Path:
        """Where the copy of a file lies or will lie."""
        return self.folder / name

    def room(self, name: str) -> Path:
        """A path for a copy, whose folder is there."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def add(self, name: str, size: int) -> None:
        """Count a copy that was made, and let the oldest go where they are too many."""
        with self._guard:
            self._sizes[name] = size
            self._sizes.move_to_end(name)
            too_many = sum(self._sizes.values()) - self.limit
            for old in [held for held in self._sizes if held != name and held not in self._in_use]:
                if too_many <= 0:
                    break
                too_many -= self._sizes.pop(old)
                self.path(old).unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        """Whether there is a copy, which counts as used now."""
        with self._guard:
            if name in self._sizes:
                self._sizes.move_to_end(name)
            return name in self._sizes

    @contextmanager
    def using(self, names: Collection[str]) -> Iterator[None]:
        """Keep copies, those that are made meanwhile too, until the block ends."""
        with self._guard:
            self._in_use |= set(names)
        try:
            yield
        finally:
            with self._guard:
                self._in_use -= set(names)

    def drop(self, below: str) -> None:
        """Remove the copies below a folder."""
        with self._guard:
            for name in [held for held in self._sizes if held.startswith(f"{below}/")]:
                del self._sizes[name]
            shutil.rmtree(self.folder / below, ignore_errors=True)

    def close(self) -> None:
        self._end()


def _end(folder: Path, descriptor: int, process_id: int) -> None:
    """Remove the folder; a child that was forked has no part in it."""
    if os.getpid() == process_id:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_abandoned() -> None:
    """Remove the spools of processes that are gone, as far as they are ours."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(folder / LOCK, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
