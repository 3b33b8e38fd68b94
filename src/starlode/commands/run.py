"""`starlode run`: bring the warehouse to what the sources hold now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_names, asked_project
from starlode.errors import StarlodeError
from starlode.run import run
from starlode.terminal import documents, summary
from starlode.terminal.progress import followed

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from starlode.run import Listen, Run


def command(arguments: Namespace) -> int:
    project = asked_project(arguments)
    return carried_out(
        lambda listen: run(
            project,
            select=asked_names(arguments.select),
            full=arguments.full,
            only=arguments.only,
            wait=arguments.wait,
            listen=listen,
        ),
        as_json=arguments.json,
    )


def carried_out(act: Callable[[Listen], Run], *, as_json: bool) -> int:
    """Carry a run out before the eyes of whoever asked; also one that fails is told as far as it came."""
    result = followed_run(act, as_json=as_json)
    told(result, as_json=as_json)
    return result.exit_code


def followed_run(act: Callable[[Listen], Run], *, as_json: bool) -> Run:
    """Carry a run out with its progress shown; of one that fails, what was done is told before the error goes on."""
    try:
        with followed(as_json=as_json) as listen:
            return act(listen)
    except StarlodeError as error:
        if error.run is not None:
            told(error.run, as_json=as_json)
        raise


def told(result: Run, *, as_json: bool) -> None:
    if as_json:
        documents.write({"event": "run", "run": documents.run(result)}, in_one_line=True)
    else:
        summary.tell(result)
