"""Carrying what one ledger says of some runs into another: the target tells of every run of a star that is built beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql import edition as sql
from starlode.sql.ledger import LINES

if TYPE_CHECKING:
    from starlode.session import Session


def carry_lines(source: Session, into: Session, run_id: str) -> None:
    """Let the lines of each run since one began take the place of fewer that are there; the caller's transaction.

    A run only ever adds lines, so the ledger that has more of them knows more.
    """
    known, held = _counted(source, run_id), _counted(into, run_id)
    runs = tuple(run for run, lines in known.items() if lines > held.get(run, (0, 0)))
    for table in LINES if runs else ():
        lines = source.rows(sql.rows(source.dialect, table, sql.of_runs(source.dialect, table, runs)))
        into.execute(sql.forget(into.dialect, table, sql.of_runs(into.dialect, table, runs)))
        into.insert(table, lines)


def _counted(session: Session, run_id: str) -> dict[str, tuple[int, int]]:
    return {run: (lines, steps) for run, lines, steps in session.rows(sql.lines_of_runs(session.dialect, run_id))}
