"""The voice: data on stdout, words for people on stderr, and numbers as people read them.

Nothing that comes from data may steer a terminal, so control characters are shown instead of sent. A reader who closes
the pipe early has seen enough: the rest is said into the void, and the run goes on.
"""

from __future__ import annotations

import os
import sys
from typing import IO, Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "cyan"]
CODES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
# C0, DEL and C1, line and paragraph separators, and marks that turn the direction of writing around.
STEERING = {*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
SHOWN = {number: f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" for number in STEERING}
SHOWN |= {9: "\\t", 10: "\\n", 13: "\\r"}
KEEPING_LINES = {number: shown for number, shown in SHOWN.items() if number != 10}


def prepare() -> None:
    """Let no character that a stream cannot carry stop a command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def out(text: str) -> None:
    """A line of data."""
    _write(sys.stdout, text)


def say(text: str) -> None:
    """A line for people."""
    _write(sys.stderr, text)


def is_terminal(stream: IO[str]) -> bool:
    """Whether a person watches the stream, on something that can draw."""
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"


def paint(text: str, *styles: Style, stream: IO[str] | None = None) -> str:
    """The text in colour, where a person sees it and has not asked for none. `stream` is stderr unless told."""
    if not text or os.environ.get("NO_COLOR") or not is_terminal(sys.stderr if stream is None else stream):
        return text
    return f"\x1b[{';'.join(CODES[style] for style in styles)}m{text}\x1b[0m"


def safe(text: str) -> str:
    """One line in which control characters are shown as escapes."""
    return text.translate(SHOWN)


def safe_lines(text: str) -> str:
    """Lines in which every other control character is shown as an escape."""
    return text.translate(KEEPING_LINES)


def number(value: int) -> str:
    return f"{value:,}"


def size(value: float) -> str:
    """Bytes in the unit that leaves three digits."""
    power = 0
    while abs(value) >= 999.5 and power < len(UNITS) - 1:
        value, power = value / 1000, power + 1
    return f"{value:.0f} {UNITS[power]}" if power == 0 or value >= 99.95 else f"{value:.1f} {UNITS[power]}"


def duration(seconds: float) -> str:
    """Milliseconds below a second, seconds below a minute, then minutes, then hours."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
