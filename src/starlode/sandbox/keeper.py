"""The process that keeps the servers of a sandbox: `python -m starlode.sandbox.keeper FOLDER`.

It starts what it is told to, says which of them run, and ends them all when it ends. One runs for each folder, and is spoken
to over loopback by whoever can read the key that it writes there.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Request = dict[str, Any]

DOOR = "keeper.json"
PATIENCE = 20.0
DIES_WITH_PARENT = 1


class Keeper:
    """The servers that were started, by name, with what whoever started them wants to know again."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._kept: dict[str, tuple[subprocess.Popen[bytes], dict[str, str]]] = {}

    def start(self, request: Request) -> Request:
        """Start a server; its words go to a file beside the others."""
        name = str(request["name"])
        with (self._place / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                request["command"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=request["folder"],
                env=request["environment"],
                start_new_session=True,
                preexec_fn=_die_with_parent,
                user=request.get("user"),
                group=request.get("user"),
                extra_groups=[] if request.get("user") is not None else None,
            )
        self._kept[name] = (process, dict(request["facts"]))
        return {"pid": process.pid}

    def stop(self, request: Request) -> Request:
        """Stop a server and forget it."""
        process, _ = self._kept.pop(str(request["name"]))
        _end(process)
        return {}

    def servers(self, _: Request) -> Request:
        """The servers, those that ended included."""
        return {
            name: {"pid": process.pid, "runs": process.poll() is None, "facts": facts}
            for name, (process, facts) in self._kept.items()
        }

    def end(self) -> None:
        """Stop the servers, the last one first."""
        for process, _ in reversed([*self._kept.values()]):
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a server end by itself, and make it where it does not."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    """Keep servers until somebody says to end, or ends this process."""
    place = Path(sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    keeper = Keeper(place)
    try:
        _listen(place, keeper)
    finally:
        (place / DOOR).unlink(missing_ok=True)
        keeper.end()


def _listen(place: Path, keeper: Keeper) -> None:
    key = secrets.token_bytes(32)
    ways: dict[str, Callable[[Request], Request]] = {
        "start": keeper.start,
        "stop": keeper.stop,
        "servers": keeper.servers,
    }
    with Listener(("127.0.0.1", 0), authkey=key) as listener:
        _write_door(place / DOOR, int(listener.address[1]), key)
        while True:
            with suppress(OSError, EOFError), listener.accept() as client:
                request = json.loads(client.recv_bytes())
                if request["do"] == "end":
                    client.send_bytes(b"{}")
                    return
                client.send_bytes(json.dumps(_answer(ways[request["do"]], request)).encode())


def _answer(way: Callable[[Request], Request], request: Request) -> Request:
    try:
        return way(request)
    except OSError as error:
        return {"error": error.strerror or type(error).__name__}


def _write_door(path: Path, port: int, key: bytes) -> None:
    """Tell where the keeper listens, to those who may read the file."""
    partial = path.with_suffix(".partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as door:
        json.dump({"port": port, "key": key.hex(), "pid": os.getpid()}, door)
    partial.replace(path)


def _die_with_parent() -> None:
    """Let a server end when its keeper is killed, where the system knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)


if __name__ == "__main__":
    main()
