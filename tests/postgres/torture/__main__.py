"""The command line of the torture; exit code 1 when the target is not its source."""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.postgres.torture.loaders import Copy, Naive, Starlode
from tests.postgres.torture.ordeal import torture
from tests.postgres.torture.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.postgres.torture.loaders import Loader


def main() -> int:
    """Torture a loader on a database of your own."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres.torture", description=main.__doc__)
    parser.add_argument("--url", required=True, help=f"a PostgreSQL database; its schema `{SCHEMA}` is made anew")
    parser.add_argument("--loader", choices=("starlode", "naive", "copy"), default="starlode")
    parser.add_argument("--changes", default="", help="how Starlode finds what is new: commits or cursor")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--writers", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rest", type=float, default=0.0, help="seconds between two rounds of the loader")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loaders: dict[str, Callable[[], Loader]] = {
            "starlode": partial(Starlode, asked.url, Path(folder), asked.changes),
            "naive": partial(Naive, asked.url),
            "copy": partial(Copy, asked.url),
        }
        verdict = torture(
            asked.url,
            loaders[asked.loader],
            seconds=asked.seconds,
            writers=asked.writers,
            seed=asked.seed,
            rest=asked.rest,
        )
    print(verdict)
    return 1 if verdict.differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
