"""CSV files as Arrow batches: all columns as text first, then typed over all their values.

Blocks are cut at true ends of records and parsed by pyarrow; a block with a broken record goes the careful way, which
rejects that record with its line and raw text and keeps the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from starlode.arrow import arrow_type, readable
from starlode.finding import Reject
from starlode.formats import blocks, raw
from starlode.formats.csv_header import Header, read_header
from starlode.formats.infer import DayMonth, fits, infer, is_exact_in_double
from starlode.formats.json_text import as_text
from starlode.formats.rows import Rows, finish, nothing, numbered, only_rejected, same_file
from starlode.source import Batch
from starlode.table import DOUBLE, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.formats.csv_scan import Records
    from starlode.formats.settings import FileSettings
    from starlode.formats.shape import Shape

BLOCK = 8 << 20
PARSE_SIZE = 2 << 20
_NUMERIC = ("integer", "decimal", "double")


class CsvReader:
    """Reads the CSV files of a stream one after another, and judges its columns when all were read."""

    def __init__(self, settings: FileSettings, shape: Shape, block: int = BLOCK) -> None:
        self._settings = settings
        self._shape = shape
        self._block = block
        self._dates: dict[str, DayMonth] = {}
        self._was_text = {name for name, held in shape.types.items() if held == TEXT}

    def read(self, opened: raw.Raw) -> Iterator[Batch]:
        """The rows of one file, a block at a time; the last batch carries the file's mark."""
        name = opened.entry.name
        pieces = raw.chunks(opened, self._block)
        feed = blocks.Feed(blocks.utf8(pieces, self._settings.encoding, name, self._shape), self._block)
        header = read_header(feed, self._settings, self._shape, name)
        row = 1
        while feed.data or not feed.ended:
            rows = self._next(feed, header, name, row)
            if rows is not None:
                row += len(rows.numbers) + len(rows.rejects)
                rows.table = self._typed(rows.table)
                placed, rejects = finish(rows, self._shape, self._settings.dates, check_json=True)
                if feed.data or not feed.ended:
                    yield Batch(placed, {}, rejects, self._shape.news(), opened.news())
                    feed.more()
                    continue
                yield Batch(placed, {name: opened.mark()}, rejects, self._shape.news(), opened.news())
                return
            feed.more()
        yield Batch(nothing(self._shape), {name: opened.mark()}, (), self._shape.news(), opened.news())

    def judge(self) -> None:
        """Refuse columns whose dates are ambiguous, now that all values were seen."""
        for name, seen in self._dates.items():
            seen.judge(name, self._shape)

    def _next(self, feed: blocks.Feed, header: Header, name: str, row: int) -> Rows | None:
        tail = _footer(feed.data, self._settings.footer) if self._settings.footer else len(feed.data)
        data = feed.data[:tail] if tail < len(feed.data) else feed.data
        cut = len(data) if feed.ended else header.dialect.cut(data, feed.line_end)
        line = feed.line
        block = data if cut == len(data) else data[:cut]
        if cut and _is_text(block) and header.dialect.is_sound(block):
            rows = self._fast(block, header, name, line, row)
            if rows is not None:
                feed.take(len(feed.data) if feed.ended else cut)
                return rows
        text = as_text(data, final=feed.ended)
        records = header.dialect.walk(text, header.width, name, line, row, last=feed.ended)
        if not records.consumed and not feed.ended:
            return self._stuck(feed, name) if len(data) > blocks.LONGEST else None
        feed.take(len(feed.data) if feed.ended else len(_bytes(text[: records.consumed])))
        return self._careful(records, header, name)

    def _stuck(self, feed: blocks.Feed, name: str) -> Rows:
        """The first line of a record that has no end within reach, as a reject."""
        line, end = feed.line, feed.data.find(feed.line_end)
        if end < 0:
            rule, reason = "too long", f"longer than {blocks.LONGEST >> 20} MB"
            data = feed.skip_line()
        else:
            rule, reason = "unclosed quote", f"a quote is not closed within {blocks.LONGEST >> 20} MB"
            data = feed.take(end + 1)
        text = blocks.shown(as_text(data[: blocks.RAW_LIMIT].rstrip(b"\r\n")))
        return only_rejected(Reject(name, line, "", text, reason, rule))

    def _fast(self, block: bytes, header: Header, name: str, line: int, row: int) -> Rows | None:
        try:
            table = self._parse(block, header)
        except pa.ArrowInvalid:
            return None

        def raw_of(place: int) -> tuple[int, str]:
            found = header.dialect.walk(as_text(block), header.width, name, line, row, last=True)
            return found.lines[place], found.texts[place].rstrip("\r\n")

        return Rows(table, same_file(name, len(table)), numbered(row, len(table)), raw_of)

    def _careful(self, records: Records, header: Header, name: str) -> Rows:
        table = self._parse(_bytes("".join(records.texts)), header)
        if len(table) != len(records.rows):
            raise pa.ArrowInvalid("the records of a block were counted differently twice")
        return Rows(
            table,
            same_file(name, len(table)),
            pa.array(records.rows, pa.int64()),
            lambda place: (records.lines[place], records.texts[place].rstrip("\r\n")),
            records.rejects,
        )

    def _parse(self, block: bytes, header: Header) -> pa.RecordBatch:
        types = {key: pa.utf8() for key in header.keys}
        if not block.strip(b"\r\n") and (header.width > 1 or not block):
            return pa.RecordBatch.from_pylist([], schema=pa.schema([(n, pa.utf8()) for n in header.names]))
        # Without a line's end, an empty last field behind a quoted one passes for quoted (pyarrow 26).
        block = block if block.endswith((b"\n", b"\r")) else block + b"\n"
        table = pcsv.read_csv(
            readable(block),
            pcsv.ReadOptions(column_names=header.keys, block_size=max(PARSE_SIZE, _longest(block))),
            pcsv.ParseOptions(
                delimiter=header.dialect.delimiter,
                quote_char=header.dialect.quote,
                newlines_in_values=header.dialect.has_folded(block),
                ignore_empty_lines=header.width > 1,
            ),
            pcsv.ConvertOptions(
                column_types=types,
                null_values=list(self._settings.nulls),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        batches = table.rename_columns(header.names).combine_chunks().to_batches()
        return batches[0] if batches else table.schema.empty_table().to_batches()[0]

    def _typed(self, table: pa.RecordBatch) -> pa.RecordBatch:
        columns = [self._column(name, values) for name, values in zip(table.schema.names, table.columns, strict=True)]
        return pa.RecordBatch.from_arrays(columns, names=table.schema.names)

    def _column(self, name: str, values: pa.Array[Any]) -> pa.Array[Any]:
        shape = self._shape
        held = shape.types[name]
        plain = self._plain_numbers(values)
        if name in shape.declared:
            return plain if held and held.kind in _NUMERIC else values
        if held is None or not fits(plain, held):
            kind, needs = infer(plain)
            if kind is not None:
                shape.learn(name, kind, needs)
                if needs and shape.types[name] == DOUBLE and not is_exact_in_double(plain):
                    told = "numbers of more than 38 digits, which no number type holds exactly, are kept as text"
                    shape.tell("long numbers", name, "warning", told)
                    shape.learn(name, TEXT)
        held = shape.types[name]
        if held == TEXT and name not in self._was_text:
            self._dates.setdefault(name, DayMonth()).add(values)
            shape.undecided = {column for column, seen in self._dates.items() if not seen.other}
        if held is None or held == TEXT:
            return values
        return pc.cast(pc.utf8_lower(plain) if held.kind == "boolean" else plain, arrow_type(held))

    def _plain_numbers(self, values: pa.Array[Any]) -> pa.Array[Any]:
        """Numbers with the declared separators as plain ones; whatever is not such a number stays as it is."""
        point, group = self._settings.decimal, self._settings.thousands
        if point == "." and group is None:
            return values
        grouped = rf"[1-9][0-9]{{0,2}}(?:{re.escape(group)}[0-9]{{3}})+|" if group else ""
        is_number = pc.match_substring_regex(values, rf"^-?(?:{grouped}[0-9]+)(?:{re.escape(point)}[0-9]+)?$")
        bare = pc.replace_substring(values, group, "") if group else values
        # A point that is not the declared one must not pass for it.
        foreign = pc.replace_substring(values, ".", "\0") if point == "," else values
        plain: pa.Array[Any] = pc.if_else(is_number, pc.replace_substring(bare, point, "."), foreign)
        return plain


def _is_text(block: bytes) -> bool:
    if b"\0" in block:
        return False
    try:
        return block.isascii() or bool(block.decode())
    except UnicodeDecodeError:
        return False


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _longest(block: bytes) -> int:
    """Enough for a record that is longer than a block of the parser."""
    return len(block) + 1 if block.find(b"\n", 0, PARSE_SIZE) < 0 else 0


def _footer(data: bytes, lines: int) -> int:
    """Where the last lines begin."""
    end = len(data.rstrip(b"\r\n"))
    for _ in range(lines):
        end = max(data.rfind(b"\n", 0, end), 0)
    return end + 1 if end else 0
