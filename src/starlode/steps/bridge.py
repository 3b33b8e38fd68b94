"""Bridges: the weights that a SELECT gives are exact and 1 for each member, or nothing is built of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import DataError, Evidence
from starlode.sql.fact import WORK_FACT
from starlode.sql.kinds import torn_weights
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.session import Session
    from starlode.sql.fact import Shape

MOST_CONFLICTS = 1_000


def guard_weights(shape: Shape, session: Session) -> None:
    """Refuse declared weights that are no exact numbers, and members whose weights are not 1 together."""
    fact = shape.fact
    if fact.weight is None:
        return
    name, given = fact.table.name, next(c for c in shape.selected if c.name == fact.weight)
    if given.type.kind not in ("decimal", "integer"):
        raise DataError(
            f"{given.name} of {name} is {given.type}, and weights have to be exact",
            where=fact.select.file,
            hint=f"cast it in the SELECT: cast({given.name} as decimal(9,6)), or declare its type with `types:` of the stream",
        )
    found = session.rows(torn_weights(session.dialect, fact, shape.selected, WORK_FACT, MOST_CONFLICTS))
    if found:
        some = "at least " if len(found) == MOST_CONFLICTS else ""
        of = ", ".join(fact.touched_by)
        raise DataError(
            f"the weights of {name} are not 1 together for {some}{counted(len(found), 'value')} of {of}",
            where=f"{fact.select.file}; starlode.conflict in the warehouse names them",
            hint="mend them in the SELECT, or leave `weight:` out for equal shares",
            evidence=(Evidence(name, "weights", tuple(found)),),
        )
