"""Times whole processes fairly: jobs take turns for a few rounds, and each result is checked before its time counts.

CPU is the kernel's own figure for a process and its children. Peak memory is the kernel's for the largest of them, or the
sum over all of them where several lived at once. This module imports nothing heavy, because on Linux a child's peak begins
with the size of the process that started it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tree import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ASK = Path(__file__).with_name("peers") / "ask.py"


@dataclass(frozen=True)
class Claim:
    """What a result must hold: a question for the database that the job filled, and the right answer as text."""

    says: str
    sql: str
    answer: str


@dataclass(frozen=True)
class Job:
    """One command to time, what makes its folder ready, and what must be true of its result.

    `database` is a DuckDB file or the URL of a PostgreSQL; without one, claims are asked of a DuckDB that holds nothing. When
    a peer fails, it is left out of its table and the table says so; when one of ours does, the bench ends.
    """

    name: str
    command: Sequence[str | Path]
    folder: Path
    prepare: Callable[[], None] = lambda: None
    database: Path | str = ":memory:"
    claims: Sequence[Claim] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    read: int = 0  # rows of the input
    is_peer: bool = False


@dataclass(frozen=True)
class Sample:
    """One run of a job."""

    wall: float
    cpu: float
    peak: int  # bytes


@dataclass(frozen=True)
class Row:
    """A job's runs, in order of the rounds; the first row of a table is what the others are compared with."""

    name: str
    samples: tuple[Sample, ...]
    verified: tuple[str, ...] = ()
    read: int = 0

    @property
    def wall(self) -> float:
        return median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        return median(sample.cpu for sample in self.samples)

    @property
    def peak(self) -> int:
        return max(sample.peak for sample in self.samples)

    @property
    def pace(self) -> float:
        """Rows of the input per second."""
        return self.read / self.wall

    def ratio(self, reference: Row) -> float:
        """How many times the reference's wall time, round by round, then the median."""
        pairs = zip(self.samples, reference.samples, strict=True)
        return median(mine.wall / theirs.wall for mine, theirs in pairs)


@dataclass(frozen=True)
class Table:
    """Jobs that took turns, and what became of those that are left out."""

    title: str
    rows: tuple[Row, ...]
    left_out: tuple[str, ...] = ()

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)


class WrongResult(Exception):
    """A job ended well and its result is not what the data come to."""


def race(title: str, jobs: Sequence[Job], *, rounds: int) -> Table:
    """Run the jobs in turn (A B C, A B C, …) and keep every sample; WrongResult when one claim does not hold."""
    samples: dict[str, list[Sample]] = {job.name: [] for job in jobs}
    verified: dict[str, tuple[str, ...]] = {}
    left_out: dict[str, str] = {}
    for number in range(rounds):
        for job in (job for job in jobs if job.name not in left_out):
            try:
                job.prepare()
                sample = _run(job)
                verified[job.name] = _verify(job)
            except WrongResult as error:
                if not job.is_peer:
                    raise
                left_out[job.name] = str(error)
                print(f"  left out: {error}", file=sys.stderr)
                continue
            samples[job.name].append(sample)
            print(
                f"  round {number + 1}  {job.name:<44} {sample.wall:8.2f} s {sample.peak / 2**20:8.0f} MiB",
                file=sys.stderr,
            )
    kept = [job for job in jobs if job.name not in left_out]
    rows = tuple(Row(job.name, tuple(samples[job.name]), verified[job.name], job.read) for job in kept)
    return Table(title, rows, tuple(left_out))


def answers(database: Path | str, questions: Sequence[str]) -> list[str]:
    """What a process of its own finds when it asks a database, as text."""
    done = subprocess.run(
        [sys.executable, ASK, str(database)], input=json.dumps(questions), capture_output=True, text=True
    )
    if done.returncode:
        raise WrongResult(f"the result cannot be asked:\n{done.stderr[-2000:]}")
    return list(map(str, json.loads(done.stdout)))


def kept() -> dict[str, str]:
    """The environment of a program that keeps what Python compiles, as one does that is installed."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(job: Job) -> Sample:
    log = job.folder / "bench.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in job.command],
            cwd=job.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**kept(), **job.environment},
        )
        with Watch(process.pid) as watch:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = log.read_text(errors="replace")[-2000:]
        raise WrongResult(f"{job.name} ended with exit code {process.returncode}:\n{tail}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(wall, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss * unit, watch.peak))


def _verify(job: Job) -> tuple[str, ...]:
    """What was found to be true of the result, in words."""
    if not job.claims:
        return ()
    found_of_all = answers(job.database, [claim.sql for claim in job.claims])
    for claim, found in zip(job.claims, found_of_all, strict=True):
        if found != claim.answer:
            raise WrongResult(f"{job.name}: {claim.says} must be {claim.answer} and is {found}")
    return tuple(f"{claim.says} {claim.answer}" for claim in job.claims)
