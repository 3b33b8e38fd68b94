"""One ordeal: writers at work, a loader going round, and the comparison at the end."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from tests.postgres.torture.compare import compare, source_rows
from tests.postgres.torture.tables import TABLES, create

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.postgres.torture.compare import Comparison
    from tests.postgres.torture.loaders import Loader

WRITERS = "tests.postgres.torture.writers"


@dataclass(frozen=True)
class Verdict:
    """What each round cost, and what the target held in the end."""

    rounds: tuple[float, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def differing(self) -> tuple[Comparison, ...]:
        return tuple(one for one in self.comparisons if not one.is_equal)

    def of(self, table: str) -> Comparison:
        return next(one for one in self.comparisons if one.table == table)

    def __str__(self) -> str:
        often = f"{len(self.rounds):,} rounds, {median(self.rounds):.3f} s each (at most {max(self.rounds):.3f} s)"
        return "\n".join([often, *map(str, self.comparisons)])


def torture(
    url: str, make: Callable[[], Loader], *, seconds: float, writers: int = 12, seed: int = 1, rest: float = 0.0
) -> Verdict:
    """Make the tables anew in the database, torture the loader, and say how it did; `rest` is the pause between rounds."""
    create(url)
    loader = make()
    rounds = []
    writing = subprocess.Popen([sys.executable, "-m", WRITERS, url, str(seconds), str(writers), str(seed)])
    try:
        while writing.poll() is None:
            rounds.append(_timed(loader))
            time.sleep(rest)
    finally:
        writing.kill()
        writing.wait()
    if writing.returncode:
        raise RuntimeError(f"the writers ended with exit code {writing.returncode}")
    rounds.append(_timed(loader))
    found = tuple(compare(table, source_rows(url, table), loader.rows(table)) for table in TABLES)
    return Verdict(tuple(rounds), found)


def _timed(loader: Loader) -> float:
    began = time.perf_counter()
    loader.load()
    return time.perf_counter() - began
