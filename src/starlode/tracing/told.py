"""What can be told of a row: who wrote it, the source rows that it was made of, the versions that it points to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlode.sql.origins import Untold


@dataclass(frozen=True)
class Written:
    """The load that wrote a row: what it did, in which run, when, and why it was in the plan."""

    load_key: int
    verb: str
    object: str
    run_id: str
    at: datetime
    because: str
    manifest: int = 0


@dataclass(frozen=True)
class SourceRow:
    """A row of a stream: where it stood when it was read, and the extraction, the landed files and the load that brought it.

    Rows of a table have no file and no number of their own; their key tells them apart.
    """

    stream: str
    alias: str
    file: str | None
    row: int | None
    key: Mapping[str, str]
    extraction: int
    read_at: datetime | None
    landed: tuple[str, ...]
    loaded: Written


@dataclass(frozen=True)
class Pointing:
    """A key of a fact: the version that it points to, how long that one holds, and why it is this one."""

    column: str
    dimension: str
    key: int
    valid_from: datetime | None
    valid_to: datetime | None
    because: str
    written: Written | None


@dataclass(frozen=True)
class Told:
    """A row of the star with who wrote it and the rows that it was made of; `is_cut` says that there are more of those."""

    values: Mapping[str, Any]
    written: Written | None
    sources: tuple[SourceRow, ...]
    is_cut: bool = False


@dataclass(frozen=True)
class Conflict:
    """Rows that disagreed, as a run found them."""

    columns: str
    rows: int
    rule: str
    run_id: str
    at: datetime


@dataclass(frozen=True)
class Why:
    """What is known of a row of a fact, or of a member of a dimension with its versions."""

    table: str
    named: Mapping[str, Any]
    rows: tuple[Told, ...]
    pointings: tuple[Pointing, ...] = ()
    untold: tuple[Untold, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    remarks: tuple[str, ...] = ()
