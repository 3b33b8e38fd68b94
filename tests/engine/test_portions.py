"""Much is landed in portions: what is finished of it is not read again, and together they are what one extraction would be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.portions import in_portions
from starlode.run import Done
from starlode.step import Land, Load
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlode.run import Event

PROJECT = """
name: shop
sources:
  app: {files: data, streams: {events: {files: "*.csv", key: id}}}
facts:
  event: {from: app.events, grain: id, measures: {amount: sum}}
"""
FILES = {f"data/{name}.csv": f"id,code,amount\n{name},0{name},{name}.5\n" for name in "12345"}


def test_files_are_portioned_by_their_number_and_by_their_bytes(tmp_path: Path) -> None:
    land = _land(tmp_path)
    one = (tmp_path / "data" / "1.csv").stat().st_size

    by_number = in_portions(land, 1 << 30, 2)
    by_bytes = in_portions(land, 3 * one, 100)
    tiny = in_portions(land, 1, 100)

    assert [part.look.units for part in by_number] == [("1.csv", "2.csv"), ("3.csv", "4.csv"), ("5.csv",)]
    assert [len(part.look.units) for part in by_bytes] == [3, 2]
    assert [part.look.size for part in by_bytes] == [3 * one, 2 * one]
    assert [len(part.look.units) for part in tiny] == [1, 1, 1, 1, 1]
    assert [(part.number, part.follows) for part in by_number] == [(1, False), (2, True), (3, True)]
    assert by_number[1].reason == "files: 5 new; part 2 of 3"


def test_what_is_not_much_is_landed_at_once(tmp_path: Path) -> None:
    land = _land(tmp_path)

    assert in_portions(land) == (land,)


def test_what_takes_the_place_of_other_rows_is_landed_at_once(tmp_path: Path) -> None:
    project = _opened(tmp_path)
    starlode.run(project)
    projects.write(tmp_path, {"data/1.csv": "id,code,amount\n1,01,9\n", "data/6.csv": "id,code,amount\n6,06,6\n"})
    (land, *_) = starlode.plan(project).steps
    assert isinstance(land, Land)

    assert in_portions(land, 1, 1) == (land,)
    everything = replace(land, look=replace(land.look, mode="full", changed=()))
    assert in_portions(everything, 1, 1) == (everything,)


def test_portions_give_the_star_of_one_extraction(tmp_path: Path) -> None:
    whole, parts = _opened(tmp_path / "whole"), _opened(tmp_path / "parts")
    starlode.run(whole)

    run = starlode.run(_portioned(parts))

    assert [done.step.object for done in run.done if done.step.verb == "land"] == ["app.events"] * 3
    assert projects.star(parts) == projects.star(whole)
    assert starlode.run(parts).status == "unchanged"


def test_what_was_finished_is_not_read_again(tmp_path: Path) -> None:
    project = _opened(tmp_path)

    with pytest.raises(KeyboardInterrupt):
        starlode.run(_portioned(project), listen=_interrupting(after=2))
    plan = starlode.plan(project)
    starlode.run(project)

    (land,) = (step for step in plan.steps if isinstance(step, Land))
    (load,) = (step for step in plan.steps if isinstance(step, Load))
    assert land.look.units == ("5.csv",)
    assert load.numbers == (1, 2, 3)
    assert projects.rows(project, "select count(*), sum(amount)::text from star.fact_event") == [(5, "17.5")]


def test_later_portions_keep_the_types_of_the_first(tmp_path: Path) -> None:
    project = _opened(tmp_path)
    projects.write(tmp_path, {"data/5.csv": "id,code,amount\n5,5,5\n"})

    starlode.run(_portioned(project))

    assert projects.rows(project, "select code, amount::text from staging.app__events where id = 5") == [("5", "5.0")]


def _opened(folder: Path) -> starlode.Project:
    return projects.project(folder, {"starlode.yml": PROJECT, **FILES})


def _land(folder: Path) -> Land:
    (land, *_) = starlode.plan(_opened(folder)).steps
    assert isinstance(land, Land)
    return land


def _portioned(project: starlode.Project) -> starlode.Plan:
    """The plan of a project with two files in each extraction."""
    plan = starlode.plan(project)
    (land, *_) = plan.steps
    assert isinstance(land, Land)
    lands = in_portions(land, 1 << 30, 2)
    numbers = tuple(part.number for part in lands)
    rest = (replace(step, numbers=numbers) if isinstance(step, Load) else step for step in plan.steps[1:])
    return replace(plan, steps=(*lands, *rest))


def _interrupting(after: int) -> Callable[[Event], None]:
    """Somebody who presses Ctrl-C when so many steps are done."""
    done: list[Event] = []

    def listen(event: Event) -> None:
        if isinstance(event, Done):
            done.append(event)
            if len(done) == after:
                raise KeyboardInterrupt

    return listen
