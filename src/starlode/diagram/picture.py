"""The layout of a star: facts in a middle column, dimensions in a column on each side, lines between them.

Lines run only in the two gutters between the columns, so they cross no card however many there are. Dimensions stand in
the order of the facts and keys that point to them, which keeps lines from crossing each other where that is possible; those
that refer to each other stand on one side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.diagram.card import card, content_of, count_of
from starlode.diagram.shapes import STYLES, Box, Edge, LegendItem, Picture, Point, badge, text
from starlode.diagram.text import width_of
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.diagram.card import Content
    from starlode.diagram.described import Described, Entity, Link
    from starlode.diagram.shapes import Card, Sign

MARGIN = 36.0
TOP = 94.0
LEAST_GAP = 22.0
MOST_GAP = 76.0
FOOT_OF_CROW = 13.0
LANDING = 16.0
ROLE_ROOM = 130.0
LEAST_INNER = 520.0
LEGEND_GAP = 34.0
LEGEND_ROW = 24.0
LEGEND_SIGN = 34.0
LEGEND_BETWEEN = 24.0
TINTS = 4

MEANINGS: tuple[tuple[Sign, str], ...] = (
    ("PK", "surrogate key"),
    ("FK", "key to a dimension"),
    ("NK", "natural key or grain"),
    ("history", "history (type 2)"),
    ("measure", "how it adds up"),
    ("first", "many to one"),
    ("further", "further role"),
)


@dataclass(frozen=True)
class Side:
    """One column of dimensions, and the width of the gutter between it and the facts: level for roles, then curved."""

    contents: tuple[Content, ...]
    level: float
    curve: float

    @property
    def width(self) -> float:
        return max((c.width for c in self.contents), default=0.0)

    @property
    def gutter(self) -> float:
        return self.level + self.curve if self.contents else 0.0


def picture(star: Described, title: str) -> Picture:
    """The star laid out; the same star gives the same picture."""
    ranked = _ranked(star)
    room = _room(len(star.dimensions))
    contents = {e.name: content_of(e, _role_order(e, ranked, star.links), room) for e in star.entities}
    middle = tuple(contents[fact.name] for fact in star.facts)
    together = [[contents[name] for name in names] for names in _together(ranked, star.links)]
    tall = max(_height(column) for column in (*_balanced(together), middle))
    left, right = (_side(column, star.links, tall) for column in _balanced(together))
    facts_width = max((c.width for c in middle), default=0.0)
    total = left.width + left.gutter + facts_width + right.gutter + right.width
    inner = max(LEAST_INNER, total)
    start = MARGIN + (inner - total) / 2
    facts_at = start + left.width + left.gutter
    cards = (
        *_column(left.contents, start, left.width, tall, is_fact=False),
        *_column(middle, facts_at, facts_width, tall, is_fact=True),
        *_column(right.contents, facts_at + facts_width + right.gutter, right.width, tall, is_fact=False),
    )
    edges = _edges(star, {c.name: c for c in cards}, left, right)
    legend = _legend(star, inner, TOP + tall + LEGEND_GAP)
    bottom = max((item.box.bottom for item in legend), default=TOP + tall)
    heading = text(MARGIN, 40, "start", "title", title, inner)
    note = text(MARGIN, 64, "start", "note", _summary(star), inner)
    return Picture(round(inner + 2 * MARGIN, 2), round(bottom + MARGIN - 8, 2), heading, note, cards, edges, legend)


def _room(dimensions: int) -> int:
    """How many plain attributes a card shows, so that many dimensions still fit a screen."""
    return 10 if dimensions <= 4 else 7 if dimensions <= 8 else 4


def _ranked(star: Described) -> list[str]:
    """The dimensions in the order in which the facts' keys point to them, those without a fact last."""
    facts = [fact.name for fact in star.facts]
    places: dict[str, dict[int, int]] = {}
    for number, link in enumerate(star.links):
        if link.of in facts:
            places.setdefault(link.dimension, {}).setdefault(facts.index(link.of), number)

    def rank(name: str) -> tuple[float, float]:
        at = places.get(name)
        return (sum(at) / len(at), sum(at.values()) / len(at)) if at else (len(facts), 0)

    return sorted((d.name for d in star.dimensions), key=rank)


def _role_order(entity: Entity, ranked: list[str], links: Sequence[Link]) -> tuple[str, ...]:
    own = [link for link in links if link.of == entity.name]
    return tuple(link.column for link in sorted(own, key=lambda link: ranked.index(link.dimension)))


def _together(ranked: list[str], links: Sequence[Link]) -> list[list[str]]:
    """The dimensions in their order, those that refer to each other, however far round, in one group."""
    groups = [[name] for name in ranked]
    for link in links:
        if link.of in ranked:
            one, other = (next(g for g in groups if name in g) for name in (link.of, link.dimension))
            if one is not other:
                groups = [[*one, *other] if g is one else g for g in groups if g is not other]
    return [sorted(group, key=ranked.index) for group in groups]


def _balanced(groups: list[list[Content]]) -> tuple[tuple[Content, ...], tuple[Content, ...]]:
    """Each group of dimensions in turn on the side that is shorter so far."""
    left: list[Content] = []
    right: list[Content] = []
    for contents in groups:
        (left if _height(left) <= _height(right) else right).extend(contents)
    return tuple(left), tuple(right)


def _height(contents: Sequence[Content]) -> float:
    return sum(c.height for c in contents) + LEAST_GAP * max(0, len(contents) - 1)


def _side(contents: tuple[Content, ...], links: Sequence[Link], tall: float) -> Side:
    names = {c.entity.name for c in contents}
    roles = [_role_width(link.role) for link in links if link.dimension in names and link.role]
    if not links:
        return Side(contents, 0.0, LEAST_GAP)
    level = FOOT_OF_CROW + (max(roles) + 8 if roles else 0.0)
    return Side(contents, level, min(150.0, 84.0 + tall / 14) + LANDING)


def _column(contents: tuple[Content, ...], x: float, width: float, tall: float, *, is_fact: bool) -> list[Card]:
    """Cards one below the other in the middle of the height, spread out where there is room."""
    count = len(contents)
    spare = tall - sum(c.height for c in contents)
    gap = min(MOST_GAP, spare / (count - 1)) if count > 1 else 0.0
    y = TOP + (spare - gap * (count - 1)) / 2
    cards = []
    for number, content in enumerate(contents):
        box = Box(round(x, 2), round(y, 2), round(width, 2), content.height)
        cards.append(card(content, box, number % TINTS if is_fact else 0))
        y += content.height + gap
    return cards


def _edges(star: Described, cards: dict[str, Card], left: Side, right: Side) -> tuple[Edge, ...]:
    on_left = {c.entity.name for c in left.contents}
    facts = {fact.name for fact in star.facts}
    return tuple(
        _edge(link, cards[link.of], cards[link.dimension], left.level if is_left else right.level, is_left)
        if link.of in facts
        else _bracket(link, cards[link.of], cards[link.dimension], is_left)
        for link in star.links
        for is_left in (link.dimension in on_left,)
    )


def _edge(link: Link, fact: Card, dimension: Card, level: float, is_left: bool) -> Edge:
    """The line of one role, from the near border of the fact to the near border of the dimension."""
    way = -1 if is_left else 1
    start = Point(round(fact.box.x if is_left else fact.box.right, 2), fact.key_rows[link.column])
    end = Point(round(dimension.box.right if is_left else dimension.box.x, 2), dimension.key_rows[link.target])
    role = None
    if link.role:
        width = _role_width(link.role)
        near = start.x + way * FOOT_OF_CROW
        role = badge(near - width if is_left else near, start.y, width, "role", link.role, "role")
    return Edge(
        start=start,
        bend_from=round(start.x + way * level, 2),
        bend_to=round(end.x - way * LANDING, 2),
        end=end,
        is_further=link.is_further,
        tint=fact.tint,
        of=link.of,
        dimension=link.dimension,
        column=link.column,
        role=role,
    )


def _bracket(link: Link, of: Card, dimension: Card, is_left: bool) -> Edge:
    """The line of a dimension's reference to another on its side: out of the one into the gutter, and back into the other."""
    way = 1 if is_left else -1
    start = Point(round(of.box.right if is_left else of.box.x, 2), of.key_rows[link.column])
    end = Point(round(dimension.box.right if is_left else dimension.box.x, 2), dimension.key_rows[link.target])
    bend = round(start.x + way * FOOT_OF_CROW, 2)
    return Edge(
        start=start,
        bend_from=bend,
        bend_to=bend,
        end=end,
        is_further=link.is_further,
        tint=of.tint,
        of=link.of,
        dimension=link.dimension,
        column=link.column,
        role=None,
    )


def _role_width(role: str) -> float:
    size, face = STYLES["role"]
    return min(ROLE_ROOM, width_of(role, size, face)) + 14


def _legend(star: Described, inner: float, top: float) -> tuple[LegendItem, ...]:
    """What the signs mean, for those that occur, in even lines that fit the picture."""
    seen = _signs(star)
    said = [(sign, meaning) for sign, meaning in MEANINGS if sign in seen]
    if not said:
        return ()
    size, face = STYLES["legend"]
    width = LEGEND_SIGN + max(width_of(meaning, size, face) for _, meaning in said)
    fitting = max(1, int((inner + LEGEND_BETWEEN) / (width + LEGEND_BETWEEN)))
    lines = math.ceil(len(said) / fitting)
    across = math.ceil(len(said) / lines)
    items = []
    for number, (sign, meaning) in enumerate(said):
        x, y = MARGIN + number % across * (width + LEGEND_BETWEEN), top + number // across * LEGEND_ROW
        words = text(x + LEGEND_SIGN, y + LEGEND_ROW / 2, "start", "legend", meaning, width)
        items.append(LegendItem(sign, Box(round(x, 2), round(y, 2), round(width, 2), LEGEND_ROW), words))
    return tuple(items)


def _signs(star: Described) -> set[Sign]:
    marks = [mark for entity in star.entities for mark in entity.marks]
    parts = {mark.part for mark in marks}
    occurs: dict[Sign, bool] = {
        "PK": "key" in parts,
        "FK": "role" in parts,
        "NK": "natural" in parts,
        "history": any(mark.has_history for mark in marks),
        "measure": "measure" in parts,
        "first": bool(star.links),
        "further": any(link.is_further for link in star.links),
    }
    return {sign for sign, is_there in occurs.items() if is_there}


def _summary(star: Described) -> str:
    facts = [fact for fact in star.facts if not fact.is_bridge]
    dimensions, bridges = counted(len(star.dimensions), "dimension"), len(star.facts) - len(facts)
    told = f"{counted(len(facts), 'fact')} with {count_of(sum(fact.rows for fact in facts))}, {dimensions}"
    return f"{told}, {counted(bridges, 'bridge')}" if bridges else told
