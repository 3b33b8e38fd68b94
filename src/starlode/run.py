"""Carrying out a plan: the one loop that opens connections and writes down how each step went.

Steps are data and know nothing of each other; whatever dies half-way, the next run finds the last finished extraction and the
last committed transaction, and goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from starlode.errors import CheckFailed, StarlodeError, WarehouseError
from starlode.expand import expanded
from starlode.landing import now, numbers, read_manifest
from starlode.ledger import Ledger, State, new_run_id, read_state
from starlode.plan import Options, Plan, Seen, choose, digest_of_stream, make_plan
from starlode.restoring import meet, refuse_built_elsewhere, refuse_foreign, restore, why_lost, why_owed
from starlode.session import Reaching
from starlode.sql.ledger import TABLES as LEDGER_TABLES
from starlode.sql.ledger import newest_project, open_rejects
from starlode.step import Deliver, Restore
from starlode.steps.again import reload
from starlode.steps.build import build
from starlode.steps.check import check
from starlode.steps.deliver import deliver, tell
from starlode.steps.edition import is_owed
from starlode.steps.export import export
from starlode.steps.land import land
from starlode.steps.load import load
from starlode.steps.undo import undo
from starlode.work import Held, Progress, Readers, Work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from starlode.finding import Finding
    from starlode.project import Project
    from starlode.session import Session
    from starlode.source import Stream
    from starlode.step import Outcome, Step
    from starlode.warehouse import Warehouse

Status = Literal["unchanged", "succeeded", "rejects", "failed", "interrupted"]
CARRY_OUT: Mapping[str, Callable[..., Outcome]] = {
    "land": land,
    "load": load,
    "reload": reload,
    "build": build,
    "undo": undo,
    "deliver": deliver,
    "check": check,
    "export": export,
}
WAIT_STEP = 0.2


@dataclass(frozen=True)
class Started:
    """A step begins."""

    step: Step
    number: int
    of: int


@dataclass(frozen=True)
class Done:
    """A step has ended well."""

    step: Step
    outcome: Outcome
    seconds: float


Event = Started | Progress | Done
Listen = Callable[[Event], None]


@dataclass(frozen=True)
class Run:
    """One carrying-out of a plan: what each step did, and how it ended."""

    run_id: str
    plan: Plan
    status: Status
    done: tuple[Done, ...] = ()
    seconds: float = 0.0
    error: StarlodeError | None = field(default=None, compare=False)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for done in self.done for finding in done.outcome.findings)

    @property
    def rejected(self) -> int:
        return sum(done.outcome.rejected for done in self.done if done.step.verb in ("land", "load"))

    @property
    def exit_code(self) -> int:
        if self.error is not None:
            return self.error.exit_code
        return 1 if self.status == "rejects" else 0


def plan(project: Project, *, select: tuple[str, ...] = (), full: bool = False, only: str | None = None) -> Plan:
    """What a run would do now. Opens the warehouse for reading, if there is one, and changes nothing."""
    options = _options(select, full, only)
    with Readers(project) as readers:
        project = expanded(project, readers)
        with ExitStack() as looked_at:
            target = looked_at.enter_context(_seen(project.target, project)) if project.target else None
            session = looked_at.enter_context(_seen(project.warehouse, project))
            if project.target and (lost := why_lost(project, session)):
                return Plan(project, options, (Restore(lost),))
            state = read_state(session, project) if session else State()
            if session and project.target:
                state = replace(state, owed=why_owed(project, session, target))
            return _plan(project, options, state, readers)


def run(
    what: Project | Plan,
    *,
    select: tuple[str, ...] = (),
    full: bool = False,
    only: str | None = None,
    wait: float = 0.0,
    listen: Listen | None = None,
) -> Run:
    """Carry out a plan, or plan a project and carry that out; raises the error that stopped it, with `.run` on it.

    A plan whose warehouse has moved on since is made anew: steps are only ever derived from the state they act on.
    """
    project = what.project if isinstance(what, Plan) else what
    options = what.options if isinstance(what, Plan) else _options(select, full, only)
    with opened(project, wait, listen) as held, Readers(project) as readers:
        project = expanded(project, readers)
        state = _state(project, held)
        made = what if isinstance(what, Plan) and what.state == state else _plan(project, options, state, readers)
        return carry_out(made, held, readers, listen)


def replay(project: Project, *, stream: str | None = None, wait: float = 0.0, listen: Listen | None = None) -> Run:
    """Read the files of open rejects again, under the declaration as it is now, and carry on from there.

    The rows of those files take the place of the earlier ones; what still cannot be carried is rejected anew. A database shows
    no files: a stream of its own is read whole.
    """
    with opened(project, wait, listen) as held, Readers(project) as readers:
        project = expanded(project, readers)
        state, session = _state(project, held), held.session
        files: dict[str, set[str]] = {}
        if session.columns(LEDGER_TABLES[0]):
            for row in session.rows(open_rejects(session.dialect)):
                files.setdefault(row[2], set()).add(row[4])
        declared = {str(stream_of) for stream_of in project.streams}
        wanted = {name: names for name, names in files.items() if name in declared and stream in (None, name)}
        if not wanted:
            return carry_out(Plan(project, Options(), (), state), held, readers, listen)
        forgotten = {
            name: {file: mark for file, mark in marks.items() if file not in wanted.get(name, ())}
            for name, marks in state.positions.items()
        }
        made = _plan(project, Options(), replace(state, positions=forgotten), readers, read_again=wanted)
        return carry_out(made, held, readers, listen)


@contextmanager
def opened(project: Project, wait: float = 0.0, listen: Listen | None = None) -> Iterator[Held]:
    """The project's warehouses, held for writing; waits as long as asked for another run to end.

    A star that is built beside its target has two, and the file in which it is built is made anew first where it is lost.
    """
    until = time.monotonic() + wait
    with ExitStack() as opened_ones:
        # The target comes first: whoever holds it may make the file anew.
        target = opened_ones.enter_context(_held(project.target, project, until)) if project.target else None
        session = opened_ones.enter_context(_held(project.warehouse, project, until))
        project.landing.ready()
        if target is not None:
            refuse_foreign(project, target)
            reason = why_lost(project, session)
            if reason:
                _restore(Restore(reason), project, Held(session, target), listen or _silence)
            meet(project, session, target)
        yield Held(session, target)


@contextmanager
def _held(warehouse: Warehouse, project: Project, until: float) -> Iterator[Session]:
    """A warehouse that belongs to the project, opened for writing once nobody else holds it."""
    while True:
        try:
            session = warehouse.connect(landing=project.landing.folder)
            break
        except WarehouseError:
            if time.monotonic() >= until:
                raise
            time.sleep(WAIT_STEP)
    try:
        _refuse_another(session, project)
        if isinstance(session, Reaching):
            session.guard_landing(project.landing.shown(""))
        yield session
    finally:
        session.close()


@contextmanager
def _seen(warehouse: Warehouse, project: Project) -> Iterator[Session | None]:
    """A warehouse that belongs to the project, opened for reading; None where there is none yet."""
    if not warehouse.exists:
        yield None
        return
    session = warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        _refuse_another(session, project)
        yield session
    finally:
        session.close()


def _state(project: Project, held: Held) -> State:
    """What the warehouse knows of the project, and what its target is still owed."""
    state = read_state(held.session, project)
    return replace(state, owed=why_owed(project, held.session, held.target)) if project.target else state


def _restore(step: Restore, project: Project, held: Held, listen: Listen) -> None:
    began = time.monotonic()
    listen(Started(step, 1, 1))
    outcome = restore(step, project, held, listen)
    listen(Done(step, outcome, time.monotonic() - began))


def _refuse_another(session: Session, project: Project) -> None:
    """Two projects in one warehouse would take each other's tables and positions for their own."""
    found = session.rows(newest_project(session.dialect)) if session.columns(LEDGER_TABLES[0]) else []
    if found and found[0][0] != project.name:
        raise WarehouseError(
            f"the warehouse belongs to the project `{found[0][0]}`, and this one is `{project.name}`",
            hint=f"give this project a `target` of its own; if it was renamed, `name: {found[0][0]}` goes on there",
        )
    refuse_built_elsewhere(session, project)


def _plan(
    project: Project,
    options: Options,
    state: State,
    readers: Readers,
    read_again: Mapping[str, set[str]] | None = None,
) -> Plan:
    chosen = choose(project, options.select)
    asked = read_again or {}
    whole = {str(s) for s in project.streams if s.is_of_moments and str(s) in asked}
    seen = {str(s): _look(project, s, state, options, readers, whole) for s in project.streams if str(s) in chosen}
    for name, files in asked.items():
        look = seen[name].look
        if name in whole:
            seen[name] = replace(seen[name], look=replace(look, reason="rows that were rejected are read again"))
            continue
        again = tuple(unit for unit in look.units if unit in files)
        seen[name] = replace(
            seen[name],
            look=replace(
                look, changed=tuple(dict.fromkeys((*look.changed, *again))), reason=f"{len(again)} files are read again"
            ),
        )
    return make_plan(project, options, state, seen)


def _look(
    project: Project, stream: Stream, state: State, options: Options, readers: Readers, whole: Collection[str]
) -> Seen:
    """What a stream shows, counted from the last finished extraction, loaded or not; all that it has, if that is asked."""
    landed = numbers(project.landing, stream)
    loaded = state.loads.get(("load", str(stream)))
    waiting = tuple(
        read_manifest(project.landing, stream, number)
        for number in landed
        if number > (loaded.manifest if loaded else 0) and number not in state.undone.get(str(stream), ())
    )
    position = dict(state.positions.get(str(stream), {}))
    for manifest in waiting:
        position |= manifest.position
        position = {name: mark for name, mark in position.items() if name not in manifest.forgets}
    read_by = waiting[-1].digest if waiting else loaded.digest if loaded else ""
    is_declared_anew = read_by not in ("", digest_of_stream(stream))
    is_whole = options.full or is_declared_anew or str(stream) in whole
    look = readers[stream.source].look(stream, position, full=is_whole)
    if is_declared_anew and not options.full:
        look = replace(look, reason="its declaration changed")
    return Seen(look, landed, waiting, is_declared_anew)


def carry_out(made: Plan, held: Held, readers: Readers, listen: Listen | None) -> Run:
    """Carry out the steps of a plan in what the run holds, and write down how each went."""
    listen = listen or _silence
    started = time.monotonic()
    ledger = Ledger(held.session, made.project.name, new_run_id())
    result = Run(ledger.run_id, made, "succeeded")
    for session in filter(None, (held.session, held.target)):
        session.sign(ledger.run_id)
    ledger.prepare()
    work = Work(made.project, made.project.landing, held.session, ledger, readers, listen, held.target)
    if made.is_empty:
        ledger.write_run("unchanged")
        tell(work)
        return replace(result, status="unchanged", seconds=time.monotonic() - started)
    ledger.write_run("running")
    begun: tuple[Step, datetime] | None = None
    try:
        for number, step in enumerate(made.steps, 1):
            if step.verb != "land":
                # All is read: a snapshot and locks that stay would hinder the source for nothing.
                readers.close()
            begun = (step, now())
            listen(Started(step, number, len(made.steps)))
            done = _do(step, work)
            begun = None
            result = replace(result, done=(*result.done, done))
            listen(done)
    except BaseException as error:
        with suppress(WarehouseError):  # such as a full disk: what stopped the run is what has to be told
            _write_end(ledger, begun, error)
        with suppress(StarlodeError):
            _hand_over(work, begun, error)
        if isinstance(error, StarlodeError):
            error.run = replace(result, status="failed", error=error, seconds=time.monotonic() - started)
        raise
    status: Status = "rejects" if _too_many_rejects(result, ledger.count_rejects()) else "succeeded"
    ledger.write_run(status)
    tell(work)
    return replace(result, status=status, seconds=time.monotonic() - started)


def _do(step: Step, work: Work) -> Done:
    began = time.monotonic()
    outcome = CARRY_OUT[step.verb](step, work)
    if step.verb == "land":
        # The manifest was the commit; its findings are written by the transaction that makes the rows visible.
        with work.ledger.recorded(step) as entry:
            entry.outcome = replace(outcome, findings=())
    return Done(step, outcome, time.monotonic() - began)


def _write_end(ledger: Ledger, begun: tuple[Step, datetime] | None, error: BaseException) -> None:
    """Write down the step that something stopped, and the run; of a foreign error its kind only, for it may quote a cell."""
    if begun:
        ledger.write_failed(*begun, error.findings if isinstance(error, CheckFailed) else ())
    if isinstance(error, KeyboardInterrupt):
        ledger.write_run("interrupted")
        return
    for evidence in error.evidence if isinstance(error, StarlodeError) else ():
        ledger.write_conflicts(evidence.object, evidence.rule, evidence.rows)
    ledger.write_run("failed", error.what if isinstance(error, StarlodeError) else type(error).__name__)


def _hand_over(work: Work, begun: tuple[Step, datetime] | None, error: BaseException) -> None:
    """Let the target have what a run has built before it failed, as a star that is built in it has, or tell it of the run."""
    is_delivering = begun is not None and begun[0].verb == "deliver"
    if (
        work.target is not None
        and isinstance(error, Exception)
        and not is_delivering
        and is_owed(work.landing, work.session)
    ):
        deliver(Deliver("the run was stopped"), work)
    else:
        tell(work)


def _too_many_rejects(result: Run, told: Mapping[str, int]) -> bool:
    """Whether a stream lost more rows to the rejects in this run than it may.

    The ledger tells of those that were loaded, some of which an earlier run may have landed.
    """
    landed = {done.step.object: done.outcome.rejected for done in result.done if done.step.verb == "land"}
    counts = landed | dict(told)
    allowed = {str(stream): stream.max_rejects for stream in result.plan.project.streams}
    return any(count > allowed[stream] for stream, count in counts.items())


def _options(select: tuple[str, ...], full: bool, only: str | None) -> Options:
    return Options(tuple(select), full, only)  # type: ignore[arg-type]


def _silence(_: Event) -> None:
    """Listens to nothing."""
