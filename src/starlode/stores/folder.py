"""A local folder as a store: files lie where they are read, so nothing is fetched, and each is synced before it counts."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.store import Stored, changed, digest_of, gone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlode.finding import Finding
    from starlode.store import Promised


@dataclass(frozen=True)
class Folder:
    """A folder of this machine. Links in it are not followed."""

    folder: Path

    @property
    def exists(self) -> bool:
        return self.folder.is_dir()

    def shown(self, name: str) -> str:
        return str(self.folder / name)

    def ready(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def news(self) -> tuple[Finding, ...]:
        """Nothing: who may read it is said by its owner."""
        return ()

    def listed(self, folder: str) -> tuple[str, ...]:
        place = self.folder / folder
        if not place.is_dir():
            return ()
        with os.scandir(place) as entries:
            return tuple(entry.name for entry in entries if not entry.is_dir())

    def below(self, folder: str) -> Iterator[Stored]:
        for place, folders, files in os.walk(self.folder / folder):
            folders.sort()
            for path in (Path(place, name) for name in sorted(files)):
                if not path.is_symlink():
                    held = path.stat()
                    yield Stored(path.relative_to(self.folder).as_posix(), held.st_size, held.st_mtime)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def create(self, name: str, content: bytes, by: str) -> None:
        path = self.room(name)
        beside = path.with_name(f"{path.stem}.{by}.tmp")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        finally:
            beside.unlink()
        _sync(path.parent)

    def room(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    def keep(self, name: str) -> None:
        """Make the file's name durable; its bytes are."""
        _sync((self.folder / name).parent)

    def fetch(self, files: Sequence[Promised]) -> Iterator[tuple[str, ...]]:
        for file in files:
            self.prove(file)
        yield tuple(str(self.folder / file.path) for file in files)

    def holds(self, name: str) -> bool:
        return (self.folder / name).is_file()

    def prove(self, file: Promised) -> None:
        path = self.folder / file.path
        try:
            digest = digest_of(path)
        except OSError as error:
            raise gone(str(path)) from error
        if digest != file.digest:
            raise changed(str(path))

    def clear(self, folder: str) -> None:
        shutil.rmtree(self.folder / folder, ignore_errors=True)

    def remove(self, names: Sequence[str]) -> None:
        paths = [self.folder / name for name in names]
        for path in paths:
            path.unlink()
        for folder in {path.parent for path in paths}:
            if not any(folder.iterdir()):
                folder.rmdir()

    def unfinished(self, folder: str) -> tuple[Stored, ...]:  # noqa: ARG002
        """None: a file is written where it stays, and is garbage or whole."""
        return ()

    def abandon(self, names: Sequence[str]) -> None:
        """Nothing: nothing is unfinished."""


def _sync(folder: Path) -> None:
    """Make new names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
