"""Projects whose landing is a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import starlode
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path


def laid(folder: Path, landing: str) -> Path:
    """The folder of the shop on its first day, with its landing elsewhere."""
    shop.opened(folder)
    file = folder / "starlode.yml"
    file.write_text(f"{file.read_text()}landing: {landing}\n")
    return folder


def opened(folder: Path, landing: str) -> starlode.Project:
    """The shop on its first day, with its landing elsewhere."""
    return starlode.read(laid(folder, landing))
