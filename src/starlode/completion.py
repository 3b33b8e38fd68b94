"""Completing the command line; imported only while a shell asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import argcomplete

from starlode.commands.opening import asked_project
from starlode.errors import StarlodeError
from starlode.history import status
from starlode.plan import choose
from starlode.tracing.naming import apart, model_named

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping


def complete(parser: ArgumentParser) -> None:
    """Answer the shell and leave."""
    os.environ.setdefault("COLUMNS", "80")
    for action in _actions(parser):
        if action.dest in COMPLETERS:
            action.completer = COMPLETERS[action.dest]
    argcomplete.autocomplete(parser)


def names(parsed_args: Namespace, **_: object) -> list[str]:
    """The streams and tables of the project that is meant."""
    return _of_project(parsed_args, lambda project: sorted(choose(project, ())))


def streams(parsed_args: Namespace, **_: object) -> list[str]:
    """The streams of the project that is meant."""
    return _of_project(parsed_args, lambda project: [str(stream) for stream in project.streams])


def runs(parsed_args: Namespace, **_: object) -> list[str]:
    """The last runs of the project that is meant."""
    return _of_project(parsed_args, lambda project: [run.run_id for run in status(project, runs=20)])


def tables(parsed_args: Namespace, **_: object) -> list[str]:
    """The tables of the star of the project that is meant."""
    return _of_project(parsed_args, lambda project: [table.name for table in project.star.tables])


def columns(parsed_args: Namespace, **_: object) -> list[str]:
    """What tells the rows of the table that is meant apart."""
    return _of_project(
        parsed_args, lambda project: [f"{name}=" for name in apart(model_named(project, parsed_args.table))]
    )


def _of_project(parsed: Namespace, ask: Callable[[Any], list[str]]) -> list[str]:
    parsed.project = getattr(parsed, "project", None)
    parsed.target = getattr(parsed, "target", None)
    try:
        return ask(asked_project(parsed))
    except StarlodeError:
        return []  # A shell that completes is no place for the mistakes of a project.


def _actions(parser: ArgumentParser) -> list[Any]:
    """The actions of a parser and of all its commands."""
    found: list[Any] = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action.choices, dict):
            for command in action.choices.values():
                found += _actions(command)
    return found


COMPLETERS: Mapping[str, Callable[..., list[str]]] = {
    "select": names,
    "stream": streams,
    "table": tables,
    "models": tables,
    "run": runs,
    "named": columns,
}
