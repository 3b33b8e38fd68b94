"""The careful way through JSON text: one record after another, each checked, each bad one named.

It is taken for the first records of a stream and for a block that the fast parser refuses. Numbers stay the text that
they are, so the digits that a column needs are counted and never guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from starlode.finding import Reject
from starlode.formats.blocks import RAW_LIMIT, shown
from starlode.formats.shape import decimal_for
from starlode.table import BOOLEAN, DOUBLE, INTEGER, JSON, MAX_PRECISION, TEXT, Type

if TYPE_CHECKING:
    from starlode.formats.shape import Quoted, Shape

Layout = Literal["lines", "values", "array"]

_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n,\[\]]*")
_NEXT_OBJECT = re.compile(r"\n[ \t\r]*\{")
_UNDECODED = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?")


class Number(str):
    """The text of a JSON number."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, doubled keys and all."""

    __slots__ = ()


def refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_decoder = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=refuse, object_pairs_hook=Pairs)
scan = _decoder.scan_once  # type: ignore[attr-defined]


@dataclass
class Records:
    """The good records of some text as their own texts, with their numbers in the file, and what was rejected."""

    texts: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    doubled: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    consumed: int = 0
    count: int = 0


def layout_of(text: str) -> Layout:
    """How the records of a file lie, judged by its beginning."""
    return first_layout(text) or "lines"


def first_layout(text: str) -> Layout | None:
    """How the records lie, if the first of them is whole within the text."""
    start = _SPACE.match(text).end()  # type: ignore[union-attr]
    if text.startswith("[", start):
        return "array"
    if re.match(r"\{[ \t\r]*\n", text[start : start + 1000]):
        return "values"
    try:
        _, end = scan(text, start)
    except (ValueError, StopIteration, RecursionError):
        return None
    return "values" if "\n" in text[start:end] else "lines"


def walk(
    text: str, layout: Layout, file: str, line: int, row: int, shape: Shape, *, last: bool, most: int = 0
) -> Records:
    """The records of a text whose first line and record have these numbers; learns their columns on the way.

    Unless the text is the last of its file, what may be the beginning of a record is left for the next text.
    """
    found = Records()
    seen: dict[str, Seen] = {}
    between = _BETWEEN if layout == "array" else _SPACE
    lines = _Lines(text, line)
    damaged = _UNDECODED.search(text) is not None or "\\ud" in text or "\\uD" in text
    at = between.match(text).end()  # type: ignore[union-attr]
    while at < len(text) and (not most or found.count < most):
        try:
            value, end = scan(text, at)
            _check(value, text[at:end] if damaged else "")
        except (ValueError, StopIteration, RecursionError) as cause:
            if not last and layout != "lines" and _is_cut(text, cause):
                break
            end = _past_bad(text, at, layout)
            if end < 0 and not last:
                break
            end = len(text) if end < 0 else end
            found.rejects.append(_reject(file, lines.of(at), text[at:end], cause))
        else:
            found.texts.append(_distinct(text[at:end], value, shape, seen, found.doubled))
            found.rows.append(row + found.count)
            found.lines.append(lines.of(at))
        found.count += 1
        found.consumed = end
        at = between.match(text, end).end()  # type: ignore[union-attr]
    if last or layout == "lines":
        found.consumed = at
    if layout == "array" and last and not most and not text.rstrip().endswith("]"):
        found.rejects.append(Reject(file, lines.of(at), "", "", "the array has no end", "json"))
    for key, kinds in seen.items():
        name = shape.name(key)
        kind = kinds.type()
        if kind is not None:
            _tell(shape, name, kinds, kind)
            shape.learn(name, kind, (kinds.whole, kinds.scale) if kinds.whole else None)
            shape.quoted.update(_quoted(key, shape.types[name], kinds, declared=name in shape.declared))
    return found


class Seen:
    """The kinds of value that a key had, and the most digits of its numbers."""

    __slots__ = ("boolean", "fraction", "nested", "scale", "text", "whole")

    def __init__(self) -> None:
        self.boolean = self.text = self.nested = self.fraction = False
        self.whole = self.scale = 0

    def add(self, value: Any) -> None:
        kind = type(value)
        if kind is Number:
            self._number(value)
        elif kind is str:
            self.text = True
        elif kind is bool:
            self.boolean = True
        elif value is not None:
            self.nested = True

    def type(self) -> Type | None:
        """The type that holds them all; None when there was no value."""
        if self.nested:
            return JSON
        if self.text or (self.boolean and self.whole):
            return TEXT
        if self.boolean:
            return BOOLEAN
        if not self.whole:
            return None
        return decimal_for(self.whole, self.scale) if self.fraction else _integer(self.whole)

    def _number(self, text: str) -> None:
        if text.isdigit() and len(text) < 19:
            self.whole = max(self.whole, len(text))
            return
        whole, scale, plain = digits(text)
        self.whole = max(self.whole, whole)
        self.scale = max(self.scale, scale)
        self.fraction |= not plain


def digits(text: str) -> tuple[int, int, bool]:
    """How many digits a number needs before and after the point, and whether it is written as a whole number."""
    _, whole, fraction, power = _NUMBER.fullmatch(text).groups("")  # type: ignore[union-attr]
    plain = not fraction and not power
    shift = int(power or 0) if len(power) < 8 else 10**7
    if plain:
        size = len(whole) if len(whole) != 19 or int(text) in range(-(2**63), 2**63) else 20
        return size, 0, True
    return max(1, len(whole.lstrip("0")) + shift), max(0, len(fraction) - shift), False


def _quoted(key: str, held: Type | None, kinds: Seen, *, declared: bool) -> dict[str, Quoted]:
    """Whether the values of a key must reach the fast parser as strings of their raw text."""
    if held == JSON:
        return {key: "all"}
    if declared and held is not None and not _is_native(held, kinds):
        return {key: "values"}
    return {key: "scalars"} if held == TEXT and (kinds.whole or kinds.boolean) else {}


def _is_native(held: Type, kinds: Seen) -> bool:
    """Whether the fast parser gives the values of a declared type without a cast."""
    if held.kind == "integer":
        return kinds.type() in (INTEGER, None)
    if held.kind == "decimal":
        fits = kinds.whole <= held.precision - held.scale and kinds.scale <= held.scale
        return fits and not (kinds.text or kinds.boolean or kinds.nested)
    if held.kind == "double":
        return not (kinds.text or kinds.boolean or kinds.nested)
    if held.kind == "boolean":
        return kinds.type() in (BOOLEAN, None)
    return not (kinds.whole or kinds.boolean or kinds.nested)


def _integer(size: int) -> Type:
    if size <= 19:
        return INTEGER
    return decimal_for(size, 0) if size <= MAX_PRECISION else TEXT


def _tell(shape: Shape, name: str, kinds: Seen, kind: Type) -> None:
    if kind == DOUBLE:
        shape.tell(
            "rounded numbers", name, "warning", "numbers of more than 38 digits are kept as double and lose digits"
        )
    elif kind == TEXT and not kinds.text and not kinds.boolean:
        shape.tell("long integers", name, "note", "integers of more than 38 digits are kept as text")


def _check(value: Any, text: str) -> None:
    """Refuse what is no record; `text` is given when there may be something in it that is no text."""
    if type(value) is not Pairs:
        raise ValueError("it is not an object")
    if text and _UNDECODED.search(text):
        raise ValueError("it has bytes that are no text in the file's encoding")
    for key, member in value:
        if type(member) is Number and len(member) > 3 and abs(float(member)) == float("inf"):
            raise ValueError("a number is too large to be held")
        if text and (_UNDECODED.search(key) or (type(member) is str and _UNDECODED.search(member))):
            raise ValueError("an escaped character is only half of one")


def _distinct(text: str, pairs: Pairs, shape: Shape, seen: dict[str, Seen], doubled: dict[str, int]) -> str:
    latest = dict(pairs)
    for key, value in latest.items():
        kinds = seen.get(key)
        if kinds is None:
            kinds = seen[key] = Seen()
        if value is not None:
            kinds.add(value)
    if len(latest) == len(pairs):
        return text
    for key in {key for position, (key, _) in enumerate(pairs) if any(key == k for k, _ in pairs[:position])}:
        doubled[shape.name(key)] = doubled.get(shape.name(key), 0) + 1
    return "{" + ",".join(f"{json.dumps(key)}:{raw}" for key, raw in dict(members(text)).items()) + "}"


def members(text: str) -> list[tuple[str, str]]:
    found = []
    at = _BETWEEN.match(text, 1).end()  # type: ignore[union-attr]
    while text[at] != "}":
        key, at = scan(text, at)
        at = re.compile(r"[ \t\r\n:]*").match(text, at).end()  # type: ignore[union-attr]
        start = at
        _, at = scan(text, at)
        found.append((key, text[start:at]))
        at = re.compile(r"[ \t\r\n,]*").match(text, at).end()  # type: ignore[union-attr]
    return found


def _is_cut(text: str, cause: BaseException) -> bool:
    if isinstance(cause, StopIteration):
        return len(text) - int(cause.value) < 32
    if isinstance(cause, json.JSONDecodeError):
        return len(text) - cause.pos < 32 or cause.msg.startswith("Unterminated string")
    return False


def _past_bad(text: str, at: int, layout: Layout) -> int:
    if layout == "lines":
        end = text.find("\n", at)
        return end + 1 if end >= 0 else len(text)
    following = _NEXT_OBJECT.search(text, at + 1)
    return following.start() + 1 if following else -1


def _reject(file: str, line: int, raw: str, cause: BaseException) -> Reject:
    reason = "nested too deeply" if isinstance(cause, RecursionError) else "a value is missing"
    if isinstance(cause, ValueError):
        reason = cause.msg.lower() if isinstance(cause, json.JSONDecodeError) else str(cause)
    return Reject(file, line, "", shown(raw.rstrip("\r\n")[:RAW_LIMIT]), reason, "json")


class _Lines:
    """Line numbers of positions that only grow."""

    def __init__(self, text: str, first: int) -> None:
        self._text, self._line, self._at = text, first, 0

    def of(self, at: int) -> int:
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line
