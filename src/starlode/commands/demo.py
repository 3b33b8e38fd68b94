"""`starlode demo`: an example from nothing to answers, and the proof that the star holds what was made up."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.commands.laying import lay
from starlode.commands.opening import sandbox
from starlode.commands.run import followed_run, told
from starlode.commands.showing import DEMOS, Days
from starlode.declaration import PROJECT_FILE
from starlode.environment import FILE as ENVIRONMENT
from starlode.errors import DataError, Mistake, ProjectError
from starlode.project import read
from starlode.query import query
from starlode.run import run
from starlode.terminal import answers, documents, summary
from starlode.terminal.speech import out, paint, safe, say

if TYPE_CHECKING:
    from argparse import Namespace

    import pyarrow as pa

    from starlode.commands.showing import Demo
    from starlode.project import Project
    from starlode.run import Run

PROOF = "proof.sql"


def command(arguments: Namespace) -> int:
    demo, folder = DEMOS[arguments.name], Path(arguments.to or arguments.name)
    days = Days(demo, folder, arguments.size)
    url, is_new = _made(demo, folder, days)
    runs: list[Run] = []
    for day, counted in days.play(url or str(folder / demo.place), anew=is_new):
        truth, project = counted, _project(demo, folder, arguments.target)
        if not arguments.json and days.of > 1:
            _announce(day, days.of)
        runs.append(_ran(project, as_json=arguments.json))
    found = [(title, query(project, sql)) for title, sql in _questions(folder)]
    proved = _proved(project, truth)
    if arguments.json:
        documents.write(_document(folder, truth, runs, found))
    else:
        _show(demo, project, found, proved)
    return max(result.exit_code for result in runs)


def _made(demo: Demo, folder: Path, days: Days) -> tuple[str, bool]:
    """The project, unless it is there; the URL of its source where that is a database, and whether it is a new one."""
    place = folder / PROJECT_FILE
    known = {demo.source: "postgresql://localhost/"} if demo.source else {}
    if not place.is_file():
        lay(demo.template, folder, demo.template)
    elif read(folder, {**os.environ, **known}).name != demo.template:
        advice = "choose another folder with --to"
        raise ProjectError(Mistake("the folder holds another project", str(place), hint=advice))
    days.guard_size()
    if not demo.source:
        return "", False
    url, is_new = sandbox().source_database(folder, demo.template)
    _tell_environment(folder / ENVIRONMENT, demo.source, url)
    return url, is_new


def _tell_environment(file: Path, name: str, value: str) -> None:
    """Write down where the source of the example is, for commands to come."""
    held = file.read_text("utf-8").splitlines() if file.exists() else []
    kept = [line for line in held if not line.startswith(f"{name}=")]
    file.write_text("\n".join([*kept, f"{name}={value}", ""]), encoding="utf-8")
    os.environ[name] = value


def _project(demo: Demo, folder: Path, target: str | None) -> Project:
    project = read(folder, target=target)
    return sandbox().in_sandbox(project) if demo.is_sandboxed else project


def _ran(project: Project, *, as_json: bool) -> Run:
    if as_json:
        return run(project)
    result = followed_run(lambda listen: run(project, listen=listen), as_json=False)
    told(result, as_json=False)
    return result


def _announce(day: int, of: int) -> None:
    say("")
    say(paint(f"day {day} of {of}", "bold"))


def _questions(folder: Path) -> list[tuple[str, str]]:
    """The example's questions: each file's first line asks, the rest is the SELECT."""
    texts = (path.read_text("utf-8") for path in sorted((folder / "answers").glob("*.sql")))
    return [(text.split("\n", 1)[0].removeprefix("--").strip(), text) for text in texts]


def _proved(project: Project, truth: dict[str, Any]) -> str:
    """What was counted while the data was made, and is in the star."""
    held = query(project, (project.folder / PROOF).read_text("utf-8")).to_pylist()[0]
    found = {name.lower(): Decimal(value or 0) for name, value in held.items()}
    wrong = [name for name, value in found.items() if value != Decimal(truth[name])]
    if wrong:
        raise DataError(
            f"the star does not hold what the generator counted: {', '.join(wrong)}",
            hint="was the project or its data changed?",
        )
    listed = ", ".join(f"{value:,f} {name.replace('_', ' ')}" for name, value in found.items())
    return f"{listed} in the star, as counted while the data was made"


def _document(
    folder: Path, truth: dict[str, Any], runs: list[Run], found: list[tuple[str, pa.Table]]
) -> documents.Document:
    told = [{"question": title, "columns": a.column_names, "rows": answers.rows(a)} for title, a in found]
    ran = [documents.run(result) for result in runs]
    return {"folder": str(folder.resolve()), "truth": truth, "runs": ran, "answers": told}


def _show(demo: Demo, project: Project, found: list[tuple[str, pa.Table]], proved: str) -> None:
    for title, answer in found:
        out("")
        out(paint(safe(title), "bold"))
        out(answers.shown(answer))
    say("")
    say(f"{paint('proved', 'green', 'bold')}: {proved}")
    exports = project.folder / "out"
    places = {
        "warehouse": getattr(project.shown, "path", None),
        "exports": exports if exports.exists() else None,
        "project": project.folder / PROJECT_FILE,
        "read on": project.folder / "README.md",
    }
    for name, path in places.items():
        if path is not None:
            say(f"{paint(f'{name:<10}', 'dim')} {safe(summary.shown_path(path))}")
    place = shlex.quote(summary.shown_path(project.folder))
    asked = f"--project {safe(place)}{' --sandbox' if demo.is_sandboxed else ''}"
    table = summary.shown_table(project, project.star.facts[0].table.name)
    say(f'ask it yourself: {safe(_program())} query {asked} "select * from {table} limit 10"')
    if demo.is_sandboxed:
        say(f"its servers stay up: {safe(_program())} sandbox down --project {safe(place)} ends them")


def _program() -> str:
    """What to type for this program here: its name, or its path where the shell would not find it by that."""
    return "starlode" if shutil.which("starlode") else shlex.quote(summary.shown_path(Path(sys.argv[0])))
