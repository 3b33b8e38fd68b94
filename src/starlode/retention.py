"""Which landed files nothing can need any more: not a load, nor a correction, nor an undo, nor a warehouse built anew.

A full extraction says all that a stream is, so what was landed before it is needed only to go back behind it. Manifests stay in
any case: they are small, and tell which files of a source were read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.landing import numbers, read_manifest
from starlode.plan import streams_with_deletes, streams_with_history
from starlode.sql import again, before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.landing import LandedFile, Manifest
    from starlode.project import Project
    from starlode.session import Session
    from starlode.source import Stream


def no_longer_needed(session: Session, project: Project, stream: Stream) -> Iterator[tuple[Manifest, LandedFile, int]]:
    """The files of a stream that nothing can need, each with its extraction and the number of the one that took its place.

    None where everything that was seen of the stream is kept, or which of its keys left: that is derived from all extractions.
    """
    if str(stream) in streams_with_history(project) or str(stream) in streams_with_deletes(project):
        return
    base = _base(session, project, stream)
    for number in numbers(project.landing, stream) if base else ():
        if number < base:
            manifest = read_manifest(project.landing, stream, number)
            for file in (*manifest.files, *([manifest.rejects] if manifest.rejects else [])):
                yield manifest, file, base


def _base(session: Session, project: Project, stream: Stream) -> int:
    """The last full extraction that was loaded before any run that can still be undone; 0 where there is none."""
    dialect = session.dialect
    oldest = session.rows(before.oldest_undoable(dialect))[0][0]
    loads = session.rows(again.loads_of(dialect, str(stream), ()))
    for load_key, number in reversed(loads):
        if oldest is not None and load_key < oldest:
            manifest = read_manifest(project.landing, stream, number)
            if manifest.mode == "full" and manifest.rows:
                return int(number)
    return 0
