"""Landed files on their way into a table: PUT into a stage of our own, one COPY of exactly these, and one INSERT.

COPY takes columns by their names, and fills a table that is made like the files; what they hold reaches the table that is meant
by name and cast. What was put into the stage goes when the load has ended.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from starlode.arrow import beyond_years, with_texts
from starlode.errors import WarehouseError
from starlode.session import Misfits
from starlode.snowflake.dialect import STAGE, uncarried
from starlode.snowflake.refusing import told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from starlode.table import Column, Type

MAKE_STAGE = f"create stage if not exists {STAGE}"
# What a text, and a nested value as the text that it is read from, may have at most; and bytes.
MOST_BYTES, MOST_BINARY = 16_777_216, 8_388_608
PARALLEL = 8


@contextmanager
def staged(connection: Any, files: Sequence[str], landed: Mapping[str, Type]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Files in a folder of the stage, by other names, until the block ends: the folder, and what they are called there."""
    place = f"{STAGE}/{uuid4().hex}"
    texts = uncarried(landed)
    with tempfile.TemporaryDirectory(prefix="starlode-") as folder:
        names = tuple(f"{number:06}.parquet" for number in range(len(files)))
        for name, file in zip(names, files, strict=True):
            if texts:
                (Path(folder) / name).write_bytes(with_texts(Path(file).read_bytes(), texts))
            else:
                (Path(folder) / name).symlink_to(Path(file).resolve())
        put = f"put 'file://{folder}/*.parquet' @{place} parallel = {PARALLEL} auto_compress = false overwrite = true"
        try:
            with told("put"):
                connection.cursor().execute(put)
            yield place, names
        finally:
            with suppress(WarehouseError), told("remove"):  # what is left there costs little and is in nobody's way
                connection.cursor().execute(f"remove @{place}")


def misfits(column: Column, values: pa.Array[Any]) -> Misfits | None:
    """Which values Snowflake keeps in no column of their type."""
    if column.type.kind in ("date", "timestamp", "timestamptz"):
        return Misfits(beyond_years(values), "Snowflake keeps the years 1 to 9999")
    if column.type.kind not in ("text", "json", "binary"):
        return None
    is_binary = column.type.kind == "binary"
    texts: Any = values if is_binary else values.cast(pa.string())
    lengths: Any = pc.binary_length(texts)
    most = MOST_BINARY if is_binary else MOST_BYTES
    which: Any = pc.greater(lengths, pa.scalar(most, lengths.type))
    return Misfits(which, f"Snowflake keeps at most {most:,} bytes in a value")
