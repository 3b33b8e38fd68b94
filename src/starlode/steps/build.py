"""Build: derive a dimension or a fact from staging, in one transaction with its line of the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.finding import Finding
from starlode.sql import select, staging
from starlode.sql.layout import left_aside, without_words
from starlode.sql.touched import only_touched
from starlode.step import Outcome
from starlode.steps.before import close_before, open_before
from starlode.steps.calendar import build_calendar
from starlode.steps.cascade import concerned
from starlode.steps.deletes import left_since
from starlode.steps.dimension import build_dimension, keeps_columns
from starlode.steps.fact import build_fact
from starlode.steps.junk import build_junk
from starlode.steps.mending import mend
from starlode.steps.spoken import spoken
from starlode.steps.touched import driven, drop_touched, find_touched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.star import Dimension, Select
    from starlode.step import Build
    from starlode.steps.touched import Touched
    from starlode.table import Column, Table
    from starlode.work import Work


def build(step: Build, work: Work) -> Outcome:
    """Build the model that the step names, or say what it waits for when a stream has never given a row."""
    star = work.project.star
    dimensions = {d.table.name: d for d in star.dimensions}
    missing = _missing(step.model, work)
    if missing:
        told = f"it waits for {', '.join(missing)}, which has no rows yet"
        outcome = Outcome(findings=(Finding("waits", step.model, "warning", told),))
        work.ledger.write_waiting(step, outcome)
        return outcome
    table = next(table for table in star.tables if table.name == step.model)
    with work.ledger.recorded(step) as entry:
        was = open_before(work, table, entry.load_key)
        aside = _left_aside(work, table)
        if step.is_mended:
            mend(table, work, entry.load_key)
        if step.model in dimensions:
            entry.outcome = _build_dimension(dimensions[step.model], step, work, entry.load_key)
        else:
            fact = next(f for f in star.facts if f.table.name == step.model)
            tree = select.parse(fact.select)
            places = _places(work, fact.select)
            entry.outcome = build_fact(fact, tree, places, step, work, entry.load_key)
        close_before(work, table, was, entry.load_key)
        entry.outcome = replace(entry.outcome, findings=(*entry.outcome.findings, *aside))
    return entry.outcome


def _left_aside(work: Work, table: Table) -> tuple[Finding, ...]:
    """What a table that is made now cannot be told of how it is to lie."""
    aside = left_aside(work.project.shown.dialect, table.layout)
    if not aside or work.session.columns(table):
        return ()
    return (Finding("layout", table.name, "note", without_words(aside)),)


def _build_dimension(dimension: Dimension, step: Build, work: Work, load_key: int) -> Outcome:
    if dimension.select is None:
        made = build_junk if dimension.is_junk else build_calendar
        return made(dimension, work, load_key)
    tree = select.parse(dimension.select)
    places = dict(_places(work, dimension.select))
    driving = select.driving(tree)
    if dimension.reads_seen and driving is not None:
        name = f"{driving.db}.{driving.name}"
        places[name] = _seen(work, name, places[name])
    columns = work.session.describe(spoken(tree, places, work.session.dialect))
    touched = _touched(dimension, step, tree, places, columns, work)
    text = _read_again(tree, places, touched, work)
    outcome = build_dimension(dimension, text, columns, work, load_key)
    drop_touched(work)
    return outcome


def _touched(
    dimension: Dimension,
    step: Build,
    tree: exp.Query,
    places: Mapping[str, Table],
    columns: tuple[Column, ...],
    work: Work,
) -> Touched | None:
    """The members that changed since the dimension was built; None where it is built as a whole."""
    key = tuple(c for name in dimension.key for c in columns if c.name == name)
    if len(key) != len(dimension.key) or not keeps_columns(dimension, columns, work):
        return None
    also = filter(None, (concerned(dimension, step, work), left_since(dimension, step, work)))
    return find_touched(step, tree, places, key, work, f"\n{work.session.dialect.union}\n".join(also))


def _read_again(tree: exp.Query, places: Mapping[str, Table], touched: Touched | None, work: Work) -> str:
    """The SELECT over the rows of touched members."""
    dialect = work.session.dialect
    text = spoken(tree, places, dialect, driven(tree, places, touched))
    return text if touched is None or touched.is_own else only_touched(dialect, text, touched.columns)


def _missing(model: str, work: Work) -> list[str]:
    """The streams and dimensions of a model that have no table yet."""
    star, session = work.project.star, work.session
    made_of = next(m for m in star.models if m.table.name == model)
    names = select.reads(select.parse(made_of.select)) if made_of.select else ()
    streams = [
        str(name) for name in names if not session.columns(staging.staging_table(work.project.stream(str(name))))
    ]
    used = [star.dimension(role.dimension).table for role in made_of.roles]
    return streams + [table.name for table in used if not session.columns(table)]


def _places(work: Work, of: Select) -> Mapping[str, Table]:
    """The staging table of each stream that a SELECT reads, with the columns that it has now."""
    places = {}
    for name in select.reads(select.parse(of)):
        table = staging.staging_table(work.project.stream(str(name)))
        places[str(name)] = replace(table, columns=work.session.columns(table))
    return places


def _seen(work: Work, name: str, current: Table) -> Table:
    """Everything that was seen of a keyed stream; a stream without a key keeps all of it anyway."""
    table = staging.seen_table(work.project.stream(name))
    columns = work.session.columns(table)
    return replace(table, columns=columns) if columns else current
