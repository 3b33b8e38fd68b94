"""Environments of their own for the peers, made once below `bench/.work`, so that none of them becomes a dependency."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

WORK = Path(__file__).resolve().parent / ".work"


def environment(name: str, *packages: str) -> Path:
    """The folder of an environment that holds these packages. Other packages under the same name make it anew."""
    folder = WORK / f"venv-{name}"
    ready = folder / "ready"
    if not ready.exists() or ready.read_text(encoding="utf-8").splitlines() != list(packages):
        print(f"installing {name}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
        ready.write_text("\n".join(packages), encoding="utf-8")
    return folder
