"""Rows of two warehouses held against each other in an engine of their own, so that both are judged by the same words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from starlode.embedded.words import DIALECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from starlode.table import Table

PARTS = 1_024


def differing_rows(table: Table, identity: tuple[str, ...], *sides: Callable[[], pa.RecordBatchReader]) -> int:
    """How many identities have not the same row on two sides that give the rows of a table.

    Each side is read once for the checksums of as many parts as there are; only parts that differ are read again.
    """
    part = f"hash({DIALECT.names(identity)}) % {PARTS}"
    values = ", ".join(DIALECT.cast(DIALECT.quote(column.name), column.type) for column in table.columns)
    with _aside() as connection:
        sums = []
        for side in sides:
            connection.register("rows", side())
            text = f"select {part}, count(*), sum(hash({values})::hugeint) from rows group by 1"
            sums.append(set(connection.execute(text).fetchall()))
            connection.unregister("rows")
        differing = ", ".join(str(number) for number in {row[0] for row in sums[0] ^ sums[1]})
        if not differing:
            return 0
        for number, side in enumerate(sides):
            connection.register("rows", side())
            connection.execute(
                f"create table side{number} as select {DIALECT.names(identity)}, hash({values}) as content from rows\n"
                f" where {part} in ({differing})"
            )
            connection.unregister("rows")
        found = connection.execute(
            f"select count(*) from side0 full join side1 using ({DIALECT.names(identity)})\n"
            " where side0.content is distinct from side1.content"
        ).fetchone()
    return int(found[0]) if found else 0


@contextmanager
def _aside() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine in memory for rows that come from elsewhere."""
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "512MB"}
    with duckdb.connect(":memory:", config=config) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
