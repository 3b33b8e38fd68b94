"""Why a row of the star is as it is: the source rows behind it, the versions that it points to, the run that wrote it.

Nothing is kept for it beforehand: every row of staging knows its place, and the model's own SELECT, narrowed to the one row,
carries those places along. The warehouse is opened for reading, and nothing is changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlode.errors import Mistake, ProjectError, WarehouseError
from starlode.ledger import read_state
from starlode.nearest import listing
from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql import ledger as ledger_sql
from starlode.sql import select
from starlode.sql import why as sql
from starlode.sql.dialect import OWN
from starlode.sql.dimension import IS_CURRENT, IS_INFERRED, LOAD_KEY, VALID_FROM, VALID_TO
from starlode.star import DAY, Fact
from starlode.steps.spoken import spoken
from starlode.tracing.asking import Asking
from starlode.tracing.naming import COMMAND, apart, model_named, named_row
from starlode.tracing.pointing import pointings, rows_by
from starlode.tracing.sources import Found, distinct, find
from starlode.tracing.told import Conflict, Told, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from starlode.star import Dimension, Select
    from starlode.table import Table
    from starlode.tracing.sources import Given

MOMENT = f"{OWN}seen_at"
NOTHING = Found((), (), groups=False, is_cut=False)


def why(project: Project, table: str, where: Mapping[str, Any]) -> Why:
    """What is known of the row of a fact, or the member of a dimension, that has these values; changes nothing.

    Raises ProjectError where no row has them, or more than one.
    """
    model = model_named(project, table)
    if not where:
        raise ProjectError(Mistake("no row is named", COMMAND, hint=f"name one by {listing(apart(model))}"))
    if not project.warehouse.exists:
        raise WarehouseError("there is no warehouse yet", hint="`starlode run` makes it")
    session = project.warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        asking = Asking(project, session)
        held = replace(model.table, columns=session.columns(model.table))
        if not held.columns or not session.columns(ledger_sql.TABLES[-1]):
            raise WarehouseError(f"{held.name} is not built yet", hint="`starlode run` builds it")
        row = named_row(session, model, held, {name: str(value) for name, value in where.items()})
        return _fact(asking, model, row) if isinstance(model, Fact) else _member(asking, model, held, row)
    finally:
        session.close()


def _fact(asking: Asking, fact: Fact, row: dict[str, Any]) -> Why:
    session, tree = asking.session, select.parse(fact.select)
    places = asking.places(fact.select)
    by = {name: row[name] for name in fact.given_by}
    keys = {role.key_column for role in fact.roles}
    own = tuple(name for name in row if name not in keys and name != LOAD_KEY)
    text = spoken(tree, places, session.dialect)
    own = tuple(c.name for c in session.describe(text) if c.name in own)
    now = session.rows(sql.narrowed(session.dialect, text, fact.given_by, own, 1), tuple(by.values()))
    found = find(asking, tree, places, by, ())
    told = Told(row, asking.written(row[LOAD_KEY]), found.sources, found.is_cut)
    remarks = (
        *_carried(fact, row),
        *_pointed_anew(told),
        *_moved_on(asking, fact, fact.select),
        *_differing(row, own, now),
    )
    return Why(
        table=fact.table.name,
        named={name: row[name] for name in fact.grain},
        rows=(told,),
        pointings=pointings(asking, fact, row),
        untold=found.untold,
        conflicts=_conflicts(asking, fact.table, _places_of(found)),
        remarks=remarks,
    )


def _carried(fact: Fact, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Whether a day has the state of an earlier one."""
    if fact.kind != "daily" or fact.at is None or str(row[fact.at])[:10] == str(row[DAY]):
        return ()
    return (f"no state is of this day: the one of {row[fact.at]} is carried forward",)


def _pointed_anew(told: Told) -> tuple[str, ...]:
    """Whether the load that wrote a row found all its source rows there, and came for the sake of a dimension."""
    written = told.written
    if written is None or not told.sources or not written.because.startswith("dim_"):
        return ()
    if any(source.loaded.run_id == written.run_id for source in told.sources):
        return ()
    return (f"load {written.load_key} looked its keys up again: its source rows were there before",)


def _differing(row: Mapping[str, Any], names: tuple[str, ...], now: list[tuple[Any, ...]]) -> tuple[str, ...]:
    """Whether the SELECT still gives what the fact holds."""
    if not now:
        return ("its SELECT gives no such row any more",)
    differ = [name for name, value in zip(names, now[0], strict=True) if value != row[name]]
    return (f"what its SELECT gives now differs in {listing(differ)}",) if differ else ()


def _places_of(found: Found) -> list[dict[str, str]]:
    return [{FILE_COLUMN: str(source.file), ROW_COLUMN: str(source.row)} for source in found.sources]


def _member(asking: Asking, dimension: Dimension, held: Table, row: dict[str, Any]) -> Why:
    natural = {name: row[name] for name in dimension.key}
    if dimension.select is None or None in natural.values():
        brought = "a fact brought it" if dimension.is_junk else "it is made from no stream"
        remark = "a reserved member" if row[dimension.key_column] < 0 else brought
        named = {dimension.key_column: row[dimension.key_column]}
        return Why(held.name, named, (Told(row, asking.written(row[LOAD_KEY]), ()),), remarks=(remark,))
    versions = rows_by(asking, dimension, natural)
    is_inferred = versions[0][IS_INFERRED]
    found = NOTHING if is_inferred else _seen(asking, dimension, dimension.select, natural)
    remarks = ("inferred from a fact: no row of its own has come yet",) if is_inferred else ()
    return Why(
        table=held.name,
        named=natural,
        rows=tuple(_version(asking, dimension, version, found) for version in versions),
        untold=found.untold,
        conflicts=_conflicts(asking, held, [{name: str(value) for name, value in natural.items()}]),
        remarks=(*remarks, *_moved_on(asking, dimension, dimension.select), *_remembered(dimension, versions)),
    )


def _seen(asking: Asking, dimension: Dimension, of: Select, natural: Mapping[str, Any]) -> Found:
    """The rows that a dimension's SELECT gives of a member, from everything that was seen where it has history."""
    tree = select.parse(of)
    places = dict(asking.places(of))
    first = select.driving(tree)
    if dimension.history and dimension.at and first is not None:
        name = f"{first.db}.{first.name}"
        places[name] = asking.seen(name, places[name])
    return find(asking, tree, places, natural, (dimension.at,) if dimension.at else ())


def _version(asking: Asking, dimension: Dimension, version: dict[str, Any], found: Found) -> Told:
    """A version with the rows that say it; without moments of their own, the rows say how the member is now."""
    if not dimension.history:
        rows = found.rows
    elif dimension.at is None:
        rows = found.rows if version[IS_CURRENT] else ()
    else:
        rows = tuple(given for given in found.rows if _is_of(asking, dimension.at, version, given))
    return Told(version, asking.written(version[LOAD_KEY]), distinct(rows), found.is_cut)


def _is_of(asking: Asking, at: str, version: Mapping[str, Any], given: Given) -> bool:
    moment = given.values[at]
    if moment is None:
        return False
    read = asking.session.rows(sql.moment(asking.session.dialect), (moment,))[0][0]
    return bool(version[VALID_FROM] <= read < version[VALID_TO])


def _remembered(dimension: Dimension, versions: list[dict[str, Any]]) -> tuple[str, ...]:
    if dimension.history and not dimension.at and len(versions) > 1:
        return ("without `at`, only the dimension remembers its earlier versions; their source rows are not told",)
    return ()


def _moved_on(asking: Asking, model: Dimension | Fact, of: Select) -> tuple[str, ...]:
    """What was loaded after the model was built: its source rows are told as they are now."""
    state = read_state(asking.session, asking.project)
    built = state.load_key("build", model.table.name)
    names = dict.fromkeys(str(name) for name in select.reads(select.parse(of)))
    newer = [name for name in names if state.load_key("load", name) > built]
    return (f"{listing(newer)} was loaded since it was built; the next run builds it anew",) if newer else ()


def _conflicts(asking: Asking, table: Table, keys: list[dict[str, str]]) -> tuple[Conflict, ...]:
    """What was written down of rows that disagree about one of some keys."""
    found = asking.session.rows(sql.conflicts_of(asking.session.dialect), (table.name,))
    return tuple(
        Conflict(*rest) for key, *rest in found if {name: str(value) for name, value in json.loads(key).items()} in keys
    )
