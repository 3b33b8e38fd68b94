"""The fast way through JSON text: pyarrow with an explicit schema, and the guards that make it exact.

Whatever does not fit raises ValueError (pyarrow's ArrowInvalid is one), and nothing is given out. Three things pass
pyarrow 26 that must not, and are looked for beside it: bytes that are not UTF-8, a bare `null` for a record (it dies of
it), and a text like "1.5" in a column of decimals. The guards and the parser let other threads go on, so several blocks
are parsed at a time.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from starlode.arrow import arrow_type, count, holds, is_utf8, readable
from starlode.formats.json_raw import quote_values
from starlode.formats.json_scan import members
from starlode.table import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlode.formats.shape import Quoted, Shape

_BLANK = re.compile(rb"[ \t\r\n]*\Z")
_FIRST_NULL = re.compile(rb"[ \t\r\n]*null")
# One pattern each: one that begins with a fixed character is searched thirty times faster than an alternation.
_NULLS = (r"\n[ \t\r\n]*null", r"\}[ \t\r\n]*null")
# The last escape of a key. It is looked for by itself because a pattern of all spellings takes long to prepare.
_ESCAPED_KEY = r'\\.[^"\\]*"[ \t\r\n]*:'
_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}
# RE2 refuses a pattern that is too large.
_KEYS_AT_ONCE = 100
_NEVER = ("date", "time", "timestamp", "timestamptz", "binary")
_AS_TEXT = ("text", "json", "date", "time", "timestamp", "timestamptz", "binary")


@dataclass(frozen=True)
class Known:
    """What the parser must know of the columns, as it was at a moment: a shape may grow while a thread parses."""

    schema: pa.Schema
    names: tuple[str, ...]
    quoted: Mapping[str, Quoted]
    exact: tuple[str, ...]  # keys of decimals, in which a text is no number unless that is declared


def known(shape: Shape, added: pa.Field[Any] | None = None) -> Known:
    """What is known now; `added` is a member that we put there ourselves."""
    quoted = dict(shape.quoted)
    quoted.update({key: "all" for key, name in shape.keys.items() if shape.types[name] == JSON})
    fields = [added] if added is not None else []
    for key, name in shape.keys.items():
        held = shape.types[name]
        as_text = held is not None and (key in shape.quoted or held.kind in _AS_TEXT)
        fields.append(pa.field(key, pa.null() if held is None else pa.utf8() if as_text else arrow_type(held)))
    names = tuple(shape.keys.get(field.name, field.name) for field in fields)
    decimals = (field.name for field in fields if pa.types.is_decimal(field.type))
    exact = tuple(key for key in decimals if shape.keys[key] not in shape.declared)
    return Known(pa.schema(fields), names, quoted, exact)


def parse(block: bytes | memoryview, known: Known) -> pa.RecordBatch:
    """The records of a block as columns by name; declared types that JSON does not know are still text."""
    if _FIRST_NULL.match(block) or any(holds(block, null) for null in _NULLS):
        raise ValueError("a record may be null")
    return parse_objects(block, known)


def parse_objects(block: bytes | memoryview, known: Known) -> pa.RecordBatch:
    """The same for a block in which no record is a bare `null`."""
    if _BLANK.match(block):
        return _whole(known.schema.empty_table().rename_columns(list(known.names)))
    if not known.names:
        raise ValueError("no columns are known yet")
    if not is_utf8(block):
        raise ValueError("it has bytes that are not UTF-8")
    is_plain = not holds(block, _ESCAPED_KEY)
    if known.quoted:
        block = quote_values(str(block, "utf-8"), known.quoted).encode()
    if not is_plain:
        _guard_spelling(block, tuple(key for key, kept in known.quoted.items() if kept == "all"))
    _guard_text(block, _spelled(known.exact, plainly=is_plain))
    options = pj.ParseOptions(explicit_schema=known.schema, unexpected_field_behavior="error")
    table = pj.read_json(readable(block), pj.ReadOptions(use_threads=False, block_size=len(block) + 1), options)
    _guard_numbers(table)
    return _whole(table.rename_columns(list(known.names)))


def expect(shape: Shape) -> None:
    """Forget known types that JSON values never have by themselves, so that they are found again."""
    for name, held in shape.types.items():
        if held is not None and held.kind in _NEVER and name not in shape.declared:
            shape.types[name] = None


def parse_records(texts: Sequence[str], shape: Shape) -> tuple[pa.RecordBatch, list[int], list[int]]:
    """The rows of good records, with the places of those that were parsed and those that are still refused."""
    if not shape.keys:
        return _without_columns(len(texts)), list(range(len(texts))), []
    try:
        return parse_objects("\n".join(texts).encode(), known(shape)), list(range(len(texts))), []
    except (pa.ArrowInvalid, ValueError):
        plain = [_plainly(text) for text in texts]
    parts: list[pa.RecordBatch] = []
    good: list[int] = []
    bad: list[int] = []
    now = known(shape)
    _sift(plain, 0, now, parts, good, bad)
    rows = pa.Table.from_batches(parts) if parts else now.schema.empty_table().rename_columns(list(now.names))
    return _whole(rows), good, bad


def _sift(
    texts: Sequence[str], first: int, known: Known, parts: list[pa.RecordBatch], good: list[int], bad: list[int]
) -> None:
    try:
        parts.append(parse_objects("\n".join(texts).encode(), known))
        good.extend(range(first, first + len(texts)))
    except (pa.ArrowInvalid, ValueError):
        if len(texts) == 1:
            bad.append(first)
            return
        half = len(texts) // 2
        _sift(texts[:half], first, known, parts, good, bad)
        _sift(texts[half:], first + half, known, parts, good, bad)


def _plainly(text: str) -> str:
    """The record with its keys spelled in one way, without escapes that are not needed."""
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{value}" for key, value in members(text)) + "}"


def _guard_text(block: bytes | memoryview, decimals: tuple[str, ...]) -> None:
    """Refuse a text that stands in a column of decimals, which pyarrow takes for a number."""
    for names in decimals:
        pattern = rf'{names}[ \t\r\n]*"'
        # A longer key may end with a quote, which is escaped, and the name of this one.
        if holds(block, pattern) and re.search(rb"(?<!\\)" + pattern.encode(), block):
            raise ValueError("a text stands among numbers")


def _guard_spelling(block: bytes | memoryview, keys: tuple[str, ...]) -> None:
    """Refuse a key that is written with needless escapes, whose value was not quoted and may be a text."""
    for any_way, one_way in zip(_spelled(keys), _spelled(keys, plainly=True), strict=True):
        if count(block, any_way) != count(block, one_way):
            raise ValueError("a key is written with escapes")


@cache
def _spelled(keys: tuple[str, ...], *, plainly: bool = False) -> tuple[str, ...]:
    """Patterns of the keys before their values, written in any way or as we do."""
    write = _plain if plainly else _any_way
    groups = (keys[first : first + _KEYS_AT_ONCE] for first in range(0, len(keys), _KEYS_AT_ONCE))
    return tuple(rf'"(?:{"|".join(map(write, group))})"[ \t\r\n]*:' for group in groups)


def _plain(key: str) -> str:
    return re.escape(json.dumps(key, ensure_ascii=False)[1:-1])


def _any_way(key: str) -> str:
    return "".join(map(_spellings, key))


def _spellings(character: str) -> str:
    """A pattern of all the ways in which JSON can write a character."""
    units = character.encode("utf-16-be")
    digits = "".join(rf"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
    ways = [re.sub(r"(?<!\\)[a-f]", lambda found: f"[{found[0]}{found[0].upper()}]", digits)]
    if character in _SHORT:
        ways.append(r"\\" + re.escape(_SHORT[character]))
    if character >= " " and character not in '"\\':
        ways.append(re.escape(character))
    return f"(?:{'|'.join(reversed(ways))})"


def _guard_numbers(table: pa.Table) -> None:
    for column in table.columns:
        if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(column))).as_py():
            raise ValueError("a number is not finite")


def _whole(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _without_columns(count: int) -> pa.RecordBatch:
    records: Any = pa.array([{}] * count, pa.struct([]))
    return pa.RecordBatch.from_struct_array(records)
