"""Junk dimensions: a table that waits for the combinations that facts bring, and the facts that bring them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.sql import junk as sql
from starlode.sql import staging
from starlode.sql.dimension import LOAD_KEY, delete_reserved, is_reserved
from starlode.sql.export import count_members
from starlode.sql.fact import WORK_FACT
from starlode.sql.keys import WORK_MISSING, key_map
from starlode.step import Outcome
from starlode.steps.before import close_before, keep_before, open_before
from starlode.steps.shaping import ensure_table
from starlode.table import Column, widen
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.sql.fact import Shape
    from starlode.star import Dimension, Role
    from starlode.work import Work


def build_junk(dimension: Dimension, work: Work, load_key: int) -> Outcome:
    """Make the table to which facts add their combinations; combinations of other columns than are declared now go."""
    session, dialect, table, pairs = work.session, work.session.dialect, dimension.table, key_map(dimension)
    held = {c.name: c for c in session.columns(table)}
    known = {c.name for c in session.columns(pairs)} - {c.name for c in pairs.columns}
    stale = {c for c in held if c not in (dimension.key_column, LOAD_KEY)} or known
    is_other = bool(stale) and stale != set(dimension.key)
    gone = session.rows(count_members(dialect, table, dimension.key_column))[0][0] if held and is_other else 0
    if is_other or not known:
        ensure_table(work, pairs, pairs.columns)
    if is_other or not held:
        ensure_table(work, table, sql.columns(dimension, ()))
    if is_other:
        session.execute(sql.forget_pairs(dialect, dimension))
        session.execute(staging.empty(dialect, table))
    keep_before(work, table, "d", is_reserved(dialect, dimension), load_key)
    session.execute(delete_reserved(dialect, dimension))
    key = () if is_other else tuple(held[name] for name in dimension.key if name in held)
    session.execute(sql.add_reserved(dialect, dimension, key, load_key))
    return Outcome(deleted=gone)


def collect(shape: Shape, work: Work, load_key: int) -> tuple[Shape, tuple[Finding, ...]]:
    """Add what combinations a fact brings that are new; the fact's shape with the columns of its junk dimensions."""
    uses = {d: [r for r in shape.fact.roles if r.dimension == d.name] for d in shape.dimensions.values() if d.is_junk}
    fitted = {d.name: _fit(d, roles, shape, work, load_key) for d, roles in uses.items() if roles}
    shape = replace(shape, junk=fitted)
    found = (_add(d, role, shape, work, load_key) for d, roles in uses.items() for role in roles)
    return shape, tuple(finding for findings in found for finding in findings)


def _fit(dimension: Dimension, roles: list[Role], shape: Shape, work: Work, load_key: int) -> tuple[Column, ...]:
    """Let the columns of a junk dimension hold what a fact brings beside what they hold; the columns then."""
    session, dialect, table = work.session, work.session.dialect, dimension.table
    held = {c.name: c for c in session.columns(table)}
    known = {c.name: c for c in session.columns(key_map(dimension))} | held
    given = {c.name: c for c in shape.selected}
    key = []
    for place, name in enumerate(dimension.key):
        # Which fact brings the longest text is not known, so there is room for any.
        wanted = known.get(name) or Column(name, replace(given[roles[0].columns[place]].type, width=0))
        for role in roles:
            wanted = _wider(wanted, given[role.columns[place]], dimension, shape)
        key.append(wanted)
    if any(held.get(c.name) != c for c in key):
        was = open_before(work, table, load_key)
        pairs = key_map(dimension, tuple(key))
        ensure_table(work, pairs, pairs.columns)
        ensure_table(work, table, sql.columns(dimension, key))
        keep_before(work, table, "d", is_reserved(dialect, dimension), load_key)
        session.execute(delete_reserved(dialect, dimension))
        session.execute(sql.add_reserved(dialect, dimension, key, load_key))
        close_before(work, table, was, load_key)
    return tuple(key)


def _wider(held: Column, given: Column, dimension: Dimension, shape: Shape) -> Column:
    both = widen(held.type, given.type)
    if both is None:
        fact = shape.fact
        raise DataError(
            f"{given.name} of {fact.table.name} is {given.type} and {held.name} of {dimension.table.name} is {held.type}: "
            "no type holds both",
            where=fact.select.file,
            hint="cast it in the SELECT to what the other facts bring, or give this fact a junk dimension of its own",
        )
    return Column(held.name, both)


def _add(dimension: Dimension, role: Role, shape: Shape, work: Work, load_key: int) -> tuple[Finding, ...]:
    session, dialect, key = work.session, work.session.dialect, shape.junk[dimension.name]
    session.execute(sql.allot_keys(dialect, role, dimension, key, WORK_FACT))
    count = session.rows(sql.count_missing(dialect))[0][0]
    session.execute(sql.add_pairs(dialect, dimension, key))
    session.execute(sql.add_members(dialect, dimension, key, load_key))
    session.execute(staging.drop_work(dialect, WORK_MISSING))
    if not count:
        return ()
    told = f"{counted(count, 'combination')} of {', '.join(dimension.key)} that {shape.fact.table.name} brings first"
    return (Finding("combinations", dimension.table.name, "note", told, found=str(count)),)
