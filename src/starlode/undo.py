"""Undoing a run: what would have to be taken back is found out first, and refused where it cannot be done exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import Mistake, ProjectError
from starlode.expand import expanded
from starlode.ledger import read_state
from starlode.nearest import listing
from starlode.plan import Options, Plan, digest_of, digest_of_stream, streams_with_history
from starlode.reloading import reload_of
from starlode.run import carry_out, opened
from starlode.sql import before as sql
from starlode.sql.ledger import RUN
from starlode.star import Fact
from starlode.step import Check, Deliver, Export, Undo, Undone
from starlode.words import counted
from starlode.work import Readers

if TYPE_CHECKING:
    from starlode.ledger import State
    from starlode.project import Project
    from starlode.run import Listen, Run
    from starlode.session import Session
    from starlode.star import Dimension
    from starlode.step import Reload, Step

COMMAND = "starlode undo"
LAST = "last"


def undo(project: Project, run: str, *, through: bool = False, wait: float = 0.0, listen: Listen | None = None) -> Run:
    """Bring the warehouse back to what it was before a run, or the `last` one; the next run reads that one's input again.

    Runs that changed something after it are undone too where `through` is given, and named in the error where it is not.
    """
    with opened(project, wait, listen) as held, Readers(project) as readers:
        project, session = expanded(project, readers), held.session
        runs = _runs(session, run, through=through)
        state = read_state(session, project)
        step = Undo(runs, _streams(session, project, state, runs), _tables(session, project, state, runs), "asked for")
        steps: tuple[Step, ...] = (step, *_endings(session, project, step))
        return carry_out(Plan(project, Options(), steps, state), held, readers, listen)


def _runs(session: Session, name: str, *, through: bool) -> tuple[str, ...]:
    """The runs to undo, the newest first: the named one, and those that came after it."""
    found = session.rows(sql.runs_that_changed(session.dialect)) if session.columns(RUN) else []
    runs = [run for run, _ in found]
    meant = runs[:1] if name == LAST else [run for run in runs if run.endswith(name)]
    if len(meant) != 1:
        what = f"{len(meant)} runs end with `{name}`" if meant else f"no run that changed something is called `{name}`"
        last = listing((meant or runs)[:5])
        raise _refused(what, f"{'they are' if meant else 'the last ones'}: {last}; `starlode status` tells of all")
    later = runs[: runs.index(meant[0])]
    if later and not through:
        what = f"{counted(len(later), 'run')} changed something after {meant[0]}"
        raise _refused(what, f"undo them first, or with it by --through: {listing(later)}")
    undone = session.rows(sql.objects_of(session.dialect, (meant[0],), "undo"))
    if undone:
        raise _refused("an undo cannot be undone", f"`starlode run` reads the input of {undone[0][0]} again")
    return (*later, meant[0])


def _streams(session: Session, project: Project, state: State, runs: tuple[str, ...]) -> tuple[Reload, ...]:
    """The streams that the runs loaded, as they were loaded until then."""
    names = [name for (name,) in session.rows(sql.objects_of(session.dialect, runs, "load"))]
    declared = {str(stream): stream for stream in project.streams}
    moments = streams_with_history(project)
    for name in names:
        held = state.loads[("load", name)]
        if name not in declared or held.digest != digest_of_stream(declared[name]):
            raise _refused(
                f"the declaration of {name} is not the one that it was loaded by",
                "bring it back, and undo the run then",
            )
    return tuple(
        reload_of(session, project, declared[name], moments.get(name), f"as before {runs[-1]}", without=runs)
        for name in names
    )


def _tables(session: Session, project: Project, state: State, runs: tuple[str, ...]) -> tuple[Undone, ...]:
    """The tables of the star that the runs touched."""
    built = {name: (first, before) for name, first, before in session.rows(sql.first_builds(session.dialect, runs))}
    declared: tuple[Dimension | Fact, ...] = (*project.star.dimensions, *project.star.facts)
    models = {model.table.name: model for model in declared}
    looked_up = {f"dim_{role.dimension}" for name, model in models.items() if name in built for role in model.roles}
    for name in (*built, *(looked_up - built.keys())):
        if name not in models:
            raise _refused(f"{name} is not declared any more", "declare it again, and undo the run then")
        first, before = built.get(name, (min(first for first, _ in built.values()), 1))
        if before and not state.followed.get(name, first if name in built else 0) < first:
            raise _refused(
                f"what {name} was before the run is not known any more",
                f"the last {sql.UNDOABLE} runs are, unless a column went or changed its type; mend the source and run again",
            )
    return tuple(
        Undone(
            model.table,
            model.grain if isinstance(model, Fact) else (model.key_column,),
            is_made=name in built and not built[name][1],
        )
        for name, model in models.items()
        if (name in built or name in looked_up) and session.columns(model.table)
    )


def _endings(session: Session, project: Project, step: Undo) -> tuple[Step, ...]:
    """The delivery, the checks of the star as it is then and the exports that were written, unless a table goes too."""
    delivery = (Deliver("the star went back"),) if project.target is not None else ()
    if any(undone.is_made for undone in step.tables):
        return delivery
    written = {label for (label,) in session.rows(sql.objects_of(session.dialect, step.runs, "export"))}
    exports = (
        Export(f"{name}: {to.to}", position, digest_of(to), "the star went back")
        for position, (name, to) in enumerate(project.exports)
        if f"{name}: {to.to}" in written
    )
    return (*delivery, Check(digest_of((project.star, project.checks)), "the star went back"), *exports)


def _refused(what: str, hint: str) -> ProjectError:
    return ProjectError(Mistake(what, COMMAND, hint=hint))
