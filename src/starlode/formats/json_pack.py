"""Many small JSON files parsed as one block, each row still knowing its file.

Opening a parser for each of 15,000 files costs more than all their bytes, so contents are joined. A first member with
the file's number is put into the first object of each file and carried to the objects that follow it; that every file's
number comes back, in order, proves that no file's end and another's beginning were read as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from starlode.finding import Reject
from starlode.formats import blocks, raw
from starlode.formats.json_parse import known, parse, parse_records
from starlode.formats.json_scan import layout_of, walk
from starlode.formats.json_text import FIRST_RECORDS, as_text
from starlode.formats.rows import Rows, finish, numbered
from starlode.source import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.formats.far import Opening
    from starlode.formats.shape import Shape

SMALL = 64 * 1024
UNPACKED = 4 << 20
NUMBER_KEY = "starlode file number"


@dataclass
class _Pack:
    names: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    marks: dict[str, list[Any]] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    large: list[raw.Entry] = field(default_factory=list)
    size: int = 0


def read_pack(
    opening: Opening, entries: Sequence[raw.Entry], shape: Shape, encoding: str | None, dates: Mapping[str, str]
) -> tuple[Batch, list[raw.Entry]]:
    """The rows of some small files with their marks, and the files that are not small once decompressed."""
    pack = _Pack()
    for entry in entries:
        _add(pack, opening, entry, shape, encoding)
    if not shape.keys:
        for name, content in list(zip(pack.names, pack.contents, strict=True))[:FIRST_RECORDS]:
            text = as_text(content)
            walk(text, layout_of(text), name, 1, 1, shape, last=True, most=FIRST_RECORDS)
    try:
        rows = _together(pack, shape)
    except (pa.ArrowInvalid, ValueError):
        rows = _one_by_one(pack, shape)
    rows.rejects[:0] = pack.rejects
    placed, rejects = finish(rows, shape, dates)
    return Batch(placed, pack.marks, rejects, shape.news(), pack.size), pack.large


def _add(pack: _Pack, opening: Opening, entry: raw.Entry, shape: Shape, encoding: str | None) -> None:
    with opening.raw(entry) as opened:
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in blocks.utf8(raw.chunks(opened), encoding, entry.name, shape):
                pieces.append(piece)
                size += len(piece)
                if size > UNPACKED:
                    pack.large.append(entry)
                    return
        except OSError as cause:
            opened.mark()
            pack.rejects.append(raw.unreadable(entry, raw.reason(cause), shape))
        else:
            pack.names.append(entry.name)
            pack.contents.append(b"".join(pieces).strip())
            pack.marks[entry.name] = opened.mark()
        pack.size += opened.passed


def _together(pack: _Pack, shape: Shape) -> Rows:
    pieces: list[bytes] = []
    for number, content in enumerate(pack.contents):
        if content:
            if not content.startswith(b"{"):
                raise ValueError("not an object")
            comma = b"" if content[1:].lstrip().startswith(b"}") else b","
            pieces.append(b'{"%s":%d%s%s' % (NUMBER_KEY.encode(), number, comma, content[1:]))
    table = parse(b"\n".join(pieces), known(shape, pa.field(NUMBER_KEY, pa.int64())))
    marks = table.column(NUMBER_KEY)
    expected = [number for number, content in enumerate(pack.contents) if content]
    if marks.drop_null().to_pylist() != expected:
        raise ValueError("the end of a file and the beginning of another were read as one")
    places = numbered(0, len(table))
    first = pc.fill_null_forward(pc.if_else(pc.is_valid(marks), places, pa.scalar(None, pa.int64())))
    files = pa.array(pack.names, pa.utf8()).take(pc.fill_null_forward(marks))
    numbers = pc.add(pc.subtract(places, first), 1)

    def raw_of(place: int) -> tuple[int, str]:
        text = as_text(pack.contents[pack.names.index(files[place].as_py())])
        found = walk(text, layout_of(text), "", 1, 1, shape, last=True)
        row = numbers[place].as_py() - 1
        return found.lines[row], found.texts[row]

    return Rows(table.drop_columns([NUMBER_KEY]), files, numbers, raw_of)


def _one_by_one(pack: _Pack, shape: Shape) -> Rows:
    files: list[str] = []
    texts: list[str] = []
    places: list[tuple[int, int]] = []
    rejects: list[Reject] = []
    for name, content in zip(pack.names, pack.contents, strict=True):
        text = as_text(content)
        found = walk(text, layout_of(text), name, 1, 1, shape, last=True)
        files += [name] * len(found.texts)
        texts += found.texts
        places += zip(found.rows, found.lines, strict=True)
        rejects += found.rejects
        for column, times in found.doubled.items():
            shape.count("doubled key", column, times)
    table, good, bad = parse_records(texts, shape)
    rejects += [Reject(files[i], places[i][1], "", texts[i], "it cannot be read as JSON", "json") for i in bad]
    kept = pa.array([files[i] for i in good], pa.utf8())
    numbers = pa.array([places[i][0] for i in good], pa.int64())
    return Rows(table, kept, numbers, lambda place: (places[good[place]][1], texts[good[place]]), rejects)
