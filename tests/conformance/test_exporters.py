"""What every exporter must do, asked of each file in `exporters/`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode import registry
from starlode.errors import StarlodeError
from tests.engine import killed

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.export import Export
    from starlode.project import Project

PLACES = {"csv": "out/csv", "diagram": "out/star.svg", "parquet": "out/parquet"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    built = starlode.read(killed.lay(tmp_path_factory.mktemp("project")))
    starlode.run(built)
    return built


@pytest.fixture(params=registry.names("exporters"))
def exporter(request: pytest.FixtureRequest) -> Any:
    return registry.member("exporters", request.param)


@pytest.fixture
def place(exporter: Any) -> str:
    return PLACES[exporter.__module__.rpartition(".")[2]]


def test_each_setting_says_what_it_is_for(exporter: Any) -> None:
    assert all(len(setting.metadata["doc"]) > 10 for setting in fields(exporter))


def test_the_files_lie_where_the_project_says(exporter: Any, place: str, project: Project, tmp_path: Path) -> None:
    written = _export(exporter(to=place), project, tmp_path)

    assert written
    assert all(path.is_file() and path.is_relative_to(tmp_path / "out") for path in written)
    assert (tmp_path / place).exists()


def test_the_same_star_gives_the_same_bytes(exporter: Any, place: str, project: Project, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in _export(exporter(to=place), project, tmp_path / "one")}
    second = {path.name: path.read_bytes() for path in _export(exporter(to=place), project, tmp_path / "two")}

    assert first == second


def test_nothing_but_the_files_is_left_behind(exporter: Any, place: str, project: Project, tmp_path: Path) -> None:
    written = _export(exporter(to=place), project, tmp_path)

    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(written)


@pytest.mark.parametrize("outside", ["../escaped", "/tmp/escaped", "out/../../escaped"])  # noqa: S108
def test_a_place_outside_the_project_is_refused(
    exporter: Any, place: str, outside: str, project: Project, tmp_path: Path
) -> None:
    ending = place[len("out/star") :] if place.startswith("out/star") else ""

    with pytest.raises(StarlodeError):
        _export(exporter(to=outside + ending), project, tmp_path / "project")

    assert not list(tmp_path.glob("escaped*"))


def _export(exporter: Export, project: Project, folder: Path) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    session = project.warehouse.connect(read_only=True)
    try:
        return exporter.export(project.star, session, folder)
    finally:
        session.close()
