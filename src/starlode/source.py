"""The contract of a source: look at what is new without reading it, then read it as Arrow.

A position is a JSON object that an extraction merges over the one before it (files: a mark for each file read; cursors: one
value), so that the ledger keeps what a run added and never writes the whole of it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from starlode.finding import Finding, Reject
    from starlode.table import Column, Layout, Type

Mode = Literal["incremental", "full"]
Contract = Literal["evolve", "freeze", "discard"]


# Columns that reading adds to the rows of a file, so that each row can be traced to its place.
FILE_COLUMN = "_file"
ROW_COLUMN = "_row"


@dataclass(frozen=True)
class Stream:
    """One table, query or set of files of a source; `reads` holds the settings that only its kind of source knows."""

    source: str
    name: str
    reads: Any
    key: tuple[str, ...] = ()
    since: str | None = None
    mode: Mode = "incremental"
    contract: Contract = "evolve"
    types: Mapping[str, Type] = field(default_factory=dict)
    max_rejects: int = 0
    may_shrink: bool = False
    # Each extraction shows its rows as they are at one moment, so the later one is right, whatever its columns say.
    is_of_moments: bool = False
    layout: Layout | None = None

    def __str__(self) -> str:
        return f"{self.source}.{self.name}"

    @property
    def table(self) -> str:
        """What its tables in the warehouse are called."""
        return f"{self.source}__{self.name}"

    def spelled(self, columns: Iterable[Column]) -> Self:
        """The stream with its key and cursor in the letters of its columns: a project may write them in others."""
        letters = {column.name.lower(): column.name for column in columns}
        key = tuple(letters.get(name.lower(), name) for name in self.key)
        since = letters.get(self.since.lower(), self.since) if self.since else self.since
        return replace(self, key=key, since=since)


@dataclass(frozen=True)
class Look:
    """What there is to read now, found without reading it.

    `units` names the pieces to read (files, or the one table); no units means that nothing is new.
    """

    mode: Mode
    units: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    size: int = 0
    reason: str = "nothing new"
    # What is carried otherwise than it stands at the source, for people to read before anything is done.
    notes: tuple[str, ...] = ()
    # The columns that reading will give, where the source knows them without reading.
    columns: tuple[Column, ...] = ()

    def portions(self, most_bytes: int, most_units: int) -> tuple[Look, ...]:  # noqa: ARG002
        """The same in looks that can be read one after another, each no larger than that where its units allow it."""
        return (self,)


@dataclass(frozen=True)
class Batch:
    """Rows in Arrow, the position that is reached once they are kept, and what could not be carried on the way."""

    rows: pa.RecordBatch
    position: Mapping[str, Any] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()
    findings: tuple[Finding, ...] = ()
    bytes_read: int = 0


class ReadAgain(Exception):
    """A later row shows that an earlier one was read with too narrow a type; read all again with these columns."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        super().__init__("a later row needs a wider type than the first ones were read with")
        self.columns = columns


class Source(Protocol):
    """A place to read from. Naming it opens nothing; `open` does, as often as it is called."""

    @property
    def name(self) -> str:
        """The source's name in the project."""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that the project reads, in the order of the declaration."""

    @property
    def is_open(self) -> bool:
        """Whether its streams are known only once it is open."""

    def with_streams(self, streams: tuple[Stream, ...]) -> Source:
        """The same source with these streams."""

    def reached(self, position: Mapping[str, Any]) -> str:
        """How far a position reaches, in a few words for people."""

    def open(self) -> AbstractContextManager[Reader]:
        """A reader for one run, which shows all streams as they were at one moment where the place can do that."""


class Reader(Protocol):
    """An open source. Looking is cheap and changes nothing; reading never writes to the place."""

    def find(self) -> tuple[Stream, ...]:
        """All streams: those that are declared, and those that the place shows."""

    def look(self, stream: Stream, position: Mapping[str, Any], *, full: bool = False) -> Look:
        """What is new since `position`; with `full`, everything, as if nothing had been read."""

    def read(self, stream: Stream, look: Look, columns: tuple[Column, ...]) -> Iterator[Batch]:
        """Batches of the rows that `look` found, typed with `columns` where those hold the values.

        A batch may add columns or widen one; the landing keeps each part in its own schema. Raises ReadAgain when a
        value that was already given out would have to change its text.
        """
