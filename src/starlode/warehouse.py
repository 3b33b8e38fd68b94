"""The contract of a warehouse: settings, a pure dialect, and a way to open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.session import Session
    from starlode.sql.dialect import Dialect


class Warehouse(Protocol):
    """A place to load into. Naming it opens nothing; `connect` does."""

    @property
    def dialect(self) -> Dialect:
        """How this warehouse spells what differs between warehouses."""

    @property
    def exists(self) -> bool:
        """Whether there is anything to read yet, as far as can be told without writing."""

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> Session:
        """Open the warehouse, which may read files below `landing` and no others.

        Raises WarehouseError when it is held by another run or out of reach.
        """
