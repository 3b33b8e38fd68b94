"""Sweeping the landing: what a run has written there and no manifest names is the remains of one that died, and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.landing import garbage
from starlode.run import opened

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project


@dataclass(frozen=True)
class Swept:
    """A file that no manifest names."""

    path: Path
    bytes: int


def sweep(project: Project, *, dry_run: bool = False, wait: float = 0.0) -> tuple[Swept, ...]:
    """Remove the garbage of the landing, or only name it. It holds the warehouse meanwhile, so no run is under way."""
    if not project.landing.is_dir():
        return ()
    with opened(project, wait):
        found = tuple(
            Swept(path, path.stat().st_size) for stream in project.streams for path in garbage(project.landing, stream)
        )
        if dry_run:
            return found
        for swept in found:
            swept.path.unlink()
        for folder in {swept.path.parent for swept in found}:
            if not any(folder.iterdir()):
                folder.rmdir()
    return found
