"""The schema contract: what happens when a stream's columns are no longer those of its staging table.

`evolve` adds columns and widens types, and refuses anything that would bend a value; `freeze` refuses every change;
`discard` leaves new columns out. Whatever is decided is written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.table import Column, widen

if TYPE_CHECKING:
    from starlode.source import Stream


@dataclass(frozen=True)
class Alignment:
    """The columns that staging will have, and how it comes to them."""

    columns: tuple[Column, ...]
    added: tuple[Column, ...] = ()
    retyped: tuple[Column, ...] = ()
    changes: tuple[tuple[str, str, str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Landed:
    """The columns of an extraction, and those of them that hold no value, whose type nobody can know yet."""

    columns: tuple[Column, ...]
    empty: tuple[str, ...] = ()
    is_full: bool = False


def align(stream: Stream, held: tuple[Column, ...], landed: Landed, undecided: frozenset[str]) -> Alignment:
    """Agree on the columns of staging; raises DataError where the contract forbids the change.

    A column that has never had a value is undecided: its first value decides its type, so that the types do not depend on
    which rows came first.
    """
    if not held or (landed.is_full and landed.columns and stream.contract == "evolve"):
        return _first(stream, held, landed, undecided)
    known = {column.name: column for column in held}
    told = tuple(c for c in landed.columns if c.name not in landed.empty or c.name not in known)
    new = tuple(column for column in told if column.name not in known)
    decided = tuple(c for c in told if c.name in undecided)
    met = tuple(c for c in told if c.name in known and c.name not in undecided)
    wider = tuple(found for column in met if (found := _widened(stream, known[column.name], column)))
    if stream.contract == "freeze" and (new or wider):
        raise _frozen(stream, new, wider)
    if stream.contract == "discard" and wider:
        raise _frozen(stream, (), wider)
    left_out, new = (new, ()) if stream.contract == "discard" else ((), new)
    changes = (
        *((c.name, "undecided" if c.name in landed.empty else "added", "", str(c.type)) for c in new),
        *((c.name, "decided", str(known[c.name].type), str(c.type)) for c in decided),
        *((c.name, "widened", str(known[c.name].type), str(c.type)) for c in wider),
    )
    retyped = (*wider, *(c for c in decided if c.type != known[c.name].type))
    replaced = {column.name: column for column in retyped}
    columns = (*(replaced.get(column.name, column) for column in held), *new)
    findings = (*(_left_out(stream, c) for c in left_out), *(f for change in changes for f in _told(stream, change)))
    return Alignment(columns, new, retyped, changes, findings)


def _first(stream: Stream, held: tuple[Column, ...], landed: Landed, undecided: frozenset[str]) -> Alignment:
    """A first load, or a full one, has the columns of what was landed; a declared type is never undecided."""
    known = {column.name: column for column in held}
    empty = frozenset(landed.empty) - stream.types.keys()
    changes = [
        (
            c.name,
            "undecided" if c.name in empty else "decided",
            str(known[c.name].type) if c.name in known else "",
            str(c.type),
        )
        for c in landed.columns
        if c.name in empty or c.name in undecided or (held and known.get(c.name) != c)
    ]
    return Alignment(landed.columns, changes=tuple(changes))


def _widened(stream: Stream, held: Column, landed: Column) -> Column | None:
    """The column with the type that holds both, or None when the held one already does."""
    if held.type == landed.type or (held.type.kind == "decimal" and landed.type.kind == "integer"):
        return None
    wider = widen(held.type, landed.type)
    # What a source wrote as 1.50, TRUE or 5.1.2024 is not what a value of such a type would be as text.
    if wider is None or (wider.kind == "text" and held.type.kind not in ("integer", "text")):
        raise DataError(
            f"column `{held.name}` of {stream} is {held.type} in staging and {landed.type} in what was read",
            where=str(stream),
            hint=f"declare `types: {{{held.name}: {landed.type}}}` and run again: {stream} is then read anew from its source",
        )
    return None if wider == held.type else Column(held.name, wider)


def _frozen(stream: Stream, new: tuple[Column, ...], wider: tuple[Column, ...]) -> DataError:
    told = [f"new column `{c.name}` ({c.type})" for c in new] + [f"column `{c.name}` needs {c.type}" for c in wider]
    return DataError(
        f"the contract of {stream} is `{stream.contract}`, and what was read differs: {', '.join(told)}",
        hint="set `contract: evolve` to accept it; the extraction is landed and waits",
    )


def _left_out(stream: Stream, column: Column) -> Finding:
    message = f"new column `{column.name}` is left out, as the contract `discard` says"
    return Finding("schema contract", str(stream), "warning", message)


def _told(stream: Stream, change: tuple[str, str, str, str]) -> tuple[Finding, ...]:
    name, kind, old, new = change
    if kind == "decided" and old == new:
        return ()
    message = f"new column `{name}` ({new})" if not old else f"column `{name}` {kind} from {old} to {new}"
    return (Finding("schema change", str(stream), "note", message),)
