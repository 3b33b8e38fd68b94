"""Data of the star bench, and the bases that its rounds start from.

A base is a folder in the state before the run that is timed. It is made once; a round gets a copy of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environments import WORK
from timing import WrongResult, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RUN = WORK / "run" / "star"
STARLODE = Path(sys.executable).with_name("starlode")
WAREHOUSE = "warehouse.duckdb"
# A base is made with more memory than a run has: that is not timed, and makes no other file.
MUCH = {"BENCH_TARGET": f"duckdb:{WAREHOUSE}?memory=4GB"}
CHECKSUM = "count(*) || ' versions, checksum ' || sum(hash(customer_id, city, segment, valid_from, valid_to))"


def data(kind: str, rows: int, changed: int) -> dict[str, Any]:
    """The data of a size, made once by a process of its own, and what they come to."""
    folder = WORK / f"star_{kind}_{rows}_{changed}"
    truth = folder / "truth.json"
    if not truth.exists():
        print(f"making {kind}: {rows:,} rows, {changed:,} changed", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        program = Path(__file__).with_name("star_data.py")
        subprocess.run([sys.executable, program, kind, str(rows), str(changed), folder], check=True)
    return {**json.loads(truth.read_text(encoding="utf-8")), "data": folder / "data", "rows": rows, "changed": changed}


def declare(project: str, **selects: str) -> Callable[[Path], None]:
    """What makes a folder a project, with the files of its SELECTs below `sql`."""
    return partial(_declare, project, selects)


def put(file: Path, place: Path) -> None:
    """Let a file lie in a place without being copied."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    os.link(file, place)


def once(base: Path, make: Callable[[Path], None], *, reuse: bool) -> None:
    """Make a base anew, or take the one that an earlier call has made."""
    ready = base.with_name(f"{base.name}.ready")
    if reuse and ready.exists():
        return
    print(f"  the first day: {base.name}", file=sys.stderr)
    ready.unlink(missing_ok=True)
    shutil.rmtree(base, ignore_errors=True)
    make(base)
    ready.touch()


def fresh(base: Path, folder: Path, file: Path, place: str) -> None:
    """A copy of a base with one more file, on the disk before anything is timed. Parquet is shared: nobody writes to it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder, copy_function=_copy)
    put(file, folder / place)
    os.sync()


def run(command: Sequence[str | Path], folder: Path, known: Mapping[str, str]) -> None:
    """Run a command that is not timed; WrongResult with its last words when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env={**kept(), **known}, capture_output=True, text=True)
    if done.returncode:
        raise WrongResult(
            f"{' '.join(words[1:])} ended with exit code {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}"
        )


def _declare(project: str, selects: Mapping[str, str], folder: Path) -> None:
    folder.joinpath("sql").mkdir(parents=True)
    folder.joinpath("starlode.yml").write_text(project, encoding="utf-8")
    for name, select in selects.items():
        folder.joinpath("sql", f"{name}.sql").write_text(select, encoding="utf-8")


def _copy(source: str, to: str) -> None:
    if source.endswith(".parquet"):
        os.link(source, to)
    else:
        shutil.copy2(source, to)
