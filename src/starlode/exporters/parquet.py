"""Star tables as Parquet, one file each, for everything that reads Parquet.

Rows are streamed in the order of their key or grain and cut into row groups of one size, so the same star gives the
same bytes and memory does not grow with the table. Values that hardly repeat have no dictionary: it only costs.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from starlode.delivery import chosen, file_name, order_of, place, present, whole, with_digits
from starlode.sql.export import rows_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.session import Session
    from starlode.star import Star
    from starlode.table import Table

ROW_GROUP = 122_880


@dataclass(frozen=True)
class Parquet:
    """One Parquet file (zstd) for each table, in the folder `to`."""

    to: str = field(metadata={"doc": "The folder for the files, inside the project's folder."})
    tables: tuple[str, ...] = field(
        default=(), metadata={"doc": "Which tables, such as dim_user or fact_songplay; all when left out."}
    )

    def export(self, star: Star, session: Session, folder: Path) -> tuple[Path, ...]:
        target = place(folder, self.to)
        written = []
        with ExitStack() as files:
            for named in chosen(star, self.tables).tables:
                table = present(session, named)
                written.append(target / file_name(table, ".parquet"))
                _write(star, session, table, files.enter_context(whole(written[-1])))
        return tuple(written)


EXPORT = Parquet


def _write(star: Star, session: Session, table: Table, path: Path) -> None:
    order = order_of(star, table)
    with with_digits(session.arrow(rows_in_order(session.dialect, table, order)), table) as rows:
        repeating = [name for name in rows.schema.names if name not in {*order, *_nearly_unique(star, table)}]
        how: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": repeating}
        with pq.ParquetWriter(path, rows.schema, **how) as writer:
            for group in _row_groups(rows):
                writer.write_table(group, row_group_size=ROW_GROUP)


def _row_groups(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The same rows in tables of one size, however the warehouse cuts its batches."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in rows:
        while count + batch.num_rows >= ROW_GROUP:
            fits = ROW_GROUP - count
            yield pa.Table.from_batches([*held, batch.slice(0, fits)], rows.schema)
            held, count, batch = [], 0, batch.slice(fits)
        if batch.num_rows:
            held.append(batch)
            count += batch.num_rows
    if held:
        yield pa.Table.from_batches(held, rows.schema)


def _nearly_unique(star: Star, table: Table) -> set[str]:
    natural = {name for d in star.dimensions if d.table.name == table.name for name in d.key}
    measured = {name for f in star.facts if f.table.name == table.name for name in f.all_measures}
    return natural | measured
