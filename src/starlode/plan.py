"""What will be done, as data: a pure function of the project, the ledger's state and what the sources show.

A plan can be printed, compared and tested with no warehouse in reach. Each step says why it is there; what is not in the plan
is up to date.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from starlode.errors import Mistake, ProjectError
from starlode.ledger import State
from starlode.narrowing import why_keyed_anew, why_whole
from starlode.nearest import hint
from starlode.portions import in_portions
from starlode.sql import select
from starlode.sql.layout import left_aside, without_words
from starlode.star import STAR_SCHEMA, Dimension
from starlode.step import Build, Check, Deliver, Export, Land, Load, Step, Verb
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.landing import Manifest
    from starlode.project import Project
    from starlode.source import Look, Stream
    from starlode.sql.dialect import Dialect
    from starlode.star import Fact, Select
    from starlode.table import Column, Layout

# A change of how models are built makes them be built again.
BUILD_VERSION = 4
DECLARED_ANEW = "its declaration changed"
VERBS: tuple[Verb, ...] = ("land", "load", "build", "deliver", "check", "export")


@dataclass(frozen=True)
class Options:
    """What a user asks of a run beside the project itself."""

    select: tuple[str, ...] = ()
    full: bool = False
    only: Verb | None = None


@dataclass(frozen=True)
class Seen:
    """What a stream shows before anything is done: what is new at its source, and what the landing holds of it."""

    look: Look
    landed: tuple[int, ...] = ()
    waiting: tuple[Manifest, ...] = ()
    is_declared_anew: bool = False


@dataclass(frozen=True)
class Plan:
    """An ordered tuple of steps, and the state that they were derived from."""

    project: Project
    options: Options
    steps: tuple[Step, ...]
    state: State = field(default_factory=State)

    @property
    def is_empty(self) -> bool:
        return not self.steps


def make_plan(project: Project, options: Options, state: State, seen: Mapping[str, Seen]) -> Plan:
    """The steps that bring the warehouse to what the sources hold, in the order of the journey."""
    chosen = choose(project, options.select)
    keeps, deletes = streams_with_history(project), streams_with_deletes(project)
    lands: list[Land] = []
    loads: list[Load] = []
    for stream in project.streams:
        if str(stream) in chosen:
            land = _land(stream, state, seen[str(stream)], options)
            load = _load(stream, state, seen[str(stream)], land, keeps.get(str(stream)))
            load = replace(load, settled=_settled(stream, project, state)) if load else None
            load = replace(load, keeps_deleted=str(stream) in deletes) if load else None
            lands += in_portions(land) if land else ()
            loads += [load] if load else []
    moving = {load.object for load in loads}
    builds = _builds(project, state, moving, chosen, options)
    steps: list[Step] = [
        *lands,
        *loads,
        *builds,
        *endings(project, state, (*loads, *builds), options),
    ]
    return Plan(project, options, tuple(step for step in steps if _is_asked(step, options)), state)


def _is_asked(step: Step, options: Options) -> bool:
    """Whether a step comes no later than what is asked for; what is loaded or built is delivered in any case."""
    until = VERBS.index(options.only) if options.only else len(VERBS)
    return VERBS.index(step.verb) <= until or (step.verb == "deliver" and until >= VERBS.index("load"))


def endings(project: Project, state: State, moving: tuple[Load | Build, ...], options: Options) -> tuple[Step, ...]:
    """What follows what is loaded and built: its delivery, where the target is another one, the checks and the exports."""
    builds = tuple(step for step in moving if isinstance(step, Build))
    return (
        *_delivery(project, state, moving),
        *_checks(project, state, moving),
        *_exports(project, state, builds, options),
    )


def choose(project: Project, wanted: tuple[str, ...]) -> frozenset[str]:
    """The streams and models that a selection names; all of them where nothing is selected.

    Names may hold `*`; `+name` adds what it is made from, `name+` what is made from it.
    """
    above = made_from(project)
    if not wanted:
        return frozenset(above)
    chosen: set[str] = set()
    for word in wanted:
        bare = word.strip("+")
        found = {name for name in above if any(fnmatchcase(alias, bare) for alias in _aliases(name))}
        if not found:
            raise ProjectError(_unknown_selection(bare, tuple(above)))
        chosen |= found
        if word.startswith("+"):
            chosen |= _closure(found, above)
        if word.endswith("+"):
            chosen |= {name for name in above if _closure({name}, above) & found}
    return frozenset(chosen)


def streams_with_history(project: Project) -> dict[str, tuple[str, ...]]:
    """The keyed streams of which a dimension needs all that was seen, and the columns that say when each was true."""
    needed: dict[str, set[str]] = {}
    for dimension in project.star.dimensions:
        if dimension.select is not None and dimension.at and dimension.reads_seen:
            driving = select.driving(select.parse(dimension.select))
            if driving is not None:
                needed.setdefault(f"{driving.db}.{driving.name}", set()).add(dimension.at)
    return {str(s): tuple(sorted(needed[str(s)])) for s in project.streams if s.key and str(s) in needed}


def streams_with_deletes(project: Project) -> frozenset[str]:
    """The keyed streams whose keys a dimension wants to know of when they leave."""
    wanted = set()
    for dimension in project.star.dimensions:
        if dimension.select is not None and dimension.deletes != "ignore":
            driving = select.driving(select.parse(dimension.select))
            wanted |= {f"{driving.db}.{driving.name}"} if driving is not None else set()
    return frozenset(str(stream) for stream in project.streams if stream.key and str(stream) in wanted)


def notes_of(step: Step, plan: Plan) -> tuple[str, ...]:
    """What is to be known of a step before it is carried out."""
    if isinstance(step, Land):
        return step.look.notes
    project, state = plan.project, plan.state
    if isinstance(step, Build):
        table = next(t for t in project.star.tables if t.name == step.model)
        return _of_layout(project.shown.dialect, table.layout, is_new=str(table) not in state.tables, why=step.reason)
    if isinstance(step, Load):
        is_new = not state.columns.get(str(step.stream))
        return _of_layout(project.warehouse.dialect, step.stream.layout, is_new=is_new, why=step.reason)
    return ()


def _of_layout(dialect: Dialect, layout: Layout | None, *, is_new: bool, why: str) -> tuple[str, ...]:
    """What a warehouse does not do of a layout that is new."""
    if layout is None or not (is_new or why == DECLARED_ANEW):
        return ()
    aside = left_aside(dialect, layout)
    notes = (without_words(aside),) if aside else ()
    if is_new or dialect.lays_again or len(aside) == len(layout.words):
        return notes
    return (*notes, "the table is there, and lies as it did: a changed layout is for a new one")


def digest_of(declaration: object) -> str:
    """A short name for exactly this declaration."""
    return blake2b(f"{BUILD_VERSION}:{declaration!r}".encode(), digest_size=8).hexdigest()


def digest_of_stream(stream: Stream) -> str:
    """A short name for how a stream is read and merged; rows that were read otherwise are read anew."""
    how = (stream.key, stream.since, stream.mode, sorted(stream.types.items(), key=str), stream.reads)
    return blake2b(repr(how).encode(), digest_size=8).hexdigest()


def _land(stream: Stream, state: State, seen: Seen, options: Options) -> Land | None:
    look = seen.look
    if not look.units and not (look.gone and look.mode == "full"):
        return None
    loaded = state.loads.get(("load", str(stream)))
    number = max([*seen.landed, loaded.manifest if loaded else 0, 0]) + 1
    columns: tuple[Column, ...] = state.decided(str(stream))
    if seen.waiting:
        newest = seen.waiting[-1]
        columns = tuple(c for c in newest.columns if c.name not in newest.empty) or columns
    return Land(
        stream,
        look,
        number,
        () if options.full or seen.is_declared_anew else columns,
        look.reason,
        digest_of_stream(stream),
    )


def _load(stream: Stream, state: State, seen: Seen, land: Land | None, moments: tuple[str, ...] | None) -> Load | None:
    waiting = tuple(manifest.number for manifest in seen.waiting)
    reason = land.reason if land else f"{counted(len(waiting), 'extraction')} landed and waiting"
    if moments is not None and state.columns.get(str(stream)) and str(stream) not in state.seen:
        undone = state.undone.get(str(stream), ())
        waiting = tuple(number for number in seen.landed if number not in undone)
        reason = "a dimension asks for its history now"
    numbers = (*waiting, *(portion.number for portion in (in_portions(land) if land else ())))
    return (
        Load(stream, numbers, moments is not None, reason, digest_of_stream(stream), moments or ()) if numbers else None
    )


def _settled(stream: Stream, project: Project, state: State) -> int:
    """The load up to which every model that was built from a stream has taken its changes in."""
    models: tuple[Dimension | Fact, ...] = (*project.star.dimensions, *project.star.facts)
    built = (state.load_key("build", m.table.name) for m in models if str(stream) in _reads(m))
    return min((key for key in built if key), default=state.load_key("load", str(stream)))


def _builds(
    project: Project, state: State, moving: set[str], chosen: frozenset[str], options: Options
) -> tuple[Build, ...]:
    """What is chosen and not up to date, and what must follow it: whatever points to versions that may get other keys."""
    builds: list[Build] = []
    for model in project.star.models:
        name = model.table.name
        moved = moving | {b.model for b in builds}
        if name in chosen:
            reason = _why(model, project, state, moved, options)
        elif _must_follow(model, project, state, moved, chosen):
            reason = _why(model, project, state, moved, replace(options, full=False))
        else:
            continue
        if reason:
            builds.append(_build(model, project, state, moved, reason))
    return tuple(builds)


def _must_follow(
    model: Dimension | Fact, project: Project, state: State, moved: set[str], chosen: frozenset[str]
) -> bool:
    """Whether a model that is there points to a dimension with history that moves: late rows give versions other keys."""
    name = model.table.name
    is_there = ("build", name) in state.loads and str(model.table) in state.tables
    uses = (project.star.dimension(role.dimension) for role in model.roles)
    versioned = {used.table.name for used in uses if used.history} & (moved | chosen)
    return is_there and any(_has_changed(used, name, state, moved) for used in versioned)


def _build(model: Dimension | Fact, project: Project, state: State, moving: set[str], reason: str) -> Build:
    """A build of what changed where only that is the reason and it can be told, else of the whole."""
    name, digest = model.table.name, digest_of(model)
    parents = [p for p in sorted(made_from(project)[name]) if _has_changed(p, name, state, moving)]
    if not parents or reason != f"{parents[0]} changed":
        return Build(name, digest, reason)
    streams = tuple(parent for parent in parents if "." in parent)
    members = tuple(parent for parent in parents if "." not in parent)
    # Members that facts made up do not come by themselves into a dimension that somebody dropped.
    anew = [f"{member} is built anew" for member in members if f"{STAR_SCHEMA}.{member}" not in state.tables]
    whole = anew[0] if anew else why_keyed_anew(members, project)
    whole = whole or (why_whole(model, project, state) if streams or isinstance(model, Dimension) else "")
    if whole:
        return Build(name, digest, f"{reason}; as a whole: {whole}")
    return Build(name, digest, reason, state.load_key("build", name), streams, members)


def _why(model: Dimension | Fact, project: Project, state: State, moving: set[str], options: Options) -> str:
    """Why a model is built, or nothing where it is up to date."""
    name = model.table.name
    held = state.loads.get(("build", name))
    if any(parent not in moving and not _is_there(parent, state) for parent in made_from(project)[name]):
        return ""
    if held is None or str(model.table) not in state.tables:
        return "new"
    if held.digest != digest_of(model):
        return DECLARED_ANEW
    if options.full:
        return "asked for in full"
    for parent in sorted(made_from(project)[name]):
        if _has_changed(parent, name, state, moving):
            return f"{parent} changed"
    return ""


def _has_changed(parent: str, model: str, state: State, moving: set[str]) -> bool:
    """Whether a stream or a dimension changes in this plan, or has since the model was built."""
    verb = "load" if "." in parent else "build"
    return parent in moving or state.load_key(verb, parent) > state.load_key("build", model)


def _is_there(parent: str, state: State) -> bool:
    """Whether a stream has ever given a row, or a dimension was built."""
    return bool(state.columns.get(parent)) if "." in parent else f"{STAR_SCHEMA}.{parent}" in state.tables


def _delivery(project: Project, state: State, moving: tuple[Load | Build, ...]) -> tuple[Deliver, ...]:
    """The target of a star that is built beside it is brought up after every change; what is mended, row by row."""
    built = [step.model for step in moving if isinstance(step, Build)]
    whole = frozenset(step.model for step in moving if isinstance(step, Build) and step.is_mended)
    reason = (
        f"{counted(len(built), 'model')} built"
        if built
        else f"{counted(len(moving), 'stream')} loaded"
        if moving
        else state.owed
    )
    return (Deliver(reason, whole),) if project.target is not None and reason else ()


def _checks(project: Project, state: State, moving: tuple[Load | Build, ...]) -> tuple[Check, ...]:
    """Checks follow every build; declared ones, which may look at staging, follow every load too."""
    digest = digest_of((project.star, project.checks))
    held = state.loads.get(("check", "star"))
    reason = _why_checked(project, state, moving, digest)
    since = held.load_key if held and held.digest == digest else 0
    return (Check(digest, reason, since),) if reason else ()


def _why_checked(project: Project, state: State, moving: tuple[Load | Build, ...], digest: str) -> str:
    """Why the star is checked, or nothing where it has passed as it is."""
    held = state.loads.get(("check", "star"))
    builds = [step for step in moving if step.verb == "build"]
    if builds:
        return f"{counted(len(builds), 'model')} built"
    if moving and project.checks:
        return f"{counted(len(moving), 'stream')} loaded"
    newest = max((state.load_key("build", t.name) for t in project.star.tables), default=0)
    if project.checks:
        newest = max([newest, *(state.load_key("load", str(stream)) for stream in project.streams)])
    if held is None or held.load_key < newest:
        return "they have not passed since the last change" if newest else ""
    return "the declarations changed" if held.digest != digest else ""


def _exports(project: Project, state: State, builds: tuple[Build, ...], options: Options) -> tuple[Export, ...]:
    newest = max((state.load_key("build", t.name) for t in project.star.tables), default=0)
    found = []
    for position, (name, exporter) in enumerate(project.exports):
        label, digest = f"{name}: {exporter.to}", digest_of(exporter)
        held = state.loads.get(("export", label))
        files = frozenset(state.positions.get(label, ()))
        reason = ""
        if held is None or held.load_key < newest or builds:
            reason = "the star changed" if held else "new"
        elif held.digest != digest:
            reason = "its declaration changed"
        elif options.full:
            reason = "asked for in full"
        elif not all((project.folder / file).exists() for file in (exporter.to, *files)):
            reason = "a file is missing"
        if reason:
            found.append(Export(label, position, digest, reason, files))
    return tuple(found)


def made_from(project: Project) -> dict[str, frozenset[str]]:
    """Each stream and model with the names that it is made from directly."""
    made: dict[str, frozenset[str]] = {str(stream): frozenset() for stream in project.streams}
    for model in project.star.models:
        uses = {f"dim_{role.dimension}" for role in model.roles}
        made[model.table.name] = _reads(model) | uses
    return made


def _reads(model: Dimension | Fact) -> frozenset[str]:
    return _streams_of(model.select) if model.select else frozenset()


@cache
def _streams_of(of: Select) -> frozenset[str]:
    """The streams that a SELECT reads; a plan asks for them once for each pair of models."""
    return frozenset(str(name) for name in select.reads(select.parse(of)))


def _aliases(name: str) -> tuple[str, ...]:
    """A model answers to its table's name and to its own, a stream to its name and its source's."""
    if "." in name:
        return (name, name.partition(".")[0])
    return (name, name.partition("_")[2])


def _closure(names: set[str], above: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        parents = above[waiting.pop()]
        waiting |= parents - found
        found |= parents
    return found


def _unknown_selection(word: str, names: tuple[str, ...]) -> Mistake:
    return Mistake(f"nothing is called `{word}`", "--select", hint=hint(word, names, "there are"))
