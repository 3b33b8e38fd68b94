"""How wide a text is at most, without a font at hand.

The reader's system chooses the font, so widths are those of the widest common one of each family (DejaVu Sans and its
Mono): a text that fits here fits everywhere.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Face = Literal["sans", "bold", "mono"]

MONO = 0.603
WIDE = 1.3
FOREIGN = 1.05
NARROW = "iljI.,:;'|!·[]() /"
SMALL = 'ftr\\-"`*'
LARGE = "mwMW@%"
BROAD = "#&+<=>^~"
ELLIPSIS = "…"
JOINER = "\u200d"
# Characters that turn the direction of the text around them, which a picture of names must not do.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


@dataclass(frozen=True)
class Label:
    """A text as shown, and as it is in full when it had to be shortened."""

    shown: str
    width: float
    full: str = ""


def label(text: str, room: float, size: float, face: Face) -> Label:
    """The text, shortened with an ellipsis where it is wider than its room."""
    clean = printable(text)
    width = width_of(clean, size, face)
    if width <= room:
        return Label(clean, width)
    kept, used = "", width_of(ELLIPSIS, size, face)
    for letter in clean:
        used += width_of(letter, size, face)
        if used > room:
            break
        kept += letter
    shown = kept.rstrip(JOINER + " ") + ELLIPSIS
    return Label(shown, width_of(shown, size, face), clean)


def width_of(text: str, size: float, face: Face) -> float:
    """The most that a text takes at a size."""
    return round(sum(_width(letter, face) for letter in text) * size, 2)


def printable(text: str) -> str:
    """The text without what XML cannot hold and what would turn its neighbours around."""
    return "".join(letter if _is_printable(letter) else "�" for letter in text)


def _is_printable(letter: str) -> bool:
    return unicodedata.category(letter) not in {"Cc", "Cs", "Cn", "Zl", "Zp"} and letter not in TURNING


def _width(letter: str, face: Face) -> float:
    if unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0.0
    if unicodedata.east_asian_width(letter) in "WF":
        return WIDE
    if face == "mono":
        return MONO if ord(letter) < 0x250 else FOREIGN
    return _sans(letter) * (1.1 if face == "bold" else 1.0)


def _sans(letter: str) -> float:
    if letter in NARROW:
        return 0.42
    if letter in SMALL:
        return 0.53
    if letter in LARGE or ord(letter) > 0x7F:
        return FOREIGN
    return 0.84 if letter.isupper() or letter in BROAD else 0.65
