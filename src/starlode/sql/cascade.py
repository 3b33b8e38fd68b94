"""Statements that let a dimension refer to another: each of its versions is cut where the other one has a version too.

A version that refers to several, or in several roles, holds in the pieces that the spans of all of them have in common. What
has no history refers to what the other is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dialect import HIGH_DATE
from starlode.sql.dimension import LOAD_KEY, VALID_FROM, VALID_TO, WORK_CHAIN, WORK_PIECES
from starlode.sql.known import FROM, UNTIL, versions
from starlode.sql.life import WORK_LIFE
from starlode.star import UNKNOWN_KEY

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension, Role, Star


def cut_versions(dialect: Dialect, shape: Shape, star: Star) -> str:
    """The chain as `pieces`, each with the keys of those that it refers to; NULL refers to the unknown member."""
    q = dialect.quote
    names = dialect.names((*shape.keys, *(c.name for c in shape.attributes)), "w")
    known = [(role, star.dimension(role.dimension), f"r{number}") for number, role in enumerate(shape.dimension.roles)]
    keys = "".join(
        f",\n       coalesce({alias}.{q(other.key_column)}, {UNKNOWN_KEY}) as {q(role.key_column)}"
        for role, other, alias in known
    )
    joins = "".join(f"\n  {_join(dialect, shape, role, other, alias)}" for role, other, alias in known)
    if not shape.has_history:
        return f"{dialect.create_work} {WORK_PIECES} as\nselect {names}{keys}\n  from {WORK_CHAIN} as w{joins}"
    begins = _end(dialect, "greatest", VALID_FROM, FROM, [alias for *_, alias in known])
    ends = _end(dialect, "least", VALID_TO, UNTIL, [alias for *_, alias in known])
    return (
        f"{dialect.create_work} {WORK_PIECES} as\n"
        f"select {names},\n       {begins} as {VALID_FROM},\n       {ends} as {VALID_TO}{keys}\n"
        f"  from {WORK_CHAIN} as w{joins}\n where {begins} < {ends}"
    )


def show_first(dialect: Dialect, shape: Shape, fixed: tuple[str, ...]) -> str:
    """Let the chain hold the first values of columns that are fixed, so that a reference is to what the dimension shows."""
    q = dialect.quote
    assigned = ", ".join(f"{q(name)} = l.{q(name)}" for name in fixed)
    same = " and ".join(f"c.{q(name)} = l.{q(name)}" for name in shape.keys)
    return f"update {WORK_CHAIN} as c\n   set {assigned}\n  from {WORK_LIFE} as l\n where {same}"


def members_of(dialect: Dialect, dimension: Dimension, star: Star, load_key: int) -> str:
    """A SELECT of the natural keys whose members refer to others that changed after a load, or to versions that are gone."""
    q = dialect.quote
    own, table = q(dimension.key_column), dialect.table(dimension.table)
    changed = []
    for role in dimension.roles:
        other = star.dimension(role.dimension)
        at = dialect.table(other.table)
        same = _pairs(dialect, role, other, "o", "d")
        changed += [
            f"exists (select 1 from {at} as o where {same} and o.{LOAD_KEY} > {load_key})",
            f"not exists (select 1 from {at} as o where o.{q(other.key_column)} = d.{q(role.key_column)})",
        ]
    names = dialect.names(dimension.key, "d")
    return f"\n{dialect.union}\n".join(
        f"select {names} from {table} as d\n where d.{own} > 0 and {test}" for test in changed
    )


def _join(dialect: Dialect, shape: Shape, role: Role, other: Dimension, alias: str) -> str:
    own = dialect.own
    asked = f"exists (select 1 from {WORK_CHAIN} as w where {_pairs(dialect, role, other, 'd', 'w')})"
    overlap = f"{alias}.{own(UNTIL)} = {dialect.moment(HIGH_DATE)}"
    if shape.has_history:
        overlap = f"{alias}.{own(FROM)} < w.{VALID_TO} and {alias}.{own(UNTIL)} > w.{VALID_FROM}"
    return (
        f"left join ({versions(dialect, other, asked)}) as {alias}\n"
        f"    on {_pairs(dialect, role, other, alias, 'w')} and {overlap}"
    )


def _end(dialect: Dialect, choose: str, own: str, known: str, aliases: list[str]) -> str:
    """Where the span of a version and those of all that it refers to begin or end together."""
    others = "".join(f", coalesce({alias}.{dialect.own(known)}, w.{own})" for alias in aliases)
    return f"{choose}(w.{own}{others})"


def _pairs(dialect: Dialect, role: Role, other: Dimension, theirs: str, ours: str) -> str:
    q = dialect.quote
    pairs = zip(other.key, role.columns, strict=True)
    return " and ".join(f"{theirs}.{q(key)} = {ours}.{q(column)}" for key, column in pairs)
