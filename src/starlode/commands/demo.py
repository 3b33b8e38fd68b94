"""`starlode demo`: the music example from nothing to answers, and the proof that the star holds what was made up."""

from __future__ import annotations

import shlex
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.commands.laying import lay, lay_music_data
from starlode.commands.run import followed_run, told
from starlode.declaration import PROJECT_FILE
from starlode.errors import DataError, Mistake, ProjectError
from starlode.project import read
from starlode.query import query
from starlode.run import run
from starlode.terminal import answers, documents, summary
from starlode.terminal.speech import many, out, paint, safe, say

if TYPE_CHECKING:
    from argparse import Namespace

    import pyarrow as pa

    from starlode.project import Project
    from starlode.run import Run

PLAYS = "select count(*) as plays, sum(seconds) as seconds from star.fact_songplay"


def command(arguments: Namespace) -> int:
    folder = Path(arguments.to or arguments.name)
    truth = _make(folder, arguments)
    project = read(folder, target=arguments.target)
    result = run(project) if arguments.json else followed_run(lambda listen: run(project, listen=listen), as_json=False)
    found = [(title, query(project, sql)) for title, sql in _questions(folder)]
    plays = _proved(project, truth)
    if arguments.json:
        documents.write(_document(folder, truth, result, found))
    else:
        told(result, as_json=False)
        _show(project, found, plays)
    return result.exit_code


def _make(folder: Path, arguments: Namespace) -> dict[str, Any]:
    """The project and its data, unless they are there."""
    place = folder / PROJECT_FILE
    if not place.is_file():
        lay("music", folder, "music")
    elif read(folder).name != "music":
        advice = "choose another folder with --to"
        raise ProjectError(Mistake("the folder holds another project", str(place), hint=advice))
    return lay_music_data(folder, events=arguments.events, songs=arguments.songs)


def _questions(folder: Path) -> list[tuple[str, str]]:
    """The example's questions: each file's first line asks, the rest is the SELECT."""
    texts = (path.read_text("utf-8") for path in sorted((folder / "answers").glob("*.sql")))
    return [(text.split("\n", 1)[0].removeprefix("--").strip(), text) for text in texts]


def _proved(project: Project, truth: dict[str, Any]) -> str:
    """What was counted while the data was made, and is in the star."""
    held = query(project, PLAYS).to_pylist()[0]
    if (held["plays"], Decimal(held["seconds"] or 0)) != (truth["plays"], Decimal(truth["seconds"])):
        raise DataError(
            "the star does not hold what the generator counted", hint="was the project or its data changed?"
        )
    return (
        f"{many(held['plays'], 'play')} of {held['seconds']:,f} seconds in the star, as counted while the data was made"
    )


def _document(
    folder: Path, truth: dict[str, Any], result: Run, found: list[tuple[str, pa.Table]]
) -> documents.Document:
    told = [{"question": title, "columns": a.column_names, "rows": answers.rows(a)} for title, a in found]
    return {"folder": str(folder.resolve()), "truth": truth, "run": documents.run(result), "answers": told}


def _show(project: Project, found: list[tuple[str, pa.Table]], plays: str) -> None:
    for title, answer in found:
        out("")
        out(paint(safe(title), "bold"))
        out(answers.shown(answer))
    say("")
    say(f"{paint('proved', 'green', 'bold')}: {plays}")
    warehouse = getattr(project.shown, "path", None)
    places = {"warehouse": warehouse, "exports": project.folder / "out", "project": project.folder / PROJECT_FILE}
    for name, path in places.items():
        if path is not None:
            say(f"{paint(f'{name:<10}', 'dim')} {safe(summary.shown_path(path))}")
    place = shlex.quote(summary.shown_path(project.folder))
    say(
        f'ask it yourself: {safe(_program())} query --project {safe(place)} "select * from star.fact_songplay limit 10"'
    )


def _program() -> str:
    """What to type for this program here: its name, or its path where the shell would not find it by that."""
    return "starlode" if shutil.which("starlode") else shlex.quote(summary.shown_path(Path(sys.argv[0])))
