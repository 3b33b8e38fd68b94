"""The users' checks: each declared claim about columns becomes one check for each column that it bounds or lists."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlode.check import Check
from starlode.declaration import Accepted, NoRows, NotNull, Range, Unique
from starlode.meaning import plain
from starlode.meaning.selects import knows_stream, take_file
from starlode.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from starlode.declaration import TableCheckDeclaration
    from starlode.declare import Name, Reading
    from starlode.environment import Word
    from starlode.meaning.selects import Scope
    from starlode.meaning.star import Columns

Bounds = tuple[str | None, str | None]
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?"
_RANGES = tuple(re.compile(rf"({one})?\s*\.\.\s*({one})?") for one in (_NUMBER, _MOMENT))


def checks(declared: Mapping[Name, Any], columns: Mapping[str, Columns], scope: Scope) -> tuple[Check, ...]:
    """The checks, in the order of the declaration."""
    return tuple(
        check for name, said in declared.items() if said is not None for check in _checks(name, said, columns, scope)
    )


def _checks(name: Name, said: Any, columns: Mapping[str, Columns], scope: Scope) -> Iterable[Check]:
    if isinstance(said, NoRows):
        taken = take_file(said.no_rows, scope)
        return [Check(str(name), "no_rows", select=taken.select, severity=said.severity)] if taken else []
    _tell_unknown_table(said, columns, scope)
    named = said.not_null if isinstance(said, NotNull) else said.unique if isinstance(said, Unique) else None
    if named is not None:
        _tell_unknown(named, said, columns, scope.reading)
        return [Check(str(name), said.told_by, str(said.table), plain(named), severity=said.severity)]
    each = said.accepted if isinstance(said, Accepted) else said.range
    _tell_unknown(each, said, columns, scope.reading)
    return [_bounded(_full_name(name, column, each), said, column, scope.reading) for column in each]


def _bounded(name: str, said: Accepted | Range, column: Any, reading: Reading) -> Check:
    table, severity = str(said.table), said.severity
    if isinstance(said, Accepted):
        return Check(name, "accepted", table, (str(column),), values=plain(said.accepted[column]), severity=severity)
    low, high = _bounds(said.range[column], reading)
    return Check(name, "range", table, (str(column),), low=low, high=high, severity=severity)


def _full_name(name: str, column: str, each: Collection[Any]) -> str:
    """A claim about several columns is several checks; the column's name tells them apart."""
    return str(name) if len(each) == 1 else f"{name}.{column}"


def _bounds(said: Word, reading: Reading) -> Bounds:
    for kind in _RANGES:
        found = kind.fullmatch(said.strip())
        if found and (found[1] or found[2]):
            if found[1] and found[2] and _is_after(found[1], found[2]):
                reading.mistake(
                    said.place, f"the range `{said.written}` runs backwards", "the lower bound stands first"
                )
            return found[1], found[2]
    advice = "write 0..100, 0.. or ..100, with numbers, dates or moments"
    reading.mistake(said.place, f"`{said.written}` is no range", advice)
    return None, None


def _is_after(low: str, high: str) -> bool:
    if re.fullmatch(_NUMBER, low):
        return Decimal(low) > Decimal(high)
    return low > high


def _tell_unknown_table(said: TableCheckDeclaration, columns: Mapping[str, Columns], scope: Scope) -> None:
    table = said.table
    if table in columns:
        return
    if "." in table:
        knows_stream(table, scope)
    elif not {"dimensions", "facts"} & scope.reading.broken:
        streams = [f"{source}.{stream}" for source, each in scope.streams.items() for stream in each or ()]
        what = f"there is no table `{table.written}`"
        scope.reading.mistake(table.place, what, hint(table.written, [*columns, *streams], "tables and streams"))


def _tell_unknown(
    words: Iterable[Word], said: TableCheckDeclaration, columns: Mapping[str, Columns], reading: Reading
) -> None:
    known = columns.get(said.table)
    for column in words:
        if known is not None and column not in known:
            listed = hint(column.written, known, f"columns of {said.table.written}")
            reading.mistake(column.place, f"unknown column `{column.written}` in a check", listed)
