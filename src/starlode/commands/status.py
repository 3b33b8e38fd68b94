"""`starlode status`: the last runs as the warehouse's own ledger tells them, or one of them in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_project
from starlode.errors import Mistake, ProjectError
from starlode.history import status
from starlode.terminal import documents
from starlode.terminal.account import typed
from starlode.terminal.speech import duration, number, out, paint, safe, say, size
from starlode.terminal.summary import finding_lines
from starlode.terminal.tables import table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from datetime import datetime

    from starlode.history import RunRecord, StepRecord
    from starlode.terminal.speech import Style

# A run that is asked for by name is looked for among this many.
SEARCHED = 1_000
SHADES: dict[str, Style] = {
    "failed": "red",
    "died": "red",
    "rejects": "yellow",
    "interrupted": "yellow",
    "undone": "yellow",
    "running": "cyan",
}
COUNTS = ("in", "out", "rejected", "merged", "lost", "doubled")


def command(arguments: Namespace) -> int:
    project = asked_project(arguments)
    if arguments.run:
        found = _named(arguments.run, status(project, runs=SEARCHED))
        if arguments.json:
            documents.write({"project": project.name, "runs": [documents.record(found)]})
        else:
            _show_run(found)
        return 0
    runs = status(project, runs=arguments.runs)
    if arguments.json:
        documents.write({"project": project.name, "runs": [documents.record(run) for run in runs]})
    elif not runs:
        say(f"nothing has run yet in {safe(project.name)}: `{typed('run', project)}` begins")
    else:
        _show_runs(runs, typed("status", project))
    return 0


def _named(name: str, runs: Sequence[RunRecord]) -> RunRecord:
    """The run that bears the name, or whose name alone ends like it."""
    found = [run for run in runs if run.run_id.endswith(name)]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} runs end with `{name}`" if found else f"no run is called `{name}`"
    last = ", ".join(run.run_id for run in (found or runs)[:5]) or "none"
    raise ProjectError(Mistake(what, "starlode status", hint=f"{'they are' if found else 'the last ones'}: {last}"))


def _show_runs(runs: Sequence[RunRecord], again: str) -> None:
    header = ("run", "began (UTC)", "took", "status", "steps", "rows landed", "rejected", "error")
    styles = [SHADES.get(run.status) for run in runs]
    out(
        table(
            header, [_run_cells(run) for run in runs], right={"took", "steps", "rows landed", "rejected"}, styles=styles
        )
    )
    newest = next((run for run in runs if run.steps), None)
    if newest:
        out("")
        out(f"steps of {newest.run_id}")
        _show_steps(newest)
    say(paint(f"`{again} RUN` shows one in full", "dim"))


def _run_cells(run: RunRecord) -> tuple[str, ...]:
    landed = sum(step.rows["out"] for step in run.steps if step.verb == "land")
    rejected = sum(step.rows["rejected"] for step in run.steps if step.verb in ("land", "load"))
    first = (run.error or "").split("\n")[0]
    return (
        run.run_id,
        _moment(run.started_at),
        duration((run.ended_at - run.started_at).total_seconds()),
        run.status,
        number(len(run.steps)),
        number(landed),
        number(rejected),
        first,
    )


def _show_run(run: RunRecord) -> None:
    cells = _run_cells(run)
    for name, cell in zip(("run", "began", "took", "status"), cells, strict=False):
        out(f"{name:<8} {cell}")
    out(f"{'version':<8} {run.tool_version}")
    if run.error:
        out(f"{'error':<8} {safe(run.error)}")
    if run.steps:
        out("")
        _show_steps(run)
    if run.findings:
        out("")
    for line in finding_lines(run.findings):
        out(line)


def _show_steps(run: RunRecord) -> None:
    shown = [name for name in COUNTS if name in ("in", "out") or any(step.rows[name] for step in run.steps)]
    header = ("step", "object", "status", *shown, "size", "took", "why")
    styles = [SHADES.get(step.status) for step in run.steps]
    rows = [_step_cells(step, shown) for step in run.steps]
    out(table(header, rows, right={*COUNTS, "size", "took"}, styles=styles))


def _step_cells(step: StepRecord, shown: Sequence[str]) -> tuple[str, ...]:
    counts = [number(step.rows[name]) for name in shown]
    took = duration((step.ended_at - step.started_at).total_seconds())
    return (step.verb, step.object, step.status, *counts, size(step.bytes) if step.bytes else "", took, step.reason)


def _moment(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")
