"""Environments for servers whose packages cannot live beside ours: each is made when it is first asked for."""

from __future__ import annotations

import fcntl
import os
import subprocess
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.errors import StarlodeError

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = "STARLODE_SANDBOX_CACHE"
LISTS = Path(__file__).parent / "packages"


def prepared(name: str, tell: Callable[[str], None], lists: Path = LISTS, cache: Path | None = None) -> Path:
    """The Python of an environment that holds the packages of `<name>.txt`; a changed list makes it anew."""
    folder = (cache or _cache()) / f".venv-{name}"
    wanted = (lists / f"{name}.txt").read_text("utf-8")
    ready = folder / "ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text("utf-8") != wanted:
            tell(f"installing {name} into an environment of its own, once")
            venv.create(folder, clear=True, with_pip=True)
            _install(folder / "bin" / "python", lists / f"{name}.txt")
            ready.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def _install(python: Path, packages: Path) -> None:
    pip = [
        str(python),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--requirement",
        str(packages),
    ]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise StarlodeError(
            f"the packages of the sandbox cannot be installed: {last[0]}",
            where=packages.name,
            hint="is a package index in reach? `pip config list` shows which one is asked",
        )


def _cache() -> Path:
    """Where environments are kept for all projects of a user."""
    said = os.environ.get(CACHE)
    if said:
        return Path(said)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "starlode" / "sandbox"
