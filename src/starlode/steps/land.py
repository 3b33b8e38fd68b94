"""Land: read what is new and keep it, so that everything after this can be repeated without the source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlode.errors import DataError
from starlode.landing import Manifest, commit, folder_of, now, read_manifest
from starlode.parts import PartWriter
from starlode.session import slices_of
from starlode.source import ReadAgain
from starlode.step import Land, Outcome
from starlode.work import Progress, Work

if TYPE_CHECKING:
    from starlode.finding import Finding
    from starlode.table import Column


def land(step: Land, work: Work) -> Outcome:
    """Write the extraction's Parquet and, last, its manifest. A crash before that leaves only garbage."""
    columns = _columns_so_far(step, work) if step.follows else step.columns
    work.landing.ready()
    for _ in range(len(columns) + 1_000):
        try:
            manifest = _extract(step, work, columns)
        except ReadAgain as again:
            columns = again.columns
            work.landing.clear(_folder(step, work))
            continue
        manifest = replace(manifest, findings=(*work.landing.news(), *manifest.findings))
        commit(work.landing, step.stream, manifest)
        return _outcome(manifest)
    raise DataError(f"the types of {step.stream} do not settle", hint="declare them with `types:`")


def _extract(step: Land, work: Work, columns: tuple[Column, ...]) -> Manifest:
    source = work.readers[step.stream.source]
    position: dict[str, Any] = {}
    findings: list[Finding] = []
    read = 0
    with PartWriter(work.landing, _folder(step, work), slices_of(work.session)) as parts:
        for batch in source.read(step.stream, step.look, columns):
            parts.write(batch.rows)
            parts.reject(batch.rejects)
            findings += batch.findings
            position |= batch.position
            read += batch.bytes_read
            work.listen(Progress(step, parts.rows + batch.rows.num_rows, read))
    return Manifest(
        stream=str(step.stream),
        number=step.number,
        run_id=work.ledger.run_id,
        mode=step.look.mode,
        created_at=now().isoformat(timespec="microseconds"),
        files=tuple(parts.files),
        rows=parts.rows,
        rejected=parts.rejected,
        rejects=parts.rejects,
        sums={name: format(total, "f") for name, total in parts.sums.items()},
        empty=parts.empty,
        position=position,
        # A file that could not be read to its end keeps the rows that are held of it.
        replaces=tuple(name for name in step.look.changed if name in position),
        forgets=step.look.gone if step.look.mode == "full" else (),
        findings=tuple(findings),
        digest=step.digest,
    )


def _columns_so_far(step: Land, work: Work) -> tuple[Column, ...]:
    """The columns of the extraction that this one goes on with, as far as they have had a value."""
    before = read_manifest(work.landing, step.stream, step.number - 1)
    return tuple(column for column in before.columns if column.name not in before.empty) or step.columns


def _folder(step: Land, work: Work) -> str:
    return f"{folder_of(step.stream)}/{step.number:08}-{work.ledger.run_id}"


def _outcome(manifest: Manifest) -> Outcome:
    return Outcome(
        rows_in=manifest.rows + manifest.rejected,
        rows_out=manifest.rows,
        rejected=manifest.rejected,
        bytes=manifest.bytes,
        findings=manifest.findings,
        position=manifest.position,
    )
