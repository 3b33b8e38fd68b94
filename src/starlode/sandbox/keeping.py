"""Speaking with the keeper of a sandbox: it is started where it does not run yet."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from typing import TYPE_CHECKING, Any

from starlode.errors import StarlodeError
from starlode.sandbox.keeper import DOOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PATIENCE = 90.0
PAUSE = 0.05


@dataclass(frozen=True)
class Kept:
    """A server that the keeper has started, and what whoever started it wrote down of it."""

    name: str
    pid: int
    runs: bool
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Command:
    """How a server is started. `asks` tells whether it answers."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    facts: Mapping[str, str]
    asks: Callable[[], bool]
    user: int | None = field(default=None)


def kept(place: Path) -> dict[str, Kept]:
    """The servers of a sandbox that run; none where no keeper does."""
    if not _runs(place):
        return {}
    told = _asked(place, {"do": "servers"})
    return {name: Kept(name, said["pid"], said["runs"], said["facts"]) for name, said in told.items()}


def keep(place: Path) -> None:
    """Start the keeper unless it runs."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _runs(place):
            return
        # What servers left that ended by themselves does not fit together: buckets are gone, and tables are there.
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        _start_keeper(place)


def start(place: Path, command: Command) -> None:
    """Let the keeper start a server, and wait until it answers."""
    said = {
        "do": "start",
        "name": command.name,
        "command": [str(word) for word in command.words],
        "environment": dict(command.environment),
        "folder": str(command.folder),
        "facts": dict(command.facts),
        "user": command.user,
    }
    told = _asked(place, said)
    if "error" in told:
        raise StarlodeError(f"{command.name} cannot be started: {told['error']}", where=str(command.words[0]))
    until = time.monotonic() + PATIENCE
    while not command.asks():
        if not kept(place)[command.name].runs or time.monotonic() > until:
            raise StarlodeError(
                f"{command.name} of the sandbox does not answer",
                where=str(place / f"{command.name}.log"),
                hint="the file says why; `starlode sandbox down` begins anew",
            )
        time.sleep(PAUSE)


def stop(place: Path, name: str) -> None:
    """Let the keeper stop one server."""
    _asked(place, {"do": "stop", "name": name})


def end(place: Path) -> bool:
    """Let the keeper end, and all servers with it; whether there was one."""
    if not _runs(place):
        return False
    pid = _door(place)["pid"]
    _asked(place, {"do": "end"})
    until = time.monotonic() + PATIENCE
    while _is_alive(pid) and time.monotonic() < until:
        time.sleep(PAUSE)
    return True


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


def _start_keeper(place: Path) -> None:
    with (place / "keeper.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "starlode.sandbox.keeper", str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    until = time.monotonic() + PATIENCE
    while not _runs(place):
        if time.monotonic() > until:
            raise StarlodeError("the keeper of the sandbox does not start", where=str(place / "keeper.log"))
        time.sleep(PAUSE)


def _runs(place: Path) -> bool:
    try:
        _asked(place, {"do": "servers"})
    except (OSError, EOFError, ValueError, AuthenticationError):
        return False
    return True


def _asked(place: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    door = _door(place)
    with Client(("127.0.0.1", door["port"]), authkey=bytes.fromhex(door["key"])) as keeper:
        keeper.send_bytes(json.dumps(request).encode())
        told: dict[str, Any] = json.loads(keeper.recv_bytes())
    return told


def _door(place: Path) -> dict[str, Any]:
    door: dict[str, Any] = json.loads((place / DOOR).read_text("utf-8"))
    return door


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One of our own that ended stays until somebody asks how.
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return True
    return True
