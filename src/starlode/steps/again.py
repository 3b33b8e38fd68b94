"""Loading a stream again from the landing, as its ledger says that it was loaded, beside the tables that are there.

Each extraction keeps the load key that it had, so rows, positions and the ledger go on speaking of the same loads. Whatever
stops it leaves only tables of another name; the real ones are changed by one swap.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from starlode.errors import StarlodeError
from starlode.ledger import Ledger
from starlode.session import Unfit
from starlode.source import Stream
from starlode.sql import again as sql
from starlode.sql import following, staging
from starlode.sql.deletes import deleted_table
from starlode.step import Load, Outcome
from starlode.steps.load import load_extraction
from starlode.steps.sieve import sieved
from starlode.work import Progress

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlode.finding import Reject
    from starlode.landing import Manifest
    from starlode.session import Session
    from starlode.step import Reload
    from starlode.table import Table
    from starlode.work import Work

COUNTS = ("rows_in", "rows_out", "rejected", "merged", "bytes")


@dataclass(frozen=True)
class Aside(Stream):
    """A stream under another name in the warehouse, and its own in the landing."""

    def __str__(self) -> str:
        return f"{super().__str__()} (again)"

    @property
    def table(self) -> str:
        return f"again {blake2b(super().table.encode(), digest_size=8).hexdigest()}"


class Silent(Ledger):
    """A ledger that follows how far a stream aside has come, and says nothing of its rows a second time.

    Its rejects were kept when the rows were first loaded; here it is only known which of them were open by then.
    """

    def __init__(self, session: Session, project: str, run_id: str) -> None:
        super().__init__(session, project, run_id)
        self._open: list[Reject] = []

    def write_rejects(self, stream: str, manifest: int, rejects: Sequence[Reject]) -> None:  # noqa: ARG002
        self._open += rejects

    def resolve_rejects(self, stream: str, read: Collection[str] | None, gone: Collection[str]) -> None:  # noqa: ARG002
        closed = None if read is None else {*read, *gone}
        self._open = [reject for reject in self._open if closed is not None and reject.file not in closed]

    def open_rejects(self, stream: str) -> list[Reject]:  # noqa: ARG002
        return self._open


def reload(step: Reload, work: Work) -> Outcome:
    """Bring a stream's tables to what its extractions in the landing make, and let those take the place of what is there."""
    outcome = load_again(step, work)
    with work.ledger.recorded(step) as entry:
        entry.manifest = step.extractions[-1][1].number if step.extractions else 0
        put_in_place(step, work)
        entry.outcome = outcome
    return outcome


def load_again(step: Reload, work: Work) -> Outcome:
    """Load the extractions in their order into tables aside; those before the needed ones as far as they can be loaded."""
    aside = _aside(step.stream)
    _clear(aside, work)
    silent = replace(work, ledger=Silent(work.session, work.project.name, work.ledger.run_id))
    total = Outcome()
    for place, (load_key, manifest) in enumerate(step.extractions):
        loading = Load(aside, (manifest.number,), step.keeps_seen, step.reason, "", step.moments, step.keeps_deleted)
        try:
            outcome = _load_once_more(loading, silent, manifest, load_key)
        except StarlodeError:
            if place >= len(step.extractions) - step.needed:
                raise
            continue
        total = replace(total, **{name: getattr(total, name) + getattr(outcome, name) for name in COUNTS})
        work.listen(Progress(step, total.rows_in, total.bytes))
    return total


def _load_once_more(step: Load, work: Work, manifest: Manifest, load_key: int) -> Outcome:
    """Load an extraction aside, without the rows that were left out before because the warehouse cannot keep them."""
    try:
        with work.session.transaction():
            return load_extraction(step, work, manifest, load_key)
    except Unfit:
        with sieved(work, step.stream, manifest) as fit, work.session.transaction():
            return load_extraction(step, work, fit, load_key)


def put_in_place(step: Reload, work: Work) -> None:
    """Let the tables aside take the place of the real ones, or those go where nothing was loaded; the caller's transaction.

    What has gone from the tables is known anew as well, for every load that was repeated.
    """
    session, dialect = work.session, work.session.dialect
    aside = _aside(step.stream)
    for real, beside in zip(_tables(step.stream), _tables(aside), strict=True):
        columns = session.columns(beside)
        gone = following.gone_table(beside)
        session.execute(staging.drop(dialect, following.gone_table(real)))
        if not columns:
            session.execute(staging.drop(dialect, real))
            continue
        session.swap(replace(real, columns=columns), replace(beside, columns=columns))
        if session.columns(gone):
            session.execute(staging.rename(dialect, gone, following.gone_table(real).name))
        for statement in sql.follow_as(dialect, beside, real):
            session.execute(statement)
    left = deleted_table(step.stream)
    session.execute(staging.drop(dialect, left))
    if session.columns(deleted_table(aside)):
        session.execute(staging.rename(dialect, deleted_table(aside), left.name))
    _forget(aside, work)


def _aside(stream: Stream) -> Aside:
    # What shrank with leave shrinks again.
    held = {field.name: getattr(stream, field.name) for field in fields(stream)}
    return Aside(**(held | {"may_shrink": True}))


def _tables(stream: Stream) -> tuple[Table, Table]:
    return staging.staging_table(stream), staging.seen_table(stream)


def _clear(aside: Aside, work: Work) -> None:
    """Take away what a run that died has left."""
    with work.session.transaction():
        for table in (*_tables(aside), deleted_table(aside)):
            work.session.execute(staging.drop(work.session.dialect, table))
        _forget(aside, work)


def _forget(aside: Aside, work: Work) -> None:
    session, dialect = work.session, work.session.dialect
    tables = _tables(aside)
    for table in tables:
        session.execute(staging.drop(dialect, following.gone_table(table)))
    for statement in sql.forget_aside(dialect, str(aside), tuple(table.name for table in tables)):
        session.execute(statement)
