"""Kill a run at any request to the bucket and run again: the result is that of an undisturbed run.

The run is a process of its own, and the server between it and the bucket kills it when a chosen request comes: before the
bucket hears of it, or when the bucket has done it and nobody was told.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Literal

import pytest

import starlode
from tests import projects
from tests.engine import killed
from tests.s3.proxy import Faults, between
from tests.s3.servers import CLONE
from tests.thorough import some

if TYPE_CHECKING:
    from tests.s3.servers import Server

When = Literal["unheard", "answer lost"]
PLACES, LATER_PLACES = 6, 3


@dataclass
class Killing(Faults):
    """Kills a process at a request."""

    number: int = 0
    process: subprocess.Popen[str] | None = None

    def meets(self, request: str) -> bool:
        with self._guard:
            self.seen.append(request)
            if len(self.seen) != self.number or self.process is None:
                return False
            os.kill(self.process.pid, signal.SIGKILL)
            return True


@pytest.fixture(autouse=True)
def _leave_no_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spools of the killed lie where the tests end with them."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))


@pytest.mark.slow
@pytest.mark.parametrize("when", ["unheard", "answer lost"])
@pytest.mark.parametrize("place", some(PLACES))
def test_killed_at_a_request_and_run_again(
    place: int, when: When, tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _laid(tmp_path / "project", bucket)

    _kill(folder, when, (place + 0.5) / PLACES, _requests_of_a_first_day(s3, monkeypatch), s3, monkeypatch)
    project = starlode.read(folder)
    starlode.run(project)

    _expect(project, _undisturbed(), bucket, s3)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["unheard", "answer lost"])
@pytest.mark.parametrize("place", some(LATER_PLACES))
def test_killed_at_a_request_of_a_later_day(
    place: int, when: When, tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _laid(tmp_path / "project", bucket)
    starlode.run(starlode.read(folder))
    killed.later(folder)

    _kill(folder, when, (place + 0.5) / LATER_PLACES, _requests_of_a_first_day(s3, monkeypatch), s3, monkeypatch)
    project = starlode.read(folder)
    starlode.run(project)

    _expect(project, _undisturbed_later(), bucket, s3)


def _kill(folder: Path, when: When, at: float, of: int, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a project until it is killed, so far on its way through as many requests."""
    killing = Killing(when, "", number=1 + int(at * of))
    _run(folder, killing, server, monkeypatch)
    assert killing.process is not None
    # A later day asks for less than the first one did; then it has ended by itself.
    assert killing.process.returncode == -signal.SIGKILL or len(killing.seen) < killing.number


def _run(folder: Path, killing: Killing, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in a process of its own, through a server that may kill it."""
    command = [sys.executable, "-m", "tests.engine.killed", str(folder), "count", "0"]
    with between(server, killing) as passing:
        monkeypatch.setenv("AWS_ENDPOINT_URL", passing.url)
        killing.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=CLONE
        )
        killing.process.communicate(timeout=120)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)


_counted: list[int] = []


def _requests_of_a_first_day(server: Server, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many requests a first day takes that nobody disturbs."""
    if not _counted:
        folder = _laid(Path(mkdtemp(prefix="starlode-")), server.fresh_bucket())
        counting = Killing("slow", "")
        _run(folder, counting, server, monkeypatch)
        assert counting.process is not None
        assert counting.process.returncode == 0
        shutil.rmtree(folder)
        _counted.append(len(counting.seen))
    return _counted[0]


@cache
def _undisturbed() -> dict[str, list[tuple[object, ...]]]:
    """The star of a first day that lands in a folder."""
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    starlode.run(starlode.read(folder))
    return projects.star(starlode.read(folder))


@cache
def _undisturbed_later() -> dict[str, list[tuple[object, ...]]]:
    """The star of two days that land in a folder."""
    folder = killed.lay(Path(mkdtemp(prefix="starlode-")))
    starlode.run(starlode.read(folder))
    killed.later(folder)
    starlode.run(starlode.read(folder))
    return projects.star(starlode.read(folder))


def _expect(project: starlode.Project, star: dict[str, list[tuple[object, ...]]], bucket: str, server: Server) -> None:
    """The project is as if nothing had happened, and sweeping leaves nothing of what did."""
    assert projects.star(project) == star
    assert starlode.check(project) == ()
    assert projects.value(project, "select count(*) - count(distinct (_file, _row)) from staging.app__events") == 0
    assert starlode.run(project).status == "unchanged"
    starlode.sweep(project)
    assert starlode.sweep(project, dry_run=True) == ()
    assert server.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def _laid(folder: Path, bucket: str) -> Path:
    killed.lay(folder)
    file = folder / "starlode.yml"
    file.write_text(f"{file.read_text()}landing: s3://{bucket}/{folder.name}\n")
    return folder
