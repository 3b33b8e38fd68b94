"""`starlode version`: what a report of a bug should say, found without importing any of it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from starlode import __version__
from starlode.terminal import documents
from starlode.terminal.speech import out

if TYPE_CHECKING:
    from argparse import Namespace

LIBRARIES = ("duckdb", "pyarrow", "sqlglot")


def command(arguments: Namespace) -> int:
    libraries = {name: version(name) for name in LIBRARIES}
    if arguments.json:
        told = {"version": __version__, "python": platform.python_version(), "system": platform.platform()}
        documents.write({**told, "libraries": libraries})
    else:
        out(f"starlode {__version__}")
        out(f"python   {platform.python_version()} on {platform.platform()}")
        for name, held in libraries.items():
            out(f"{name:<8} {held}")
    return 0
