"""`starlode init`: a new project that runs before anything is changed in it."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.commands.laying import as_name, lay
from starlode.commands.showing import DEMOS, Days
from starlode.terminal import documents
from starlode.terminal.speech import out, paint, safe, say
from starlode.terminal.summary import shown_path

if TYPE_CHECKING:
    from argparse import Namespace


def command(arguments: Namespace) -> int:
    folder = Path(arguments.to or arguments.name or ".")
    name = arguments.name or as_name(folder.resolve().name)
    written = lay(arguments.template, folder, name)
    if arguments.template == "music":
        demo = DEMOS[arguments.template]
        days = Days(demo, folder)
        if not days.begun:
            list(days.play(str(folder / demo.place)))
    steps = [
        *([f"cd {shlex.quote(str(folder))}"] if folder.resolve() != Path.cwd() else []),
        "starlode plan",
        "starlode run",
    ]
    if arguments.json:
        documents.write(
            {"project": name, "folder": os.fspath(folder.resolve()), "files": [str(p) for p in written], "next": steps}
        )
        return 0
    for path in written:
        out(safe(shown_path(path)))
    say(f"{paint('made', 'green', 'bold')} the project {name}; next: {safe('; '.join(steps))}")
    return 0
