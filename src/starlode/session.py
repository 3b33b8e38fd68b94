"""The contract of an open warehouse: run statements, load landed files, and keep an act and its record in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from starlode.sql.dialect import Dialect
    from starlode.table import Column, Table


class Session(Protocol):
    """One connection to a warehouse. It is the only writer while it is open."""

    @property
    def dialect(self) -> Dialect:
        """How this warehouse spells what differs between warehouses."""

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run one statement with its values bound."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, for small results."""

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        """The rows that a statement gives, streamed as Arrow."""

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Add a few rows, in the order of the table's columns."""

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a SELECT gives, found without running it."""

    def columns(self, table: Table) -> tuple[Column, ...]:
        """The columns that a table has now; none when there is no such table."""

    def load(self, table: Table, files: Sequence[str], values: Sequence[str]) -> None:
        """Add the rows of landed Parquet files to a table, with one SELECT expression for each of its columns."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: committed when the block ends well, rolled back when it raises."""

    def close(self) -> None:
        """Give the warehouse back."""
