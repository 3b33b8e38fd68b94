"""Which version of each dimension a row of a fact points to, and why it is that one."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from starlode.nearest import listing
from starlode.sql import why as sql
from starlode.sql.dimension import IS_INFERRED, LOAD_KEY, VALID_FROM, VALID_TO
from starlode.star import DAY, NOT_APPLICABLE_KEY, NOT_YET_ARRIVED_KEY, UNKNOWN_KEY
from starlode.tracing.told import Pointing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Dimension, Fact, Role
    from starlode.tracing.asking import Asking

Row = dict[str, "Any"]


def pointings(asking: Asking, fact: Fact, row: Mapping[str, Any]) -> tuple[Pointing, ...]:
    """What each key of a row of a fact points to."""
    return tuple(_pointing(asking, fact, role, row) for role in fact.roles)


def _pointing(asking: Asking, fact: Fact, role: Role, row: Mapping[str, Any]) -> Pointing:
    dimension = asking.project.star.dimension(role.dimension)
    key = row[role.key_column]
    found = rows_by(asking, dimension, {dimension.key_column: key})
    member = found[0] if found else {}
    because = _reserved(fact, role, dimension, row) if key < 0 else _because(asking, fact, role, row, member)
    is_version = bool(dimension.history) and key > 0
    return Pointing(
        column=role.key_column,
        dimension=dimension.table.name,
        key=key,
        valid_from=member.get(VALID_FROM) if is_version else None,
        valid_to=member.get(VALID_TO) if is_version else None,
        because=because,
        written=asking.written(member.get(LOAD_KEY)),
    )


def rows_by(asking: Asking, dimension: Dimension, by: Mapping[str, Any]) -> list[Row]:
    """The rows of a dimension that have some values, in the order of their moments."""
    session = asking.session
    names = tuple(column.name for column in session.columns(dimension.table))
    found = session.rows(sql.versions(session.dialect, dimension, names, tuple(by)), tuple(by.values()))
    return [dict(zip(names, row, strict=True)) for row in found]


def _reserved(fact: Fact, role: Role, dimension: Dimension, row: Mapping[str, Any]) -> str:
    """Why a row points to a member that stands for none."""
    name, key = dimension.table.name, row[role.key_column]
    missing = [column for column in role.columns if row[column] is None]
    if key == NOT_APPLICABLE_KEY:
        return f"not applicable because {listing(set(missing) & set(fact.not_applicable))} is NULL"
    if missing:
        return f"unknown because {listing(missing)} is NULL"
    if key == NOT_YET_ARRIVED_KEY:
        return f"not in {name} yet: held until it comes"
    return f"not in {name}, and `late: {fact.late}` points to the unknown member" if key == UNKNOWN_KEY else "reserved"


def _because(asking: Asking, fact: Fact, role: Role, row: Mapping[str, Any], member: Row) -> str:
    """Why a row points to a version of a member."""
    dimension = asking.project.star.dimension(role.dimension)
    columns = listing(role.columns)
    if not member:
        return f"{dimension.table.name} has no such key: `starlode check` tells more"
    if dimension.calendar is not None:
        return f"the {dimension.calendar.grain} of {columns}"
    if member.get(IS_INFERRED):
        return f"not in {dimension.table.name}: inferred, not yet arrived"
    if not dimension.history:
        return f"the member of {columns}; it has no history"
    if fact.at is None:
        return "the fact has no `at`, so the current one"
    if row[fact.at] is None:
        return f"{fact.at} is NULL, so the current one"
    if fact.kind == "daily":
        end = datetime.combine(row[DAY], time.max)
        return _as_of(asking, dimension, f"the end of {DAY}", end, member)
    moment = asking.session.rows(sql.moment(asking.session.dialect), (row[fact.at],))[0][0]
    return _as_of(asking, dimension, fact.at, moment, member)


def _as_of(asking: Asking, dimension: Dimension, at: str, moment: datetime, member: Row) -> str:
    """Why a version is the one of a moment."""
    if member[VALID_FROM] <= moment < member[VALID_TO]:
        return f"as of {at}"
    versions = rows_by(asking, dimension, {name: member[name] for name in dimension.key})
    begun = [version for version in versions if version[VALID_FROM] <= moment]
    meant = begun[-1] if begun else versions[0]
    if meant[dimension.key_column] != member[dimension.key_column]:
        return "its versions have changed since; the next run points it anew"
    return (
        f"{at} lies after its last version, so the last one"
        if begun
        else f"{at} lies before the first, so the first one"
    )
