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
    widened: tuple[Column, ...] = ()
    changes: tuple[tuple[str, str, str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


def align(stream: Stream, held: tuple[Column, ...], landed: tuple[Column, ...], *, is_full: bool) -> Alignment:
    """Agree on the columns of staging; raises DataError where the contract forbids the change."""
    if not held or (is_full and stream.contract == "evolve"):
        return _first(held, landed)
    known = {column.name: column for column in held}
    new = tuple(column for column in landed if column.name not in known)
    wider = tuple(found for c in landed if c.name in known and (found := _widened(stream, known[c.name], c)))
    if stream.contract == "freeze" and (new or wider):
        raise _frozen(stream, new, wider)
    if stream.contract == "discard":
        if wider:
            raise _frozen(stream, (), wider)
        return Alignment(held, findings=tuple(_left_out(stream, column) for column in new))
    replaced = {column.name: column for column in wider}
    columns = (*(replaced.get(column.name, column) for column in held), *new)
    changes = (
        *((c.name, "added", "", str(c.type)) for c in new),
        *((c.name, "widened", str(known[c.name].type), str(c.type)) for c in wider),
    )
    return Alignment(columns, new, wider, changes, tuple(_told(stream, change) for change in changes))


def _first(held: tuple[Column, ...], landed: tuple[Column, ...]) -> Alignment:
    known = {column.name: column for column in held}
    changed = tuple(c for c in landed if held and known.get(c.name) != c)
    changes = tuple((c.name, "replaced", str(known[c.name].type) if c.name in known else "", str(c.type)) for c in changed)
    return Alignment(landed, changes=changes)


def _widened(stream: Stream, held: Column, landed: Column) -> Column | None:
    """The column with the type that holds both, or None when the held one already does."""
    if held.type == landed.type or (held.type.kind == "decimal" and landed.type.kind == "integer"):
        return None
    wider = widen(held.type, landed.type)
    if wider is None:
        raise DataError(
            f"column `{held.name}` of {stream} is {held.type} in staging and {landed.type} in what was read",
            where=str(stream),
            hint=f"declare `types: {{{held.name}: {landed.type}}}` and run `starlode run --full --select {stream}`",
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


def _told(stream: Stream, change: tuple[str, str, str, str]) -> Finding:
    name, kind, old, new = change
    message = f"new column `{name}` ({new})" if kind == "added" else f"column `{name}` widened from {old} to {new}"
    return Finding("schema change", str(stream), "note", message)
