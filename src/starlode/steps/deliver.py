"""Deliver: what changed in a star that is built beside its target becomes an edition, and the target takes it over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.edition import numbers, read_edition
from starlode.sql import edition as sql
from starlode.sql.ledger import EDITION
from starlode.star import STAR_SCHEMA
from starlode.step import Outcome
from starlode.steps.edition import is_owed, make
from starlode.steps.given import guard_names
from starlode.steps.lines import carry_lines
from starlode.steps.taking_over import note_edition, take_over

if TYPE_CHECKING:
    from starlode.edition import Edition
    from starlode.session import Session
    from starlode.step import Deliver
    from starlode.store import Store
    from starlode.work import Work


def deliver(step: Deliver, work: Work) -> Outcome:
    """Make an edition where something changed, and bring the target to it, in a transaction with the line that says so."""
    with work.ledger.recorded(step) as entry:
        if is_owed(work.landing, work.session):
            made = make(step, work, entry.load_key)
            note_edition(work.session, made.edition)
            changed = made.inserted + made.updated + made.deleted
            entry.manifest = made.edition.number
            entry.outcome = Outcome(
                rows_in=changed,
                rows_out=changed,
                inserted=made.inserted,
                updated=made.updated,
                deleted=made.deleted,
                bytes=made.bytes,
            )
        entry.then = lambda: bring_up(work)
    return entry.outcome


def bring_up(work: Work) -> None:
    """Let the target take over the editions that it lacks, with the lines of the ledger, in one transaction."""
    target = work.target
    if target is None:
        return
    held, run_id = held_edition(target)
    needed = _needed(work.landing, target, held)
    for part in needed[-1].tables if needed else ():
        if part.table.schema == STAR_SCHEMA:
            guard_names(target.dialect, part.table.name, part.table.names)
    with target.transaction():
        if needed:
            take_over(target, work.landing, needed, held, work.project.star)
        carry_lines(work.session, target, run_id)


def tell(work: Work) -> None:
    """Let the target's ledger know what the runs since its edition wrote, and nothing else."""
    if work.target is not None:
        with work.target.transaction():
            carry_lines(work.session, work.target, held_edition(work.target)[1])


def held_edition(session: Session) -> tuple[int, str]:
    """The edition that a warehouse has, and the run that made it; 0 where it has none."""
    found = session.rows(sql.newest_edition(session.dialect))
    return (int(found[0][0]), str(found[0][1])) if found else (0, "")


def why_behind(landing: Store, target: Session | None) -> str:
    """Why a target has to be brought up although nothing changed; nothing where it has what the landing says."""
    known = numbers(landing)
    if not known:
        return ""
    if target is None or not target.columns(EDITION):
        return "the target is empty"
    held, _ = held_edition(target)
    behind = sum(number > held for number in known)
    if behind:
        return f"the target is {behind} edition{'s' if behind > 1 else ''} behind"
    missing = _missing(target, read_edition(landing, known[-1]))
    return f"{missing[0]} is not in the target" if missing else ""


def _needed(landing: Store, target: Session, held: int) -> list[Edition]:
    """The editions by which the target can be brought to the newest, from the one that it has; none where it is there."""
    known = numbers(landing)
    if not known:
        return []
    newest = read_edition(landing, known[-1])
    missing = _missing(target, newest)
    if held == newest.number and not missing:
        return []
    begins = [part.whole_in for part in newest.tables if part.table.name in missing]
    first = min([*begins, held] if held else [*begins, newest.number])
    return [read_edition(landing, number) for number in known if number >= first]


def _missing(target: Session, edition: Edition) -> list[str]:
    """The tables of an edition's star that a target does not have."""
    tables = (part.table for part in edition.tables if part.table.schema == STAR_SCHEMA)
    return [table.name for table in tables if not target.columns(table)]
