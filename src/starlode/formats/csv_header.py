"""The beginning of a CSV file: its delimiter, the lines above its header, and the names of its columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.formats.csv_scan import Dialect
from starlode.formats.json_text import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.formats.blocks import Feed
    from starlode.formats.settings import FileSettings
    from starlode.formats.shape import Shape

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 1000
SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True)
class Header:
    """The columns of a file by their names in it (made distinct) and by the names that the stream gives them."""

    dialect: Dialect
    keys: list[str]
    names: list[str]

    @property
    def width(self) -> int:
        return len(self.keys)


def read_header(feed: Feed, settings: FileSettings, shape: Shape, file: str) -> Header:
    """Take the lines up to the header from a file, and say what was found out about it."""
    while b"\n" not in feed.data and len(feed.data) < SAMPLE_BYTES and feed.more():
        pass
    if b"\n" not in feed.data and b"\r" in feed.data:
        feed.line_end = b"\r"
    for _ in range(settings.header - 1):
        _take_line(feed)
    if not feed.data:
        feed.more()
    text = as_text(feed.data, final=False)
    delimiter = settings.delimiter or _detected(text, settings.quote)
    if settings.delimiter is None and delimiter != "," and text:
        told = f"fields are divided by {_spoken(delimiter)}; found, not declared"
        shape.tell_of_file("delimiter", file, "note", told, once=delimiter)
    dialect = Dialect(delimiter, settings.quote)
    first = dialect.first(text)
    while len(first) == len(text) and feed.more():
        text = as_text(feed.data, final=False)
        first = dialect.first(text)
    found = dialect.fields(first) if first.strip("\r\n") else []
    if settings.header:
        feed.take(len(first.encode("utf-8", "surrogateescape")))
        found = [as_text(name.encode("utf-8", "surrogateescape")).encode("utf-8", "replace").decode() for name in found]
    else:
        found = [""] * len(found)
    keys = distinct([*settings.names, *found[len(settings.names) :]])
    names = [shape.name(key) for key in keys]
    for key, given in zip(keys, found, strict=False):
        if settings.header and not settings.names and key != given:
            shape.tell("renamed column", key, "note", "the header has no name there, or one that it has twice")
    return Header(dialect, keys, names)


def distinct(found: Sequence[str]) -> list[str]:
    """The names with a number where one stands twice, and `column_n` where there is none."""
    kept: list[str] = []
    used: set[str] = set()
    own = {name.lower() for name in found}
    for place, given in enumerate(found, 1):
        base = given or f"column_{place}"
        name, number = base, 1
        while name.lower() in used or (name != given and name.lower() in own):
            number += 1
            name = f"{base}_{number}"
        used.add(name.lower())
        kept.append(name)
    return kept


def _take_line(feed: Feed) -> None:
    while feed.line_end not in feed.data and feed.more():
        pass
    end = feed.data.find(feed.line_end)
    feed.take(end + 1 if end >= 0 else len(feed.data))


def _detected(text: str, quote: str) -> str:
    scores = {delimiter: _score(Dialect(delimiter, quote), text) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 1) else ","


def _score(dialect: Dialect, text: str) -> tuple[float, int]:
    """How many of the records have as many fields as the first one, and how many those are."""
    at = 0
    widths: list[int] = []
    while at < len(text) and len(widths) < SAMPLE_RECORDS:
        record = dialect.first(text[at : at + 65536])
        at += len(record)
        if record.strip("\r\n"):
            widths.append(len(dialect.fields(record)))
    if not widths or widths[0] < 2:
        return 0.0, 1
    return round(widths.count(widths[0]) / len(widths), 2), widths[0]


def _spoken(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else f"`{delimiter}`"
