"""A bucket below a prefix as a store, through a spool: files are written there and brought up, fetched there and proved.

An object appears whole or not at all, and a manifest is created only if there is none, by the server's own word. A marker at
the root proves that the server keeps that word before anything relies on it: a second one must be refused.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from starlode.errors import LandingError
from starlode.finding import Finding
from starlode.store import DIGEST_BYTES, Stored, changed, gone
from starlode.stores.objects import Objects
from starlode.stores.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from starlode.finding import Severity
    from starlode.store import Promised
    from starlode.stores.objects import Address

Encryption = Literal["SSE-S3", "SSE-KMS"]
# What the spool may hold of copies, and what of that is in use at once.
SPOOL_BYTES = 1 << 30
SHARE_BYTES = SPOOL_BYTES // 2
FETCHED_AT_ONCE = 4
FORBIDDEN = "AccessDenied"
MARKER = "starlode.json"


@dataclass(frozen=True)
class Bucket:
    """A landing in an object store; how its objects are encrypted, where that is not left to the bucket."""

    address: Address
    encryption: Encryption | None = None
    kms_key: str = ""

    @property
    def exists(self) -> bool:
        return self.holds(MARKER)

    @property
    def folder(self) -> Path:
        return self._spool.folder

    def shown(self, name: str) -> str:
        return self.objects.shown(name)

    def ready(self) -> None:
        self._noticed  # noqa: B018  asks the server the first time

    def news(self) -> tuple[Finding, ...]:
        news = tuple(self._noticed)
        self._noticed.clear()
        return news

    def listed(self, folder: str) -> tuple[str, ...]:
        return self.objects.in_folder(folder)

    def below(self, folder: str) -> Iterator[Stored]:
        for held in self.objects.listed(folder):
            yield Stored(held.name, held.bytes, held.written_at)

    def read(self, name: str) -> bytes:
        return self.objects.read(name)

    def create(self, name: str, content: bytes, by: str) -> None:  # noqa: ARG002  nothing is left where it is cut short
        self.objects.create(name, content)

    def room(self, name: str) -> Path:
        return self._spool.room(name)

    def keep(self, name: str) -> None:
        path = self._spool.path(name)
        self.objects.put(name, path)
        self._spool.add(name, path.stat().st_size)

    def fetch(self, files: Sequence[Promised]) -> Iterator[tuple[str, ...]]:
        for share in _shares(files):
            names = {file.path for file in share}
            with self._spool.using(names), ThreadPoolExecutor(FETCHED_AT_ONCE, "fetch") as pool:
                yield tuple(pool.map(self._fetched, share))
        if not files:
            yield ()

    def holds(self, name: str) -> bool:
        try:
            self.objects.head(name)
        except FileNotFoundError:
            return False
        return True

    def prove(self, file: Promised) -> None:
        try:
            held = self.objects.head(file.path)
        except FileNotFoundError as error:
            raise gone(self.shown(file.path)) from error
        if held.bytes != file.bytes:
            raise changed(self.shown(file.path))

    def clear(self, folder: str) -> None:
        self._spool.drop(folder)
        self.remove([held.name for held in self.objects.listed(folder)])

    def remove(self, names: Sequence[str]) -> None:
        self.objects.remove(names)

    def unfinished(self, folder: str) -> tuple[Stored, ...]:
        return tuple(Stored(held.name, held.bytes, held.written_at) for held in self.objects.unfinished(folder))

    def abandon(self, names: Sequence[str]) -> None:
        folders = {name.rpartition("/")[0] for name in names}
        begun = (held for folder in sorted(folders) for held in self.objects.unfinished(folder))
        self.objects.abandon([held for held in begun if held.name in names])

    @cached_property
    def objects(self) -> Objects:
        """The bucket itself."""
        words: Mapping[Encryption | None, Mapping[str, str]] = {
            None: {},
            "SSE-S3": {"server_side_encryption": "AES256"},
            "SSE-KMS": {"server_side_encryption": "aws:kms"},
        }
        key = {"sse_kms_key_id": self.kms_key} if self.kms_key else {}
        return Objects(self.address, LandingError, {**words[self.encryption], **key})

    @cached_property
    def _spool(self) -> Spool:
        return Spool(SPOOL_BYTES)

    @cached_property
    def _noticed(self) -> list[Finding]:
        """What is to be said of the bucket once it was found fit, until it is said."""
        found = self._guard_public()
        self._guard_marker()
        return list(found)

    def _guard_public(self) -> tuple[Finding, ...]:
        """Refuse a bucket that is open to everybody; where it cannot be told, say so."""
        address = self.address
        why, untold = "", "only S3 tells that"
        if address.scheme == "s3":
            why, untold = self.objects.amazon.publicity(address.bucket)
        if why:
            hint = "block public access to it, or land in a bucket of your own"
            raise LandingError(f"the bucket {address.bucket} is public: {why}", where=str(address), hint=hint)
        if not untold:
            return ()
        severity: Severity = "warning" if FORBIDDEN in untold else "note"
        message = f"whether the bucket is open to everybody was not checked: {untold}"
        return (Finding("landing not checked", str(address), severity, message),)

    def _guard_marker(self) -> None:
        """Refuse a server that overwrites what is there when it is told to create."""
        try:
            for _ in range(2):
                self.objects.create(MARKER, json.dumps({"landing": 1, "by": uuid4().hex}).encode())
        except FileExistsError:
            return
        raise LandingError(
            "the server overwrites an object that it was told to create only if there is none",
            where=str(self.address),
            hint="two runs could land over each other there: use a server that obeys If-None-Match, or a folder",
        )

    def _fetched(self, file: Promised) -> str:
        """The local copy of a file, made and proved if there is none yet."""
        if not self._spool.has(file.path):
            path = self._spool.room(file.path)
            state = blake2b(digest_size=DIGEST_BYTES)
            try:
                with path.open("wb") as copy:
                    for piece in self.objects.pieces(file.path):
                        state.update(piece)
                        copy.write(piece)
            except FileNotFoundError as error:
                raise gone(self.shown(file.path)) from error
            if state.hexdigest() != file.digest:
                path.unlink()
                raise changed(self.shown(file.path))
            self._spool.add(file.path, file.bytes)
        return str(self._spool.path(file.path))


def _shares(files: Sequence[Promised]) -> Iterator[list[Promised]]:
    """The files in their order, so many at a time as have room together."""
    share: list[Promised] = []
    size = 0
    for file in files:
        if share and size + file.bytes > SHARE_BYTES:
            yield share
            share, size = [], 0
        share.append(file)
        size += file.bytes
    if share:
        yield share
