"""Files that a pattern names, of a local folder or of a bucket below a prefix, found quickly and never outside of it.

Of a folder, one scan of each one below that can still match; only regular files count, so a pipe or a folder called `x.csv` is
passed over. Of a bucket, one listing below what the pattern names without a `*`, page by page.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from starlode.errors import SourceError
from starlode.formats.far import Far
from starlode.formats.raw import Entry, Local

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.stores.objects import Object, Objects


def find_files(root: Path, pattern: str) -> dict[str, Entry]:
    """The regular files under the root that match, by their names relative to it, in the order of the names."""
    segments = _segments(pattern)
    if not root.is_dir():
        raise SourceError(f"there is no folder {root}", where=str(root), hint=f"the nearest one is {_nearest(root)}")
    found = dict(_Walk(root, segments).files(str(root), "", frozenset({0})))
    return dict(sorted(found.items()))


def find_objects(objects: Objects, pattern: str, after: str = "") -> dict[str, Entry]:
    """The objects that match, by their names below the prefix, in the order of these; only those that sort behind `after`."""
    segments = _segments(pattern)
    matching = _Pattern(segments)
    folder = "/".join(segments[: _depth_of_names(segments)])
    found = _without_folders(objects.listed(folder, after))
    return {held.name: _far(objects, held) for held in found if held.name > after and matching.fits(held.name)}


def _far(objects: Objects, held: Object) -> Entry:
    """An object as a file; where a server gives it no tag, the time at which it was written tells that it changed."""
    version = held.tag or f"{held.written_at:.6f}"
    return Entry(held.name, Far(objects, held.name, held.bytes, held.tag, version), held.bytes, version)


def _depth_of_names(segments: tuple[str, ...]) -> int:
    """How many folders a pattern names outright before anything may vary."""
    varying = (place for place, segment in enumerate(segments) if re.search(r"[*?\[]", segment))
    return min((*varying, len(segments) - 1))


def _without_folders(found: Iterator[Object]) -> Iterator[Object]:
    """The objects without those that only stand for a folder, which are empty and come before what is in it."""
    held: Object | None = None
    for one in found:
        if held is not None and (held.bytes or not one.name.startswith(f"{held.name}/")):
            yield held
        held = one
    if held is not None:
        yield held


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


class _Pattern:
    """Which names match a pattern, followed segment by segment: a place says which segment the next name may match."""

    def __init__(self, segments: tuple[str, ...]) -> None:
        self.segments = segments
        self.matches = [re.compile(fnmatch.translate(segment)).match for segment in segments]

    def fits(self, name: str) -> bool:
        """Whether a whole name matches."""
        *folders, own = name.split("/")
        at = frozenset({0})
        for folder in folders:
            at = self.below(folder, self.opened(at))
        return self.is_named(own, self.opened(at))

    def opened(self, at: frozenset[int]) -> frozenset[int]:
        """The places, and those behind a `**`, which may also stand for no folder at all."""
        held = set(at)
        for place in sorted(at):
            while self.segments[place] == "**":
                place += 1
                held.add(place)
        return frozenset(held)

    def below(self, name: str, at: frozenset[int]) -> frozenset[int]:
        """The places for what lies in a folder of this name."""
        stay = {place for place in at if self.segments[place] == "**" and not name.startswith(".")}
        last = len(self.segments) - 1
        return frozenset(stay | {place + 1 for place in at if place < last and self._matches(name, place)})

    def is_named(self, name: str, at: frozenset[int]) -> bool:
        """Whether a file of this name matches."""
        last = len(self.segments) - 1
        return last in at and self._matches(name, last)

    def _matches(self, name: str, place: int) -> bool:
        segment = self.segments[place]
        if segment == "**" or (name.startswith(".") and not segment.startswith(".")):
            return False
        return self.matches[place](name) is not None


class _Walk:
    def __init__(self, root: Path, segments: tuple[str, ...]) -> None:
        self.root = os.path.realpath(root)
        self.pattern = _Pattern(segments)
        self.linked: set[str] = set()

    def files(self, folder: str, prefix: str, at: frozenset[int]) -> Iterator[tuple[str, Entry]]:
        """Files below a folder; `at` holds the segments of the pattern that its entries may match."""
        at = self.pattern.opened(at)
        try:
            entries = list(os.scandir(folder))
        except OSError as cause:
            raise SourceError(
                f"cannot look into {folder}: {cause.strerror}", where=folder, hint="check its permissions"
            ) from cause
        for entry in entries:
            path = self._inside(entry) if entry.is_symlink() else entry.path
            if entry.is_dir():
                following = self.pattern.below(entry.name, at)
                if following and not self._seen(entry, path):
                    yield from self.files(path, f"{prefix}{entry.name}/", following)
            elif self.pattern.is_named(entry.name, at):
                known = entry.stat()
                if stat.S_ISREG(known.st_mode):
                    name = f"{prefix}{entry.name}"
                    yield name, Entry(name, Local(Path(path)), known.st_size, known.st_mtime_ns)

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
