"""Where a project keeps what it landed, and which warehouse it loads."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starlode import registry
from starlode.nearest import hint
from starlode.warehouse import Misspelt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlode.declare import Reading
    from starlode.environment import Word
    from starlode.source import Source
    from starlode.warehouse import Warehouse

# Further spellings of a warehouse's name.
SPELLED = {"postgresql": "postgres"}
# A line that may hold a password is not shown.
_SECRET = re.compile(r"\S@|password", re.I)
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def landing(said: Word, folder: Path, sources: Iterable[Source], reading: Reading) -> Path:
    """The folder for landed files, which shares no file with a folder that is read."""
    if not said.isprintable():
        reading.mistake(said.place, f"`{said.written}` is no path", "a path has no control characters")
        return folder
    if _REMOTE.match(said):
        what = f"the landing `{said.written}` is not a local folder"
        advice = "object stores such as s3:// come with the lake part of Starlode; a folder works today"
        reading.mistake(said.place, what, advice)
        return folder
    for source in sources:
        _tell_overlap(said, folder, source, reading)
    return folder / said


def _tell_overlap(said: Word, folder: Path, source: Source, reading: Reading) -> None:
    files = getattr(source, "files", None)
    if files is None:
        return
    kept, read = (Path(os.path.realpath(folder / place)) for place in (said, files))
    if kept == read or kept in read.parents or read in kept.parents:
        what = f"the landing `{said.written}` and the files of `{source.name}` share a folder"
        advice = "keep the landing in a folder of its own, neither above nor below one that is read"
        reading.mistake(said.place, what, advice)


def warehouse(said: Word, folder: Path, reading: Reading) -> Warehouse | None:
    """The warehouse that a target such as `duckdb:warehouse.duckdb` names; None when there is none, which is told."""
    known = registry.names("warehouses")
    scheme, colon, _ = said.partition(":")
    place = said.place if _SECRET.search(said.place.text) is None else replace(said.place, text="")
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
