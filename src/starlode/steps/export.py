"""Export: write the files that people look at, from a star that has passed its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.star import Star
from starlode.step import Outcome

if TYPE_CHECKING:
    from starlode.step import Export
    from starlode.work import Work


def export(step: Export, work: Work) -> Outcome:
    """Write the files, then the line of the ledger that says so."""
    _, exporter = work.project.exports[step.position]
    star, columns = work.project.star, work.session.columns
    built = Star(
        tuple(d for d in star.dimensions if columns(d.table)), tuple(f for f in star.facts if columns(f.table))
    )
    written = exporter.export(built, work.session, work.project.folder)
    sizes = {path.relative_to(work.project.folder).as_posix(): path.stat().st_size for path in written}
    with work.ledger.recorded(step) as entry:
        work.ledger.write_positions(step.object, sizes, sorted(step.files - sizes.keys()), entry.load_key)
        entry.outcome = Outcome(rows_in=len(written), rows_out=len(written), bytes=sum(sizes.values()))
    return entry.outcome
