"""The contract of a warehouse: settings, a pure dialect, and a way to open it."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable
from urllib.parse import parse_qsl

from starlode.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlode.session import Session
    from starlode.sql.dialect import Dialect


class Misspelt(Exception):
    """A target that names no warehouse: what is wrong, and how to write it. It quotes nothing of the target."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class Warehouse(Protocol):
    """A place to load into. Naming it opens nothing; `connect` does.

    Its class has `named(target, folder)`, which makes one from a target such as `duckdb:warehouse.duckdb` or raises Misspelt.
    """

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


class Scale(Protocol):
    """Weighs the statements of one plan in their order, with none of them run."""

    def weigh(self, sql: str, values: Sequence[Any] = ()) -> int | None:
        """How many bytes a statement would be billed for; None where that cannot be told before those before it are run."""

    def close(self) -> None:
        """Give the scale back."""


@runtime_checkable
class Billed(Protocol):
    """A warehouse that bills each statement by the bytes that it reads."""

    @property
    def most_bytes(self) -> int:
        """How many bytes a run may be billed for; 0 where nobody has said."""

    def scale(self) -> Scale:
        """A scale for the statements of a plan."""


def settings(kind: type[Any], asked: str) -> dict[str, Any]:
    """The settings of a warehouse that follow `?` in its target, as in `memory=4GB&threads=8`; raises Misspelt."""
    known = {field.name: field for field in fields(kind) if "doc" in field.metadata}
    chosen: dict[str, Any] = {}
    for name, spelled in parse_qsl(asked, keep_blank_values=True):
        if name not in known:
            raise Misspelt(f"the target has no setting `{name}`", hint(name, known, "its settings"))
        if not re.fullmatch(known[name].metadata["shape"], spelled):
            raise Misspelt(f"`{name}` of the target is not written as it should be", known[name].metadata["doc"])
        chosen[name] = int(spelled) if spelled.isdigit() else spelled
    return chosen
