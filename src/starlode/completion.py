"""Completing the command line; imported only while a shell asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import argcomplete

from starlode.commands.opening import asked_project
from starlode.errors import StarlodeError
from starlode.plan import choose

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable


def complete(parser: ArgumentParser) -> None:
    """Answer the shell and leave."""
    os.environ.setdefault("COLUMNS", "80")
    for action in _actions(parser):
        if action.dest == "select":
            action.completer = names
        elif action.dest == "stream":
            action.completer = streams
    argcomplete.autocomplete(parser)


def names(parsed_args: Namespace, **_: object) -> list[str]:
    """The streams and tables of the project that is meant."""
    return _of_project(parsed_args, lambda project: sorted(choose(project, ())))


def streams(parsed_args: Namespace, **_: object) -> list[str]:
    """The streams of the project that is meant."""
    return _of_project(parsed_args, lambda project: [str(stream) for stream in project.streams])


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
