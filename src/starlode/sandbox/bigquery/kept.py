"""The double of BigQuery as a sandbox keeps it: what judges for it, and what the environment says to those who ask."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from starlode.sandbox.accounts import KEY
from starlode.sandbox.bigquery.asking_judge import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGES = "zetasql"


def compiled(python: Path) -> Path:
    """Where the judge of an environment keeps what it compiles at its first start."""
    return python.parents[1] / "zetasql.compiled"


def compile_parser(python: Path) -> None:
    """Let a judge begin and end; where that fails, the double says why when it is asked."""
    words = [str(python), str(SCRIPT)]
    quiet = subprocess.DEVNULL
    subprocess.run(words, check=False, stdin=quiet, stdout=quiet, stderr=quiet)


def environment(port: int, key: Path) -> Mapping[str, str]:
    """The variables by which Google's client finds the double, and comes in."""
    return {"BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{port}", KEY: str(key)}
