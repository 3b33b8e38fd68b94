"""The picture as SVG: text, no script, nothing fetched, and readable on light and dark pages.

Each colour is written twice, plain and as a variable, because some viewers know no variables; names from a project are
escaped, and those that had to be shortened keep their full text as a tooltip.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlode.diagram.shapes import STYLES, Point
from starlode.diagram.shapes import badge as make_badge
from starlode.diagram.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlode.diagram.shapes import Badge, Box, Card, Edge, LegendItem, Picture, Sign, Text

HEAD = 46.0
BASELINE = 0.35
RADIUS = 10.0
FACES: Mapping[str, str] = {
    "sans": 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    "mono": 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
}
LIGHT: Mapping[str, str] = {
    "page": "#f7f8fa",
    "card": "#ffffff",
    "shade": "#e9ecf0",
    "rim": "#d5dae1",
    "rule": "#e8ebef",
    "ink": "#1b2430",
    "soft": "#606b79",
    "dim": "#e6f1f0",
    "dim-ink": "#0f5c57",
    "key": "#b7791f",
    "natural": "#5d6b7c",
    "clock": "#b4540a",
    "fact0": "#4b4fc4",
    "fact0-soft": "#e9e9fb",
    "fact1": "#b8336a",
    "fact1-soft": "#fbe6ef",
    "fact2": "#1f7a3f",
    "fact2-soft": "#e2f3e7",
    "fact3": "#9a5b13",
    "fact3-soft": "#f8ecdc",
}
DARK: Mapping[str, str] = {
    "page": "#11151b",
    "card": "#1a2029",
    "shade": "#0c0f14",
    "rim": "#37414e",
    "rule": "#2a323d",
    "ink": "#e8ecf1",
    "soft": "#a0abb9",
    "dim": "#16302f",
    "dim-ink": "#7fd6cc",
    "key": "#e5b45c",
    "natural": "#a3b0c0",
    "clock": "#f0a05c",
    "fact0": "#a3a8ff",
    "fact0-soft": "#272a4f",
    "fact1": "#ff9cc2",
    "fact1-soft": "#462134",
    "fact2": "#7fd99a",
    "fact2-soft": "#1b3a26",
    "fact3": "#e6b070",
    "fact3-soft": "#40301b",
}
# The class of a shape, the property that it colours, and the colour.
PAINT: tuple[tuple[str, str, str], ...] = (
    ("page", "fill", "page"),
    ("card", "fill", "card"),
    ("shade", "fill", "shade"),
    ("rim", "stroke", "rim"),
    ("rule", "stroke", "rule"),
    ("sample", "stroke", "soft"),
    ("dim", "fill", "dim"),
    ("clock", "stroke", "clock"),
    ("key", "stroke", "key"),
    ("natural", "stroke", "natural"),
    *((style, "fill", "ink") for style in ("title", "name", "head")),
    *((style, "fill", "soft") for style in ("note", "count", "about", "type", "more", "legend")),
    ("dim-ink", "fill", "dim-ink"),
    ("key-ink", "fill", "key"),
    ("natural-ink", "fill", "natural"),
    *((f"line{tint}", "stroke", f"fact{tint}") for tint in range(4)),
    *((f"ink{tint}", "fill", f"fact{tint}") for tint in range(4)),
    *((f"soft{tint}", "fill", f"fact{tint}-soft") for tint in range(4)),
)


def svg(picture: Picture) -> str:
    """The document; the same picture gives the same bytes."""
    width, height = _n(picture.width), _n(picture.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="star" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="star-title star-note">',
        f'<title id="star-title">{escape(_in_full(picture.title))}</title>',
        f'<desc id="star-note">{escape(_in_full(picture.note))}</desc>',
        f"<style>\n{_style()}\n</style>",
        f'<rect class="page" width="{width}" height="{height}" rx="14"/>',
        *_text(picture.title),
        *_text(picture.note),
        *(line for edge in picture.edges for line in _edge(edge)),
        *(line for card in picture.cards for line in _card(card)),
        *(line for edge in picture.edges for line in _ends(edge)),
        *(line for item in picture.legend for line in _legend(item)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _style() -> str:
    rules = [
        f".star {{ {_variables(LIGHT)} }}",
        f"@media (prefers-color-scheme: dark) {{ .star {{ {_variables(DARK)} }} }}",
        ".star path { fill: none; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }",
        ".star .further { stroke-dasharray: 5 4.5; }",
        ".star .rim, .star .rule, .star .badge { fill: none; stroke-width: 1; }",
        *(f".star .{style} {{ {_font(size, face)} }}" for style, (size, face) in STYLES.items()),
        *(f".star .{name} {{ {what}: {LIGHT[hue]}; {what}: var(--{hue}); }}" for name, what, hue in PAINT),
    ]
    return "\n".join(rules)


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in colours.items())


def _font(size: float, face: str) -> str:
    family = FACES["mono" if face == "mono" else "sans"]
    return f"font: {600 if face == 'bold' else 400} {_n(size)}px {family};"


def _card(card: Card) -> Iterable[str]:
    box = card.box
    ink = f"ink{card.tint}" if card.is_fact else "dim-ink"
    yield f'<rect class="shade" {_place(replace(box, y=box.y + 2))} rx="{_n(RADIUS)}"/>'
    yield f'<rect class="card" {_place(box)} rx="{_n(RADIUS)}"/>'
    yield f'<path class="{f"soft{card.tint}" if card.is_fact else "dim"}" d="{_head(box)}"/>'
    yield f'<rect class="rim{f" line{card.tint}" if card.is_fact else ""}" {_place(box)} rx="{_n(RADIUS)}"/>'
    for y in card.dividers:
        yield f'<path class="rule" d="M{_n(box.x + 14)} {_n(y)}H{_n(box.right - 14)}"/>'
    for words in card.texts:
        yield from _text(words, ink if words.style == "head" else "")
    for badge in card.badges:
        yield from _badge(badge, card.tint)
    for point in card.clocks:
        yield from _clock(point)


def _head(box: Box) -> str:
    """The upper part of a card, round where the card is."""
    r, side = _n(RADIUS), _n(box.width - 2 * RADIUS)
    return (
        f"M{_n(box.x)} {_n(box.y + HEAD)}V{_n(box.y + RADIUS)}a{r} {r} 0 0 1 {r} -{r}"
        f"h{side}a{r} {r} 0 0 1 {r} {r}V{_n(box.y + HEAD)}z"
    )


def _edge(edge: Edge) -> Iterable[str]:
    middle = _n((edge.bend_from + edge.bend_to) / 2)
    start, end = edge.start, edge.end
    curve = f"C{middle} {_n(start.y)} {middle} {_n(end.y)} {_n(edge.bend_to)} {_n(end.y)}"
    further = " further" if edge.is_further else ""
    way = f"M{_n(start.x)} {_n(start.y)}H{_n(edge.bend_from)}{curve}H{_n(end.x)}"
    yield (
        f'<path class="line{edge.tint}{further}" d="{way}">'
        f"<title>{escape(printable(f'{edge.of}.{edge.column} → {edge.dimension}'))}</title></path>"
    )


def _ends(edge: Edge) -> Iterable[str]:
    """The signs at the ends: many at the fact, one at the dimension, and the role's name."""
    x, y = edge.start.x, edge.start.y
    toe = x + (11 if edge.bend_from > x else -11)
    yield f'<path class="line{edge.tint}" d="M{_n(x)} {_n(y - 5)}L{_n(toe)} {_n(y)}L{_n(x)} {_n(y + 5)}"/>'
    yield f'<circle class="ink{edge.tint}" cx="{_n(edge.end.x)}" cy="{_n(edge.end.y)}" r="3.2"/>'
    if edge.role:
        box = edge.role.box
        yield f'<rect class="page line{edge.tint}" {_place(box)} rx="{_n(box.height / 2)}"/>'
        yield from _text(edge.role.text, f"ink{edge.tint}")


def _badge(badge: Badge, tint: int) -> Iterable[str]:
    if badge.kind == "measure":
        yield f'<rect class="soft{tint}" {_place(badge.box)} rx="7"/>'
        yield from _text(badge.text, f"ink{tint}")
        return
    hue = f"line{tint}" if badge.kind == "role" else badge.kind
    ink = f"ink{tint}" if badge.kind == "role" else f"{badge.kind}-ink"
    yield f'<rect class="badge {hue}" {_place(badge.box)} rx="4"/>'
    yield from _text(badge.text, ink)


def _clock(at: Point) -> Iterable[str]:
    x, y = at.x, at.y
    yield (
        f'<path class="clock" d="M{_n(x - 5)} {_n(y)}a5 5 0 1 1 10 0a5 5 0 1 1 -10 0M{_n(x)} {_n(y - 2.6)}V{_n(y)}'
        f'L{_n(x + 2)} {_n(y + 1.3)}"><title>history</title></path>'
    )


def _legend(item: LegendItem) -> Iterable[str]:
    x, y = item.box.x, item.box.y + item.box.height / 2
    if item.sign == "history":
        yield from _clock(Point(x + 13, y))
    elif item.sign in ("first", "further"):
        dashed = " further" if item.sign == "further" else ""
        yield f'<path class="sample{dashed}" d="M{_n(x)} {_n(y)}H{_n(x + 26)}"/>'
    else:
        yield from _badge(LEGEND_BADGES[item.sign](x, y), 0)
    yield from _text(item.text)


def _text(words: Text, ink: str = "") -> Iterable[str]:
    label = words.label
    size = STYLES[words.style][0]
    tooltip = f"<title>{escape(label.full)}</title>" if label.full else ""
    name = f"{words.style} {ink}".strip()
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    yield (
        f'<text class="{name}" x="{_n(words.x)}" y="{_n(words.y + size * BASELINE)}"{anchor}>'
        f"{escape(label.shown)}{tooltip}</text>"
    )


def _in_full(words: Text) -> str:
    return words.label.full or words.label.shown


def _place(box: Box) -> str:
    return f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'


def _n(number: float) -> str:
    """A number without digits that say nothing."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


LEGEND_BADGES: Mapping[Sign, Callable[[float, float], Badge]] = {
    "PK": lambda x, y: make_badge(x, y, 25, "key", "PK", "badge"),
    "FK": lambda x, y: make_badge(x, y, 25, "role", "FK", "badge"),
    "NK": lambda x, y: make_badge(x, y, 25, "natural", "NK", "badge"),
    "measure": lambda x, y: make_badge(x, y, 28, "measure", "sum", "pill"),
}
