"""Tries a case or a world in a fresh folder on one kind of warehouse; what went wrong, or nothing."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from tests.star.living import live
from tests.star.playing import Differs, play
from tests.star.smaller import smaller, told
from tests.star.worlds import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.postgres_server import Server
    from tests.star.cases import Case
    from tests.star.smaller import Tried

    # Gives the URL of an empty warehouse for a folder.
    Target = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def in_a_file(folder: Path) -> Iterator[str]:
    """A DuckDB file in the folder; one thread is enough for a few rows."""
    yield f"duckdb:{folder / 'warehouse.duckdb'}?threads=1"


def on(server: Server) -> Target:
    """An empty database of a server for each."""

    @contextmanager
    def database(_: Path) -> Iterator[str]:
        with server.fresh_database() as url:
            yield url

    return database


def trouble(case: Case | World, target: Target) -> str:
    """How the star of a case or a world differs from what it must be, or an empty text."""
    folder = Path(mkdtemp(prefix="starlode-"))
    try:
        with target(folder) as url:
            if isinstance(case, World):
                live(case, folder, url)
            else:
                play(case, folder, url)
    except Differs as error:
        return str(error)
    finally:
        shutil.rmtree(folder)
    return ""


def report(case: Tried, target: Target, found: str) -> str:
    """What went wrong, with the smallest case or world that goes wrong in the same way."""
    least = smaller(case, lambda other: _kind(_quiet(other, target)) == _kind(found))
    return f"{_quiet(least, target) or found}\n\n{told(least)}"


def _quiet(case: Case | World, target: Target) -> str:
    """The same for one that a person or a program has cut down, which may make no sense any more."""
    try:
        return trouble(case, target)
    except Exception as error:  # noqa: BLE001  whatever it is, it is not what is looked for
        return f"no case: {type(error).__name__}"


def _kind(found: str) -> str:
    """The first words of a trouble without its numbers, as a smaller case has others."""
    return re.sub(r"[0-9]+|\(.*", "", found.partition("\n")[0])[:80]
