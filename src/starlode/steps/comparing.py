"""Holding the target against the star that was built beside it.

After each run what was written since is counted and summed in both. When a user asks, all rows are compared: by counts and sums
in each warehouse, then by order-independent checksums of their contents, which are taken of both in one engine.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from starlode.engine import differing_rows
from starlode.finding import Finding
from starlode.sql import compare as sql
from starlode.sql import edition as edition_sql
from starlode.steps.edition import identity_of
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.session import Session
    from starlode.star import Dimension, Fact, Star
    from starlode.table import Table

RULE = "target"


def compare_news(star: Star, session: Session, target: Session, since: int) -> tuple[int, tuple[Finding, ...]]:
    """How many tables were compared by what was written to them since a load, and those that differ."""
    tables = [held for _, held in _built(star, session)]
    return len(tables), tuple(finding for table in tables for finding in _totals(table, session, target, since))


def compare_all(star: Star, session: Session, target: Session) -> Iterator[Finding]:
    """A finding for each table that is not the same in the target, row by row."""
    for model, table in _built(star, session):
        findings = tuple(_totals(table, session, target, -1))
        yield from findings or _rows(table, identity_of(model), session, target)


def _built(star: Star, session: Session) -> Iterator[tuple[Dimension | Fact, Table]]:
    models: tuple[Dimension | Fact, ...] = (*star.dimensions, *star.facts)
    for model in models:
        held = replace(model.table, columns=session.columns(model.table))
        if held.columns:
            yield model, held


def _totals(table: Table, session: Session, target: Session, since: int) -> Iterator[Finding]:
    if {c.name: c.type for c in target.columns(table)} != {c.name: c.type for c in table.columns}:
        yield _finding(table, "has other columns in the target than were built", "", "")
        return
    built, loaded = (s.rows(sql.totals(s.dialect, table, since))[0] for s in (session, target))
    names = ("rows", *(f"values of {n}" for n in table.names), *(f"sum of {n}" for n in sql.summed(table)))
    wrong = [name for name, *said in zip(names, built, loaded, strict=True) if _number(said[0]) != _number(said[1])]
    if wrong:
        told = (
            f"the target differs from what was built, in {', '.join(wrong[:3])}{' and more' if len(wrong) > 3 else ''}"
        )
        yield _finding(table, told, f"{built[0]:,} rows", f"{loaded[0]:,} rows")


def _number(said: object) -> object:
    """A sum without what only its spelling says: not every warehouse tells zeros at the end."""
    return Decimal(said) if isinstance(said, str) else said


def _rows(table: Table, identity: tuple[str, ...], session: Session, target: Session) -> Iterator[Finding]:
    """What differs though counts and sums agree. JSON is left out: the same document is spelled in several ways."""
    plain = replace(table, columns=tuple(column for column in table.columns if column.type.kind != "json"))
    sides = (lambda s=side: s.arrow(edition_sql.rows(s.dialect, plain)) for side in (session, target))
    count = differing_rows(plain, identity, *sides)
    if count:
        yield _finding(
            table,
            f"{counted(count, 'row differs', 'rows differ')} between the target and what was built",
            "0",
            str(count),
        )


def _finding(table: Table, told: str, expected: str, found: str) -> Finding:
    return Finding(RULE, table.name, "failure", told, expected=expected, found=found)
