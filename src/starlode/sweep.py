"""Sweeping the landing: what dead runs have left there goes, and where that is asked for, what nothing can need any more."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlode import edition
from starlode.expand import expanded
from starlode.landing import garbage, unfinished
from starlode.retention import no_longer_needed
from starlode.run import opened
from starlode.sql.ledger import TABLES
from starlode.work import Readers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from starlode.project import Project
    from starlode.session import Session
    from starlode.source import Stream
    from starlode.store import Stored

GARBAGE = "no manifest names it"
UNFINISHED = "its upload was never finished"


@dataclass(frozen=True)
class Swept:
    """A file that goes: its name in the landing, its full address, its size, and why it is not needed."""

    name: str
    where: str
    bytes: int
    why: str


def sweep(
    project: Project,
    *,
    unneeded: bool = False,
    older_than: timedelta | None = None,
    dry_run: bool = False,
    wait: float = 0.0,
) -> tuple[Swept, ...]:
    """Remove the garbage of the landing, or only name it. It holds the warehouse meanwhile, so no run is under way.

    With `unneeded`, landed files go too that neither a run, an undo, nor a warehouse that is built anew can need. `older_than`
    leaves what is younger.
    """
    landing = project.landing
    if not landing.exists:
        return ()
    before = time.time() - older_than.total_seconds() if older_than else time.time() + 1
    with opened(project, wait) as held, Readers(project) as readers:
        project, session = expanded(project, readers), held.session
        remains = (file for stream in project.streams for file in garbage(landing, stream))
        found = list(_remains(project, (*remains, *edition.garbage(landing)), before))
        cut = [swept for stream in project.streams for swept in _cut_off(project, stream, before)]
        if unneeded and session.columns(TABLES[0]):
            found += [swept for stream in project.streams for swept in _replaced(session, project, stream, before)]
        if unneeded:
            found += _of_editions(project, before)
        if not dry_run:
            landing.remove([swept.name for swept in found])
            landing.abandon([swept.name for swept in cut])
    return (*found, *cut)


def _remains(project: Project, files: Iterable[Stored], before: float) -> Iterator[Swept]:
    for file in files:
        if file.written_at < before:
            yield Swept(file.name, project.landing.shown(file.name), file.bytes, GARBAGE)


def _cut_off(project: Project, stream: Stream, before: float) -> Iterator[Swept]:
    for file in unfinished(project.landing, stream):
        if file.written_at < before:
            yield Swept(file.name, project.landing.shown(file.name), file.bytes, UNFINISHED)


def _of_editions(project: Project, before: float) -> Iterator[Swept]:
    landing = project.landing
    held = {file.name for file in landing.below(edition.EDITIONS)}
    for of, file, why in edition.replaced(landing):
        if _moment(of.created_at) < before and file.path in held:
            yield Swept(file.path, landing.shown(file.path), file.bytes, why)


def _replaced(session: Session, project: Project, stream: Stream, before: float) -> Iterator[Swept]:
    for manifest, file, base in no_longer_needed(session, project, stream):
        if _moment(manifest.created_at) < before and project.landing.holds(file.path):
            why = f"extraction {base} of {stream} has read everything anew"
            yield Swept(file.path, project.landing.shown(file.path), file.bytes, why)


def _moment(told: str) -> float:
    return datetime.fromisoformat(told).replace(tzinfo=UTC).timestamp()
