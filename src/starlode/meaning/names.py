"""Names that the warehouse would cut off, found before anything is done.

A name is counted in bytes, and those that Starlode makes itself are counted with it: the tables of a stream that are built
beside the one that people see, and the keys of dimensions in each role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE
from starlode.errors import Mistake
from starlode.sql import staging
from starlode.sql.edition import came_table
from starlode.sql.following import gone_table
from starlode.sql.keys import key_map
from starlode.star import previous_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlode.declare import Reading
    from starlode.project import Project
    from starlode.sql.dialect import Dialect
    from starlode.star import Role, Star


def guard_names(project: Project, reading: Reading) -> None:
    """Tell every name of a project that its warehouse cannot keep, or the target into which the finished star is loaded."""
    _tell_long(project.warehouse.dialect, _names(project), reading)
    if project.target is not None:
        beside = (came_table(table).name for table in project.star.tables)
        _tell_long(project.target.dialect, (*_of_star(project.star), *beside), reading)


def _tell_long(dialect: Dialect, names: Iterable[str], reading: Reading) -> None:
    long = [name for name in dict.fromkeys(names) if dialect.is_too_long(name)]
    if long:
        what = f"names longer than the {dialect.max_name} bytes that the warehouse keeps: {', '.join(long)}"
        reading.mistakes.append(
            Mistake(what, PROJECT_FILE, hint="give the stream, dimension, fact or role a shorter name")
        )


def _names(project: Project) -> Iterator[str]:
    for stream in project.streams:
        # The longest of the names that lie beside it.
        yield gone_table(staging.seen_table(stream) if stream.key else staging.staging_table(stream)).name
    yield from _of_star(project.star)


def _of_star(star: Star) -> Iterator[str]:
    for dimension in star.dimensions:
        table = dimension.table if dimension.calendar else key_map(dimension)
        yield from (table.name, *dimension.own_keys, *dimension.key, *dimension.history, *dimension.fixed)
        yield from map(previous_column, dimension.previous)
        yield from _of_roles(dimension.roles)
    for fact in star.facts:
        yield from (fact.table.name, *fact.grain, *fact.all_measures)
        yield from _of_roles(fact.roles)


def _of_roles(roles: tuple[Role, ...]) -> Iterator[str]:
    for role in roles:
        yield from (*role.key_columns, *role.columns)
