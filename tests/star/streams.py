"""Streams as plain Python knows them: files with rows, and which of the rows are the current state. No SQL is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
Rows = tuple[Row, ...]
Files = dict[str, Rows]
Kind = Literal["keyed", "dated", "plain", "full", "full_keyed", "told"]

# Each kind of stream, as a project declares it. Of `told`, every row that ever came counts, as history needs it.
DECLARED: Mapping[Kind, str] = {
    "keyed": "key: id, may_shrink: true",
    "dated": "key: id, since: moment, may_shrink: true",
    "plain": "may_shrink: true",
    "full": "mode: full, may_shrink: true",
    "full_keyed": "mode: full, key: id, may_shrink: true",
    "told": "key: id, since: moment",
}
TYPES: Mapping[str, str] = {
    "id": "integer",
    "ref": "integer",
    "other": "integer",
    "grp": "text",
    "n": "integer",
    "amount": "decimal(9,2)",
    "moment": "timestamp",
}
COLUMNS = tuple(TYPES)
# A column that some streams have from some day on, whose type is found and not declared.
ADDED = "added"


@dataclass(frozen=True)
class Stream:
    """A stream of the source `app`, and how it is declared."""

    name: str
    kind: Kind

    @property
    def declared(self) -> str:
        types = ", ".join(f'{name}: "{kind}"' for name, kind in TYPES.items())
        return f'{self.name}: {{files: "{self.name}/*.csv", {DECLARED[self.kind]}, types: {{{types}}}}}'

    @property
    def has_key(self) -> bool:
        return self.kind not in ("plain", "full")


def current(stream: Stream, files: Mapping[str, Rows]) -> Rows:
    """The rows that staging holds after a first load of the files: of each key the last by (cursor, file, row)."""
    placed = [(row, (name, number)) for name, rows in files.items() for number, row in enumerate(rows)]
    if not stream.has_key:
        return tuple(row for row, _ in placed)
    winners: dict[int, tuple[Row, tuple[Any, ...]]] = {}
    for row, place in placed:
        order = ((row["moment"] is not None, row["moment"] or "") if stream.kind in ("dated", "told") else (), *place)
        if row["id"] not in winners or winners[row["id"]][1] < order:
            winners[row["id"]] = (row, order)
    return tuple(row for row, _ in winners.values())


def columns_of(files: Mapping[str, Rows]) -> tuple[str, ...]:
    """The columns that a stream of these files has."""
    has_added = any(ADDED in row for rows in files.values() for row in rows)
    return (*COLUMNS, *((ADDED,) if has_added else ()))


def as_csv(rows: Rows) -> str:
    """The text of a file; a field without a value is empty."""
    names = (*COLUMNS, *((ADDED,) if any(ADDED in row for row in rows) else ()))
    lines = (",".join("" if row.get(name) is None else str(row[name]) for name in names) for row in rows)
    return "\n".join([",".join(names), *lines]) + "\n"
