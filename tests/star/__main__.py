"""The strong setting: as many random cases or worlds as asked for, each failure told with the smallest that shows it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tests.postgres_server import running
from tests.star import cases, chance
from tests.star.trying import in_a_file, on, report, trouble

if TYPE_CHECKING:
    from tests.star.trying import Target


def main() -> int:
    """Play cases, of random SELECTs, or live in worlds, of random declarations; exit code 1 when a star was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.star", description=main.__doc__)
    parser.add_argument("--examples", type=int, default=100, help="how many cases")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first; the others follow it")
    parser.add_argument("--warehouse", choices=("duckdb", "postgres"), default="duckdb")
    parser.add_argument("--worlds", action="store_true", help="live in worlds instead of playing cases")
    parser.add_argument("--facts", type=int, default=8, help="how many facts a case has")
    parser.add_argument("--days", type=int, default=6)
    asked = parser.parse_args()
    if asked.warehouse == "duckdb":
        return _try_all(asked, in_a_file)
    with running() as server:
        return _try_all(asked, on(server))


def _try_all(asked: argparse.Namespace, target: Target) -> int:
    wrong = 0
    for number, seed in enumerate(range(asked.seed, asked.seed + asked.examples), 1):
        told = _try(seed, asked, target)
        if told:
            wrong += 1
            print(f"=== seed {seed}: {told}\n", flush=True)
        if number % 10 == 0:
            print(f"{number} cases played, {wrong} of them wrong", flush=True)
    print(f"{asked.examples} cases from seed {asked.seed}, {wrong} of them wrong", flush=True)
    return 1 if wrong else 0


def _try(seed: int, asked: argparse.Namespace, target: Target) -> str:
    """What goes wrong with a seed, or an empty text."""
    if asked.worlds:
        world = chance.make(seed, days=asked.days)
        found = trouble(world, target)
        return report(world, target, found) if found else ""
    case = cases.make(seed, facts=asked.facts, days=asked.days)
    found = trouble(case, target)
    return report(case, target, found) if found else ""


if __name__ == "__main__":
    raise SystemExit(main())
