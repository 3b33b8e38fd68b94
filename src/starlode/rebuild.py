"""Rebuilding models from the landing: their streams are loaded again, and everything that is made from those is built anew.

Keys stay, because the ledger's map remembers whose they are. What only a dimension itself remembers, such as history by load
time or members that have left their stream, stays as it stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import Mistake, ProjectError
from starlode.expand import expanded
from starlode.ledger import read_state
from starlode.nearest import hint
from starlode.plan import Options, Plan, choose, digest_of, digest_of_stream, endings, made_from, streams_with_history
from starlode.reloading import reload_of
from starlode.run import carry_out, opened
from starlode.sql import again as sql
from starlode.step import Build
from starlode.work import Readers

if TYPE_CHECKING:
    from datetime import datetime

    from starlode.ledger import State
    from starlode.project import Project
    from starlode.run import Listen, Run
    from starlode.session import Session
    from starlode.step import Reload, Step

COMMAND = "starlode rebuild"


def rebuild(
    project: Project,
    *models: str,
    since: datetime | None = None,
    wait: float = 0.0,
    listen: Listen | None = None,
) -> Run:
    """Derive models anew from what the landing holds of their streams, with the same keys.

    Sources are not read. Whatever is made from the streams is built too, and every file is proved before anything is changed.
    With `since`, a moment in UTC, only what later loads touched is derived anew, where a model's SELECT lets it be told.
    """
    with opened(project, wait, listen) as held, Readers(project) as readers:
        project, session = expanded(project, readers), held.session
        state = read_state(session, project)
        names = _names(project, models)
        streams = _streams(session, project, state, names)
        builds = _builds(project, state, names, streams)
        if since is not None:
            first = session.rows(sql.last_load_before(session.dialect), (since,))[0][0]
            builds = tuple(_narrowed(project, build, builds, first) for build in builds)
        steps: tuple[Step, ...] = (*streams, *builds, *endings(project, state, builds, Options()))
        return carry_out(Plan(project, Options(), steps, state), held, readers, listen)


def _names(project: Project, models: tuple[str, ...]) -> frozenset[str]:
    """The tables that are meant, by their own names or those of their models."""
    tables = {table.name for table in project.star.tables}
    if not models:
        raise ProjectError(Mistake("no model is named", COMMAND, hint=hint("", sorted(tables), "there are")))
    chosen = choose(project, models) & tables
    unmeant = [name for name in models if not choose(project, (name,)) & tables]
    if unmeant:
        raise ProjectError(
            Mistake(f"`{unmeant[0]}` is no table of the star", COMMAND, hint=hint(unmeant[0], sorted(tables), "tables"))
        )
    return chosen


def _streams(session: Session, project: Project, state: State, names: frozenset[str]) -> tuple[Reload, ...]:
    """The streams that the models read, as they were loaded."""
    made = made_from(project)
    moments = streams_with_history(project)
    read = [s for s in project.streams if any(str(s) in made[name] for name in names) and state.columns.get(str(s))]
    for stream in read:
        if state.loads[("load", str(stream))].digest != digest_of_stream(stream):
            raise ProjectError(
                Mistake(
                    f"the declaration of {stream} changed since it was read",
                    COMMAND,
                    hint="`starlode run` reads it anew",
                )
            )
    return tuple(reload_of(session, project, stream, moments.get(str(stream)), "asked for") for stream in read)


def _builds(project: Project, state: State, names: frozenset[str], streams: tuple[Reload, ...]) -> tuple[Build, ...]:
    """The models, and whatever else is made from them or from the streams."""
    below = choose(project, tuple(f"{name}+" for name in (*names, *(step.object for step in streams))))
    return tuple(
        Build(
            model.table.name,
            digest_of(model),
            "asked for" if model.table.name in names else "what it is made from was loaded again",
            is_mended=model.table.name in names,
        )
        for model in project.star.models
        if model.table.name in names or (model.table.name in below and str(model.table) in state.tables)
    )


def _narrowed(project: Project, build: Build, builds: tuple[Build, ...], since: int) -> Build:
    """A build of what changed since a load alone."""
    made = made_from(project)[build.model]
    members = tuple(other.model for other in builds if other.model in made)
    return replace(build, since=since, changed=tuple(sorted(name for name in made if "." in name)), members=members)
