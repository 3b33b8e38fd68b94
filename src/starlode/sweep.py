"""Sweeping the landing: what a run has written there and no manifest names is the remains of one that died, and goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.landing import garbage
from starlode.run import opened

if TYPE_CHECKING:
    from starlode.project import Project


@dataclass(frozen=True)
class Swept:
    """A file that no manifest names: its name in the landing, and its full address."""

    name: str
    where: str
    bytes: int


def sweep(project: Project, *, dry_run: bool = False, wait: float = 0.0) -> tuple[Swept, ...]:
    """Remove the garbage of the landing, or only name it. It holds the warehouse meanwhile, so no run is under way."""
    landing = project.landing
    if not landing.exists:
        return ()
    with opened(project, wait):
        found = tuple(
            Swept(file.name, landing.shown(file.name), file.bytes)
            for stream in project.streams
            for file in garbage(landing, stream)
        )
        if not dry_run:
            landing.remove([swept.name for swept in found])
    return found
