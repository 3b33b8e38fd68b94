"""The last step of every format: declared types are given, misfits are rejected, each row learns its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import arrow_field, arrow_type
from starlode.finding import Reject
from starlode.formats.blocks import RAW_LIMIT
from starlode.formats.casting import cast_text
from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.table import JSON, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlode.formats.shape import Shape


@dataclass
class Rows:
    """Parsed rows by column name, the file and number of each, and a way to find the line and raw text of one."""

    table: pa.RecordBatch
    files: pa.Array[Any]
    numbers: pa.Array[Any]
    raw_of: Callable[[int], tuple[int, str]]
    rejects: list[Reject] = field(default_factory=list)

    def drop(self, places: Sequence[int], reason: str, rule: str) -> None:
        """Reject some of the rows."""
        for place in places:
            line, raw = self.raw_of(place)
            self.rejects.append(Reject(self.files[place].as_py(), line, "", raw[:RAW_LIMIT], reason, rule))
        dropped = set(places)
        kept = [place for place in range(len(self.table)) if place not in dropped]
        chosen = pa.array(kept, pa.int64())
        self.table = self.table.take(chosen)
        self.files = self.files.take(chosen)
        self.numbers = self.numbers.take(chosen)
        raw_of = self.raw_of
        self.raw_of = lambda place: raw_of(kept[place])


def finish(
    rows: Rows, shape: Shape, dates: Mapping[str, str], *, check_json: bool = False
) -> tuple[pa.RecordBatch, tuple[Reject, ...]]:
    """The rows in the types of their columns with the two columns of their place, and those that had to stay behind."""
    columns: list[pa.Array[Any]] = []
    fields: list[pa.Field[Any]] = []
    bad: dict[int, str] = {}
    for name, values in zip(rows.table.schema.names, rows.table.columns, strict=True):
        wanted = shape.types[name]
        if wanted is None:
            continue
        typed = values
        if values.type != arrow_type(wanted) or (check_json and wanted == JSON):
            typed, failed = cast_text(values, wanted, dates.get(name))
            bad.update({row: name for row in failed if row not in bad})
        columns.append(typed)
        fields.append(arrow_field(Column(name, wanted)))
    fields += [pa.field(FILE_COLUMN, pa.utf8()), pa.field(ROW_COLUMN, pa.int64())]
    placed = pa.RecordBatch.from_arrays([*columns, rows.files, rows.numbers], schema=pa.schema(fields))
    rejects = tuple(rows.rejects) + tuple(_reject(rows, row, name, shape) for row, name in sorted(bad.items()))
    if bad:
        kept = pc.invert(pc.is_in(pa.array(range(len(placed)), pa.int64()), value_set=pa.array(list(bad), pa.int64())))
        placed = placed.filter(kept)
    shape.give(placed)
    return placed, rejects


def nothing(shape: Shape) -> pa.RecordBatch:
    """A batch without rows, for a file that has none."""
    empty = pa.RecordBatch.from_pylist([], schema=pa.schema([]))
    return finish(Rows(empty, same_file("", 0), numbered(1, 0), lambda _: (0, "")), shape, {})[0]


def only_rejected(*rejects: Reject) -> Rows:
    """No rows, and what stands for the text that was left out, if any was."""
    empty = pa.RecordBatch.from_arrays([], schema=pa.schema([]))
    return Rows(empty, pa.array([], pa.utf8()), pa.array([], pa.int64()), lambda _: (0, ""), [*rejects])


def numbered(first: int, count: int) -> pa.Array[Any]:
    """The row numbers of rows that follow each other."""
    ones: Any = pa.repeat(pa.scalar(1, pa.int64()), count)
    numbers: pa.Array[Any] = pc.cumulative_sum(ones, start=pa.scalar(first - 1, pa.int64()))
    return numbers


def same_file(name: str, count: int) -> pa.Array[Any]:
    """The file's name for each of its rows."""
    return pa.repeat(pa.scalar(name, pa.utf8()), count)


def _reject(rows: Rows, row: int, column: str, shape: Shape) -> Reject:
    line, raw = rows.raw_of(row)
    return Reject(rows.files[row].as_py(), line, column, raw[:RAW_LIMIT], f"not of type {shape.types[column]}", "type")
