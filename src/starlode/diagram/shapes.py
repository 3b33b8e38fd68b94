"""The frozen shapes that a picture is made of, and the styles of its texts.

A layout is data, so its promises (nothing overlaps, texts fit, lines end on borders) are tested as geometry and not by
looking at pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlode.diagram.text import Face, Label, label

if TYPE_CHECKING:
    from collections.abc import Mapping

Style = Literal["title", "note", "head", "count", "about", "name", "type", "more", "badge", "pill", "role", "legend"]
Anchor = Literal["start", "middle", "end"]
BadgeKind = Literal["key", "role", "natural", "measure"]
Sign = Literal["PK", "FK", "NK", "history", "measure", "first", "further"]

STYLES: Mapping[Style, tuple[float, Face]] = {
    "title": (20, "bold"),
    "note": (12, "sans"),
    "head": (13, "bold"),
    "count": (11, "sans"),
    "about": (11, "sans"),
    "name": (12, "mono"),
    "type": (10.5, "mono"),
    "more": (11, "sans"),
    "badge": (9, "bold"),
    "pill": (10, "bold"),
    "role": (10.5, "bold"),
    "legend": (11.5, "sans"),
}


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: Box) -> bool:
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def holds(self, other: Box) -> bool:
        across = self.x <= other.x and other.right <= self.right
        return across and self.y <= other.y and other.bottom <= self.bottom


@dataclass(frozen=True)
class Text:
    """Words at a place; `y` is the middle of the line."""

    x: float
    y: float
    anchor: Anchor
    style: Style
    label: Label

    @property
    def box(self) -> Box:
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * self.label.width
        size = STYLES[self.style][0]
        return Box(self.x - before, self.y - size / 2, self.label.width, size)


@dataclass(frozen=True)
class Badge:
    """A short word in a rounded box: what a column is, or how a measure adds up."""

    box: Box
    kind: BadgeKind
    text: Text


@dataclass(frozen=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True)
class Card:
    """A table: its head, its columns, and where each of its keys stands (for the lines that end there)."""

    name: str
    is_fact: bool
    tint: int
    box: Box
    texts: tuple[Text, ...]
    badges: tuple[Badge, ...]
    clocks: tuple[Point, ...]
    dividers: tuple[float, ...]
    key_rows: Mapping[str, float]


@dataclass(frozen=True)
class Edge:
    """A line from a table's key to a dimension's: level to `bend_from`, curved to `bend_to`, level to the end."""

    start: Point
    bend_from: float
    bend_to: float
    end: Point
    is_further: bool
    tint: int
    of: str
    dimension: str
    column: str
    role: Badge | None


@dataclass(frozen=True)
class LegendItem:
    """A sign and what it means."""

    sign: Sign
    box: Box
    text: Text


@dataclass(frozen=True)
class Picture:
    """A whole drawing."""

    width: float
    height: float
    title: Text
    note: Text
    cards: tuple[Card, ...]
    edges: tuple[Edge, ...]
    legend: tuple[LegendItem, ...]


def text(x: float, y: float, anchor: Anchor, style: Style, words: str, room: float) -> Text:
    """A text that takes no more than its room."""
    size, face = STYLES[style]
    return Text(round(x, 2), round(y, 2), anchor, style, label(words, room, size, face))


def badge(x: float, y: float, width: float, kind: BadgeKind, words: str, style: Style) -> Badge:
    """A badge whose middle line is at `y`."""
    height = 16.0 if style == "role" else 14.0
    middle = text(x + width / 2, y, "middle", style, words, width)
    return Badge(Box(round(x, 2), round(y - height / 2, 2), round(width, 2), height), kind, middle)
