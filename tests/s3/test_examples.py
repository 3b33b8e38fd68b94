"""The public example projects end as their expected results say with their landing in a bucket, too."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import starlode
from tests import projects
from tests.examples import test_examples as cases

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.postgres_server import Server as Postgres
    from tests.s3.servers import Server

CASES = tuple(case for name, case in vars(cases).items() if name.startswith("test_p"))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("test_"))
def test_a_case_holds(
    case: Callable[[Path], None], tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(projects.LANDING, f"s3://{bucket}")

    case(tmp_path)

    assert any(key.endswith("/00000001.json") for key in s3.keys(bucket))
    assert list(tmp_path.rglob("*.parquet")) == []


@pytest.mark.parametrize("name", ["p1_shop_star", "p7_incremental"])
def test_a_case_is_the_same_on_postgres(name: str, tmp_path: Path, bucket: str, postgres_server: Postgres) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        shutil.copytree(cases.EXAMPLES / name, folder)
    starlode.run(starlode.read(here))
    with postgres_server.fresh_database() as url:
        file = there / "starlode.yml"
        file.write_text(f"{file.read_text()}\nlanding: s3://{bucket}/there\n")
        project = starlode.read(there, target=url)

        run = starlode.run(project)

        assert run.status == "succeeded"
        assert projects.star(project) == projects.star(starlode.read(here))
