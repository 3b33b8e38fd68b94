"""Calling the command line: as a process of its own, on a terminal, or inside this one."""

from __future__ import annotations

import errno
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND = (sys.executable, "-m", "starlode")
LEFT_OUT = ("CI", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "TARGET")


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would change the speech of the tool."""
    return {name: value for name, value in os.environ.items() if name not in LEFT_OUT} | dict(more or {})


def call(*words: str, folder: Path, more: Mapping[str, str] | None = None) -> Answer:
    """Run the command as a process, with pipes for stdout and stderr."""
    ended = subprocess.run(
        [*COMMAND, *words], cwd=folder, env=environment(more), capture_output=True, text=True, timeout=120, check=False
    )
    return Answer(ended.returncode, ended.stdout, ended.stderr)


def start(*words: str, folder: Path) -> subprocess.Popen[str]:
    """Begin the command as a process, and do not wait for it."""
    return subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call_on_terminal(*words: str, folder: Path, more: Mapping[str, str] | None = None) -> Answer:
    """Run the command on a terminal of its own; everything that it showed is in `out`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment({"TERM": "xterm-256color", "COLUMNS": "120"} | dict(more or {})),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return Answer(process.wait(timeout=60), shown.decode().replace("\r\n", "\n"), "")


def _read(terminal: int) -> bytes:
    """The next bytes, and none when the other side has gone."""
    try:
        return os.read(terminal, 65_536)
    except OSError as error:
        if error.errno == errno.EIO:
            return b""
        raise
