"""Export: write the files that people look at, from a star that has passed its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.finding import Finding
from starlode.star import Star
from starlode.step import Outcome

if TYPE_CHECKING:
    from starlode.step import Export
    from starlode.work import Work


def export(step: Export, work: Work) -> Outcome:
    """Write the files, then the line of the ledger that says so; without a table to write it waits for one."""
    _, exporter = work.project.exports[step.position]
    star, columns = work.project.star, work.session.columns
    built = Star(
        tuple(d for d in star.dimensions if columns(d.table)), tuple(f for f in star.facts if columns(f.table))
    )
    missing = _missing(star, built, tuple(getattr(exporter, "tables", ())))
    if missing:
        told = f"{missing} is not built yet: nothing was written, and a run that builds it exports it"
        outcome = Outcome(findings=(Finding("export waits", step.object, "warning", told),))
        work.ledger.write_waiting(step, outcome)
        return outcome
    written = exporter.export(built, work.session, work.project.folder)
    sizes = {path.relative_to(work.project.folder).as_posix(): path.stat().st_size for path in written}
    with work.ledger.recorded(step) as entry:
        work.ledger.write_positions(step.object, sizes, sorted(step.files - sizes.keys()), entry.load_key)
        entry.outcome = Outcome(rows_in=len(written), rows_out=len(written), bytes=sum(sizes.values()))
    return entry.outcome


def _missing(star: Star, built: Star, asked: tuple[str, ...]) -> str:
    """A table that the export asks for and the warehouse does not have; the star where it has no table at all."""
    held = {table.name for table in built.tables}
    if asked:
        return next((table.name for table in star.tables if table.name in asked and table.name not in held), "")
    return "the star" if star.tables and not held else ""
