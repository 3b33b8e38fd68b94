"""The double of BigQuery as a sandbox keeps it: what judges for it, and what the environment says to those who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sandbox.accounts import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGES = "zetasql"


def compiled(python: Path) -> Path:
    """Where the judge of an environment keeps what it compiles at its first start."""
    return python.parents[1] / "zetasql.compiled"


def environment(port: int, key: Path) -> Mapping[str, str]:
    """The variables by which Google's client finds the double, and comes in."""
    return {"BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{port}", KEY: str(key)}
