"""The columns that a SELECT gives, held against what the declaration says of them.

It is done before anything is read, so that a misspelt column is told by its name and not in the words of the warehouse.
Columns that the star adds are kept for the star: two of one name would lose the values of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.nearest import hint
from starlode.sql.dialect import OWN
from starlode.sql.dimension import LOAD_KEY, added_columns
from starlode.sql.fact import count_given, count_no_time
from starlode.star import DAY
from starlode.table import TIME, TIMESTAMP
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlode.session import Session
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension, Fact, Role, Select
    from starlode.table import Column


def guard_dimension(dimension: Dimension, columns: tuple[Column, ...]) -> None:
    """Refuse a dimension whose SELECT lacks a declared column, or gives one that the star adds."""
    if dimension.select is None:
        return
    name, given = dimension.table.name, tuple(column.name for column in columns)
    at = (dimension.at,) if dimension.at else ()
    dims = tuple(name for role in dimension.roles for name in role.columns)
    declared = {"key": dimension.key, "history": dimension.history, "fixed": dimension.fixed, "at": at}
    declared |= {"previous": dimension.previous, "dims": dims}
    _guard_declared(name, dimension.select, declared, given)
    if dimension.on_conflict == "latest" and not dimension.at:
        raise DataError(
            f"`on_conflict: latest` of {name} does not say which row is the latest",
            where=dimension.select.file,
            hint="name the column that tells it with `at:`, or declare `on_conflict: most_frequent`",
        )
    _guard_own(name, dimension.select, added_columns(dimension), tuple(n for n in given if n != dimension.at))


def guard_fact(fact: Fact, columns: tuple[Column, ...]) -> None:
    """Refuse a fact whose SELECT lacks a declared column, or gives one that the star adds."""
    given = tuple(column.name for column in columns)
    made = (DAY,) if fact.kind == "daily" else ()
    dims = tuple(name for role in fact.roles for name in role.columns if name not in made)
    at = (fact.at,) if fact.at else ()
    declared = {
        "grain": fact.given_grain,
        "at": at,
        "dims": dims,
        "measures": tuple(fact.measures),
        "milestones": fact.milestones,
        "weight": (fact.weight,) if fact.weight else (),
    }
    _guard_declared(fact.table.name, fact.select, declared, given)
    own = (*(name for role in fact.roles for name in role.key_columns), *made, *fact.added_measures, LOAD_KEY)
    _guard_own(fact.table.name, fact.select, own, tuple(name for name in given if name != fact.weight))


def guard_names(dialect: Dialect, of: str, names: Iterable[str]) -> None:
    """Refuse columns whose names the warehouse would cut off, before anything is changed; all of them are told."""
    long = [name for name in names if dialect.is_too_long(name)]
    if long:
        listed = ", ".join(long)
        raise DataError(
            f"{counted(len(long), 'name')} of {of} have more than the {dialect.max_name} bytes that the warehouse keeps: "
            f"{listed}",
            hint="give them shorter names: at the source, in the SELECT, or with `header` of the stream",
        )


def guard_moment(table: str, select: Select, column: Column, session: Session) -> None:
    """Refuse a column that should be a moment and is a number, or a text that is none."""
    if column.type.kind in ("date", "timestamp", "timestamptz"):
        return
    is_text = column.type.kind == "text"
    bent = session.rows(count_no_time(session.dialect, column.name, TIMESTAMP, is_text=is_text))[0][0]
    if bent:
        raise DataError(
            f"{column.name} of {table} should be a moment and is {column.type}: "
            f"{counted(bent, 'row')} cannot be read as one",
            where=select.file,
            hint=f"make it one in the SELECT (epoch_ms({column.name}) for milliseconds, strptime for a text), "
            "or declare its type with `types:` of the stream",
        )


def guard_time(table: str, select: Select, column: Column, session: Session) -> None:
    """Refuse a column that should hold times of a day and holds days, numbers, or a text that is none."""
    if column.type.kind in ("time", "timestamp", "timestamptz"):
        return
    is_text = column.type.kind == "text"
    bent = session.rows(count_no_time(session.dialect, column.name, TIME, is_text=is_text))[0][0]
    if bent:
        raise DataError(
            f"{column.name} of {table} should hold times of a day and is {column.type}: "
            f"{counted(bent, 'row')} cannot be read as one",
            where=select.file,
            hint=f"give a time or a moment in the SELECT, as in strptime({column.name}, '%H:%M')",
        )


def guard_kinds(
    of: Dimension | Fact, role: Role, dimension: Dimension, columns: tuple[Column, ...], session: Session
) -> None:
    """Refuse a lookup between columns that the warehouse would bend to compare, as `007` is not 7."""
    held = {column.name: column for column in session.columns(dimension.table)}
    given = {column.name: column for column in columns}
    for name, key in zip(role.columns, dimension.key, strict=True):
        one, other = given[name], held[key]
        if _family(one) == _family(other) or not session.rows(count_given(session.dialect, of, name))[0][0]:
            continue
        raise DataError(
            f"{name} of {of.table.name} is {one.type} and {key} of {dimension.table.name} is {other.type}: "
            "they cannot be compared exactly",
            where=of.select.file if of.select else None,
            hint="declare one type for both with `types:` of their streams, or cast one of them in its SELECT",
        )


def _family(column: Column) -> str:
    families = {"integer": "number", "decimal": "number", "double": "number", "date": "moment", "timestamp": "moment"}
    return families.get(column.type.kind, column.type.kind)


def _guard_declared(table: str, select: Select, declared: dict[str, tuple[str, ...]], given: tuple[str, ...]) -> None:
    for setting, names in declared.items():
        for name in names:
            if name not in given:
                raise DataError(
                    f"`{setting}` of {table} names the column {name}, which its SELECT does not give",
                    where=select.file,
                    hint=hint(name, given, "columns"),
                )


def _guard_own(table: str, select: Select, own: Iterable[str], given: tuple[str, ...]) -> None:
    kept = {name.lower() for name in own}
    for name in given:
        if name.lower() in kept or name.lower().startswith(OWN):
            raise DataError(
                f"the SELECT of {table} gives a column {name}, and the star adds one of that name itself",
                where=select.file,
                hint=f'give it another name in the SELECT: "{name}" as its_{name.strip("_")}',
            )
