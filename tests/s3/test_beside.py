"""A star that is built beside its target, with its landing in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import starlode
from tests import projects
from tests.beside import laying

if TYPE_CHECKING:
    from pathlib import Path


def test_editions_lie_in_the_bucket_and_the_state_comes_again_from_there(bucket: str, tmp_path: Path) -> None:
    project = laying.opened(tmp_path, "duckdb:warehouse.duckdb", declared=f"landing: s3://{bucket}/lake\n")
    starlode.run(project)
    project = laying.later(tmp_path, "duckdb:warehouse.duckdb")
    starlode.run(project)
    found = projects.loaded(project)

    laying.lose_state(tmp_path)
    laying.empty(project)
    run = starlode.run(project)

    assert [step.verb for step in run.plan.steps] == ["deliver", "check"]
    assert projects.loaded(project) == projects.built(project) == found
    assert project.landing.listed("star") == ("00000001.json", "00000002.json")
    assert not (tmp_path / "landing").exists()
    assert starlode.sweep(project, dry_run=True) == ()
