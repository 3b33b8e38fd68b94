"""`starlode undo`: bring the warehouse back to what it was before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.commands.run import carried_out
from starlode.undo import undo

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    project = asked_project(arguments)
    return carried_out(
        lambda listen: undo(project, arguments.run, through=arguments.through, wait=arguments.wait, listen=listen),
        as_json=arguments.json,
    )
