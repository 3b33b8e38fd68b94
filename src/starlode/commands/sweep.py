"""`starlode sweep`: remove what runs that died left in the landing, and what nothing can need any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.sweep import sweep
from starlode.terminal import documents
from starlode.terminal.speech import out, say, size
from starlode.terminal.summary import shown_place
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace

    from starlode.sweep import Swept


def command(arguments: Namespace) -> int:
    found = sweep(
        asked_project(arguments),
        unneeded=arguments.unneeded,
        older_than=arguments.older_than,
        dry_run=arguments.dry_run,
        wait=arguments.wait,
    )
    total = sum(swept.bytes for swept in found)
    if arguments.json:
        files = [{"path": swept.where, "bytes": swept.bytes, "why": swept.why} for swept in found]
        documents.write({"removed": not arguments.dry_run, "bytes": total, "files": files})
    elif not found:
        needed = "needed" if arguments.unneeded else "named by a manifest"
        say(f"the landing is clean: every file is {needed}")
    else:
        out(table(("size", "file", "why"), [_row(swept) for swept in found], right={"size"}))
        verb = "would be removed" if arguments.dry_run else "removed"
        say(f"{counted(len(found), 'file')}, {size(total)} {verb}")
    return 0


def _row(swept: Swept) -> tuple[str, str, str]:
    return size(swept.bytes), shown_place(swept.where), swept.why
