"""The landed files of one extraction on their way into a table, counted and summed there against what the manifest promised."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from starlode.errors import DataError
from starlode.session import Unfit
from starlode.sql import staging

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlode.landing import Manifest
    from starlode.session import Session
    from starlode.source import Stream
    from starlode.store import Promised, Store
    from starlode.table import Column, Table, Type
    from starlode.work import Work

# Ten billion values of so many digits have a sum that every warehouse can hold; longer ones are counted, not summed.
SUMMED_DIGITS = 28


@dataclass(frozen=True)
class Batch:
    """One extraction on its way into staging."""

    stream: Stream
    manifest: Manifest
    columns: tuple[Column, ...]
    load_key: int
    keeps_deleted: bool = False


def load_files(work: Work, batch: Batch, table: Table) -> None:
    """Load the landed files, then prove that what arrived is what the manifest promised."""
    session, dialect = work.session, work.session.dialect
    add_files(work, batch.manifest, table, batch.load_key)
    held = {column.name for column in table.columns if _is_summed(column.type)}
    names = tuple(name for name in sums_of(batch) if name in held)
    count, *sums = session.rows(staging.count_and_sums(dialect, table, names, batch.load_key))[0]
    promised = tuple(Decimal(batch.manifest.sums[name]) for name in names)
    arrived = tuple(Decimal(total or 0) for total in sums)
    if count != batch.manifest.rows or arrived != promised:
        wrong = [name for name, a, b in zip(names, arrived, promised, strict=True) if a != b]
        raise DataError(
            f"{batch.stream}: the manifest promises {batch.manifest.rows:,} rows, and {count:,} arrived"
            + (f"; the sums differ in {', '.join(wrong)}" if wrong else ""),
            where=f"extraction {batch.manifest.number}",
        )


def add_files(work: Work, manifest: Manifest, table: Table, load_key: int) -> None:
    """Add the rows of landed files, each proved before, to a table by their schemas, in the columns that it has."""
    for columns, files in groupby(manifest.files, key=lambda file: file.columns):
        landed = {column.name: column.type for column in columns}
        for places in places_of(work.landing, work.session, list(files), landed):
            if work.target is not None and not work.target.dialect.keeps_all:
                _guard_fit(work.target, manifest, columns, places)
            work.session.load(table, places, landed, {staging.LOAD_COLUMN: load_key})


def places_of(
    landing: Store, session: Session, files: Sequence[Promised], landed: Mapping[str, Type]
) -> Iterator[tuple[str, ...]]:
    """Where a session reads files, each proved before: in the landing itself, or in the copies that are fetched from it."""
    places = tuple(landing.shown(file.path) for file in files)
    if not session.reads(places, landed):
        yield from landing.fetch(files)
        return
    for file in files:
        landing.prove(file)
    yield places


def _guard_fit(target: Session, manifest: Manifest, columns: tuple[Column, ...], paths: tuple[str, ...]) -> None:
    """Refuse rows that the star's target could not keep, as they would be refused if it was built there."""
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches():
            for column in columns:
                found = target.misfits(column, batch.column(column.name))
                if found is not None and pc.any(found.which).as_py():
                    raise Unfit(
                        f"`{column.name}` of {manifest.stream} holds values that the target cannot keep: {found.reason}"
                    )


def sums_of(batch: Batch) -> dict[str, Decimal]:
    """What the manifest promises of the columns whose sum the warehouse can prove."""
    proven = {column.name for column in batch.columns if _is_summed(column.type)}
    return {name: Decimal(total) for name, total in batch.manifest.sums.items() if name in proven}


def _is_summed(held: Type) -> bool:
    return held.kind == "integer" or (held.kind == "decimal" and held.precision <= SUMMED_DIGITS)
