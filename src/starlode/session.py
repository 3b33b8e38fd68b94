"""The contract of an open warehouse: run statements, load landed files, and keep an act and its record in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from starlode.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from starlode.sql.dialect import Dialect
    from starlode.table import Column, Table, Type


@dataclass(frozen=True)
class Reshape:
    """How the columns of a table change: dropped, made anew without their values, added, or kept with a wider type."""

    dropped: tuple[str, ...] = ()
    renewed: tuple[Column, ...] = ()
    added: tuple[Column, ...] = ()
    retyped: tuple[Column, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.dropped or self.renewed or self.added or self.retyped)


@dataclass(frozen=True)
class Misfits:
    """Which values of a column a warehouse cannot keep, as booleans, and why."""

    which: pa.Array[Any]
    reason: str


class Unfit(DataError):
    """Landed rows hold values that the warehouse cannot keep; the others could be loaded without them."""


class Session(Protocol):
    """One connection to a warehouse. It is the only writer while it is open."""

    @property
    def dialect(self) -> Dialect:
        """How this warehouse spells what differs between warehouses."""

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:
        """Whether the warehouse itself reads landed files, told by where they lie; else they are fetched for it."""

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

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:
        """Columns with the room that some rows need, where the warehouse limits its texts; as they are elsewhere.

        `rows` is a work table that has these columns.
        """

    def columns(self, table: Table) -> tuple[Column, ...]:
        """The columns that a table has now; none when there is no such table."""

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        """Add the rows of landed Parquet files to a table, each column cast to the table's type.

        A column in `fixed` has one value in every row; one that is neither there nor landed is NULL. Raises Unfit for values
        that `misfits` finds.
        """

    def misfits(self, column: Column, values: pa.Array[Any]) -> Misfits | None:
        """Which values of a landed column no table of this warehouse can keep; None where all can be kept."""

    def reshape(self, table: Table, change: Reshape) -> None:
        """Change the columns of a table; views on it and rights to it stay."""

    def lay(self, table: Table) -> None:
        """Let a table that is there lie as its layout says now, where the warehouse can do that."""

    def showing(self, view: Table, select: Callable[[], str | None]) -> AbstractContextManager[None]:
        """Put a view aside while what it shows changes, and let it show a SELECT afterwards, or be gone where there is none.

        Rights to it stay, and so do the views that read it.
        """

    def swap(self, table: Table, beside: Table) -> None:
        """Let a table that was built beside another take its place, whether or not there is one, and give it its name.

        Readers see the old rows until the transaction ends and the new ones after; views on the table and rights to it stay.
        """

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Make rows quick to find by some columns, where the warehouse has to be told.

        `grows` says that the values grow with the table, as the keys of loads do.
        """

    def learn(self, table: str) -> None:
        """Let the planner know a work table that was just filled, where it does not by itself."""

    def look_up(self, sql: str) -> None:
        """Run a statement that looks up the rows of a work table among members, of which there are fewer."""

    def sign(self, run_id: str) -> None:
        """Let the warehouse's own list of queries say which run asks from now on, where it has a place for that."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing: committed when the block ends well, rolled back when it raises."""

    def close(self) -> None:
        """Give the warehouse back."""


@runtime_checkable
class Reaching(Protocol):
    """A session whose warehouse may read landed files where they lie."""

    @property
    def slices(self) -> int:
        """How many files it reads at once."""

    def guard_landing(self, place: str) -> None:
        """Refuse a landing, told by where it lies, that the warehouse could not load from; raises WarehouseError."""


def slices_of(session: Session | None) -> int:
    """How many files a warehouse reads at once; one where they are fetched for it."""
    return session.slices if isinstance(session, Reaching) else 1
