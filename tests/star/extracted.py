"""What extractions have told so far: rows, members that left, and those of whom a rejected row may tell; in plain Python."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.star.worlds import COLUMNS, UNREADABLE, as_csv, key_of

if TYPE_CHECKING:
    from tests.star.streams import Files, Row
    from tests.star.worlds import Stream

BEGINNING = datetime(1, 1, 1)
Key = tuple[Any, ...]


@dataclass
class Absence:
    """A time for which a key had left its stream; a return as of an earlier moment takes the end out of its life."""

    since: datetime | None
    is_back: bool = False


@dataclass
class Told:
    """What one stream told: its rows now, all rows ever by moment, who is away since when, and who is in doubt."""

    rows: list[Row] = field(default_factory=list)
    current: dict[Key, Row] = field(default_factory=dict)
    seen: dict[tuple[Key, datetime], Row] = field(default_factory=dict)
    away: dict[Key, list[Absence]] = field(default_factory=dict)
    doubted: set[Key] = field(default_factory=set)

    def take(self, stream: Stream, files: Files, moment: datetime) -> None:
        """Take in what an extraction of the stream's files shows; unreadable rows are rejected, and deny nobody."""
        name = stream.name
        lines = [(file, number, row) for file, held in files.items() for number, row in enumerate(held)]
        rejected = [_words(name, row) for *_, row in lines if UNREADABLE in row.values()]
        lines = [line for line in lines if UNREADABLE not in line[-1].values()]
        self.rows = [{c: _value(c, name, cell) for c, cell in row.items()} for *_, row in lines]
        before = self.current
        self.current = _current(stream, self.rows, [(file, number) for file, number, _ in lines])
        for row in self.rows if "moment" in COLUMNS[name] else ():
            self.seen[key_of(name, row), row["moment"] or BEGINNING] = row
        missing = (before.keys() | self.doubted) - self.current.keys()
        self.doubted = {key for key in missing if any(words.issuperset(map(str, key)) for words in rejected)}
        for key in missing - self.doubted:
            self.away.setdefault(key, []).append(Absence(moment))
        for key, absences in self.away.items():
            last = absences[-1]
            if key in self.current and not last.is_back:
                told = self.current[key].get("moment")
                is_early = told is not None and last.since is not None and told < last.since
                absences[-1] = Absence(None if is_early else last.since, is_back=True)


def _words(stream: str, row: Row) -> set[str]:
    """The words of a row's text, and its numbers without leading zeros."""
    words = re.findall(r"\w+", as_csv(stream, (row,)).partition("\n")[2])
    return {*words, *(str(int(word)) for word in words if word.isdigit())}


def _current(stream: Stream, rows: list[Row], places: list[tuple[str, int]]) -> dict[Key, Row]:
    """Of each key the last row by what the stream is ordered by, then file and place; without a key there is none."""
    if not stream.key:
        assert max(Counter(key_of(stream.name, row) for row in rows).values()) == 1
        return {}
    found: dict[Key, Row] = {}
    order: dict[Key, Any] = {}
    for row, place in zip(rows, places, strict=True):
        key = key_of(stream.name, row)
        at = (row[stream.since] or BEGINNING, *place) if stream.since else place
        if key not in found or order[key] < at:
            found[key], order[key] = row, at
    return found


def _value(column: str, stream: str, cell: Any) -> Any:
    kind = COLUMNS[stream][column]
    if cell is None or kind in ("integer", "text"):
        return cell
    return datetime.fromisoformat(cell) if kind == "timestamp" else Decimal(cell)
