"""`starlode rebuild`: derive tables of the star anew from the landing, with the same keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.commands.run import carried_out
from starlode.rebuild import rebuild

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    project = asked_project(arguments)
    return carried_out(
        lambda listen: rebuild(project, *arguments.models, since=arguments.since, wait=arguments.wait, listen=listen),
        as_json=arguments.json,
    )
