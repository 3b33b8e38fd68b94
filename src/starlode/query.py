"""Asking the warehouse: a table of the star, a SELECT over it, or whether every check holds now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import WarehouseError
from starlode.nearest import hint
from starlode.sql.staging import all_rows
from starlode.steps.check import claims_of, judge

if TYPE_CHECKING:
    import pyarrow as pa

    from starlode.finding import Finding
    from starlode.project import Project


def query(project: Project, sql: str) -> pa.Table:
    """The rows of a SELECT in the warehouse's own SQL, as an Arrow table. The warehouse is opened for reading only."""
    if not project.warehouse.exists:
        raise WarehouseError("there is no warehouse yet", hint="`starlode run` makes it")
    session = project.warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        return session.arrow(sql).read_all()
    finally:
        session.close()


def table(project: Project, name: str) -> pa.Table:
    """A table of the star (`dim_customer`, `fact_sales`) as Arrow."""
    tables = {held.name: held for held in project.star.tables}
    if name not in tables:
        raise WarehouseError(f"the star has no table `{name}`", hint=hint(name, tables, "tables of the star"))
    return query(project, all_rows(project.warehouse.dialect, tables[name]))


def check(project: Project) -> tuple[Finding, ...]:
    """What breaks a promise of the star or a declared check now; nothing when all of them hold."""
    if not project.warehouse.exists:
        raise WarehouseError("there is no warehouse yet", hint="`starlode run` makes it")
    session = project.warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        return tuple(judge(session, tuple(claims_of(project, session))))
    finally:
        session.close()
