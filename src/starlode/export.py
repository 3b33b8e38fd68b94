"""The contract of an export: a star in a warehouse becomes files for the people who look at it.

The folder `exporters/` is the registry: a file there holds one frozen dataclass whose fields are the export's settings, named
in the project by the file's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.session import Session
    from starlode.star import Star


class Export(Protocol):
    """Files made from the star. The same star gives the same bytes."""

    @property
    def to(self) -> str:
        """Where the files go, relative to the project's folder."""

    def export(self, star: Star, session: Session, folder: Path) -> tuple[Path, ...]:
        """Write the files, each built beside its place and moved there whole; the paths that were written."""
