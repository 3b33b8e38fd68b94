"""How a run ends when something stops it, and whose warehouse it may write to at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import WarehouseError
from starlode.run import Done, Started
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("every_warehouse")

LAST = 'select status, error from starlode.run order by "at" desc limit 1'
STEPS = "select verb, status from starlode.step where object = 'fact_sales'"


class Stopped:
    """Listens until a fact is built, and raises an error there."""

    def __init__(self, error: BaseException, at: type = Started) -> None:
        self._error = error
        self._at = at

    def __call__(self, event: object) -> None:
        if isinstance(event, self._at) and event.step.object == "fact_sales":  # type: ignore[attr-defined]
            raise self._error


def test_an_error_of_another_kind_ends_the_run_with_its_kind_and_none_of_its_words(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with pytest.raises(OSError, match="the cell says secret"):
        starlode.run(project, listen=Stopped(OSError("the cell says secret")))

    assert projects.rows(project, LAST) == [("failed", "OSError")]
    assert projects.rows(project, STEPS) == [("build", "failed")]
    assert starlode.status(project)[0].status == "failed"


def test_an_interrupted_run_says_in_which_step(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        starlode.run(project, listen=Stopped(KeyboardInterrupt()))

    assert projects.rows(project, LAST) == [("interrupted", None)]
    assert projects.rows(project, STEPS) == [("build", "failed")]


def test_a_step_that_was_done_before_the_interruption_stays_done(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        starlode.run(project, listen=Stopped(KeyboardInterrupt(), at=Done))

    assert projects.rows(project, LAST) == [("interrupted", None)]
    assert projects.rows(project, STEPS) == [("build", "done")]


def test_a_warehouse_of_another_project_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    first = shop.opened(tmp_path / "one")
    starlode.run(first)
    files = {**shop.FIRST, "sql/sales.sql": shop.SALES, "starlode.yml": shop.PROJECT.replace("name: shop", "name: b")}
    projects.write(tmp_path / "two", files)
    other = starlode.read(tmp_path / "two", target=projects.target(first.folder))

    for act in (starlode.run, starlode.plan, starlode.replay, starlode.sweep):
        (tmp_path / "two" / "landing").mkdir(exist_ok=True)
        with pytest.raises(WarehouseError, match="belongs to the project `shop`, and this one is `b`") as refused:
            act(other)

    assert "`name: shop` goes on there" in (refused.value.hint or "")
    assert projects.rows(first, "select distinct project from starlode.run") == [("shop",)]
    assert list((tmp_path / "two" / "landing").iterdir()) == []
    assert starlode.run(first).status == "unchanged"
