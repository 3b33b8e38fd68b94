"""What has to be loaded to have a stream again as it is, or as it was, from the landing; proved to be there beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.landing import read_manifest
from starlode.plan import streams_with_deletes
from starlode.sql import again as sql
from starlode.step import Reload

if TYPE_CHECKING:
    from starlode.project import Project
    from starlode.session import Session
    from starlode.source import Stream


def reload_of(
    session: Session,
    project: Project,
    stream: Stream,
    moments: tuple[str, ...] | None,
    reason: str,
    *,
    without: tuple[str, ...] = (),
) -> Reload:
    """The step that loads a stream again; raises where a file that it needs is gone or is not what was landed.

    Nothing before the last full extract is needed, unless everything that was seen is kept, or which keys left.
    """
    found = session.rows(sql.loads_of(session.dialect, str(stream), without))
    extractions = [(load_key, read_manifest(project.landing, stream, number)) for load_key, number in found]
    full = [place for place, (_, held) in enumerate(extractions) if held.mode == "full" and held.rows]
    first = full[-1] if full else 0
    for _, manifest in extractions[first:]:
        for file in manifest.files:
            project.landing.prove(file)
    keeps_deleted = str(stream) in streams_with_deletes(project)
    kept = extractions if moments is not None or keeps_deleted else extractions[first:]
    needed, told = len(extractions) - first, tuple(moments or ())
    return Reload(stream, tuple(kept), needed, moments is not None, reason, told, keeps_deleted)
