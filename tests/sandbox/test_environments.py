"""Environments of the sandbox are made once, whoever waits sees how far that has come, and what went wrong is told."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from starlode.errors import StarlodeError
from starlode.sandbox.environments import prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlode.sandbox.environments import Follow


@pytest.fixture
def heard() -> list[str]:
    """What somebody hears who waits."""
    return []


@pytest.fixture
def follow(heard: list[str]) -> Follow:
    """Somebody who waits until it is there."""

    @contextmanager
    def followed(what: str) -> Iterator[Callable[[str], None]]:
        heard.append(what)
        yield heard.append
        heard.append("there")

    return followed


@pytest.mark.slow
def test_whoever_waits_for_an_environment_sees_how_far_it_has_come(
    heard: list[str], follow: Follow, tmp_path: Path
) -> None:
    (tmp_path / "tiny.txt").write_text("h11==0.16.0\n")

    first = prepared("tiny", heard.append, tmp_path, tmp_path, follow)
    again = prepared("tiny", heard.append, tmp_path, tmp_path, follow)

    assert heard == [
        "installing tiny into an environment of its own, once",
        "installing tiny",
        "1 package, h11",
        "1 package, unpacked now",
        "there",
    ]
    assert first == again
    assert [*first.parents[1].glob("lib/python*/site-packages/h11/__init__.py")]


@pytest.mark.slow
def test_packages_that_cannot_be_had_are_told(heard: list[str], follow: Follow, tmp_path: Path) -> None:
    (tmp_path / "tiny.txt").write_text(f"nothing-like-it @ file://{tmp_path}/nothing.whl\n")

    with pytest.raises(StarlodeError) as refused:
        prepared("tiny", heard.append, tmp_path, tmp_path, follow)

    assert refused.value.what.startswith("the packages of the sandbox cannot be installed: ERROR: ")
    assert refused.value.where == "tiny.txt"
    assert heard == ["installing tiny into an environment of its own, once", "installing tiny"]
    assert not (tmp_path / ".venv-tiny" / "ready").exists()
