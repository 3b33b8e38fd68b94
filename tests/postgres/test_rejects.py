"""Rows of a database that could not be carried wait until their stream is read whole again, and then arrive or wait anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.postgres.declaring import declare, execute, loaded

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project

STREAM = "{table: things, key: id, max_rejects: 2}"
FOLLOWED = "{table: things, key: id, since: at, max_rejects: 2}"


@pytest.fixture(params=[STREAM, FOLLOWED], ids=["whole", "followed"])
def project(request: pytest.FixtureRequest, postgres: str, tmp_path: Path) -> Project:
    """A table with two rows that no calendar can hold, read once."""
    execute(postgres, "create table things (id int primary key, at timestamp default now(), until date)")
    execute(postgres, "insert into things values (1), (2)", "insert into things (id, until) values (3, 'infinity')")
    execute(postgres, "insert into things (id, until) values (4, '-infinity')")
    project = declare(tmp_path, postgres, {"things": request.param})
    starlode.run(project)
    return project


def _ids(project: Project) -> list[int]:
    return [row[0] for row in projects.rows(project, "select id from staging.live__things order by id")]


def _waiting(project: Project) -> list[str]:
    return [row.raw.partition(',"at"')[0] for row in starlode.rejects(project)]


def test_a_replay_lets_a_mended_row_in_and_rejects_the_other_anew(project: Project, postgres: str) -> None:
    execute(postgres, "update things set until = '2026-01-01' where id = 3")

    run = starlode.replay(project)

    assert _ids(project) == [1, 2, 3]
    assert _waiting(project) == ['{"id":4']
    assert (loaded(run).inserted, loaded(run).unchanged) == (1, 2)
    assert starlode.run(project).status == "unchanged"


def test_a_replay_of_what_was_not_mended_tells_no_reject_twice(project: Project) -> None:
    starlode.replay(project)

    assert _waiting(project) == ['{"id":3', '{"id":4']
    assert projects.value(project, "select count(*) from starlode.resolution") == 2


def test_a_full_run_and_a_declaration_that_carries_them_close_them_too(
    project: Project, postgres: str, tmp_path: Path
) -> None:
    execute(postgres, "update things set until = null where id = 3")
    starlode.run(project, full=True)
    told = (tmp_path / "starlode.yml").read_text("utf-8").replace("max_rejects: 2", "types: {until: text}")
    (tmp_path / "starlode.yml").write_text(told, "utf-8")
    waiting = _waiting(project)

    declared_anew = starlode.read(tmp_path, {"LIVE_URL": postgres})
    starlode.run(declared_anew)

    assert waiting == ['{"id":4']
    assert _waiting(declared_anew) == []
    assert _ids(declared_anew) == [1, 2, 3, 4]


def test_a_replay_where_nothing_waits_reads_nothing(project: Project, postgres: str) -> None:
    execute(postgres, "update things set until = null")
    starlode.replay(project)

    assert starlode.replay(project).status == "unchanged"
