"""Bringing the tables of the star to the columns that are declared now, with all that can stay staying."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.session import Reshape
from starlode.sql import dimension as sql
from starlode.sql import keys, staging
from starlode.steps.before import keep_before
from starlode.table import is_wider, widen

if TYPE_CHECKING:
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension
    from starlode.table import Column, Table
    from starlode.work import Work


def ensure_table(
    work: Work,
    table: Table,
    columns: tuple[Column, ...],
    reserved: str | None = None,
    kept: frozenset[str] = frozenset(),
) -> None:
    """Create a table of the star, or bring it to the columns that are declared now.

    A column whose type does not only widen is made anew, as its values are derived again; those in `kept` cannot be.
    """
    session, dialect = work.session, work.session.dialect
    held = {column.name: column.type for column in session.columns(table)}
    if not held:
        session.execute(staging.create(dialect, replace(table, columns=columns)))
        if reserved:
            session.execute(reserved)
        return
    wanted = {column.name: column.type for column in columns}
    bent = {name for name in wanted.keys() & held.keys() - kept if widen(held[name], wanted[name]) != wanted[name]}
    change = Reshape(
        dropped=tuple(sorted(held.keys() - wanted.keys())),
        renewed=tuple(c for c in columns if c.name in bent),
        added=tuple(c for c in columns if c.name not in held),
        retyped=tuple(
            c
            for c in columns
            if c.name in held.keys() - bent and (held[c.name] != c.type or is_wider(c.type, held[c.name]))
        ),
    )
    if not change.is_nothing:
        session.reshape(replace(table, columns=columns), change)
    if table.layout is not None:
        session.lay(replace(table, columns=columns))


def shape_dimension(work: Work, shape: Shape, load_key: int) -> int:
    """Bring a dimension's table, view and map to its shape, members and keys kept; how many past versions went."""
    session, dimension = work.session, shape.dimension
    held = session.columns(dimension.table)
    is_shown = dimension.durable_column in (column.name for column in held)
    wanted = {column.name: column.type for column in shape.columns}
    changes = {column.name: column.type for column in held} != wanted or any(
        is_wider(wanted[column.name], column.type) for column in held
    )
    if not (is_shown or dimension.durable) or not (changes or session.columns(dimension.current) != held):
        return _shape_table(work, shape, load_key)

    def current() -> str | None:
        columns = session.columns(dimension.table)
        return sql.current_members(session.dialect, shape, columns) if dimension.durable else None

    with session.showing(dimension.current, current):
        return _shape_table(work, shape, load_key)


def _shape_table(work: Work, shape: Shape, load_key: int) -> int:
    """Bring the dimension's table to its shape, members and keys kept; how many past versions went with a history."""
    session, dialect, table = work.session, work.session.dialect, shape.dimension.table
    held = {column.name: column.type for column in session.columns(table)}
    had_history = sql.IS_CURRENT in held
    past = 0
    if had_history and not shape.has_history:
        # Noted now and deleted below: DuckDB alters no table that the same transaction has written to.
        session.execute(sql.note_past(dialect, shape))
        past = session.rows(sql.count_past(dialect))[0][0]
    reserved = sql.add_reserved(dialect, shape, load_key)
    # What only the dimension itself remembers cannot be derived again: its keys, and a life that load time orders.
    by_load = (shape.has_history or shape.dimension.has_life) and not shape.dimension.at
    remembered = shape.columns if by_load else shape.key
    ensure_table(work, table, shape.columns, reserved, frozenset(column.name for column in remembered))
    is_reshaped = held != {column.name: column.type for column in shape.columns}
    if held and is_reshaped:
        if shape.has_history and not had_history:
            session.execute(sql.open_spans(dialect, shape))
        if past:
            session.execute(sql.delete_past(dialect, shape))
    if held and (is_reshaped or (shape.texts and session.rows(sql.count_mislabelled(dialect, shape))[0][0])):
        keep_before(work, table, "d", sql.is_reserved(dialect, shape.dimension), load_key)
        session.execute(sql.delete_reserved(dialect, shape.dimension))
        session.execute(reserved)
        keep_before(work, table, "d", sql.is_called_otherwise(dialect, shape), load_key)
        session.execute(sql.label_inferred(dialect, shape, load_key))
    _shape_key_map(work, shape, load_key, follows=had_history and not shape.has_history)
    return past


def _shape_key_map(work: Work, shape: Shape, load_key: int, *, follows: bool) -> None:
    """Make or reshape the map of a dimension's keys; one that is new learns those that the dimension has already.

    Another natural key names other members: the ones that are there go, and their keys are nobody's for ever.
    """
    session, dialect, dimension = work.session, work.session.dialect, shape.dimension
    table = keys.key_map(dimension, shape.key)
    held = {column.name for column in session.columns(table)}
    ensure_table(work, table, table.columns, kept=frozenset(table.names))
    if held and held != set(table.names):
        session.execute(keys.forget_names(dialect, shape))
        keep_before(work, dimension.table, "d", sql.is_member(dialect, dimension), load_key)
        session.execute(sql.delete_members(dialect, shape))
    if follows:
        session.execute(keys.follow_members(dialect, dimension))
    if follows or not held:
        session.execute(keys.add_held_pairs(dialect, shape))


def make_room(work: Work, dimension: Dimension, held: tuple[Column, ...], needed: tuple[Column, ...]) -> None:
    """Let the natural key of a dimension, and of the map of its keys, take the texts that come."""
    wider = tuple(c for c, now in zip(needed, held, strict=True) if is_wider(c.type, now.type))
    for table in (dimension.table, keys.key_map(dimension)) if wider else ():
        work.session.reshape(table, Reshape(retyped=wider))


def find_members(work: Work, shape: Shape) -> None:
    """Make members quick to find; done when a table is filled, as an index is built in one go then."""
    session, dimension = work.session, shape.dimension
    keys_of = keys.key_map(dimension)
    for table, names in ((dimension.table, shape.keys), (keys_of, shape.keys)):
        session.find_by(table, names)
        session.find_by(table, (dimension.key_column,))
    session.find_by(dimension.table, (sql.LOAD_KEY,), grows=True)
