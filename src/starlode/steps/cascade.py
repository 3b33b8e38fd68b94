"""References of a dimension to others: members that are missing there are inferred, then its versions are cut by theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.finding import Finding
from starlode.sql import cascade as sql
from starlode.sql import dimension as dimension_sql
from starlode.sql import fact as fact_sql
from starlode.steps.given import guard_kinds
from starlode.steps.inferring import infer
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension, Role
    from starlode.step import Build
    from starlode.work import Work


def cascade(work: Work, shape: Shape, load_key: int) -> tuple[str, tuple[Finding, ...]]:
    """The work table of the versions with the keys of those that they refer to, and what had to be inferred for it."""
    session, star, roles = work.session, work.project.star, shape.dimension.roles
    if not roles:
        return dimension_sql.WORK_CHAIN, ()
    fixed = tuple(name for role in roles for name in role.columns if name in shape.dimension.fixed)
    if fixed:
        session.execute(sql.show_first(session.dialect, shape, fixed))
    for role in roles:
        given = (*shape.key, *shape.attributes)
        guard_kinds(shape.dimension, role, star.dimension(role.dimension), given, session)
    findings = tuple(finding for role in roles for finding in _infer(work, shape, role, load_key))
    session.execute(sql.cut_versions(session.dialect, shape, star))
    session.learn(dimension_sql.WORK_PIECES)
    return dimension_sql.WORK_PIECES, findings


def concerned(dimension: Dimension, step: Build, work: Work) -> str:
    """A SELECT of the keys whose members refer to others that changed since the last build; nothing where none is."""
    if not step.since or not step.members:
        return ""
    return sql.members_of(work.session.dialect, dimension, work.project.star, step.since)


def _infer(work: Work, shape: Shape, role: Role, load_key: int) -> tuple[Finding, ...]:
    """Make the members that the dimension refers to before anybody has told of them."""
    session, dialect = work.session, work.session.dialect
    own, other = shape.dimension, work.project.star.dimension(role.dimension)
    missing = session.rows(fact_sql.count_missing(dialect, own, role, other))[0][0]
    if not missing:
        return ()
    infer(work, own, role, load_key)
    told = f"{counted(missing, role.dimension + ' key')} of {own.table.name} not in {other.table.name}"
    return (Finding("inferred", other.table.name, "note", f"{told}; inferred until they come", found=str(missing)),)
