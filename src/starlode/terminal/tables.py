"""Tables as text, aligned for the eye whatever the characters, and the same wherever they go."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING
from unicodedata import combining, east_asian_width

from starlode.terminal.speech import paint, safe

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlode.terminal.speech import Style

GAP = "  "
CUT = "…"


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[str] = (),
    styles: Sequence[Style | None] = (),
    stream: IO[str] | None = None,
) -> str:
    """Rows under their names; the columns in `right` are aligned at their end, as numbers are.

    `styles` may give each row a colour, and `stream` is where the table will go: stdout unless told.
    """
    target = sys.stdout if stream is None else stream
    names = [safe(name) for name in header]
    cells = [[safe(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(names, *cells, strict=True)]
    ends = [name in right for name in header]
    shown = [
        paint(_line(names, widths, ends), "bold", stream=target),
        paint(GAP.join("─" * w for w in widths), "dim", stream=target),
    ]
    for index, row in enumerate(cells):
        line = _line(row, widths, ends)
        style = styles[index] if index < len(styles) else None
        shown.append(paint(line, style, stream=target) if style else line)
    return "\n".join(shown)


def cut(text: str, most: int) -> str:
    """The text, or its beginning where it is too long."""
    return text if len(text) <= most else text[: most - 1] + CUT


def width(text: str) -> int:
    """How many places a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _line(cells: Sequence[str], widths: Sequence[int], ends: Sequence[bool]) -> str:
    padded = []
    for cell, room, at_end in zip(cells, widths, ends, strict=True):
        space = " " * (room - width(cell))
        padded.append(space + cell if at_end else cell + space)
    return GAP.join(padded).rstrip()
