"""The command line: hand the words to the command's own file, and turn what went wrong into an exit code.

Starting is what people wait for most often, so nothing heavy is imported before it is known which command is meant:
each lives in a file of `commands/` by its own name, with one function `command`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from starlode import __version__
from starlode.arguments import UsageError, make_parser
from starlode.terminal.speech import out, prepare

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit code."""
    given = sys.argv[1:] if words is None else list(words)
    parser = make_parser()
    if "_ARGCOMPLETE" in os.environ:
        import_module("starlode.completion").complete(parser)
    prepare()
    try:
        arguments = parser.parse_args(given)
    except UsageError as error:
        return _tell(error, as_json="--json" in given, debug="--debug" in given)
    if arguments.version:
        out(f"starlode {__version__}")
        return 0
    if arguments.command is None:
        parser.print_help()
        return 0
    return carry_out(arguments)


def carry_out(arguments: Namespace) -> int:
    """Run the command that was asked for; whatever stops it is told, and becomes an exit code."""
    try:
        return int(import_module(f"starlode.commands.{arguments.command}").command(arguments))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the outermost place: a user never sees a bare traceback
        return _tell(error, as_json=arguments.json, debug=arguments.debug)


def _tell(error: BaseException, *, as_json: bool, debug: bool) -> int:
    return int(import_module("starlode.terminal.failures").tell(error, as_json=as_json, debug=debug))
