"""Tries a case in a fresh folder on one kind of warehouse; what went wrong, or nothing."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from tests.star.playing import Differs, play
from tests.star.smaller import smaller, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.star.cases import Case

    # Gives the URL of an empty warehouse for a folder.
    Target = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def in_a_file(folder: Path) -> Iterator[str]:
    """A DuckDB file in the folder; one thread is enough for a few rows."""
    yield f"duckdb:{folder / 'warehouse.duckdb'}?threads=1"


def trouble(case: Case, target: Target) -> str:
    """How the star of a case differs from what it must be, or an empty text."""
    folder = Path(mkdtemp(prefix="starlode-"))
    try:
        with target(folder) as url:
            play(case, folder, url)
    except Differs as error:
        return str(error)
    finally:
        shutil.rmtree(folder)
    return ""


def report(case: Case, target: Target, found: str) -> str:
    """What went wrong, with the smallest case that goes wrong in the same way."""
    least = smaller(case, lambda other: _kind(_quiet(other, target)) == _kind(found))
    return f"{_quiet(least, target) or found}\n\n{told(least)}"


def _quiet(case: Case, target: Target) -> str:
    """The same for a case that a person or a program has cut down, which may make no sense any more."""
    try:
        return trouble(case, target)
    except Exception as error:  # noqa: BLE001  whatever it is, it is not what is looked for
        return f"no case: {type(error).__name__}"


def _kind(found: str) -> str:
    """The first words of a trouble without its numbers, as a smaller case has others."""
    return re.sub(r"[0-9]+|\(.*", "", found.partition("\n")[0])[:80]
