"""Text of a file as UTF-8 in bounded pieces, whatever its encoding, with the place of each piece.

A byte order mark decides the encoding, then the declaration, then strict UTF-8, then Windows-1252 (which is what most
files that are neither hold, and which the web reads as Latin-1 where it has no character). Bytes that cannot be decoded
pass through as bytes that are not UTF-8, so that the reader of the format rejects their line and no other.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from starlode.arrow import is_utf8

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from starlode.formats.shape import Shape

BLOCK = 8 << 20
# Some of these are parsed at a time, so less than that.
JSON_BLOCK = 4 << 20
LONGEST = 64 << 20
RAW_LIMIT = 64 * 1024

# How a byte that has no character in a declared encoding passes through.
_KEPT = re.compile(rb"\xed([\xb0-\xb3])([\x80-\xbf])")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Feed:
    """The text of a file as a buffer that grows by blocks and shrinks by what was taken."""

    def __init__(self, pieces: Iterable[bytes], size: int = BLOCK) -> None:
        self.data = b""
        self.ended = False
        self.line = 1
        self.line_end = b"\n"
        self._pieces = iter(pieces)
        self._size = size

    def more(self) -> bool:
        """Add a block; False when the file had ended before."""
        if self.ended:
            return False
        got, pieces = 0, [self.data] if self.data else []
        for piece in self._pieces:
            pieces.append(piece)
            got += len(piece)
            if got >= self._size:
                break
        else:
            self.ended = True
        self.data = b"".join(pieces)
        return True

    def take(self, size: int) -> bytes:
        """Remove and give the first bytes of the buffer."""
        taken, self.data = self.data[:size], self.data[size:]
        self.line += taken.count(self.line_end)
        return taken

    def lines(self) -> memoryview:
        """Whole lines from the front of the buffer, not copied; nothing when it holds no line's end and more is to come."""
        size = len(self.data) if self.ended else self.data.rfind(b"\n") + 1
        taken = memoryview(self.data)[:size]
        self.line += self.data.count(b"\n", 0, size)
        self.data = self.data[size:]
        return taken

    def skip_line(self) -> bytes:
        """Remove a line longer than any record may be, and give its beginning."""
        head = self.data[:1024]
        while self.line_end not in self.data and not self.ended:
            self.data = b""
            self.more()
        end = self.data.find(self.line_end) + 1
        self.take(end or len(self.data))
        return head


def utf8(pieces: Iterable[bytes], declared: str | None, name: str, shape: Shape) -> Generator[bytes]:
    """The pieces of a file's content in UTF-8, without a byte order mark."""
    source = iter(pieces)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= 4:
            break
    mark, marked = next(((mark, encoding) for mark, encoding in _MARKS if head.startswith(mark)), (b"", None))
    encoding = marked or (codecs.lookup(declared).name if declared else None)
    rest = _chain(head[len(mark) :], source)
    if encoding is None:
        yield from _guessed(rest, name, shape)
    elif encoding in ("utf-8", "ascii"):
        yield from rest
    else:
        yield from _decoded(rest, encoding, "starlode.keep")


def shown(text: str) -> str:
    """Text with the bytes that could not be decoded as escapes."""
    data = text.encode("utf-8", "surrogateescape")
    return _KEPT.sub(_escaped, data).decode("utf-8", "backslashreplace")


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\x%02x" % (((found[1][0] & 0x03) << 6) | (found[2][0] & 0x3F))


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _guessed(pieces: Iterator[bytes], name: str, shape: Shape) -> Iterator[bytes]:
    for piece in pieces:
        if piece.isascii():
            yield piece
        elif _looks_like_utf8(piece):
            yield piece
            yield from pieces
        else:
            shape.tell_of_file(
                "encoding", name, "note", "not UTF-8: read as Windows-1252; declare `encoding` if it is another one"
            )
            yield from _decoded(_chain(piece, pieces), "cp1252", "starlode.latin1")


def _looks_like_utf8(piece: bytes) -> bool:
    whole = piece.rfind(b"\n") + 1
    if is_utf8(piece[:whole]):
        try:
            codecs.utf_8_decode(piece[whole:], "strict", False)
        except UnicodeDecodeError:
            return not piece[:whole].isascii()
        return True
    return any(not line.isascii() and _is_utf8(line) for line in piece.split(b"\n"))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(pieces: Iterator[bytes], encoding: str, errors: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("starlode.keep", _keep)
codecs.register_error("starlode.latin1", _as_latin1)
