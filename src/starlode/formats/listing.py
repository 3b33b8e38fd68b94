"""Files of a local folder that a pattern names, found quickly and never outside the folder.

One scan of each folder that can still match; only regular files count, so a pipe or a folder called `x.csv` is passed
over.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from starlode.errors import SourceError
from starlode.formats.raw import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_files(root: Path, pattern: str) -> dict[str, Entry]:
    """The regular files under the root that match, by their names relative to it, in the order of the names."""
    segments = _segments(pattern)
    if not root.is_dir():
        raise SourceError(f"there is no folder {root}", where=str(root), hint=f"the nearest one is {_nearest(root)}")
    found = dict(_Walk(root, segments).files(str(root), "", frozenset({0})))
    return dict(sorted(found.items()))


def escapes(pattern: str) -> bool:
    """Whether a pattern leads out of its folder."""
    parts = PurePosixPath(pattern.replace("\\", "/")).parts
    return bool(parts) and (parts[0] in ("/", "//") or ".." in parts or re.match(r"[A-Za-z]:", parts[0]) is not None)


def _segments(pattern: str) -> tuple[str, ...]:
    if escapes(pattern):
        raise SourceError(f"`files: {pattern}` leads out of the source's folder", hint="patterns are relative to it")
    parts = tuple(part for part in pattern.split("/") if part not in ("", "."))
    return (*parts, "*") if parts[-1:] == ("**",) else parts


def _nearest(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.is_dir())


class _Walk:
    def __init__(self, root: Path, segments: tuple[str, ...]) -> None:
        self.root = os.path.realpath(root)
        self.segments = segments
        self.matches = [re.compile(fnmatch.translate(segment)).match for segment in segments]
        self.linked: set[str] = set()

    def files(self, folder: str, prefix: str, at: frozenset[int]) -> Iterator[tuple[str, Entry]]:
        """Files below a folder; `at` holds the segments of the pattern that its entries may match."""
        at = self._open(at)
        try:
            entries = list(os.scandir(folder))
        except OSError as cause:
            raise SourceError(
                f"cannot look into {folder}: {cause.strerror}", where=folder, hint="check its permissions"
            ) from cause
        for entry in entries:
            path = self._inside(entry) if entry.is_symlink() else entry.path
            if entry.is_dir():
                following = self._below(entry.name, at)
                if following and not self._seen(entry, path):
                    yield from self.files(path, f"{prefix}{entry.name}/", following)
            elif self._is_named(entry.name, at):
                known = entry.stat()
                if stat.S_ISREG(known.st_mode):
                    name = f"{prefix}{entry.name}"
                    yield name, Entry(name, Path(path), known.st_size, known.st_mtime_ns)

    def _open(self, at: frozenset[int]) -> frozenset[int]:
        """The segments, and those behind a `**`, which may also stand for no folder at all."""
        held = set(at)
        for place in sorted(at):
            while self.segments[place] == "**":
                place += 1
                held.add(place)
        return frozenset(held)

    def _below(self, name: str, at: frozenset[int]) -> frozenset[int]:
        stay = {place for place in at if self.segments[place] == "**" and not name.startswith(".")}
        last = len(self.segments) - 1
        return frozenset(stay | {place + 1 for place in at if place < last and self._fits(name, place)})

    def _is_named(self, name: str, at: frozenset[int]) -> bool:
        last = len(self.segments) - 1
        return last in at and self._fits(name, last)

    def _fits(self, name: str, place: int) -> bool:
        segment = self.segments[place]
        if segment == "**" or (name.startswith(".") and not segment.startswith(".")):
            return False
        return self.matches[place](name) is not None

    def _inside(self, entry: os.DirEntry[str]) -> str:
        real = os.path.realpath(entry.path)
        if not real.startswith(self.root.rstrip(os.sep) + os.sep) and real != self.root:
            raise SourceError(
                f"the link {entry.name} leads out of the source's folder",
                where=entry.path,
                hint="copy the file into the folder, or make the folder above it the source",
            )
        return real

    def _seen(self, entry: os.DirEntry[str], path: str) -> bool:
        if not entry.is_symlink():
            return False
        if path in self.linked or self.root.startswith(path):
            return True
        self.linked.add(path)
        return False
