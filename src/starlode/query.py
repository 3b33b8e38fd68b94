"""Asking the warehouse: a table of the star, a SELECT over it, or whether every check holds now."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from starlode.errors import WarehouseError
from starlode.nearest import hint
from starlode.sql.staging import all_rows
from starlode.steps.check import claims_of, judge
from starlode.steps.comparing import compare_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from starlode.finding import Finding
    from starlode.project import Project
    from starlode.session import Session
    from starlode.warehouse import Warehouse


def query(project: Project, sql: str) -> pa.Table:
    """The rows of a SELECT in the warehouse's own SQL, as an Arrow table. The warehouse is opened for reading only."""
    if not project.shown.exists:
        raise WarehouseError("there is no warehouse yet", hint="`starlode run` makes it")
    session = project.shown.connect(read_only=True, landing=project.landing.folder)
    try:
        return session.arrow(sql).read_all()
    finally:
        session.close()


def table(project: Project, name: str) -> pa.Table:
    """A table of the star (`dim_customer`, `fact_sales`) as Arrow."""
    tables = {held.name: held for held in project.star.tables}
    if name not in tables:
        raise WarehouseError(f"the star has no table `{name}`", hint=hint(name, tables, "tables of the star"))
    return query(project, all_rows(project.shown.dialect, tables[name]))


def check(project: Project) -> tuple[Finding, ...]:
    """What breaks a promise of the star or a declared check now; nothing when all of them hold."""
    if not project.warehouse.exists or not project.shown.exists:
        raise WarehouseError("there is no warehouse yet", hint="`starlode run` makes it")
    with ExitStack() as opened:
        session = opened.enter_context(_reading(project.warehouse, project))
        findings = tuple(judge(session, tuple(claims_of(project, session))))
        if project.target is None:
            return findings
        target = opened.enter_context(_reading(project.target, project))
        return (*findings, *compare_all(project.star, session, target))


@contextmanager
def _reading(warehouse: Warehouse, project: Project) -> Iterator[Session]:
    session = warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        yield session
    finally:
        session.close()
