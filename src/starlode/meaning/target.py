"""Where a project keeps what it landed, and which warehouse it loads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlode import registry
from starlode.nearest import hint, listing

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.declare import Reading
    from starlode.environment import Word
    from starlode.warehouse import Warehouse

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def landing(said: Word, folder: Path, reading: Reading) -> Path:
    """The folder for landed files."""
    if not said.isprintable():
        reading.mistake(said.place, f"`{said.written}` is no path", "a path has no control characters")
        return folder
    if _REMOTE.match(said):
        what = f"the landing `{said.written}` is not a local folder"
        advice = "object stores such as s3:// come with the lake part of Starlode; a folder works today"
        reading.mistake(said.place, what, advice)
    return folder / said


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
        kind: Any = registry.member("warehouses", scheme)
        made: Warehouse = kind(folder / path)
        return made
    return None
