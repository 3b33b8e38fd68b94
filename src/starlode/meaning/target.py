"""Where a project keeps what it landed, and which warehouse it loads."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlode import registry
from starlode.nearest import hint, listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlode.declare import Reading
    from starlode.environment import Word
    from starlode.source import Source
    from starlode.warehouse import Warehouse

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
    scheme, colon, path = said.partition(":")
    written = said.written.partition(":")[0]
    spelled = ", ".join(f"{name}:…" for name in known)
    if not colon:
        reading.mistake(said.place, f"the target `{said.written}` names no warehouse", f"write it as {spelled}")
    elif scheme not in known:
        shown = written if said == said.written else said.written
        reading.mistake(said.place, f"there is no warehouse `{shown}`", hint(shown, known, "those that exist"))
    elif not path.strip() or path == ":memory:" or not path.isprintable():
        what = f"the target `{said.written}` names no file"
        reading.mistake(said.place, what, f"a warehouse is kept in a file: {scheme}:warehouse.{listing([scheme])}")
    else:
        return _made(scheme, path, folder, said, reading)
    return None


def _made(scheme: str, path: str, folder: Path, said: Word, reading: Reading) -> Warehouse | None:
    """The warehouse with the settings that follow its path, as in `duckdb:warehouse.duckdb?memory=4GB&threads=8`."""
    kind: Any = registry.member("warehouses", scheme)
    file, _, asked = path.partition("?")
    known = {field.name: field for field in fields(kind) if "doc" in field.metadata}
    chosen: dict[str, Any] = {}
    for name, spelled in parse_qsl(asked, keep_blank_values=True):
        shape = known[name].metadata["shape"] if name in known else None
        if shape is None:
            reading.mistake(said.place, f"the target has no setting `{name}`", hint(name, known, "its settings"))
        elif not re.fullmatch(shape, spelled):
            what = f"`{name}` of the target is not written as it should be"
            reading.mistake(said.place, what, known[name].metadata["doc"])
        else:
            chosen[name] = int(spelled) if spelled.isdigit() else spelled
    made: Warehouse = kind(folder / file, **chosen)
    return made
