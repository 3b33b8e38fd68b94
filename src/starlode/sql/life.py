"""What a member's whole life says of it: the first value of its fixed columns, and the last other value before the present one.

Both follow from the moments of everything that was seen, so any order of arrival gives the same. Where nobody says when a row
became true, the dimension itself is what is remembered, and the time of loading orders it. NULL is no value here: it is neither
first nor previous. A row without a moment, of a member without versions, is the oldest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import IS_INFERRED, VALID_FROM, WORK_CHAIN
from starlode.star import previous_column
from starlode.table import TIMESTAMP

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape

WORK_LIFE = "__starlode_life"


def read_life(dialect: Dialect, shape: Shape, rows: str) -> str:
    """One row for each member of the chain, from its rows with their moments, as `life`."""
    d, keys = shape.dimension, dialect.names(shape.keys, "s")
    values = [
        *(f"{_first(dialect, name, keys)} as {dialect.quote(name)}" for name in d.fixed),
        *(f"{_before(dialect, name, keys)} as {dialect.quote(previous_column(name))}" for name in d.previous),
    ]
    same = " and ".join(f"c.{dialect.quote(name)} = s.{dialect.quote(name)}" for name in shape.keys)
    listed = ",\n       ".join(values)
    return (
        f"{dialect.create_work} {WORK_LIFE} as\n"
        f"select distinct {keys},\n       {listed}\n"
        f"  from (\n{_told(dialect, shape, rows)}) as s\n"
        f"  join (\n{_present(dialect, shape)}) as c on {same}"
    )


def _first(dialect: Dialect, name: str, keys: str) -> str:
    value, seen_at = f"s.{dialect.quote(name)}", f"s.{dialect.own('seen_at')}"
    return (
        f"first_value({value}) over (partition by {keys}\n"
        f"                               order by {value} is null, {seen_at} nulls first, {value}\n"
        f"                               rows unbounded preceding)"
    )


def _before(dialect: Dialect, name: str, keys: str) -> str:
    value, seen_at = f"s.{dialect.quote(name)}", f"s.{dialect.own('seen_at')}"
    other = f"case when {dialect.differ(value, f'c.{dialect.quote(name)}')} then {value} end"
    return (
        f"first_value({other})\n"
        f"           over (partition by {keys}\n"
        f"                     order by {other} is null, {seen_at} desc nulls last, {value}\n"
        f"                     rows unbounded preceding)"
    )


def _told(dialect: Dialect, shape: Shape, rows: str) -> str:
    """What was told of each member, and when; what the dimension remembers as previous comes before all of it."""
    q, d, own = dialect.quote, shape.dimension, dialect.own
    names = dialect.names((*shape.keys, *d.fixed, *d.previous))
    dated = f" where {own('seen_at')} is not null" if shape.has_history else ""
    told = f"        select {names}, {own('seen_at')} from {rows}{dated}"
    if d.at or not d.previous:
        return told
    held = dialect.names((*shape.keys, *d.fixed, *(previous_column(name) for name in d.previous)), "d")
    same = " and ".join(f"w.{q(name)} = d.{q(name)}" for name in shape.keys)
    return (
        f"{told}\n"
        f"        union all\n"
        f"        select {held}, cast(null as {dialect.type(TIMESTAMP)}) from {dialect.table(d.table)} as d\n"
        f"         where d.{q(d.key_column)} > 0 and not d.{IS_INFERRED}\n"
        f"           and exists (select 1 from {WORK_CHAIN} as w where {same})"
    )


def _present(dialect: Dialect, shape: Shape) -> str:
    """What the dimension is about to show of each member now."""
    names = dialect.names((*shape.keys, *shape.dimension.previous))
    if not shape.has_history:
        return f"        select {names} from {WORK_CHAIN}"
    place = dialect.own("place")
    newest = f"row_number() over (partition by {dialect.names(shape.keys)} order by {VALID_FROM} desc)"
    return (
        f"        select {names} from (select *, {newest} as {place} from {WORK_CHAIN}) as numbered where {place} = 1"
    )
