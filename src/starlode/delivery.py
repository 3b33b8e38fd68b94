"""What every export shares: which tables it takes, where its files may go, and how they get there whole.

A file is built beside its place and moved over the old one only when all files of the export are finished, so that a
reader sees the old export or the new one, and a failure leaves the old one as it was.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from starlode.arrow import arrow_type
from starlode.errors import DataError, Mistake, ProjectError, WarehouseError
from starlode.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.session import Session
    from starlode.star import Star
    from starlode.table import Table

PROJECT_FILE = "starlode.yml"
UNSAFE_IN_FILE_NAMES = re.compile(r'[\x00-\x1f\x7f%/\\:*?"<>|]')


def chosen(star: Star, names: tuple[str, ...]) -> Star:
    """The part of a star that an export takes: the named tables (such as `dim_user`), or all when none is named."""
    if not names:
        return star
    known = [table.name for table in star.tables]
    wrong = [name for name in dict.fromkeys(names) if name not in known]
    if wrong:
        raise ProjectError(*(_unknown(name, known) for name in wrong))
    return replace(
        star,
        dimensions=tuple(d for d in star.dimensions if d.table.name in names),
        facts=tuple(f for f in star.facts if f.table.name in names),
    )


def present(session: Session, table: Table) -> Table:
    """The table with the columns that it has in the warehouse now."""
    columns = session.columns(table)
    if not columns:
        raise WarehouseError(f"there is no table {table} yet", hint="build the star first: starlode run")
    return replace(table, columns=columns)


def with_digits(rows: pa.RecordBatchReader, table: Table) -> pa.RecordBatchReader:
    """The rows of a table with as many digits after the point as its columns have, where a warehouse answers with more."""
    held = {column.name: arrow_type(column.type) for column in table.columns}
    fields = [
        field.with_type(held[field.name]) if _has_more_digits(field.type, held.get(field.name)) else field
        for field in rows.schema
    ]
    return rows if fields == list(rows.schema) else rows.cast(pa.schema(fields))


def order_of(star: Star, table: Table) -> tuple[str, ...]:
    """Columns that tell a table's rows apart: a dimension's key, a fact's grain, or all when the grain is not kept."""
    keys = {d.table.name: (d.key_column,) for d in star.dimensions} | {f.table.name: f.grain for f in star.facts}
    named = keys[table.name]
    return named if named and set(named) <= set(table.names) else table.names


def place(folder: Path, to: str) -> Path:
    """Where an export goes: inside the project's folder, whatever `..` and links say."""
    inside = folder.resolve()
    target = (inside / to).resolve()
    if not to.strip() or not target.is_relative_to(inside):
        raise mistake(
            f"`to: {to}` is not inside the project's folder",
            "name a place below the project's folder, such as `to: out`; link or copy it elsewhere afterwards",
        )
    return target


def file_name(table: Table, ending: str) -> str:
    """A table's name as a file's, with what file systems refuse written as `%XX`."""
    return UNSAFE_IN_FILE_NAMES.sub(lambda found: f"%{ord(found[0]):02X}", table.name) + ending


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place to build a file, moved to `path` when the block ends well and removed when it does not."""
    building = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        building.unlink(missing_ok=True)
        yield building
        with building.open("rb") as built:
            os.fsync(built.fileno())
        building.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise _not_written(path, error) from error
    finally:
        building.unlink(missing_ok=True)


def mistake(what: str, advice: str) -> ProjectError:
    """One thing to mend in an export's settings."""
    return ProjectError(Mistake(what, PROJECT_FILE, hint=advice))


def _has_more_digits(kind: pa.DataType, held: pa.DataType | None) -> bool:
    return isinstance(kind, pa.Decimal128Type) and isinstance(held, pa.Decimal128Type) and kind.scale > held.scale


def _unknown(name: str, known: list[str]) -> Mistake:
    return Mistake(f"the star has no table `{name}`", PROJECT_FILE, hint=hint(name, known, "tables of the star"))


def _not_written(path: Path, error: Exception) -> DataError:
    # Only the system's own words: messages about rows may quote a cell.
    why = error.strerror if isinstance(error, OSError) and error.strerror else "its rows cannot be written"
    return DataError(f"an export was not written: {why}", where=str(path), hint="the file before it is unchanged")
