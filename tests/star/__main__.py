"""The strong setting: as many random cases as asked for, each failure told with the smallest case that shows it."""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.postgres_server import running
from tests.star.cases import make
from tests.star.trying import in_a_file, report, trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.star.trying import Target


def main() -> int:
    """Play random cases; exit code 1 when a star was not what it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.star", description=main.__doc__)
    parser.add_argument("--examples", type=int, default=100, help="how many cases")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; the others follow it")
    parser.add_argument("--warehouse", choices=("duckdb", "postgres"), default="duckdb")
    parser.add_argument("--facts", type=int, default=8)
    parser.add_argument("--days", type=int, default=6)
    asked = parser.parse_args()
    if asked.warehouse == "duckdb":
        return _try_all(asked, in_a_file)
    with running() as server:

        @contextmanager
        def database(_: Path) -> Iterator[str]:
            with server.fresh_database() as url:
                yield url

        return _try_all(asked, database)


def _try_all(asked: argparse.Namespace, target: Target) -> int:
    wrong = 0
    for number, seed in enumerate(range(asked.seed, asked.seed + asked.examples), 1):
        case = make(seed, facts=asked.facts, days=asked.days)
        found = trouble(case, target)
        if found:
            wrong += 1
            print(f"=== seed {seed}: {report(case, target, found)}\n", flush=True)
        if number % 10 == 0:
            print(f"{number} cases played, {wrong} of them wrong", flush=True)
    print(f"{asked.examples} cases from seed {asked.seed}, {wrong} of them wrong", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
