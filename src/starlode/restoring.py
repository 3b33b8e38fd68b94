"""What the landing, the file in which a star is built and the target know of each other, and how the file is had again.

The editions of the landing are what counts. The file is state: where it is lost or of another day it is made anew, star and
keys from the editions, the ledger from them and from the target where that tells more, streams from their extractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.edition import Edition, numbers, read_edition
from starlode.errors import WarehouseError
from starlode.ledger import PROJECT_SCHEMAS, STAR_SCHEMAS, Ledger, new_run_id, prepare, read_state
from starlode.plan import digest_of_stream, streams_with_history
from starlode.reloading import reload_of
from starlode.sql import edition as sql
from starlode.sql.ledger import EDITION
from starlode.star import STAR_SCHEMA
from starlode.step import Outcome
from starlode.steps.again import load_again, put_in_place
from starlode.steps.deliver import held_edition, why_behind
from starlode.steps.edition import is_owed
from starlode.steps.lines import carry_lines
from starlode.steps.taking_over import add_lines, note_edition, take_whole
from starlode.work import Held, Readers, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.project import Project
    from starlode.session import Session
    from starlode.step import Restore
    from starlode.store import Store
    from starlode.work import Progress

NO_EDITION = Edition(0, "", 0, "", ())


def refuse_built_elsewhere(session: Session, project: Project) -> None:
    """Refuse to build a star in a target into which a finished one is loaded, which has no streams and other memories."""
    if project.target is None and has_editions(session):
        raise WarehouseError(
            "the star of the target is built beside it and loaded there (`build: duckdb`)",
            hint="declare `build: duckdb` again, or name a target of its own",
        )


def refuse_foreign(project: Project, target: Session) -> None:
    """Refuse a target whose star comes from elsewhere: it was built there, or by editions that this landing does not have."""
    if not target.columns(EDITION):
        return
    number, run_id = held_edition(target)
    if number and _edition(project.landing, number).run_id != run_id:
        raise WarehouseError(
            f"the target has edition {number} of the star, made by run {run_id}, and the landing does not have it",
            where=project.landing.shown("star"),
            hint="name the landing that this target is loaded from, or a target of its own for this landing",
        )
    if not has_editions(target) and target.rows(sql.count_loads(target.dialect))[0][0]:
        raise WarehouseError(
            "the star of the target was built in the target itself, and `build: duckdb` would load another one over it",
            hint="name a target of its own, or drop the schemas star, staging and starlode there and run again",
        )


def has_editions(session: Session) -> bool:
    """Whether a warehouse takes part in building a star beside its target."""
    return bool(session.columns(EDITION)) and bool(session.rows(sql.newest_edition(session.dialect)))


def why_lost(project: Project, session: Session | None) -> str:
    """Why the file in which the star is built has to be made anew; nothing where it is what the landing says, or ahead."""
    known = numbers(project.landing)
    newest = read_edition(project.landing, known[-1]) if known else NO_EDITION
    if session is None or not session.columns(EDITION):
        return "the file in which the star is built is not there" if known else ""
    number, run_id = held_edition(session)
    if (number, run_id) == (newest.number, newest.run_id) or is_ahead(project, session):
        return ""
    if not number and not session.rows(sql.count_loads(session.dialect))[0][0]:
        return "the file in which the star is built is not there"
    return f"the file in which the star is built has edition {number}, and the landing edition {newest.number}"


def is_ahead(project: Project, session: Session) -> bool:
    """Whether the file made the newest edition of the landing and was stopped before it could note that."""
    known = numbers(project.landing)
    if not known:
        return False
    newest, before = read_edition(project.landing, known[-1]), known[-2] if len(known) > 1 else 0
    number, run_id = held_edition(session)
    if number != before or (number and _edition(project.landing, number).run_id != run_id):
        return False
    dialect = session.dialect
    last = session.rows(sql.newest_data_load(dialect))[0][0]
    return bool(session.rows(sql.has_run(dialect, newest.run_id))[0][0]) and 0 < last < newest.load_key


def meet(project: Project, session: Session, target: Session) -> None:
    """Make both ledgers ready, and let the file know what the landing and the target know of its own editions."""
    prepare(session)
    prepare(target, STAR_SCHEMAS)
    if not has_editions(target):
        note_edition(target, NO_EDITION)
    if is_ahead(project, session):
        note_edition(session, read_edition(project.landing, numbers(project.landing)[-1]))
    if not has_editions(session):
        note_edition(session, NO_EDITION)
    number, _ = held_edition(session)
    if number:
        with session.transaction():
            _learn_more(session, target, read_edition(project.landing, number))


def why_owed(project: Project, session: Session, target: Session | None) -> str:
    """Why the target is brought up although nothing changes now; nothing where it has everything."""
    if is_owed(project.landing, session):
        return "what was built before waits for it"
    return why_behind(project.landing, target)


def restore(step: Restore, project: Project, held: Held, listen: Callable[[Progress], None]) -> Outcome:
    """Make the file anew; a run of its own in the ledger."""
    landing, session, dialect = project.landing, held.session, held.session.dialect
    editions = [read_edition(landing, number) for number in numbers(landing)]
    for schema in PROJECT_SCHEMAS:
        session.execute(sql.drop_schema(dialect, schema))
    prepare(session)
    if not editions:
        return Outcome()
    with session.transaction():
        take_whole(session, landing, editions, project.star)
        for edition in editions:
            add_lines(session, landing, edition)
        _learn_more(session, held.target, editions[-1])
    ledger = Ledger(session, project.name, new_run_id())
    ledger.write_run("running")
    with Readers(project) as readers:
        _load_streams(Work(project, landing, session, ledger, readers, listen, held.target), step.reason)
    rows = sum(part.rows for part in editions[-1].tables if part.table.schema == STAR_SCHEMA)
    with ledger.recorded(step) as entry:
        for part in editions[-1].tables:
            if part.table.schema == STAR_SCHEMA:
                # What the tables were before is not known any more.
                ledger.write_followed(part.table, editions[-1].load_key)
        note_edition(session, editions[-1])
        entry.outcome = Outcome(rows_in=rows, rows_out=rows)
    ledger.write_run("succeeded")
    return entry.outcome


def _learn_more(session: Session, target: Session | None, edition: Edition) -> None:
    """Let the file know what a target that has an edition tells of the runs since, where that is more than it knows itself."""
    if target is not None and target.columns(EDITION) and held_edition(target) == (edition.number, edition.run_id):
        carry_lines(target, session, edition.run_id)


def _load_streams(work: Work, reason: str) -> None:
    """Load the streams again that were loaded by the declaration that they have now; others are read anew by the next run."""
    state, moments = read_state(work.session, work.project), streams_with_history(work.project)
    for stream in work.project.streams:
        held = state.loads.get(("load", str(stream)))
        if held is not None and held.digest == digest_of_stream(stream):
            reload = reload_of(work.session, work.project, stream, moments.get(str(stream)), reason)
            load_again(reload, work)
            with work.session.transaction():
                put_in_place(reload, work)


def _edition(landing: Store, number: int) -> Edition:
    """An edition of a landing, or none where the landing does not have it."""
    return read_edition(landing, number) if number in numbers(landing) else NO_EDITION
