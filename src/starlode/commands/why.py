"""`starlode why`: where one row of the star came from, what it points to and why, and who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.terminal import documents, reasons
from starlode.why import why

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    found = why(asked_project(arguments), arguments.table, dict(arguments.named))
    if arguments.json:
        documents.write({"why": documents.why(found)})
    else:
        reasons.tell(found)
    return 0
