"""Editions of a star that is built beside its target: what changed in each table, as Parquet and one manifest in the landing.

An edition is whole once its manifest is there, which is written last and only if there is none. Its tables can be had again
from the edition that last held all of their rows and from those after it.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from starlode.errors import SourceError
from starlode.landing import LandedFile, file_as_json, file_from
from starlode.table import Column, Table, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlode.store import Store, Stored

EDITION_VERSION = 1
EDITIONS = "star"
_MANIFEST = re.compile(r"\d{8,}\.json")


@dataclass(frozen=True)
class Changes:
    """What changed in a table since the edition before: rows that came, and identities of those that changed or went."""

    came: tuple[LandedFile, ...]
    went: tuple[LandedFile, ...]
    rows_came: int
    rows_went: int


@dataclass(frozen=True)
class Part:
    """A table in an edition; without changes it is as in the edition before, or in `whole` are all of its rows."""

    table: Table
    identity: tuple[str, ...]
    rows: int
    changes: Changes | None = None
    whole: tuple[LandedFile, ...] | None = None
    # The edition that last held all rows, and how many have come and gone since.
    whole_in: int = 0
    drift: int = 0
    # From which declaration it was built, and the highest of the keys that it remembers.
    digest: str = ""
    highest: int = 0

    @property
    def is_changed(self) -> bool:
        return self.changes is not None or self.whole is not None

    @property
    def files(self) -> tuple[LandedFile, ...]:
        changed = (*self.changes.came, *self.changes.went) if self.changes else ()
        return (*changed, *(self.whole or ()))


@dataclass(frozen=True)
class Edition:
    """The immutable account of one edition: its tables, and what the ledger wrote until then."""

    number: int
    run_id: str
    load_key: int
    created_at: str
    tables: tuple[Part, ...]
    lines: tuple[LandedFile, ...] = ()
    version: int = EDITION_VERSION

    def part(self, table: Table) -> Part | None:
        """A table of it, by its name."""
        return next((p for p in self.tables if (p.table.schema, p.table.name) == (table.schema, table.name)), None)


def folder_of(edition: int, run_id: str, table: Table, kind: str) -> str:
    """Where files of a table lie in an edition."""
    within = f"{EDITIONS}/{table.name}" if table.schema == EDITIONS else f"{EDITIONS}/{table.schema}/{table.name}"
    return f"{within}/{edition:08}-{run_id}/{kind}"


def numbers(landing: Store) -> tuple[int, ...]:
    """The numbers of the editions of a landing, in their order."""
    return tuple(sorted(int(name[:-5]) for name in landing.listed(EDITIONS) if _MANIFEST.fullmatch(name)))


def read_edition(landing: Store, number: int) -> Edition:
    """The account of an edition."""
    name = _name(number)
    try:
        held = json.loads(landing.read(name).decode("utf-8"))
    except (OSError, ValueError) as error:
        raise SourceError("an edition's manifest cannot be read", where=landing.shown(name)) from error
    if held.get("version") != EDITION_VERSION:
        raise SourceError(
            f"an edition's manifest has version {held.get('version')}, and this Starlode reads {EDITION_VERSION}",
            where=landing.shown(name),
            hint="use the newer Starlode that wrote it",
        )
    return Edition(**(held | {"tables": tuple(map(_part_from, held["tables"])), "lines": _files(held["lines"])}))


def commit(landing: Store, edition: Edition) -> None:
    """Create the manifest, whole and only if there is none: from here on the edition counts."""
    held = asdict(edition) | {
        "tables": [_part_as_json(part) for part in edition.tables],
        "lines": _listed(edition.lines),
    }
    content = json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    try:
        landing.create(_name(edition.number), content, edition.run_id)
    except FileExistsError as error:
        raise SourceError(
            f"another run has made edition {edition.number} of the star in the meantime",
            where=landing.shown(_name(edition.number)),
            hint="run again: this run's files are not used, and the next run goes on from there",
        ) from error


def garbage(landing: Store) -> Iterator[Stored]:
    """Files of editions that no manifest names: remains of runs that died."""
    kept: set[str] = set()
    for number in numbers(landing):
        edition = read_edition(landing, number)
        named = (*(file for part in edition.tables for file in part.files), *edition.lines)
        kept |= {_name(number), *(file.path for file in named)}
    yield from (file for file in landing.below(EDITIONS) if file.name not in kept)


def replaced(landing: Store) -> Iterator[tuple[Edition, LandedFile, str]]:
    """The files of editions from which nothing is made any more, each with its edition and why that is so.

    A table is made from the edition that last held all of its rows and from those after it; what the ledger wrote stays.
    """
    known = [read_edition(landing, number) for number in numbers(landing)]
    for edition in known[:-1]:
        for part in edition.tables:
            last = known[-1].part(part.table)
            why = (
                f"edition {last.whole_in} holds all rows of {part.table}"
                if last
                else f"{part.table} is no part of the star"
            )
            if last is None or edition.number < last.whole_in:
                yield from ((edition, file, why) for file in part.files)


def _name(number: int) -> str:
    return f"{EDITIONS}/{number:08}.json"


def _part_as_json(part: Part) -> dict[str, Any]:
    columns = [[column.name, str(column.type)] for column in part.table.columns]
    changes = part.changes and asdict(part.changes) | {
        "came": _listed(part.changes.came),
        "went": _listed(part.changes.went),
    }
    return asdict(part) | {
        "table": [part.table.schema, part.table.name, columns],
        "changes": changes,
        "whole": None if part.whole is None else _listed(part.whole),
    }


def _part_from(held: dict[str, Any]) -> Part:
    schema, name, columns = held["table"]
    table = Table(schema, name, tuple(Column(column, parse_type(word)) for column, word in columns))
    changes, whole = held["changes"], held["whole"]
    if changes:
        changes = replace(Changes(**changes), came=_files(changes["came"]), went=_files(changes["went"]))
    identity = tuple(held["identity"])
    whole = None if whole is None else _files(whole)
    return Part(**(held | {"table": table, "identity": identity, "changes": changes, "whole": whole}))


def _listed(files: Iterable[LandedFile]) -> list[dict[str, Any]]:
    return [file_as_json(file) for file in files]


def _files(held: Iterable[dict[str, Any]]) -> tuple[LandedFile, ...]:
    return tuple(file_from(file) for file in held)
