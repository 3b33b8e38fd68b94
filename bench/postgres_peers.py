"""The peers of the PostgreSQL bench: psql's COPY (the limit), DuckDB's own scanner, dlt and Sling, each as a job."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from environments import WORK, environment
from postgres_data import execute, psql
from timing import Claim, Job, WrongResult, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from postgres_data import Data

    Command = Sequence[str | Path]

PEERS = Path(__file__).resolve().parent / "peers"
RUN = WORK / "run" / "postgres"
DLT, SLING, CONNECTORX, SQLALCHEMY = "1.31.0", "1.4.11", "0.4.6", "2.1.9"
NAMES = ("scanner", "dlt", "sling")
# Sling writes and reads DuckDB and Parquet with DuckDB's own program, which would fetch these by itself.
EXTENSIONS = ("json", "parquet", "icu", "httpfs")


def empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def to_parquet(data: Data, peers: Sequence[str]) -> list[Job]:
    """Peers that copy a table to Parquet, the limit first."""
    return _copies(data, "parquet", peers)


def to_duckdb(data: Data, peers: Sequence[str]) -> list[Job]:
    """Peers that copy a table into a DuckDB file, the limit first."""
    return _copies(data, "duckdb", peers)


def to_postgres(data: Data, files: Path, peers: Sequence[str]) -> list[Job]:
    """Peers that load a Parquet file into a table; the limit is psql with a file in the server's own format."""
    ways = {"scanner": _insert, "dlt": _dlt_back, "sling": _sling_back}
    return [_copy_from(data, files), *(ways[name](data, files) for name in peers)]


def claims(data: Data, relation: str) -> list[Claim]:
    """What is true of a whole copy, in DuckDB and in PostgreSQL alike."""
    exact = f"select cast(sum(cast(amount as decimal(18, 4))) as varchar) from {relation}"
    return [
        Claim("rows", f"select count(*) from {relation}", str(data.rows)),
        Claim("sum(amount)", exact, data.total),
    ]


def _copies(data: Data, kind: str, peers: Sequence[str]) -> list[Job]:
    folder = RUN / "limit"
    command = psql(data.url, f"copy {data.table} to stdout (format binary)")
    limit = Job("COPY in binary to nowhere (psql)", command, folder, partial(empty, folder), read=data.rows)
    ways = {"scanner": _scanner, "dlt": _dlt, "sling": _sling_copy}
    return [limit, *(ways[name](data, kind) for name in peers)]


def _scanner(data: Data, kind: str) -> Job:
    to = RUN / f"scanner_{kind}" / f"out.{kind}"
    command: Command = [sys.executable, PEERS / "scanner.py", data.url, data.table, kind, to]
    return _copy(f"DuckDB {version('duckdb')}, its own scanner", command, data, to, to.name, data.table)


def _dlt(data: Data, kind: str) -> Job:
    to = RUN / f"dlt_{kind}" / f"out.{kind}"
    command: Command = [_dlt_python(), PEERS / "dlt_sql.py", data.url, "connectorx", kind, to, "", data.table]
    files = f"{to.name}/copied/{data.table}/**/*.parquet"
    job = _copy(f"dlt {DLT}, connectorx in batches", command, data, to, files, f"copied.{data.table}")
    return replace(job, environment=_dlt_settings(job.folder))


def _sling_copy(data: Data, kind: str) -> Job:
    to = RUN / f"sling_{kind}" / f"out.{kind}"
    program, settings = _sling()
    # Without a number of rows for each file, it writes part after part to one file, of which the last remains.
    parts = ["--tgt-object", f"file://{to}", "--tgt-options", "{file_max_rows: 100000000}"]
    target = parts if kind == "parquet" else ["--tgt-conn", "DUCK", "--tgt-object", "main.copied"]
    command: Command = [program, "run", "--src-conn", "PG", "--src-stream", f"public.{data.table}", *target]
    job = _copy(f"Sling {SLING}", command, data, to, f"{to.name}/*.parquet", "main.copied")
    places = {
        "PG": f"{data.url}?sslmode=disable",
        "DUCK": f"duckdb://{to}",
        "SLING_HOME_DIR": str(job.folder / "state"),
    }
    return replace(job, environment=settings | places)


def _copy(name: str, command: Command, data: Data, to: Path, files: str, table: str) -> Job:
    """A job that makes Parquet (`files` below its folder) or a DuckDB file with a table."""
    is_parquet = to.suffix == ".parquet"
    asked = claims(data, f"read_parquet('{to.parent / files}')" if is_parquet else table)
    where: Path | str = ":memory:" if is_parquet else to
    return Job(name, command, to.parent, partial(empty, to.parent), where, asked, read=data.rows, is_peer=True)


def _copy_from(data: Data, files: Path) -> Job:
    command = psql(data.url, f"\\copy back_limit from '{files / 'rows.pgcopy'}' (format binary)")
    job = _back("COPY from a binary file (psql)", command, data, "back_limit", is_there=True)
    return replace(job, is_peer=False)


def _insert(data: Data, files: Path) -> Job:
    command: Command = [
        sys.executable,
        PEERS / "scanner.py",
        data.url,
        "back_scanner",
        "postgres",
        files / "rows.parquet",
    ]
    return _back(f"DuckDB {version('duckdb')}, its postgres extension", command, data, "back_scanner", is_there=True)


def _dlt_back(data: Data, files: Path) -> Job:
    command: Command = [_dlt_python(), PEERS / "dlt_parquet.py", data.url, files / "rows.parquet", "back_dlt"]
    job = _back(f"dlt {DLT}, Arrow and CSV", command, data, "loaded.back_dlt")
    return replace(job, environment=_dlt_settings(job.folder))


def _sling_back(data: Data, files: Path) -> Job:
    program, settings = _sling()
    source = f"--src-stream file://{files / 'rows.parquet'}"
    command: Command = [program, "run", *source.split(), "--tgt-conn", "PG", "--tgt-object", "public.back_sling"]
    job = _back(f"Sling {SLING}", command, data, "public.back_sling")
    places = {"PG": f"{data.url}?sslmode=disable", "SLING_HOME_DIR": str(job.folder / "state")}
    return replace(job, environment=settings | places)


def _back(name: str, command: Command, data: Data, table: str, *, is_there: bool = False) -> Job:
    """A job that fills a table of the server, which is there and empty, or which the job makes."""
    folder = RUN / table
    schema, _, _ = table.rpartition(".")
    # A peer that has a schema of its own keeps an account in it of what it loaded before.
    gone = (
        f"drop schema if exists {schema} cascade" if schema not in ("", "public") else f"drop table if exists {table}"
    )
    made = [f"create table {table} (like {data.table})"] if is_there else []

    def ready() -> None:
        empty(folder)
        execute(data.url, gone, *made)

    return Job(name, command, folder, ready, data.url, claims(data, table), read=data.rows, is_peer=True)


def nothing_new(url: str, tables: list[str]) -> Job:
    """dlt's own incremental reading, once more after all was read."""
    folder = RUN / "dlt_nothing"
    out = folder / "out.duckdb"
    command: Command = [_dlt_python(), PEERS / "dlt_sql.py", url, "pyarrow", "duckdb", out, "updated_at", *tables]
    settings = _dlt_settings(folder)
    ready = Once(folder, command, settings)
    return Job(f"dlt {DLT}, incremental, pyarrow", command, folder, ready, environment=settings, is_peer=True)


class Once:
    """Makes a folder ready by running a command in it, before the first round only."""

    def __init__(
        self,
        folder: Path,
        command: Command,
        environment: Mapping[str, str],
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._command, self._before = folder, [str(word) for word in command], before
        self._environment = {**kept(), **environment}
        self._is_done = False

    def __call__(self) -> None:
        if not self._is_done:
            empty(self._folder)
            self._before()
            done = subprocess.run(
                self._command, cwd=self._folder, env=self._environment, capture_output=True, text=True, errors="replace"
            )
            if done.returncode:
                raise WrongResult(
                    f"{self._command[0]} could not make {self._folder.name} ready:\n{done.stderr[-2000:]}"
                )
            self._is_done = True


def _dlt_python() -> Path:
    packages = [f"dlt[duckdb,parquet,postgres]=={DLT}", f"connectorx=={CONNECTORX}", f"sqlalchemy=={SQLALCHEMY}"]
    packages += [f"{name}=={version(name)}" for name in ("duckdb", "pyarrow")]
    return environment(f"dlt-sql-{DLT}", *packages, "psycopg2-binary") / "bin" / "python"


def _dlt_settings(folder: Path) -> dict[str, str]:
    return {"DLT_DATA_DIR": str(folder / "state"), "RUNTIME__DLTHUB_TELEMETRY": "false"}


def _sling() -> tuple[Path, dict[str, str]]:
    """Sling's program, and what it needs to find DuckDB's without a download."""
    number = version("duckdb")
    extensions = [f"duckdb-extension-{name}=={number}" for name in EXTENSIONS]
    folder = environment(f"sling-{SLING}", f"sling-linux-amd64=={SLING}", f"duckdb-cli=={number}", *extensions)
    program = next(folder.rglob("bin/sling-linux-amd64"))
    home = folder / "home"
    for file in folder.glob("lib/**/*.duckdb_extension"):
        known = home / ".duckdb" / "extensions" / f"v{number}" / "linux_amd64" / file.name
        known.parent.mkdir(parents=True, exist_ok=True)
        if not known.exists():
            known.symlink_to(file)
    duckdb = next(folder.rglob("duckdb_cli/duckdb"))
    return program, {"HOME": str(home), "DUCKDB_PATH": str(duckdb), "SLING_DISABLE_TELEMETRY": "true"}
