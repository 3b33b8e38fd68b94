"""Steps as data: what a plan holds, what carrying one out found, and what it needs to be carried out.

A step says what will be done and why; its file in `steps/` does it. Whatever a step changes in the warehouse is changed in the
transaction that also writes its line of the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from starlode.finding import Finding
    from starlode.landing import Manifest
    from starlode.source import Look, Stream
    from starlode.table import Column, Table

Verb = Literal["land", "load", "reload", "build", "undo", "restore", "deliver", "check", "export"]


@dataclass(frozen=True)
class Land:
    """Read what is new in a stream and keep it as Parquet with a manifest."""

    stream: Stream
    look: Look
    number: int
    columns: tuple[Column, ...]
    reason: str
    digest: str = ""
    # Whether it goes on with what the extraction before it has begun.
    follows: bool = False
    verb: Verb = "land"

    @property
    def object(self) -> str:
        return str(self.stream)


@dataclass(frozen=True)
class Load:
    """Bring landed extractions into the stream's staging table, in their order."""

    stream: Stream
    numbers: tuple[int, ...]
    keeps_seen: bool
    reason: str
    digest: str = ""
    moments: tuple[str, ...] = ()
    keeps_deleted: bool = False
    # Every model that reads the stream has taken in the loads up to this one.
    settled: int = 0
    verb: Verb = "load"

    @property
    def object(self) -> str:
        return str(self.stream)


@dataclass(frozen=True)
class Reload:
    """Load a stream again from the landing, each extraction with the load that it had.

    The last `needed` ones make its current state; those before them only add to what was seen, as far as they can be loaded.
    """

    stream: Stream
    extractions: tuple[tuple[int, Manifest], ...]
    needed: int
    keeps_seen: bool
    reason: str
    moments: tuple[str, ...] = ()
    keeps_deleted: bool = False
    verb: Verb = "reload"

    @property
    def object(self) -> str:
        return str(self.stream)


@dataclass(frozen=True)
class Build:
    """Derive a dimension or a fact from staging.

    It is narrowed to what changed since the load `since`, where there is one: in the streams of `changed`, and in the
    dimensions of `members` that it points to.
    """

    model: str
    digest: str
    reason: str
    since: int = 0
    changed: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    # Whether what the model holds is not to be relied on.
    is_mended: bool = False
    verb: Verb = "build"

    @property
    def object(self) -> str:
        return self.model


@dataclass(frozen=True)
class Undo:
    """Bring the warehouse back to what it was before some runs.

    Streams are loaded again as they were; tables of the star get back the rows that the runs changed, and those that the runs
    made go.
    """

    runs: tuple[str, ...]
    streams: tuple[Reload, ...]
    tables: tuple[Undone, ...]
    reason: str
    verb: Verb = "undo"

    @property
    def object(self) -> str:
        return self.runs[-1]


@dataclass(frozen=True)
class Undone:
    """A table of the star that an undone run touched: by which columns its rows are told apart, and whether the run made it."""

    table: Table
    identity: tuple[str, ...]
    is_made: bool


@dataclass(frozen=True)
class Restore:
    """Make the file in which the star is built anew from the landing, as of its last edition."""

    reason: str
    object: str = "state"
    verb: Verb = "restore"


@dataclass(frozen=True)
class Deliver:
    """Let the target have what changed in a star that is built beside it; tables of `whole` are compared there row by row."""

    reason: str
    whole: frozenset[str] = frozenset()
    object: str = "star"
    verb: Verb = "deliver"


@dataclass(frozen=True)
class Check:
    """Hold the star against its promises and the user's checks; all of it, or what was written since it last held."""

    digest: str
    reason: str
    since: int = 0
    object: str = "star"
    verb: Verb = "check"


@dataclass(frozen=True)
class Export:
    """Write the files that people look at."""

    name: str
    position: int
    digest: str
    reason: str
    files: frozenset[str] = frozenset()
    verb: Verb = "export"

    @property
    def object(self) -> str:
        return self.name


Step = Land | Load | Reload | Build | Undo | Restore | Deliver | Check | Export


@dataclass(frozen=True)
class Outcome:
    """What carrying out a step did, in rows that must balance."""

    rows_in: int = 0
    rows_out: int = 0
    rejected: int = 0
    merged: int = 0
    lost: int = 0
    doubled: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    bytes: int = 0
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    # What landing adds to the position of its stream.
    position: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_balanced(self) -> bool:
        """Rows in = rows out + rejected + merged away + lost − doubled, and no part is less than nothing."""
        parts = (self.rows_in, self.rows_out, self.rejected, self.merged, self.lost, self.doubled)
        return (
            min(parts) >= 0 and self.rows_in == self.rows_out + self.rejected + self.merged + self.lost - self.doubled
        )
