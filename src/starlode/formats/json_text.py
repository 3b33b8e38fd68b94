"""JSON files as Arrow batches: newline-delimited, arrays, pretty-printed or glued objects.

A block is parsed by pyarrow with the columns known so far, which is fast and exact and refuses whatever does not fit;
only a block that is refused goes the careful way, record by record, which widens columns and names what is bad.
"""

from __future__ import annotations

import codecs
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from starlode.finding import Reject
from starlode.formats import blocks, raw
from starlode.formats.ahead import ahead
from starlode.formats.json_parse import known, parse, parse_records
from starlode.formats.json_scan import Layout, Records, first_layout, layout_of, walk
from starlode.formats.rows import Rows, finish, numbered, only_rejected, same_file
from starlode.source import Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future

    from starlode.formats.json_parse import Known
    from starlode.formats.shape import Shape

FIRST_RECORDS = 1000
BEGINNING = 64 << 10
# Blocks that are parsed at a time: more would only hold memory.
PARSERS = min(4, pa.cpu_count())


def read_json(
    opened: raw.Raw, shape: Shape, encoding: str | None, dates: Mapping[str, str], block: int = blocks.JSON_BLOCK
) -> Iterator[Batch]:
    """The rows of one file, a block at a time; the last batch carries the file's mark."""
    name = opened.entry.name
    pieces = blocks.utf8(raw.chunks(opened, block), encoding, name, shape)
    # Closed before the file is: a thread that still reads could take the bytes of the next file to be opened.
    with closing(ahead(pieces) if opened.entry.size > block else pieces) as given:
        for rows, is_last in _rows(blocks.Feed(given, block), name, shape):
            placed, rejects = finish(rows, shape, dates)
            done = {name: opened.mark()} if is_last else {}
            yield Batch(placed, done, rejects, shape.news(), opened.news())


def as_text(data: bytes | memoryview, *, final: bool = True) -> str:
    """The text of some bytes, those that are not UTF-8 as lone surrogates; the beginning of a character waits."""
    return codecs.utf_8_decode(data, "surrogateescape", final)[0]


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


def _rows(feed: blocks.Feed, name: str, shape: Shape) -> Iterator[tuple[Rows, bool]]:
    """The rows of a file, some at a time, and whether they are the last."""
    feed.more()
    if feed.ended and not feed.data:
        return iter([(only_rejected(), True)])
    layout = _layout(feed.data)
    return _lines(feed, name, shape) if layout == "lines" else _values(feed, layout, name, shape)


def _layout(beginning: bytes) -> Layout:
    """How the records lie; only a first record that is long needs more than a short look."""
    return first_layout(as_text(beginning[:BEGINNING], final=False)) or layout_of(as_text(beginning[: 1 << 20]))


def _lines(feed: blocks.Feed, name: str, shape: Shape) -> Iterator[tuple[Rows, bool]]:
    """The rows of whole lines, block by block; the next blocks are parsed meanwhile."""
    begun: deque[Callable[[int], Rows]] = deque()
    row = 1
    with ThreadPoolExecutor(PARSERS, "parse") as pool:
        while begun or feed.data or not feed.ended:
            # What the first records are decides how all others are parsed.
            while len(begun) <= (PARSERS if shape.keys else 0) and (feed.data or not feed.ended):
                begun += _begin(feed, name, shape, pool)
                feed.more()
            if begun:
                rows = begun.popleft()(row)
                row += len(rows.numbers) + len(rows.rejects)
                yield rows, feed.ended and not (feed.data or begun)


def _begin(feed: blocks.Feed, name: str, shape: Shape, pool: ThreadPoolExecutor) -> list[Callable[[int], Rows]]:
    """Let a thread parse what whole lines the feed has; each result gives its rows for the number of the first."""
    line = feed.line
    block = feed.lines()
    if block or feed.ended:
        if not shape.keys:
            walk(as_text(block[: 4 << 20]), "lines", name, line, 1, shape, last=True, most=FIRST_RECORDS)
        now = known(shape)
        return [partial(_block_rows, shape, block, now, pool.submit(parse, block, now), name, line)]
    if len(feed.data) <= blocks.LONGEST:
        return []
    raw_text = blocks.shown(as_text(feed.skip_line()))
    too_long = Reject(name, line, "", raw_text, f"longer than {blocks.LONGEST >> 20} MB", "too long")
    return [lambda _: only_rejected(too_long)]


def _block_rows(
    shape: Shape, block: memoryview, then: Known, parsing: Future[pa.RecordBatch], name: str, line: int, row: int
) -> Rows:
    """The rows of whole lines: the fast way when everything fits, else the careful one."""
    try:
        now = known(shape)
        table = parsing.result() if now == then else parse(block, now)
    except (pa.ArrowInvalid, ValueError):
        return record_rows(walk(as_text(block), "lines", name, line, row, shape, last=True), name, shape)

    def raw_of(place: int) -> tuple[int, str]:
        found = walk(as_text(block), "lines", name, line, row, shape, last=True, most=place + 1)
        return found.lines[place], found.texts[place]

    return Rows(table, same_file(name, len(table)), numbered(row, len(table)), raw_of)


def _values(feed: blocks.Feed, layout: Layout, name: str, shape: Shape) -> Iterator[tuple[Rows, bool]]:
    row = 1
    while feed.data or not feed.ended:
        text = as_text(feed.data, final=feed.ended)
        last = feed.ended or len(feed.data) > blocks.LONGEST
        records = walk(text, layout, name, feed.line, row, shape, last=last)
        if records.consumed or feed.ended:
            feed.take(len(text[: records.consumed].encode("utf-8", "surrogateescape")))
            rows = record_rows(records, name, shape)
            row += len(rows.numbers) + len(rows.rejects)
            yield rows, feed.ended and not feed.data
        feed.more()
