"""A run that holds the warehouse until it is told to go on: `python -m tests.engine.holding FOLDER`."""

from __future__ import annotations

import sys

import starlode
from starlode.run import Started


def main(folder: str) -> None:
    waited = False

    def wait_once(event: object) -> None:
        nonlocal waited
        if isinstance(event, Started) and not waited:
            waited = True
            sys.stdout.write("holds\n")
            sys.stdout.flush()
            sys.stdin.readline()

    run = starlode.run(starlode.read(folder), listen=wait_once)
    sys.stdout.write(f"{run.status}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
