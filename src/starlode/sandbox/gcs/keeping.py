"""What the double keeps: buckets with objects, each of a generation, and the pieces of uploads that are not finished."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from starlode.sandbox.gcs.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Every piece of an upload has at least so many bytes, but for the last.
LEAST_PIECE = 5 << 20


@dataclass(frozen=True)
class Object:
    """An object as it was written once."""

    content: bytes
    generation: int
    written: datetime

    @property
    def tag(self) -> str:
        return f'"{md5(self.content, usedforsecurity=False).hexdigest()}"'


@dataclass
class Bucket:
    """A bucket; `rights` are those of accounts that may do something else in it than elsewhere."""

    location: str = "EU"
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    objects: dict[str, Object] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[int, bytes]]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _generations: Iterator[int] = field(default_factory=lambda: count(1), repr=False)

    def read(self, key: str) -> Object:
        if key not in self.objects:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        return self.objects[key]

    def write(self, key: str, content: bytes, over: int | None = None) -> Object:
        """Write an object, over that of a generation only where one is named; 0 is that of none."""
        with self._lock:
            held = self.objects[key].generation if key in self.objects else 0
            if over not in (None, held):
                raise Refused(
                    412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."
                )
            self.objects[key] = Object(content, next(self._generations), datetime.now(UTC))
            return self.objects[key]

    def remove(self, key: str) -> None:
        with self._lock:
            self.read(key)
            del self.objects[key]

    def listed(self, prefix: str, delimiter: str, after: str, most: int) -> tuple[dict[str, Object | None], bool]:
        """The objects and the folders whose names begin so and sort behind another, in order; whether there are more."""
        found: dict[str, Object | None] = {}
        with self._lock:
            for key in sorted(key for key in self.objects if key.startswith(prefix)):
                head, mark, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
                name = f"{prefix}{head}{mark}" if mark else key
                if name <= after or name in found:
                    continue
                if len(found) == most:
                    return found, True
                found[name] = None if mark else self.objects[key]
        return found, False

    def begin(self, key: str) -> str:
        """Begin to write an object in pieces."""
        upload = uuid4().hex
        self.uploads[upload] = (key, {})
        return upload

    def pieces(self, upload: str, key: str) -> dict[int, bytes]:
        """The pieces of an upload, by their numbers."""
        if self.uploads.get(upload, ("",))[0] != key:
            raise Refused(404, "NoSuchUpload", "The requested upload was not found.")
        return self.uploads[upload][1]

    def finish(self, upload: str, key: str, numbers: Sequence[int]) -> Object:
        """Write an object of the pieces that are named."""
        held: Mapping[int, bytes] = self.pieces(upload, key)
        if not numbers or [*numbers] != sorted(set(numbers)) or any(number not in held for number in numbers):
            raise Refused(400, "InvalidPart", "One or more of the specified parts could not be found, or out of order.")
        parts = [held[number] for number in numbers]
        if any(len(part) < LEAST_PIECE for part in parts[:-1]):
            raise Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum object size.")
        written = self.write(key, b"".join(parts))
        self.uploads.pop(upload, None)
        return written
