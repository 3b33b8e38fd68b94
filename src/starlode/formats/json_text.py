"""JSON files as Arrow batches: newline-delimited, arrays, pretty-printed or glued objects.

A block is parsed by pyarrow with the columns known so far, which is fast and exact and refuses whatever does not fit;
only a block that is refused goes the careful way, record by record, which widens columns and names what is bad.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pyarrow as pa

from starlode.finding import Reject
from starlode.formats import blocks, raw
from starlode.formats.ahead import ahead
from starlode.formats.json_parse import parse, parse_records
from starlode.formats.json_scan import Layout, Records, layout_of, walk
from starlode.formats.rows import Rows, finish, numbered, only_rejected, same_file
from starlode.source import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.formats.shape import Shape

FIRST_RECORDS = 1000


def read_json(
    opened: raw.Raw, shape: Shape, encoding: str | None, dates: Mapping[str, str], block: int = blocks.BLOCK
) -> Iterator[Batch]:
    """The rows of one file, a block at a time; the last batch carries the file's mark."""
    name = opened.entry.name
    pieces = blocks.utf8(raw.chunks(opened, block), encoding, name, shape)
    feed = blocks.Feed(ahead(pieces) if opened.entry.size > block else pieces, block)
    layout: Layout | None = None
    row = 1
    while feed.more() or feed.data:
        layout = layout or layout_of(as_text(feed.data[: 1 << 20]))
        rows = _lines(feed, name, row, shape) if layout == "lines" else _values(feed, layout, name, row, shape)
        if rows is None:
            continue
        row += len(rows.numbers) + len(rows.rejects)
        placed, rejects = finish(rows, shape, dates)
        done = {name: opened.mark()} if feed.ended and not feed.data else {}
        yield Batch(placed, done, rejects, shape.news(), opened.news())


def as_text(data: bytes, *, final: bool = True) -> str:
    """The text of some bytes, those that are not UTF-8 as lone surrogates; the beginning of a character waits."""
    return codecs.utf_8_decode(data, "surrogateescape", final)[0]


def block_rows(block: bytes, name: str, line: int, row: int, shape: Shape) -> Rows:
    """The rows of whole lines: the fast way when everything fits, else the careful one."""
    if not shape.keys:
        walk(as_text(block[: 4 << 20]), "lines", name, line, row, shape, last=True, most=FIRST_RECORDS)
    try:
        table = parse(block, shape)
    except (pa.ArrowInvalid, ValueError):
        return record_rows(walk(as_text(block), "lines", name, line, row, shape, last=True), name, shape)

    def raw_of(place: int) -> tuple[int, str]:
        found = walk(as_text(block), "lines", name, line, row, shape, last=True, most=place + 1)
        return found.lines[place], found.texts[place]

    return Rows(table, same_file(name, len(table)), numbered(row, len(table)), raw_of)


def record_rows(records: Records, name: str, shape: Shape) -> Rows:
    """The rows of records that went the careful way."""
    for column, times in records.doubled.items():
        shape.count("doubled key", column, times)
    table, good, bad = parse_records(records.texts, shape)
    rejects = [Reject(name, records.lines[i], "", records.texts[i], "it cannot be read as JSON", "json") for i in bad]

    def raw_of(place: int) -> tuple[int, str]:
        return records.lines[good[place]], records.texts[good[place]]

    numbers = pa.array([records.rows[i] for i in good], pa.int64())
    return Rows(table, same_file(name, len(table)), numbers, raw_of, records.rejects + rejects)


def _lines(feed: blocks.Feed, name: str, row: int, shape: Shape) -> Rows | None:
    line = feed.line
    block = feed.lines()
    if block or feed.ended:
        return block_rows(block, name, line, row, shape)
    if len(feed.data) <= blocks.LONGEST:
        return None
    raw_text = blocks.shown(as_text(feed.skip_line()))
    return only_rejected(Reject(name, line, "", raw_text, f"longer than {blocks.LONGEST >> 20} MB", "too long"))


def _values(feed: blocks.Feed, layout: Layout, name: str, row: int, shape: Shape) -> Rows | None:
    text = as_text(feed.data, final=feed.ended)
    last = feed.ended or len(feed.data) > blocks.LONGEST
    records = walk(text, layout, name, feed.line, row, shape, last=last)
    if not records.consumed and not feed.ended:
        return None
    feed.take(len(text[: records.consumed].encode("utf-8", "surrogateescape")))
    return record_rows(records, name, shape)
