"""Somebody reads while a run writes: before each statement, a second connection sees all of the old state or of the new."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode.warehouses.duckdb import DuckDBSession
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlode.sql.dialect import Dialect
    from starlode.table import Table
    from starlode.warehouse import Warehouse

QUESTIONS = {
    "products": "select count(*) from staging.shop__products",
    "customers": "select count(*) from star.dim_customer where customer_key > 0",
    "sales": "select count(*), sum(amount) from star.fact_sales",
    "unreserved": "select count(*) from star.dim_product where product_key < 0",
    "orphans": "select count(*) from star.fact_sales where customer_key not in (select customer_key from star.dim_customer)",
}


@dataclass
class Reader:
    """Reads on a connection of its own, and remembers each answer once."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    times: int = 0

    def read(self, session: ReadSession) -> None:
        self.times += 1
        with session._connection.cursor() as reading:
            for name, question in QUESTIONS.items():
                answer = reading.execute(question).fetchall()[0]
                seen = self.answers.setdefault(name, [])
                if not seen or seen[-1] != answer:
                    seen.append(answer)


class ReadSession(DuckDBSession):
    """A real session, of which somebody reads before each of its statements."""

    reader: Reader

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.reader.read(self)
        super().execute(sql, values)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        self.reader.read(self)
        super().insert(table, rows)


@dataclass(frozen=True)
class ReadWarehouse:
    """A real warehouse whose sessions have a reader."""

    warehouse: Warehouse
    reader: Reader

    @property
    def dialect(self) -> Dialect:
        return self.warehouse.dialect

    @property
    def exists(self) -> bool:
        return self.warehouse.exists

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> ReadSession:
        session = self.warehouse.connect(read_only=read_only, landing=landing)
        session.__class__ = ReadSession
        session.reader = self.reader  # type: ignore[attr-defined]
        return session  # type: ignore[return-value]


@pytest.mark.parametrize("full", [False, True], ids=["later", "full"])
def test_a_reader_sees_the_old_or_the_new_and_never_half_of_it(full: bool, tmp_path: Path) -> None:
    project, reader = _read_while(tmp_path, full=full)

    new = {name: projects.rows(project, question)[0] for name, question in QUESTIONS.items()}
    assert reader.times > 50
    assert reader.answers["products"] == [(2,), (3,)]
    assert [count for count, _ in reader.answers["sales"]] == [3, 5]
    assert reader.answers["sales"][-1] == new["sales"]
    assert reader.answers["customers"] == [(3,), new["customers"]]


def test_a_reader_never_sees_a_fact_without_its_member(tmp_path: Path) -> None:
    _, reader = _read_while(tmp_path, full=False)

    assert reader.answers["unreserved"] == [(3,)]
    assert reader.answers["orphans"] == [(0,)]


def test_a_reader_of_a_refused_run_sees_nothing_of_it(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    torn = f"{shop.SALES.replace(' where', ' join shop.customers using (customer_id) where')}"
    project = projects.project(tmp_path, {"sql/sales.sql": torn, **shop.LATER})
    reader = Reader()

    with pytest.raises(starlode.CheckFailed):
        starlode.run(replace(project, warehouse=ReadWarehouse(project.warehouse, reader)))

    assert [count for count, _ in reader.answers["sales"]] == [3]


def _read_while(folder: Path, *, full: bool) -> tuple[starlode.Project, Reader]:
    """A run on the second day, watched from its first statement to its last."""
    starlode.run(shop.opened(folder))
    project = shop.later(folder)
    reader = Reader()
    starlode.run(replace(project, warehouse=ReadWarehouse(project.warehouse, reader)), full=full)
    return project, reader
