"""Sweeping takes what dead runs left, and nothing that anybody else has put there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import ProjectError
from tests import projects
from tests.engine import shop

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "20240101T000000-0123abcd"


def test_remains_of_a_dead_run_go_and_foreign_files_stay(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    starlode.run(project)
    folder = tmp_path / "landing/shop/orders"
    remains = {f"00000002-{DEAD}/part-00001.parquet": "cut", f"00000002.{DEAD}.tmp": "{"}
    foreign = {"notes.txt": "mine", "00000002-backup/orders.csv": "mine", "00000003.tmp": "mine"}
    projects.write(folder, {**remains, **foreign})

    swept = starlode.sweep(project)

    assert {held.name for held in swept} == {f"shop/orders/{name}" for name in remains}
    assert not (folder / f"00000002-{DEAD}").exists()
    assert all((folder / name).read_text() == "mine" for name in foreign)
    assert starlode.run(project, full=True).status != "failed"


def test_a_link_into_another_folder_is_not_followed(tmp_path: Path) -> None:
    project = shop.opened(tmp_path / "project")
    starlode.run(project)
    outside = projects.write(tmp_path / "outside", {"part-00001.parquet": "mine"})
    (project.landing.folder / "shop/orders" / f"00000009-{DEAD}").symlink_to(outside)

    swept = starlode.sweep(project)

    assert swept == ()
    assert (outside / "part-00001.parquet").read_text() == "mine"


def test_sweeping_a_project_that_never_ran_creates_nothing(tmp_path: Path) -> None:
    project = shop.opened(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    swept = starlode.sweep(project)

    assert swept == ()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("landing", ["data", ".", "data/landing", "./data/../data", "link"])
def test_a_landing_that_shares_a_folder_with_a_source_is_refused(landing: str, tmp_path: Path) -> None:
    declared = f"name: a\nlanding: {landing}\nsources: {{app: {{files: data, streams: {{t: '*.csv'}}}}}}\n"
    projects.write(tmp_path, {"starlode.yml": declared, "data/t.csv": "id\n1\n"})
    (tmp_path / "link").symlink_to("data")

    with pytest.raises(ProjectError) as refused:
        starlode.read(tmp_path)

    mistake = refused.value.mistakes[0]
    assert (mistake.file, mistake.line) == ("starlode.yml", 2)
    assert "`app` share a folder" in mistake.what
    assert "a folder of its own" in mistake.hint


def test_a_source_that_holds_the_default_landing_is_refused(tmp_path: Path) -> None:
    projects.write(tmp_path, {"starlode.yml": "name: a\nsources: {app: {files: ., streams: {t: '*.csv'}}}\n"})

    with pytest.raises(ProjectError) as refused:
        starlode.read(tmp_path)

    assert refused.value.mistakes[0].file == "starlode.yml"
    assert "./landing" in refused.value.mistakes[0].what
