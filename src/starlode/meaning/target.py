"""Where a project keeps what it landed, and which warehouse it loads."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from starlode import registry
from starlode.declaration import LandingDeclaration
from starlode.environment import Word
from starlode.nearest import hint
from starlode.stores.bucket import Bucket
from starlode.stores.folder import Folder
from starlode.stores.objects import address
from starlode.warehouse import Misspelt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlode.declare import Reading
    from starlode.document import Place
    from starlode.source import Source
    from starlode.store import Store
    from starlode.warehouse import Warehouse

# Where a star is built: in the target, or by this warehouse in a file of its own.
IN_TARGET = "target"
EMBEDDED, BUILD_FILE = "duckdb", ".starlode/build.duckdb"
# Further spellings of a warehouse's name.
SPELLED = {"postgresql": "postgres"}
# A line that may hold a password is not shown.
_SECRET = re.compile(r"\S@|password", re.I)
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def landing(said: Word | LandingDeclaration, folder: Path, sources: Iterable[Source], reading: Reading) -> Store:
    """The store for landed files, which shares no file with a place that is read."""
    to: Word = said.to if isinstance(said, LandingDeclaration) else said
    if not to.isprintable():
        reading.mistake(to.place, f"`{to.written}` is no path", "a path has no control characters")
        return Folder(folder)
    for source in sources:
        _tell_overlap(to, folder, source, reading)
    if _REMOTE.match(to):
        return _bucket(to, said, reading) or Folder(folder)
    if isinstance(said, LandingDeclaration) and (said.encryption or said.kms_key):
        what, advice = "a local folder is not encrypted by us", "encrypt its disk, or land in a bucket"
        reading.mistake(said.places.get("encryption", said.place), what, advice)
    return Folder(folder / to)


def _bucket(to: Word, said: Word | LandingDeclaration, reading: Reading) -> Bucket | None:
    """The bucket that an address names; None when there is none, which is told."""
    place = to.place if _SECRET.search(to) is None else replace(to.place, text="")
    found = address(to)
    if found is None:
        shown = to.written.partition("://")[0]
        reading.mistake(
            place,
            f"the landing `{shown}://…` names no bucket",
            "write it as s3://bucket/prefix; gs:// and az:// work too",
        )
        return None
    if not isinstance(said, LandingDeclaration):
        return Bucket(found)
    if said.encryption and found.scheme != "s3":
        advice = "there the bucket itself says how it encrypts"
        reading.mistake(said.places["encryption"], f"`encryption` is for s3://, not for {found.scheme}://", advice)
    if said.kms_key and said.encryption != "SSE-KMS":
        reading.mistake(said.places["kms_key"], "a `kms_key` needs `encryption: SSE-KMS`", "add it, or remove the key")
    return Bucket(found, said.encryption, str(said.kms_key or ""))


def _tell_overlap(to: Word, folder: Path, source: Source, reading: Reading) -> None:
    files = getattr(source, "files", None)
    if files is None:
        return
    kept, read = (_place(folder, place) for place in (to, files))
    if kept == read or kept in read.parents or read in kept.parents:
        what = f"the landing `{to.written}` and the files of `{source.name}` share a folder"
        advice = "keep the landing in a folder of its own, neither above nor below one that is read"
        reading.mistake(to.place, what, advice)


def unseen(place: Place) -> Place:
    """A place without the text of its line, where that may hold a password."""
    return place if _SECRET.search(place.text) is None else replace(place, text="")


def _place(folder: Path, to: str) -> PurePath:
    """A place that can be compared: links of this machine followed, an address as it is."""
    return PurePosixPath(to) if _REMOTE.match(to) else Path(os.path.realpath(folder / to))


def warehouse(said: Word, folder: Path, reading: Reading) -> Warehouse | None:
    """The warehouse that a target such as `duckdb:warehouse.duckdb` names; None when there is none, which is told."""
    known = registry.names("warehouses")
    scheme, colon, _ = said.partition(":")
    place = unseen(said.place)
    if not colon:
        spelled = ", ".join(f"{name}:…" for name in known)
        reading.mistake(place, f"the target `{said.written}` names no warehouse", f"write it as {spelled}")
        return None
    word = SPELLED.get(scheme, scheme)
    if word not in known:
        shown = said.written.partition(":")[0] if said == said.written else said.written
        reading.mistake(place, f"there is no warehouse `{shown}`", hint(shown, known, "those that exist"))
        return None
    try:
        made: Warehouse = registry.member("warehouses", word).named(said, folder)
    except Misspelt as error:
        reading.mistake(place, error.what, error.advice)
        return None
    return made


def builder(said: Word, folder: Path, target: Warehouse | None, reading: Reading) -> Warehouse | None:
    """The embedded warehouse in which the star is built beside its target; None where it is built in the target itself."""
    named, asks, asked = said.partition("?")
    scheme, _, path = named.partition(":")
    if said == IN_TARGET:
        return None
    if scheme != EMBEDDED:
        what = f"`build: {said.written}` is neither `{IN_TARGET}` nor `{EMBEDDED}`"
        reading.mistake(said.place, what, hint(said.written, (IN_TARGET, EMBEDDED), "it may be"))
        return None
    made = warehouse(Word(f"{scheme}:{path or BUILD_FILE}{asks}{asked}", said.place, said.written), folder, reading)
    if made is not None and getattr(target, "path", None) == getattr(made, "path", None):
        advice = "name another file, or leave `build` out: then it is built in the target"
        reading.mistake(said.place, "the file in which the star is built is the target itself", advice)
        return None
    return made
