"""The music example against two public ways of doing the same: a plain DuckDB script (the limit) and dlt.

`python bench/music.py` makes the data and an environment for dlt below `bench/.work` (kept for the next time), lets all
take turns, checks each result against what the generator says the data come to, and prints tables.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments import WORK, environment
from page import against, section, shown, write
from timing import Claim, Job, WrongResult, race

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from timing import Table

BENCH = Path(__file__).resolve().parent
EXAMPLE = BENCH.parent / "examples" / "music"
PEERS = BENCH / "peers"
METHOD = BENCH / "music_method.md"
STARLODE = Path(sys.executable).with_name("starlode")
DLT = "1.31.0"
SMALL = 8_000

WHOLE, LOAD = "starlode run (JSON to star)", "starlode run --only load"
UNCHANGED = "starlode run, nothing new"
AUTO, DECLARED = "DuckDB script, read_json as written", "DuckDB script, all columns declared"
PEER = f"dlt {DLT}, filesystem and read_jsonl"

SONGS_ONLY = """name: songs
sources:
  app:
    files: data
    streams:
      songs: {files: "song_data/**/*.json", key: song_id}
"""


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
    versions = _versions(dlt=asked.dlt_events > 0)
    results = {"versions": versions, "rounds": asked.rounds, "tables": [asdict(table) for table in tables]}
    WORK.joinpath("music.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if asked.write:
        method = METHOD.read_text(encoding="utf-8").format(rounds=asked.rounds)
        write(asked.write, "music", section(tables, versions, method, closing=list(against(PEER, LOAD, tables))))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the music example beside a plain DuckDB script and dlt.")
    sizes = {"type": int, "nargs": "*", "metavar": "EVENTS"}
    parser.add_argument("--sizes", default=[1_000_000, 10_000_000], help="events to measure with", **sizes)  # type: ignore[arg-type]
    parser.add_argument(
        "--dlt-events", type=int, default=100_000, help="events for the table with dlt; 0 leaves it out"
    )
    parser.add_argument("--songs", type=int, default=15_000, help="one-object files for the small-file table; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the results into a page, e.g. docs/benchmarks.md"
    )
    return parser.parse_args()


def _tables(asked: argparse.Namespace) -> Iterator[Table]:
    WORK.mkdir(exist_ok=True)
    yield _start_up(asked.rounds)
    if asked.songs:
        yield _small_files(asked.songs, asked.rounds)
    if asked.dlt_events:
        yield _beside_dlt(asked.dlt_events, asked.rounds)
    for events in asked.sizes:
        yield _journey(events, asked.rounds)


def _journey(events: int, rounds: int) -> Table:
    truth = _data(events, 100)
    whole = _starlode(WHOLE, truth, [], star=True)
    again = Job(UNCHANGED, [STARLODE, "run"], whole.folder, database=whole.database, claims=whole.claims)
    load = _starlode(LOAD, truth, ["--only", "load"])
    jobs = [*_scripts(truth), load, whole, again]
    return race(f"{events:,} events and 100 songs", jobs, rounds=rounds)


def _beside_dlt(events: int, rounds: int) -> Table:
    truth = _data(events, 100)
    jobs = [*_scripts(truth), _starlode(LOAD, truth, ["--only", "load"]), _dlt(truth)]
    return race(f"The load part of {events:,} events, beside dlt", jobs, rounds=rounds)


def _small_files(songs: int, rounds: int) -> Table:
    truth = _data(0, songs)
    load = _starlode(f"{LOAD}, songs alone", truth, ["--only", "load"], project=SONGS_ONLY)
    jobs = [*_scripts(truth, only_songs=True), load]
    return race(f"{songs:,} files of one object each", jobs, rounds=rounds)


def _start_up(rounds: int) -> Table:
    truth = _data(SMALL, 100)
    first = _starlode("starlode run, the first time", truth, [], star=True)
    race("warming up", [first], rounds=1)
    folder = first.folder
    jobs = [
        Job("python -c pass", [sys.executable, "-c", "pass"], folder),
        Job("starlode --version", [STARLODE, "--version"], folder),
        Job("starlode --help", [STARLODE, "--help"], folder),
        Job(f"{UNCHANGED} ({SMALL:,} events)", first.command, folder, database=first.database, claims=first.claims),
    ]
    return race("Start-up, and doing nothing", jobs, rounds=max(rounds, 5))


def _starlode(
    name: str, truth: dict[str, Any], words: Sequence[str], *, star: bool = False, project: str | None = None
) -> Job:
    folder = WORK / "run" / ("starlode_star" if star else "starlode_load")
    declared = project or (EXAMPLE / "starlode.yml").read_text(encoding="utf-8")
    claims = _loaded(truth, "staging.app__songs", "staging.app__events" if project is None else None)
    return Job(
        name,
        [STARLODE, "run", *words],
        folder,
        partial(_project, folder, declared, truth["data"]),
        folder / "warehouse.duckdb",
        [*claims, *(_star(truth) if star else [])],
        read=truth["events"] or truth["songs"],
    )


def _scripts(truth: dict[str, Any], *, only_songs: bool = False) -> tuple[Job, Job]:
    return _script(DECLARED, "declared", truth, only_songs), _script(AUTO, "auto", truth, only_songs)


def _script(name: str, kind: str, truth: dict[str, Any], only_songs: bool) -> Job:
    folder, script = WORK / "run" / kind, f"read_json_{kind}.sql"
    return Job(
        name,
        [sys.executable, PEERS / "sql_script.py", "limit.duckdb", script],
        folder,
        partial(_sql_folder, folder, script, truth["data"], only_songs),
        folder / "limit.duckdb",
        _loaded(truth, "songs", None if only_songs else "events"),
        read=truth["events"] or truth["songs"],
    )


def _dlt(truth: dict[str, Any]) -> Job:
    folder = WORK / "run" / "dlt"
    return Job(
        PEER,
        [_dlt_python(), PEERS / "dlt_json.py", "loaded.duckdb", truth["data"]],
        folder,
        partial(_empty, folder),
        folder / "loaded.duckdb",
        _loaded(truth, "music.songs", "music.events"),
        {"DLT_DATA_DIR": str(folder / "state"), "RUNTIME__DLTHUB_TELEMETRY": "false"},
        truth["events"],
    )


def _loaded(truth: dict[str, Any], songs: str, events: str | None) -> list[Claim]:
    claims = [Claim("songs", f"select count(*) from {songs}", str(truth["songs"]))]
    if events:
        exact = f"select sum(length::decimal(12, 5)) from {events}"
        claims.append(Claim("events", f"select count(*) from {events}", str(truth["events"])))
        claims.append(Claim("sum(length)", exact, truth["seconds"]))
    return claims


def _star(truth: dict[str, Any]) -> list[Claim]:
    plays, users = "star.fact_songplay", "select count(*) from star.dim_user where user_key > 0"
    stays = str(truth["users"] + truth["level_changes"])
    return [
        Claim("plays", f"select count(*) from {plays}", str(truth["plays"])),
        Claim("seconds played", f"select sum(seconds) from {plays}", truth["seconds"]),
        Claim("plays of a known song", f"select count(*) from {plays} where song_key > 0", str(truth["matched_plays"])),
        Claim("stays of a user on a level", users, stays),
    ]


def _data(events: int, songs: int) -> dict[str, Any]:
    """The data of a size, made once, and what it comes to."""
    folder = WORK / f"music_{events}_{songs}"
    truth = folder / "truth.json"
    if not truth.exists():
        print(f"making {events:,} events and {songs:,} songs", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        sizes = ["--events", str(events), "--songs", str(songs)]
        program = [sys.executable, str(EXAMPLE / "generate.py"), "--to", str(folder / "data"), "--truth", str(truth)]
        subprocess.run([*program, *sizes], check=True, stdout=subprocess.DEVNULL)
    return {**json.loads(truth.read_text(encoding="utf-8")), "data": folder / "data"}


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _project(folder: Path, declared: str, data: Path) -> None:
    _empty(folder)
    folder.joinpath("starlode.yml").write_text(declared.replace("files: data", f"files: {data}"), encoding="utf-8")
    shutil.copytree(EXAMPLE / "sql", folder / "sql")


def _sql_folder(folder: Path, script: str, data: Path, only_songs: bool) -> None:
    _empty(folder)
    text = (PEERS / script).read_text(encoding="utf-8")
    folder.joinpath(script).write_text(
        text.partition("create table events")[0] if only_songs else text, encoding="utf-8"
    )
    folder.joinpath("data").symlink_to(data)


def _dlt_python() -> Path:
    """The Python of an environment that holds dlt and our version of DuckDB."""
    return environment(f"dlt-{DLT}", f"dlt[duckdb]=={DLT}", f"duckdb=={version('duckdb')}") / "bin" / "python"


def _versions(*, dlt: bool) -> dict[str, str]:
    ours = {package: version(package) for package in ("starlode", "duckdb", "pyarrow")}
    return {"Python": sys.version.split()[0], **ours, **({"dlt": DLT} if dlt else {})}


if __name__ == "__main__":
    main()
