"""After a build of what changed, a run asks the promises of what was written, and `starlode check` of everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import CheckFailed
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")


def test_a_later_run_asks_of_what_it_wrote(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    project = shop.later(tmp_path)

    said = {step.verb: texts for step, texts in starlode.statements(starlode.plan(project))}

    doubled = [text for text in said["check"] if "having count(*) > 1" in text]
    assert doubled
    assert all("load_key >" in text for text in doubled)


def test_a_row_that_a_run_writes_beside_another_of_its_grain_is_found(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    later = shop.later(tmp_path)
    starlode.run(later, only="build")
    _change(later, "insert into star.fact_sales select * from star.fact_sales where order_id = 6")

    with pytest.raises(CheckFailed, match="order_id is unique"):
        starlode.run(later)


def test_what_nobody_wrote_since_is_found_by_a_check_of_everything(tmp_path: Path) -> None:
    starlode.run(shop.opened(tmp_path))
    later = shop.later(tmp_path)
    # Order 2 is touched by nothing that comes later.
    _change(later, "insert into star.fact_sales select * from star.fact_sales where order_id = 2")

    assert starlode.run(later).status == "succeeded"
    assert [f.message for f in starlode.check(later)] == ["order_id is unique: 1 row breaks this"]


def _change(project: starlode.Project, sql: str) -> None:
    session = project.warehouse.connect()
    session.execute(sql)
    session.close()
