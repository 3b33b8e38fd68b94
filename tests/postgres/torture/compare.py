"""Source against target, table by table: counts, a digest that no order changes, and the keys that differ."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.postgres.torture.tables import Table

Row = tuple[Any, ...]
COLUMNS = ("id", "version", "writer", "note", "amount")


@dataclass(frozen=True)
class Digest:
    """How many rows there are, and a sum over all their columns."""

    rows: int
    sum: int


@dataclass(frozen=True)
class Comparison:
    """What a target holds of a table: `lost` keys it does not have, `stale` ones it has otherwise, `extra` ones it made up."""

    table: str
    source: Digest
    target: Digest
    lost: tuple[int, ...]
    stale: tuple[int, ...]
    extra: tuple[int, ...]

    @property
    def is_equal(self) -> bool:
        return self.source == self.target

    def __str__(self) -> str:
        said = f"{self.table:<10} {self.source.rows:>8,} rows in the source, {self.target.rows:>8,} in the target"
        if self.is_equal:
            return f"{said}: equal"
        differences = {"lost": self.lost, "stale": self.stale, "extra": self.extra}
        return f"{said}: " + ", ".join(
            f"{len(keys):,} {name} {_few(keys)}" for name, keys in differences.items() if keys
        )


def source_rows(url: str, table: Table) -> list[Row]:
    """All rows of a source, in the form that loaders give theirs in: amounts as text, moments as microseconds."""
    cursor = table.cursor or "null"
    shown = (
        f"(extract(epoch from {cursor}) * 1000000)::bigint" if table.kind == "timestamptz" and table.cursor else cursor
    )
    with psycopg.connect(url) as connection:
        query = f"select id, version, writer, note, amount::text, {shown} from {table.place}"
        return connection.execute(query.encode()).fetchall()


def compare(table: Table, source: Iterable[Row], target: Iterable[Row]) -> Comparison:
    ours, theirs = list(source), list(target)
    here, there = _by_key(ours), _by_key(theirs)
    return Comparison(
        table.name,
        digest(ours),
        digest(theirs),
        tuple(sorted(here.keys() - there.keys())),
        tuple(sorted(key for key in here.keys() & there.keys() if here[key] != there[key])),
        tuple(sorted(there.keys() - here.keys())),
    )


def digest(rows: Iterable[Row]) -> Digest:
    """Rows that stand twice count twice."""
    marks = [int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest(), "big") for row in rows]
    return Digest(len(marks), sum(marks) % (1 << 64))


def _by_key(rows: Iterable[Row]) -> Mapping[int, Row]:
    return {row[0]: row for row in rows}


def _few(keys: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, keys[:5]))}{', …' if len(keys) > 5 else ''})"
