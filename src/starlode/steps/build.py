"""Build: derive a dimension or a fact from staging, in one transaction with its line of the ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.sql import select, staging
from starlode.steps.dimension import build_calendar, build_dimension
from starlode.steps.fact import build_fact
from starlode.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Dimension, Select
    from starlode.step import Build, Outcome
    from starlode.work import Work


def build(step: Build, work: Work) -> Outcome:
    """Build the model that the step names."""
    star = work.project.star
    dimensions = {str(d.table.name): d for d in star.dimensions}
    with work.ledger.recorded(step) as entry:
        if step.model in dimensions:
            entry.outcome = _build_dimension(dimensions[step.model], work, entry.load_key)
        else:
            fact = next(f for f in star.facts if f.table.name == step.model)
            tree = select.parse(fact.select)
            places = _places(work, fact.select)
            entry.outcome = build_fact(fact, tree, places, work, entry.load_key)
    return entry.outcome


def _build_dimension(dimension: Dimension, work: Work, load_key: int) -> Outcome:
    if dimension.select is None:
        return build_calendar(dimension, work, load_key)
    tree = select.parse(dimension.select)
    places = dict(_places(work, dimension.select))
    driving = select.driving(tree)
    if dimension.history and dimension.at and driving is not None:
        name = f"{driving.db}.{driving.name}"
        places[name] = _seen(work, name, places[name])
    sql = select.resolve(tree, places, work.session.dialect.sqlglot)
    return build_dimension(dimension, sql, work, load_key)


def _places(work: Work, of: Select) -> Mapping[str, Table]:
    """The staging table of each stream that a SELECT reads, with the columns that it has now."""
    places = {}
    for name in select.reads(select.parse(of)):
        stream = work.project.stream(str(name))
        table = staging.staging_table(stream)
        columns = work.session.columns(table)
        if not columns:
            raise DataError(
                f"{stream} has not been loaded yet", where=of.file, hint=f"run it with `starlode run --select {stream}`"
            )
        places[str(name)] = replace(table, columns=columns)
    return places


def _seen(work: Work, name: str, current: Table) -> Table:
    """Everything that was seen of a keyed stream; a stream without a key keeps all of it anyway."""
    table = staging.seen_table(work.project.stream(name))
    columns = work.session.columns(table)
    return replace(table, columns=columns) if columns else current
