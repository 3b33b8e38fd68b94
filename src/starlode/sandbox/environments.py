"""Environments for servers whose packages cannot live beside ours: each is made when it is first asked for."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import tempfile
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.errors import StarlodeError
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    # Hears how far something has come that takes its time; of what, it is told at the beginning.
    Heard = Callable[[str], None]
    Follow = Callable[[str], AbstractContextManager[Heard]]

CACHE = "STARLODE_SANDBOX_CACHE"
LISTS = Path(__file__).parent / "packages"
# By these words pip says which package it has come to, one that it fetches or a file that it has at hand.
_COMES_TO = re.compile(r"Collecting ([\w.-]+)|Processing (?:\S*/)?([\w.]+)")


@contextmanager
def unfollowed(_: str) -> Iterator[Heard]:
    """Nobody follows it."""
    yield lambda _: None


def prepared(
    name: str,
    tell: Callable[[str], None],
    lists: Path = LISTS,
    cache: Path | None = None,
    follow: Follow = unfollowed,
) -> Path:
    """The Python of an environment that holds the packages of `<name>.txt`; a changed list makes it anew."""
    folder = (cache or _cache()) / f".venv-{name}"
    wanted = (lists / f"{name}.txt").read_text("utf-8")
    ready = folder / "ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text("utf-8") != wanted:
            tell(f"installing {name} into an environment of its own, once")
            with follow(f"installing {name}") as heard:
                venv.create(folder, clear=True, with_pip=True)
                _install(folder / "bin" / "python", lists / f"{name}.txt", heard)
            ready.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def _install(python: Path, packages: Path, heard: Heard) -> None:
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--requirement", str(packages)]
    with tempfile.TemporaryFile("w+") as refused:
        with subprocess.Popen(pip, stdout=subprocess.PIPE, stderr=refused, text=True) as process:
            _follow(process.stdout or (), heard)
        is_refused = bool(process.returncode)
        refused.seek(0)
        why = refused.read()
    if is_refused:
        last = why.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise StarlodeError(
            f"the packages of the sandbox cannot be installed: {last[0]}",
            where=packages.name,
            hint="is a package index in reach? `pip config list` shows which one is asked",
        )


def _follow(lines: Iterable[str], heard: Heard) -> None:
    """Tell how far pip has come by what it says."""
    packages = 0
    for line in lines:
        if found := _COMES_TO.match(line):
            packages += 1
            heard(f"{counted(packages, 'package')}, {found[1] or found[2]}")
        elif line.startswith("Installing collected"):
            heard(f"{counted(packages, 'package')}, unpacked now")


def _cache() -> Path:
    """Where environments are kept for all projects of a user."""
    said = os.environ.get(CACHE)
    if said:
        return Path(said)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "starlode" / "sandbox"
