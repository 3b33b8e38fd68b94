"""What the target cannot keep is rejected when it is loaded beside it, as it is when the star is built there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import starlode
from tests import projects
from tests.beside import laying
from tests.warehouses.test_postgres_misfits import BALANCE, PROJECT, ROWS

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_that_the_target_cannot_keep_are_rejected_before_the_star_is_built(postgres: str, tmp_path: Path) -> None:
    declared = PROJECT.format(target=postgres) + laying.BUILD
    project = projects.project(tmp_path, {"starlode.yml": declared, "data/things1.json": ROWS})

    run = starlode.run(project)
    found = projects.loaded(project)
    laying.lose_state(tmp_path)
    again = starlode.run(project)
    staged = projects.value(project, "select count(*) from staging.till__things")
    starlode.rebuild(project, "fact_things")

    assert staged == 2
    assert (run.status, again.status) == ("succeeded", "unchanged")
    assert projects.rows(project, "select id, n from star.fact_things order by id") == [(1, 10), (4, 40)]
    assert [row.line for row in starlode.rejects(project)] == [2, 3]
    assert projects.rows(project, BALANCE) == [(4, 2, 2)]
    assert projects.built(project) == projects.loaded(project) == found
    assert starlode.check(project) == ()
