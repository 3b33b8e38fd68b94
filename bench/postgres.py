"""PostgreSQL in and out, beside psql's COPY (the limit), DuckDB's own scanner, dlt and Sling.

`python bench/postgres.py` starts a server of its own, makes tables in it and environments for the peers below `bench/.work`,
lets all take turns, checks each result against what the server says, and prints tables. `--quick` shows that all of it runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import postgres_peers as peers
from environments import WORK
from page import section, shown, write
from postgres_data import NARROW, WIDE, Data, execute, make, make_changing, psql, server
from timing import Claim, Job, WrongResult, race

if TYPE_CHECKING:
    from collections.abc import Iterator

    from timing import Table

METHOD = Path(__file__).with_name("postgres_method.md")
STARLODE = Path(sys.executable).with_name("starlode")
QUICK = {"rows": [20_000], "narrow": 20_000, "back": [20_000], "rounds": 1}
USUAL = {"rows": [2_000_000, 10_000_000], "narrow": 20_000_000, "back": [2_000_000], "rounds": 3}
LAND, LOAD = "starlode run --only land", "starlode run --only load"
NOTHING = "starlode run, nothing new"
# A round of Sling takes three to five minutes beyond.
MOST_FOR_SLING = 2_000_000

SOURCE = """name: bench
sources:
  there:
    url: ${BENCH_URL}
    streams:
"""
FILES = """name: bench
target: ${BENCH_URL}
sources:
  here:
    files: FOLDER
    streams:
      rows: {files: "rows.parquet"}
"""


def main() -> None:
    """The command line; exit code 1 when a result of ours is wrong."""
    asked = _arguments()
    tables = []
    try:
        with server() as url:
            for table in _tables(url, asked):
                print(shown(table), end="\n\n", flush=True)
                tables.append(table)
    except WrongResult as error:
        raise SystemExit(f"error: {error}") from error
    used = _versions(asked.peers)
    results = {"versions": used, "rounds": asked.rounds, "tables": [asdict(table) for table in tables]}
    WORK.joinpath("postgres.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if asked.write:
        method = METHOD.read_text("utf-8").format(rounds=asked.rounds, sling_rows=asked.sling_rows)
        write(asked.write, "postgres", section(tables, used, method))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure PostgreSQL in and out beside COPY, DuckDB, dlt and Sling.")
    parser.add_argument("--rows", type=int, nargs="*", help="rows of 15 columns to read; none leaves the tables out")
    parser.add_argument("--narrow", type=int, help="rows of 4 integers to read; 0 leaves the table out")
    parser.add_argument("--back", type=int, nargs="*", help="rows of 15 columns to load into PostgreSQL")
    parser.add_argument("--streams", type=int, default=10, help="streams of the run that finds nothing; 0: none")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--peers", nargs="*", choices=peers.NAMES, default=list(peers.NAMES), help="beside whom")
    parser.add_argument("--sling-rows", type=int, default=MOST_FOR_SLING, help="the largest table that Sling copies")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the results into a page, e.g. docs/benchmarks.md"
    )
    asked = parser.parse_args()
    for name, size in (QUICK if asked.quick else USUAL).items():
        if getattr(asked, name) is None:
            setattr(asked, name, size)
    return asked


def _tables(url: str, asked: argparse.Namespace) -> Iterator[Table]:
    WORK.mkdir(exist_ok=True)
    if asked.streams:
        yield _nothing_new(url, asked)
    if asked.narrow:
        data = make(url, "narrow", NARROW, asked.narrow)
        yield _to_parquet("4 integers", data, asked)
        execute(url, "drop table narrow")
    for rows in sorted({*asked.rows, *asked.back}):
        data = make(url, "wide", WIDE, rows)
        if rows in asked.rows:
            yield _to_parquet("15 columns", data, asked)
            yield _to_duckdb("15 columns", data, asked)
        if rows in asked.back:
            yield _to_postgres(data, asked)
        execute(url, "drop table wide")


def _to_parquet(what: str, data: Data, asked: argparse.Namespace) -> Table:
    ours = _starlode(LAND, "land", data, "landing/there/copied/**/*.parquet")
    title = f"PostgreSQL to Parquet: {data.rows:,} rows of {what}"
    return race(title, [*peers.to_parquet(data, _beside(data, asked)), ours], rounds=asked.rounds)


def _to_duckdb(what: str, data: Data, asked: argparse.Namespace) -> Table:
    ours = _starlode(LOAD, "load", data, "")
    title = f"PostgreSQL to a DuckDB table: {data.rows:,} rows of {what}"
    return race(title, [*peers.to_duckdb(data, _beside(data, asked)), ours], rounds=asked.rounds)


def _beside(data: Data, asked: argparse.Namespace) -> list[str]:
    """The peers that a table of this size is copied by."""
    return [name for name in asked.peers if name != "sling" or data.rows <= asked.sling_rows]


def _to_postgres(data: Data, asked: argparse.Namespace) -> Table:
    files = WORK / "run" / "postgres" / "files"
    _write_files(data, files)
    title = f"Parquet to a PostgreSQL table: {data.rows:,} rows of 15 columns"
    return race(title, [*peers.to_postgres(data, files, asked.peers), _starlode_back(data, files)], rounds=asked.rounds)


def _nothing_new(url: str, asked: argparse.Namespace) -> Table:
    names = [f"changing_{number:02d}" for number in range(asked.streams)]
    make_changing(url, names, 10_000)
    folder = peers.RUN / "starlode_nothing"
    streams = "".join(f"      {n}: {{table: public.{n}, key: id, since: updated_at}}\n" for n in names)
    command: list[str | Path] = [STARLODE, "run"]
    known = {"BENCH_URL": url}
    ready = peers.Once(folder, command, known, partial(_declare, folder, SOURCE + streams))
    bare = Job("python -c pass", [sys.executable, "-c", "pass"], WORK)
    unchanged = Claim("status", 'select status from starlode.run order by "at" desc limit 1', "unchanged")
    jobs = [bare, Job(NOTHING, command, folder, ready, folder / "warehouse.duckdb", [unchanged], known)]
    if "dlt" in asked.peers:
        jobs.append(peers.nothing_new(url, names))
    return race(f"An incremental run of {asked.streams} streams that finds nothing", jobs, rounds=max(asked.rounds, 3))


def _starlode(name: str, only: str, data: Data, files: str) -> Job:
    folder = peers.RUN / f"starlode_{only}"
    declared = f"{SOURCE}      copied: {{table: public.{data.table}}}\n"
    claims = peers.claims(data, f"read_parquet('{folder / files}')" if files else "staging.there__copied")
    return Job(
        name,
        [STARLODE, "run", "--only", only],
        folder,
        partial(_project, folder, declared),
        ":memory:" if files else folder / "warehouse.duckdb",
        claims,
        {"BENCH_URL": data.url},
        data.rows,
    )


def _starlode_back(data: Data, files: Path) -> Job:
    """Only the load is timed: the file was landed before."""
    folder = peers.RUN / "starlode_back"
    known = {"BENCH_URL": data.url}
    land: list[str | Path] = [STARLODE, "run", "--only", "land"]
    declared = FILES.replace("FOLDER", str(files))

    def ready() -> None:
        execute(data.url, "drop schema if exists staging cascade", "drop schema if exists starlode cascade")
        peers.Once(folder, land, known, partial(_declare, folder, declared))()

    claims = peers.claims(data, "staging.here__rows")
    return Job(LOAD, [STARLODE, "run", "--only", "load"], folder, ready, data.url, claims, known, data.rows)


def _project(folder: Path, declared: str) -> None:
    peers.empty(folder)
    _declare(folder, declared)


def _declare(folder: Path, declared: str) -> None:
    folder.joinpath("starlode.yml").write_text(declared, encoding="utf-8")


def _write_files(data: Data, folder: Path) -> None:
    """The table in the server's own format and as Parquet, for the loads to begin with."""
    peers.empty(folder)
    copy = psql(data.url, f"\\copy {data.table} to '{folder / 'rows.pgcopy'}' (format binary)")
    scan = [sys.executable, peers.PEERS / "scanner.py", data.url, data.table, "parquet", folder / "rows.parquet"]
    for command in (copy, scan):
        subprocess.run([str(word) for word in command], check=True)


def _versions(asked: list[str]) -> dict[str, str]:
    ours = {package: version(package) for package in ("starlode", "duckdb", "pyarrow", "psycopg")}
    theirs = {"dlt": {"dlt": peers.DLT, "connectorx": peers.CONNECTORX}, "sling": {"Sling": peers.SLING}}
    used = {"Python": sys.version.split()[0], "PostgreSQL": "16", **ours}
    for name in asked:
        used |= theirs.get(name, {})
    return used


if __name__ == "__main__":
    main()
