"""A small project that has run, copied for each test that changes it; and the command line inside this process."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Protocol

import pytest

from starlode.cli import main
from tests.cli.shell import LEFT_OUT, Answer

if TYPE_CHECKING:
    from pathlib import Path


class Cli(Protocol):
    def __call__(self, *words: str) -> Answer: ...


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call the command line inside this process."""
    for name in LEFT_OUT:
        monkeypatch.delenv(name, raising=False)

    def call(*words: str) -> Answer:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def shop_that_ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "shop"
    assert main(["init", "shop", "--to", str(folder)]) == 0
    assert main(["run", "--project", str(folder)]) == 0
    return folder


@pytest.fixture
def shop(shop_that_ran: Path, tmp_path: Path) -> Path:
    """The template `files` as a project that has run once."""
    return shutil.copytree(shop_that_ran, tmp_path / "shop")


@pytest.fixture
def new_shop(cli: Cli, tmp_path: Path) -> Path:
    """The template `files` as a project that has not run yet."""
    assert cli("init", "shop", "--to", str(tmp_path / "new")).code == 0
    return tmp_path / "new"
