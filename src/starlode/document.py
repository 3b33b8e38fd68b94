"""The text of a YAML file as nodes that know their place, with nothing constructed and nothing guessed.

What a scalar means is decided later by what its key expects, so `no`, `012` and `1e3` are still the text that was
written. Anchors, aliases and tags are refused: one reads a project file from top to bottom, and it can name no Python
object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from starlode.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20
LONGEST_LINE = 240
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HINTS = {
    "mapping values are not allowed": "a text that holds `: ` needs quotes; keys of one mapping stand in one column",
    "could not find expected ':'": "a key ends with `:` and a space",
    "found character that cannot start any token": "quote a text that begins with @, ` or %; indent with spaces",
    "found unexpected end of stream": "a quote is not closed",
    "did not find expected ',' or": "a bracket is not closed, or a comma is missing",
    "did not find expected key": "keys of one mapping stand in one column",
    "did not find expected '-' indicator": "items of one list stand in one column",
}


@dataclass(frozen=True)
class Place:
    """Where something stands in a file, and the line as written there."""

    file: str
    line: int = 0
    column: int = 0
    width: int = 1
    text: str = ""

    def mistake(self, what: str, hint: str = "") -> Mistake:
        """A mistake at this place; a line is shown as far as it fits, with nothing that a terminal would obey."""
        text = self.text[:LONGEST_LINE] if self.column <= LONGEST_LINE else ""
        width = max(1, min(self.width, len(text) - self.column + 1))
        return Mistake(harmless(what), self.file, self.line, self.column, width, harmless(text), harmless(hint))


@dataclass(frozen=True)
class Scalar:
    """A text as written, without its quotes."""

    value: str
    is_plain: bool
    place: Place


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Pairs:
    """Keys with values, in order, doubles included."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: Place


@dataclass(frozen=True)
class Refused:
    """What stood at a place where a mistake was already told."""

    place: Place


Node = Scalar | Items | Pairs | Refused


def parse(text: str, file: str, mistakes: list[Mistake]) -> Node | None:
    """The one document of a YAML text, or None when it cannot be read; what is wrong is added to `mistakes`."""
    page = Page(file, tuple(text.splitlines()))
    found = _UNPRINTABLE.search(text)
    if found:
        mistakes.append(_unprintable(page, text, found.start()))
        return None
    try:
        return _compose(yaml.parse(text, LOADER), page, mistakes)
    except yaml.MarkedYAMLError as error:
        mistakes.append(_unreadable(page, error))
    except yaml.YAMLError as error:
        mistakes.append(Mistake(f"the file cannot be read as YAML: {error}", file))
    return None


@dataclass(frozen=True)
class Page:
    """A file's name and lines, from which places are made."""

    file: str
    lines: tuple[str, ...]

    def place(self, line: int, column: int, width: int | None = None) -> Place:
        """The place at a line and column that count from 1; without a width it goes to the end of the line."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        rest = max(1, len(text.rstrip()) - column + 1)
        return Place(self.file, line, column, rest if width is None else max(1, width), text)

    def of(self, event: yaml.Event, first: yaml.Event | None = None) -> Place:
        """The place of an event, or from the one that opened it, cut at the end of its first line."""
        start: Any = (first or event).start_mark
        end: Any = event.end_mark
        width = end.column - start.column if end.line == start.line else None
        return self.place(start.line + 1, start.column + 1, width)


def harmless(text: str) -> str:
    """The text in one line, without characters that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


@dataclass(frozen=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    is_mapping: bool
    start: yaml.Event
    parts: list[Node]


def _compose(events: Iterator[yaml.Event], page: Page, mistakes: list[Mistake]) -> Node | None:
    """One pass without recursion, so that no depth of brackets can exhaust the stack."""
    roots: list[Node] = []
    stack: list[_Open] = []
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents == 2:
                mistakes.append(page.of(event).mistake(*_SECOND_DOCUMENT))
                break
            continue
        if not isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            continue
        if isinstance(event, yaml.CollectionStartEvent):
            _refuse_properties(event, page, mistakes)
            stack.append(_Open(isinstance(event, yaml.MappingStartEvent), event, []))
            if len(stack) > DEEPEST:
                place = page.of(event)
                mistakes.append(
                    place.mistake(f"nested more than {DEEPEST} levels deep", "is a bracket too many there?")
                )
                return None
            continue
        node = _node(event, stack, page, mistakes)
        (stack[-1].parts if stack else roots).append(node)
    return roots[0] if roots else None


_SECOND_DOCUMENT = ("a second document begins here", "a project file is one document: remove the line `---`")


def _node(event: yaml.Event, stack: list[_Open], page: Page, mistakes: list[Mistake]) -> Node:
    if isinstance(event, yaml.CollectionEndEvent):
        done = stack.pop()
        place = page.of(event, done.start)
        return _pairs(done.parts, place, mistakes) if done.is_mapping else Items(tuple(done.parts), place)
    place = page.of(event)
    if isinstance(event, yaml.ScalarEvent) and not _refuse_properties(event, page, mistakes):
        return Scalar(event.value, not event.style or event.style == "plain", place)
    if isinstance(event, yaml.AliasEvent):
        mistakes.append(place.mistake(f"the alias `*{event.anchor}` is not supported", "write the value out"))
    return Refused(place)


def _pairs(parts: list[Node], place: Place, mistakes: list[Mistake]) -> Pairs:
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if isinstance(key, Scalar):
            pairs.append((key, value))
        elif not isinstance(key, Refused):
            mistakes.append(key.place.mistake("a key must be a text", "is a colon or a quote missing?"))
    return Pairs(tuple(pairs), place)


def _refuse_properties(event: yaml.NodeEvent, page: Page, mistakes: list[Mistake]) -> bool:
    """Whether the node carries an anchor or a tag, which is told."""
    tag = getattr(event, "tag", None)
    if event.anchor is None and tag is None:
        return False
    place = page.of(event)
    sign = (place.text[place.column - 1 :].split() or ["this"])[0]
    what = f"the {'tag' if tag is not None else 'anchor'} `{sign}` is not supported"
    mistakes.append(place.mistake(what, "write the value plainly, without it"))
    return True


def _unprintable(page: Page, text: str, index: int) -> Mistake:
    before = text[: index + 1].splitlines()
    place = page.place(len(before), len(before[-1]), 1)
    code = f"U+{ord(text[index]):04X}"
    return place.mistake(
        f"the character {code} is not allowed in YAML", "remove it, or write it as an escape in double quotes"
    )


_QUOTE_VARIABLES = "inside { } or [ ] a text with a variable needs quotes: '${NAME}'"


def _unreadable(page: Page, error: yaml.MarkedYAMLError) -> Mistake:
    problem = error.problem or "it is not YAML"
    mark = error.problem_mark
    at_end = mark is None or mark.line >= len(page.lines) or not page.lines[mark.line].strip()
    if at_end and error.context_mark is not None:
        mark = error.context_mark
    place = page.place(mark.line + 1, mark.column + 1, 1) if mark is not None else Place(page.file)
    if mark is not None and "${" in place.text:
        return place.mistake(f"the file cannot be read as YAML: {problem}", _QUOTE_VARIABLES)
    hint = next((hint for part, hint in _HINTS.items() if part in problem), "look for a quote, a bracket or an indent")
    return place.mistake(f"the file cannot be read as YAML: {problem}", hint)
