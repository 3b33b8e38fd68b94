"""Landed files on their way into a table: one COPY of the files that a manifest names, where they lie, and one INSERT.

COPY fills the columns of Parquet by their place and takes no other type than theirs. So it fills a table that is made like the
files, and what they hold reaches the table that is meant by name and cast. What was written for a load goes with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import with_texts
from starlode.errors import WarehouseError
from starlode.session import Misfits, Unfit
from starlode.stores.objects import Objects, address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.table import Column, Table, Type

# What a text, and a nested value as the text that it is read from, may have at most.
MOST_BYTES = 65_535
HINT = "mend the values at the source; the extraction is landed and waits"
LAST_ERRORS = (
    "select column_name, file_name, start_time from sys_load_error_detail\n"
    " where session_id = pg_backend_pid() order by start_time desc limit 1"
)


def guard(landing: str) -> None:
    """Refuse a landing that Redshift cannot reach."""
    if not landing.startswith("s3://"):
        raise WarehouseError(
            "Redshift loads from S3, and the landing is elsewhere",
            where=landing,
            hint="declare `landing: s3://bucket/prefix`, in the region of the warehouse",
        )


class Manifest:
    """The list of a load's files beside them, with the length of each; it goes when the load has ended.

    Files with columns that COPY cannot read from Parquet are written anew beside it, with texts in their place.
    """

    def __init__(self, files: Sequence[str], landed: Mapping[str, Type]) -> None:
        self._files = files
        self._folder = files[0].rpartition("/")[0]
        self._objects = _below(self._folder)
        self._name = f"load-{uuid4().hex}"
        self._uncarried = [name for name, kind in landed.items() if kind.kind == "time"]
        self._written: list[str] = []

    def __enter__(self) -> str:
        entries = [self._entry(number, file) for number, file in enumerate(self._files)]
        name = f"{self._name}.manifest"
        self._objects.create(name, json.dumps({"entries": entries}).encode())
        self._written.append(name)
        return self._objects.shown(name)

    def __exit__(self, *_: object) -> None:
        self._objects.remove(self._written)

    def _entry(self, number: int, file: str) -> dict[str, Any]:
        folder, _, name = file.rpartition("/")
        objects = self._objects if folder == self._folder else _below(folder)
        if self._uncarried:
            content = with_texts(objects.read(name), self._uncarried)
            objects, name = self._objects, f"{self._name}-{number}.parquet"
            objects.create(name, content)
            self._written.append(name)
        return {"url": objects.shown(name), "mandatory": True, "meta": {"content_length": objects.head(name).bytes}}


def _below(folder: str) -> Objects:
    place = address(folder)
    if place is None:
        raise WarehouseError("the address of a landed file cannot be read", where=folder)
    return Objects(place, WarehouseError)


def misfits(column: Column, values: pa.Array[Any]) -> Misfits | None:
    """Which values Redshift keeps in no column of their type."""
    if column.type.kind in ("text", "json", "binary"):
        texts: Any = values if column.type.kind == "binary" else values.cast(pa.string())
        lengths: Any = pc.binary_length(texts)
        which: Any = pc.greater(lengths, pa.scalar(MOST_BYTES, lengths.type))
        return Misfits(which, f"Redshift keeps at most {MOST_BYTES:,} bytes in a value")
    return None


def unfit(table: Table, column: str, file: str) -> Unfit:
    """What Redshift says of rows that it could not load, without a value of theirs."""
    of = f" in `{column}`" if column else ""
    return Unfit(f"{table} cannot hold all that is landed{of}", where=file or None, hint=HINT)
