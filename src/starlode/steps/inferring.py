"""Members that something refers to before anybody has told of them, made up until they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql import dimension as dimension_sql
from starlode.sql import fact as sql
from starlode.sql import keys, staging
from starlode.steps.shaping import make_room

if TYPE_CHECKING:
    from starlode.star import Dimension, Fact, Role
    from starlode.work import Work


def infer(work: Work, of: Dimension | Fact, role: Role, load_key: int) -> None:
    """Add the members that the rows of a fact, or of a dimension, name in a role and the role's dimension does not hold."""
    session, dialect = work.session, work.session.dialect
    dimension = work.project.star.dimension(role.dimension)
    shape = dimension_sql.held_shape(dimension, session.columns(dimension.table))
    session.execute(keys.allot_missing(dialect, dimension, sql.missing_members(dialect, of, role, dimension)))
    make_room(work, dimension, shape.key, session.sized(shape.key, keys.WORK_MISSING))
    session.execute(keys.add_missing_pairs(dialect, dimension))
    session.execute(sql.infer_members(dialect, shape, load_key))
    session.execute(staging.drop_work(dialect, keys.WORK_MISSING))
