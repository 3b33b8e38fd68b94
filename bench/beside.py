"""A star built in its target and beside it, each below a limit of memory: a first build, and a day with few changes.

`python bench/beside.py` makes the data below `bench/.work`, lets the ways take turns, checks each result against what the
generator says, and prints tables. The peak is the kernel's own figure for a whole process. `--quick` shows that it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments import WORK
from page import section, shown, write
from star import LINES, SELECT, WRONG_KEYS, WRONG_PRODUCTS
from star_base import STARLODE, WAREHOUSE, data, declare, fresh, once, put
from timing import Claim, Job, WrongResult, race

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from timing import Table

METHOD = Path(__file__).with_name("beside_method.md")
RUN = WORK / "run" / "beside"
FILES = ("customers-1.parquet", "products.parquet", "orders.parquet", "lines-1.parquet")
SAME_STAR = "select count(*) || ' rows, amount ' || sum(amount) from star.fact_lines"
FIRST = "select count(*) from star.fact_lines"
WAYS = {"in the target": "", "beside it": "build: duckdb?memory={memory}\n"}


def main() -> None:
    """The command line; exit code 1 when a result is wrong."""
    asked = _arguments()
    tables = []
    try:
        for table in _tables(asked):
            print(shown(table), end="\n\n", flush=True)
            tables.append(table)
    except WrongResult as error:
        raise SystemExit(f"error: {error}") from error
    used = {"Python": sys.version.split()[0], **{name: version(name) for name in ("starlode", "duckdb", "pyarrow")}}
    results = {"versions": used, "memory": asked.memory, "tables": [asdict(table) for table in tables]}
    WORK.joinpath("beside.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if asked.write:
        method = METHOD.read_text(encoding="utf-8").format(rounds=asked.rounds, memory=asked.memory)
        write(asked.write, "beside", section(tables, used, method))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a star that is built in its target, and one built beside it.")
    parser.add_argument("--rows", type=int, help="rows of the fact")
    parser.add_argument("--changed", type=int, help="source rows of it that change on the second day")
    parser.add_argument("--memory", default="2GB", help="the limit of memory for each file")
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=list(WAYS), help="where the star is built")
    parser.add_argument("--days", type=int, choices=(1, 2), default=2, help="1 leaves the day with few changes out")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the results into a page")
    asked = parser.parse_args()
    asked.rows = asked.rows or (100_000 if asked.quick else 50_000_000)
    asked.changed = asked.changed or (1_000 if asked.quick else 10_000)
    return asked


def _tables(asked: argparse.Namespace) -> Iterator[Table]:
    WORK.mkdir(exist_ok=True)
    truth = data("lines", asked.rows, asked.changed)
    ways = {way: WAYS[way].format(memory=asked.memory) for way in asked.ways}
    known = {"BENCH_TARGET": f"duckdb:{WAREHOUSE}?memory={asked.memory}"}
    jobs = [_first_day(name, declared, truth, known) for name, declared in ways.items()]
    yield race(f"A first build of {asked.rows:,} rows", jobs, rounds=asked.rounds)
    if asked.days > 1:
        jobs = [_second_day(name, truth, known) for name in ways]
        yield race(f"{asked.changed:,} changed source rows", jobs, rounds=asked.rounds)


def _first_day(name: str, declared: str, truth: Mapping[str, Any], known: Mapping[str, str]) -> Job:
    folder = _folder(name, truth)
    claims = [Claim("facts", FIRST, str(truth["rows"])), *_keys()]
    ready = partial(_lay, folder, declared, truth)
    return Job(
        f"starlode run, built {name}",
        [STARLODE, "run"],
        folder,
        ready,
        folder / WAREHOUSE,
        claims,
        known,
        truth["rows"],
    )


def _second_day(name: str, truth: Mapping[str, Any], known: Mapping[str, str]) -> Job:
    base, folder = _folder(name, truth), RUN / f"later-{name.replace(' ', '-')}"
    claims = [Claim("facts", SAME_STAR, truth["facts"]), *_keys()]
    ready = partial(fresh, base, folder, truth["data"] / "lines-2.parquet", "data/lines-2.parquet")
    return Job(f"starlode run, built {name}", [STARLODE, "run"], folder, ready, folder / WAREHOUSE, claims, known)


def _keys() -> list[Claim]:
    return [
        Claim("facts with a wrong customer", WRONG_KEYS.format(fact="fact_lines", at="ordered_at"), "0"),
        Claim("facts with a wrong product", WRONG_PRODUCTS, "0"),
    ]


def _folder(name: str, truth: Mapping[str, Any]) -> Path:
    return RUN / f"{name.replace(' ', '-')}-{truth['rows']}"


def _lay(folder: Path, declared: str, truth: Mapping[str, Any]) -> None:
    def lay(place: Path) -> None:
        declare(LINES + declared, lines=SELECT)(place)
        for file in FILES:
            put(truth["data"] / file, place / "data" / file)

    once(folder, lay, reuse=False)


if __name__ == "__main__":
    main()
