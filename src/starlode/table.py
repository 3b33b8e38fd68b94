"""Tables, columns and the small set of types that every stage shares.

A type has one spelling in declarations, manifests and the ledger; each warehouse spells it in its own words. Widening is the
only way in which a column may change without being asked, and it never loses a digit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "boolean", "integer", "decimal", "double", "text", "date", "time", "timestamp", "timestamptz", "binary", "json"
]
KINDS: tuple[str, ...] = get_args(Kind)
MAX_PRECISION = 38
Every = Literal["hour", "day", "month", "year"]
Encoding = Literal[
    "raw",
    "az64",
    "bytedict",
    "delta",
    "delta32k",
    "lzo",
    "mostly8",
    "mostly16",
    "mostly32",
    "runlength",
    "text255",
    "text32k",
    "zstd",
]
# How rows are spread where no column says it.
STYLES = ("all", "even")


@dataclass(frozen=True)
class Type:
    """What a column holds: `integer` has 64 bits, `decimal(p,s)` is exact, `json` is any nested value.

    A warehouse that limits its texts says in `width` how many bytes they may have; that makes no other type.
    """

    kind: Kind
    precision: int = 0
    scale: int = 0
    width: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.kind == "decimal" else self.kind


@dataclass(frozen=True)
class Column:
    """A named value of a table."""

    name: str
    type: Type


@dataclass(frozen=True)
class Layout:
    """How the rows of a table are to lie, in words of which each warehouse knows some.

    `partition` is a column of days or moments, and `every` the span of one part; `distribute` is a column, or `all` or `even`.
    """

    partition: str = ""
    every: Every = "day"
    cluster: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    distribute: str = ""
    encode: Mapping[str, Encoding] = field(default_factory=dict, hash=False)

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        """The words that say something, each with the columns that it names."""
        spread = (self.distribute,) if self.distribute not in ("", *STYLES) else ()
        named = {"partition": (self.partition,) if self.partition else (), "cluster": self.cluster, "sort": self.sort}
        said = {word: columns for word, columns in named.items() if columns}
        said |= {"distribute": spread} if self.distribute else {}
        return said | ({"encode": tuple(self.encode)} if self.encode else {})


@dataclass(frozen=True)
class Table:
    """A qualified name and its columns, in order; its layout is no part of what it is."""

    schema: str
    name: str
    columns: tuple[Column, ...] = ()
    layout: Layout | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


BOOLEAN = Type("boolean")
INTEGER = Type("integer")
DOUBLE = Type("double")
TEXT = Type("text")
DATE = Type("date")
TIME = Type("time")
TIMESTAMP = Type("timestamp")
TIMESTAMPTZ = Type("timestamptz")
BINARY = Type("binary")
JSON = Type("json")


def decimal(precision: int, scale: int) -> Type:
    """An exact decimal with `scale` digits after the point."""
    return Type("decimal", precision, scale)


def parse_type(text: str) -> Type:
    """The type that a declaration or a manifest spells; ValueError when there is none."""
    spelled = text.strip().lower()
    found = re.fullmatch(r"decimal\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", spelled)
    if found:
        precision, scale = int(found[1]), int(found[2] or 0)
        if not 0 < precision <= MAX_PRECISION or scale > precision:
            raise ValueError(f"decimal({precision},{scale}) is out of range: at most {MAX_PRECISION} digits")
        return decimal(precision, scale)
    if spelled in KINDS and spelled != "decimal":
        return Type(spelled)  # type: ignore[arg-type]
    raise ValueError(f"unknown type `{text}`")


def widen(held: Type, seen: Type) -> Type | None:
    """The smallest type that holds every value of both without losing a digit, or None when only a rewrite would.

    Text holds what is not nested, binary, or zoned differently; it is the caller's choice to accept a change to text.
    """
    if held == seen:
        return held
    kinds = {held.kind, seen.kind}
    if kinds <= {"integer", "decimal"}:
        return _wider_decimal(_as_decimal(held), _as_decimal(seen))
    if kinds == {"date", "timestamp"}:
        return TIMESTAMP
    if "text" in kinds and not kinds & {"json", "binary"}:
        return TEXT
    if kinds <= {"json", "text", "integer", "decimal", "double", "boolean"} and "json" in kinds:
        return JSON
    return None


def is_wider(wanted: Type, held: Type) -> bool:
    """Whether a text has to have more bytes than it may have where its warehouse limits them."""
    return wanted.width > held.width > 0


def _as_decimal(numeric: Type) -> Type:
    return decimal(19, 0) if numeric.kind == "integer" else numeric


def _wider_decimal(one: Type, other: Type) -> Type | None:
    scale = max(one.scale, other.scale)
    digits = max(one.precision - one.scale, other.precision - other.scale) + scale
    return decimal(digits, scale) if digits <= MAX_PRECISION else None
