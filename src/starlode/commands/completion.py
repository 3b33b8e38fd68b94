"""`starlode completion`: what a shell runs to complete the words of `starlode`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from argcomplete.shell_integration import shellcode

from starlode.terminal import documents
from starlode.terminal.speech import out

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    code = shellcode(["starlode"], shell=arguments.shell).strip()
    if arguments.json:
        documents.write({"shell": arguments.shell, "code": code})
    else:
        out(code)
    return 0
