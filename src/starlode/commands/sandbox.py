"""`starlode sandbox`: the doubles on this machine that a project runs on with `--sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlode.commands.opening import nearest_folder
from starlode.commands.sandboxed import in_sandbox, sandbox_of
from starlode.project import read
from starlode.terminal import documents
from starlode.terminal.speech import out, say
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace

    from starlode.sandbox.standing import Sandbox


def command(arguments: Namespace) -> int:
    place = Path(arguments.project) if arguments.project else nearest_folder(Path.cwd())
    folder = (place if place.is_dir() else place.parent).absolute()
    if arguments.act == "down":
        _down(sandbox_of(folder), as_json=arguments.json)
        return 0
    if arguments.act == "up":
        in_sandbox(read(place, target=arguments.target))
    _status(sandbox_of(folder), as_json=arguments.json)
    return 0


def _down(sandbox: Sandbox, *, as_json: bool) -> None:
    was_up = sandbox.end()
    if as_json:
        documents.write({"was_up": was_up})
    else:
        say("the sandbox is down, and what it held is gone" if was_up else "there is no sandbox here")


def _status(sandbox: Sandbox, *, as_json: bool) -> None:
    servers = [*sandbox.servers().values()]
    if as_json:
        told = [{"name": s.name, "pid": s.pid, "runs": s.runs, **s.facts} for s in servers]
        documents.write({"folder": str(sandbox.place), "servers": told})
    elif not servers:
        say("no sandbox is up here: `starlode sandbox up`, or `starlode run --sandbox`")
    else:
        rows = [(s.name, "runs" if s.runs else "has ended", str(s.pid), *map(str, s.facts.values())) for s in servers]
        out(table(("server", "state", "process", "where"), rows))
        say(f"{counted(len(servers), 'server')}; `starlode sandbox down` ends them and forgets what they hold")
