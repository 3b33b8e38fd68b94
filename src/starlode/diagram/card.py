"""One table as a card: how large it must be, and where each of its words stands.

Keys come first, then what tells rows apart, then the rest; history is shown before other attributes, because it changes
what a query means. What finds no room is counted and named in a tooltip; the columns that we add are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.diagram.shapes import STYLES, Badge, Box, Card, Point, Style, Text, badge, text
from starlode.diagram.text import printable, width_of

if TYPE_CHECKING:
    from starlode.diagram.described import Entity, Mark
    from starlode.diagram.shapes import BadgeKind

PAD = 14.0
HEAD = 52.0
ROW = 21.0
FOOT = 7.0
RULE = 9.0
SIGN = 25.0
AFTER_SIGN = 8.0
CLOCK = 18.0
BETWEEN = 14.0
NARROWEST = 196.0
WIDEST = 330.0
LEAST_TITLE = 90.0
LONGEST_ABOUT = 290.0
SIGNS: dict[str, tuple[str, BadgeKind]] = {
    "key": ("PK", "key"),
    "role": ("FK", "role"),
    "natural": ("NK", "natural"),
}
AGGREGATES = {"count_distinct": "distinct", "none": "no total"}


@dataclass(frozen=True)
class Content:
    """What a card shows of a table: its columns in groups, and the names of those left out."""

    entity: Entity
    groups: tuple[tuple[Mark, ...], ...]
    hidden: tuple[str, ...]

    @property
    def height(self) -> float:
        rows = sum(len(group) for group in self.groups) + bool(self.hidden)
        return HEAD + rows * ROW + max(0, len(self.groups) - 1) * RULE + FOOT

    @property
    def has_history(self) -> bool:
        return any(mark.has_history for group in self.groups for mark in group)

    @property
    def width(self) -> float:
        """The least width at which nothing is shortened, within the limits of a card."""
        end = CLOCK if self.has_history else 0.0
        rows = (
            SIGN + AFTER_SIGN + _wide(mark.name, "name") + BETWEEN + _word_width(mark) + end
            for group in self.groups
            for mark in group
        )
        count = _wide(count_of(self.entity.rows), "count")
        title = _wide(self.entity.name, "head")
        widest = max((*rows, title + BETWEEN + count, min(_wide(self.entity.about, "about"), LONGEST_ABOUT)))
        least = max(NARROWEST, LEAST_TITLE + BETWEEN + count + 2 * PAD)
        return math.ceil(min(max(widest + 2 * PAD, least), max(WIDEST, least)))


def content_of(entity: Entity, role_order: tuple[str, ...], room: int) -> Content:
    """The columns to show: all keys, and of other attributes as many as there is room for."""
    keys = [m for m in entity.marks if m.part in {"key", "role"}]
    keys.sort(key=lambda m: role_order.index(m.name) if m.name in role_order else len(role_order))
    natural = [m for m in entity.marks if m.part == "natural"]
    others = sorted((m for m in entity.marks if m.part == "other"), key=lambda m: not m.has_history)
    measures = [m for m in entity.marks if m.part == "measure"]
    some, cut = _cut(others, room)
    some_measures, cut_measures = _cut(measures, 2 * room)
    shown = [keys, natural + some, some_measures] if entity.is_fact else [keys + natural, some]
    return Content(entity, tuple(tuple(group) for group in shown if group), tuple(m.name for m in cut + cut_measures))


def card(content: Content, box: Box, tint: int) -> Card:
    """The card at its place."""
    entity = content.entity
    texts = list(_head(entity, box))
    badges: list[Badge] = []
    clocks: list[Point] = []
    dividers: list[float] = []
    key_rows: dict[str, float] = {}
    end = box.right - PAD - (CLOCK if content.has_history else 0.0)
    y = box.y + HEAD + ROW / 2
    for number, group in enumerate(content.groups):
        if number:
            dividers.append(round(y - ROW / 2 + RULE / 2, 2))
            y += RULE
        for mark in group:
            texts += _row_texts(mark, box, end, y)
            badges += _row_badges(mark, box, end, y)
            clocks += [Point(round(box.right - PAD - 6, 2), round(y, 2))] if mark.has_history else []
            if mark.part in {"key", "role"}:
                key_rows[mark.name] = round(y, 2)
            y += ROW
    if content.hidden:
        texts.append(_more(content.hidden, box, y))
    return Card(
        entity.name, entity.is_fact, tint, box, tuple(texts), tuple(badges), tuple(clocks), tuple(dividers), key_rows
    )


def count_of(rows: int) -> str:
    """A number of rows in words."""
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _cut(marks: list[Mark], room: int) -> tuple[list[Mark], list[Mark]]:
    """What is shown and what is not; a single one left over takes the line that would say so."""
    end = len(marks) if len(marks) == room + 1 else room
    return marks[:end], marks[end:]


def _head(entity: Entity, box: Box) -> tuple[Text, ...]:
    room = box.width - 2 * PAD
    count = text(box.right - PAD, box.y + 18, "end", "count", count_of(entity.rows), room)
    title = text(box.x + PAD, box.y + 18, "start", "head", entity.name, room - BETWEEN - count.label.width)
    return title, count, text(box.x + PAD, box.y + 36, "start", "about", entity.about, room)


def _row_texts(mark: Mark, box: Box, end: float, y: float) -> list[Text]:
    start = box.x + PAD + SIGN + AFTER_SIGN
    name = text(start, y, "start", "name", mark.name, end - start - BETWEEN - _word_width(mark))
    if mark.part == "measure":
        return [name]
    return [name, text(end, y, "end", "type", mark.type, _word_width(mark))]


def _row_badges(mark: Mark, box: Box, end: float, y: float) -> list[Badge]:
    if mark.part == "measure":
        width = _word_width(mark)
        return [badge(end - width, y, width, "measure", _aggregate(mark), "pill")]
    if mark.part in SIGNS:
        words, kind = SIGNS[mark.part]
        return [badge(box.x + PAD, y, SIGN, kind, words, "badge")]
    return []


def _more(hidden: tuple[str, ...], box: Box, y: float) -> Text:
    start = box.x + PAD + SIGN + AFTER_SIGN
    words = text(start, y, "start", "more", f"+ {len(hidden)} more", box.right - PAD - start)
    return replace(words, label=replace(words.label, full=printable(", ".join(hidden))))


def _word_width(mark: Mark) -> float:
    if mark.part == "measure":
        return _wide(_aggregate(mark), "pill") + 12
    return _wide(mark.type, "type")


def _aggregate(mark: Mark) -> str:
    return AGGREGATES.get(mark.aggregate, mark.aggregate)


def _wide(words: str, style: Style) -> float:
    size, face = STYLES[style]
    return width_of(words, size, face)
