"""The target ends with exactly the star that it would have had if it had been built there: rows, history, keys and loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.beside import laying
from tests.engine import shop
from tests.engine.test_undo import DAYS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import Server


@pytest.mark.parametrize("day", DAYS)
def test_the_same_rows_with_the_same_keys_as_if_it_was_built_there(day: str, tmp_path: Path) -> None:
    there, beside = tmp_path / "there", tmp_path / "beside"
    one, other = shop.opened(there), laying.opened(beside, "duckdb:warehouse.duckdb")
    for project in (one, other):
        starlode.run(project)
        projects.write(project.folder, DAYS[day])
    first, second = starlode.run(one), starlode.run(other)

    # Deliveries are loads too, so only the numbers of loads are others.
    assert projects.loaded(other, "load_key") == projects.loaded(one, "load_key")
    assert projects.loaded(other) == projects.built(other)
    assert first.status == second.status
    assert starlode.check(other) == ()


@pytest.mark.parametrize("day", ["new rows", "rows that are gone", "a member that was inferred", "a new column"])
def test_a_server_has_the_star_that_it_would_have_built(day: str, tmp_path: Path, postgres_server: Server) -> None:
    with postgres_server.fresh_database() as url, postgres_server.fresh_database() as other_url:
        one = projects.project(
            tmp_path / "there", {"starlode.yml": shop.PROJECT, "sql/sales.sql": shop.SALES, **shop.FIRST}, target=url
        )
        other = laying.opened(tmp_path / "beside", other_url)
        for project in (one, other):
            starlode.run(project)
            projects.write(project.folder, DAYS[day])
            starlode.run(project)

        assert projects.loaded(other, "load_key") == projects.loaded(one, "load_key")
        assert starlode.check(other) == ()
        schemas = projects.rows(
            other, "select nspname from pg_namespace where nspname in ('staging', 'star', 'starlode')"
        )
        assert sorted(schemas) == [("star",), ("starlode",)]


@pytest.mark.parametrize(
    "day", ["new rows", "rows that are gone", "a member to infer", "a full extract", "a new column"]
)
def test_undo_takes_a_run_back_in_the_target_too(day: str, target: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, target)
    starlode.run(project)
    before, places = projects.loaded(project), laying.touched(project)
    projects.write(tmp_path, DAYS[day])
    run = starlode.run(project)
    changed = projects.loaded(project, "load_key")

    starlode.undo(project, run.run_id)

    assert projects.loaded(project) == before
    assert starlode.check(project) == ()
    kept = {key for key, place in laying.touched(project)["dim_date"].items() if places["dim_date"].get(key) == place}
    assert len(kept) >= 366
    assert starlode.run(project).status == "succeeded"
    assert projects.loaded(project, "load_key") == changed


def test_the_view_of_current_members_is_there_and_follows(target: str, tmp_path: Path) -> None:
    declared = shop.PROJECT.replace("history: [city], at: changed_at", "history: [city], at: changed_at, durable: true")
    files = {"starlode.yml": declared + laying.BUILD, "sql/sales.sql": shop.SALES, **shop.FIRST}
    project = projects.project(tmp_path, files, target=target)
    starlode.run(project)
    starlode.run(laying.later(tmp_path, target))

    cities = projects.rows(
        project, "select customer_id, city from star.dim_customer_current where customer_key > 0 order by 1"
    )

    assert cities == [("C1", "Lyon"), ("C2", "Rome"), ("C3", "Oslo"), ("C9", "Not yet arrived")]
