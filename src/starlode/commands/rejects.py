"""`starlode rejects`: rows that could not be carried – list them, look at one, read their files again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.commands.run import carried_out
from starlode.errors import Mistake, ProjectError
from starlode.history import rejects
from starlode.nearest import hint
from starlode.run import replay
from starlode.terminal import documents
from starlode.terminal.speech import number, out, paint, safe, say
from starlode.terminal.tables import cut, table
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace

    from starlode.history import RejectedRow
    from starlode.project import Project

MOST_RAW = 48


def command(arguments: Namespace) -> int:
    return ACTIONS[arguments.action](arguments)


def _list(arguments: Namespace) -> int:
    project = asked_project(arguments)
    _known_stream(project, arguments.stream)
    found = rejects(project, stream=arguments.stream)
    if arguments.json:
        documents.write({"rejects": [documents.reject(row) for row in found]})
        return 0
    if not found:
        say("no rows wait to be mended")
        return 0
    header = ("id", "stream", "file", "line", "column", "rule", "reason", "text")
    out(table(header, [_cells(row) for row in found], right={"id", "line"}))
    say(
        paint(
            f"{counted(len(found), 'row')}; `starlode rejects show ID` shows one, `starlode rejects replay` tries again",
            "dim",
        )
    )
    known = {str(stream) for stream in project.streams}
    foreign = dict.fromkeys(row.stream for row in found if row.stream not in known)
    if foreign:
        say(f"the project has no stream {safe(', '.join(foreign))} any more: its rows cannot be tried again")
    return 0


def _cells(row: RejectedRow) -> tuple[str, ...]:
    place = (row.file, number(row.line), row.column)
    return (str(row.reject_id), row.stream, *place, row.rule, row.reason, cut(safe(row.raw), MOST_RAW))


def _show(arguments: Namespace) -> int:
    found = next((row for row in rejects(asked_project(arguments)) if row.reject_id == arguments.id), None)
    if found is None:
        what = f"no open reject has the number {arguments.id}"
        raise ProjectError(
            Mistake(what, "starlode rejects show", hint="`starlode rejects list` shows those that are open")
        )
    if arguments.json:
        documents.write({"reject": documents.reject(found)})
        return 0
    place = f"{found.file}:{found.line}"
    where = f"{place}, column {found.column}" if found.column else place
    told = {
        "reject": str(found.reject_id),
        "stream": found.stream,
        "place": where,
        "rule": found.rule,
        "reason": found.reason,
    }
    for name, value in {**told, "run": found.run_id, "text": found.raw}.items():
        out(f"{name:<7} {safe(value)}")
    return 0


def _replay(arguments: Namespace) -> int:
    project = asked_project(arguments)
    _known_stream(project, arguments.stream)
    return carried_out(
        lambda listen: replay(project, stream=arguments.stream, wait=arguments.wait, listen=listen),
        as_json=arguments.json,
    )


def _known_stream(project: Project, name: str | None) -> None:
    known = [str(stream) for stream in project.streams]
    if name is not None and name not in known:
        raise ProjectError(Mistake(f"no stream is called `{name}`", "--stream", hint=hint(name, known, "streams")))


ACTIONS = {"list": _list, "show": _show, "replay": _replay}
