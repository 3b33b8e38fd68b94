"""Where the records of CSV text begin and end, and which of them are broken.

The fast way asks one question of a whole block: does each quote open or close a field? Only when one does not, records
are walked one by one; a record whose quote never closes costs its own line and nothing behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlode.finding import Reject
from starlode.formats.blocks import RAW_LIMIT, shown

_UNDECODED = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass
class Records:
    """The good records of some text with their numbers and lines, what was rejected, and how far the walk came."""

    texts: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    consumed: int = 0


class Dialect:
    """The patterns of one delimiter and one quote."""

    def __init__(self, delimiter: str, quote: str) -> None:
        self.delimiter, self.quote = delimiter, quote
        d, q = re.escape(delimiter), re.escape(quote)
        quoted = rf"{q}(?:[^{q}]++|{q}{q})*+{q}"
        value = rf"(?:{quoted}|[^{d}{q}\r\n][^{d}\r\n]*+)?+"
        self._record = re.compile(rf"{value}(?:{d}{value})*+(?:\r\n|\n|\r|\Z)")
        self._field = re.compile(rf"(?:\A|{d})({value})(?=[{d}\r\n]|\Z)")
        self._open = re.compile(rf"{value}(?:{d}{value})*+(?:\A|(?<=[{d}\r\n])){q}(?:[^{q}]++|{q}{q})*+\Z")
        self._flat = _structure(d, q, "\n\r").match
        self._folded = _structure(d, q, "").match

    def is_sound(self, block: bytes) -> bool:
        """Whether each quote of a block opens or closes a field."""
        return self.quote.encode() not in block or bool(self._flat(block) or self._folded(block))

    def has_folded(self, block: bytes) -> bool:
        """Whether a field of a sound block goes over a line's end."""
        return self.quote.encode() in block and not self._flat(block)

    def cut(self, data: bytes, line_end: bytes) -> int:
        """Where the last whole record ends, judged by counting quotes; 0 when none does."""
        end = data.rfind(line_end)
        quote = self.quote.encode()
        odd = data.count(quote, 0, end + 1) % 2
        while odd and end >= 0:
            before = data.rfind(line_end, 0, end)
            odd ^= data.count(quote, before + 1, end + 1) % 2
            end = before
        return end + 1

    def fields(self, record: str) -> list[str]:
        """The values of one record."""
        quote = self.quote
        values = self._field.findall(record.rstrip("\r\n"))
        return [v[1:-1].replace(quote * 2, quote) if v.startswith(quote) else v for v in values]

    def first(self, text: str) -> str:
        """The first record of a text with its line's end; the whole first line when its quotes are not sound."""
        found = self._record.match(text)
        return found[0] if found else text[: _line_end(text, 0)]

    def walk(self, text: str, width: int, file: str, line: int, row: int, *, last: bool) -> Records:
        """The records of a text, each checked; what may go on behind its end is left when it is not the last text."""
        found = Records()
        at = counted = 0
        number = row
        while at < len(text):
            matched = self._record.match(text, at)
            end = matched.end() if matched else -1
            if not last and self._is_cut(text, at, end):
                break
            line, counted = line + _line_ends(text, counted, at), at
            end = end if matched else _line_end(text, at)
            record = text[at:end]
            at = end
            if width > 1 and not record.strip("\r\n"):
                continue
            wrong = self._wrong(record, width) if matched else _UNCLOSED
            if wrong:
                found.rejects.append(
                    Reject(file, line, "", shown(record.rstrip("\r\n")[:RAW_LIMIT]), wrong[1], wrong[0])
                )
            else:
                found.texts.append(record if record.endswith(("\n", "\r")) else record + "\n")
                found.rows.append(number)
                found.lines.append(line)
            number += 1
        found.consumed = at
        return found

    def _is_cut(self, text: str, at: int, end: int) -> bool:
        if end < 0 and self._open.match(text, at):
            return True
        end = end if end >= 0 else _line_end(text, at)
        return end == len(text) and not text.endswith("\n")

    def _wrong(self, record: str, width: int) -> tuple[str, str] | None:
        if _UNDECODED.search(record):
            return "undecodable", "it has bytes that are no text in the file's encoding"
        if "\0" in record:
            return "zero byte", "it holds a zero byte"
        count = record.count(self.delimiter) + 1
        if self.quote in record:
            count = len(self._field.findall(record.rstrip("\r\n")))
        if count == width:
            return None
        rule = "too few fields" if count < width else "too many fields"
        return rule, f"it has {count} fields where the header has {width}"


_UNCLOSED = ("unclosed quote", "a quote is not closed, or text follows a closing quote")


def _structure(d: str, q: str, without: str) -> re.Pattern[bytes]:
    inside = rf"[^{q}{without}]*+"
    pattern = rf"(?:[^{q}]*+(?<![^{d}\r\n]){q}{inside}(?:{q}{q}{inside})*+{q}(?![^{d}\r\n]))*+[^{q}]*+\Z"
    return re.compile(pattern.encode())


def _line_end(text: str, at: int) -> int:
    found = _LINE_END.search(text, at)
    return found.end() if found else len(text)


def _line_ends(text: str, start: int, end: int) -> int:
    feeds = text.count("\n", start, end)
    return feeds or text.count("\r", start, end)
