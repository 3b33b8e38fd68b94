"""The end of a run, told with its proof: what each step took in and gave out, what was noticed, and what to do next."""

from __future__ import annotations

import os
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.star import STAR_SCHEMA
from starlode.step import Export, Land
from starlode.terminal import memory
from starlode.terminal.account import CARRIES_ROWS, left_out, losses, remark, typed
from starlode.terminal.speech import duration, number, paint, safe, say, size
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlode.finding import Finding
    from starlode.project import Project
    from starlode.run import Done, Run
    from starlode.terminal.speech import Style

MOST_FINDINGS = 12
SHADES: dict[str, Style] = {"failure": "red", "warning": "yellow", "note": "cyan"}
WEIGHT = ("failure", "warning", "note")
TITLE = 11


def tell(run: Run) -> None:
    """Say how a run ended."""
    if run.status == "unchanged":
        say(_unchanged(run))
        return
    say("")
    if run.done:
        say(_steps(run))
        say("")
    for line in chain(_proof(run), _findings(run), _ending(run)):
        say(line)


def findings_by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Findings told once each, the heaviest first."""
    return sorted(dict.fromkeys(findings), key=lambda finding: WEIGHT.index(finding.severity))


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings_by_weight(findings):
        label = paint(f"{finding.severity:<{TITLE}}", SHADES[finding.severity])
        yield f"{label} {safe(finding.where)}: {safe(finding.message)}"


def shown_table(project: Project, table: str) -> str:
    """A table of the star as one types it in a question to the warehouse."""
    dialect = project.shown.dialect
    star = dialect.schema(STAR_SCHEMA).replace(dialect.quote_mark, "")
    return f"{star}.{safe(table)}"


def shown_path(path: Path) -> str:
    """A path as one would type it from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def shown_place(where: str) -> str:
    """Where a file of a store lies: a path as one would type it from here, or an address."""
    return where if "://" in where else shown_path(Path(where))


def _unchanged(run: Run) -> str:
    chosen = ", ".join(run.plan.options.select)
    where = f" in {safe(chosen)}" if chosen else ""
    done = paint("nothing changed", "green", "bold")
    advice = left_out(run.plan)
    if advice:
        return f"{done}: {safe(advice)} ({duration(run.seconds)})"
    return f"{done}: the warehouse holds what the sources hold{where} ({duration(run.seconds)})"


def _steps(run: Run) -> str:
    """The balance of each step; columns of losses appear when there are any."""
    names = [name for name, _ in losses(run.done[0])]
    shown = [name for i, name in enumerate(names) if any(losses(done)[i][1] for done in run.done)]
    header = ("step", "object", "rows in", "rows out", *shown, "time", "what")
    rows = [_step(done, shown) for done in run.done]
    return table(header, rows, right={"rows in", "rows out", "time", *names}, stream=sys.stderr)


def _step(done: Done, shown: list[str]) -> tuple[str, ...]:
    outcome, lost = done.outcome, dict(losses(done))
    carries = done.step.verb in CARRIES_ROWS
    rows = (number(outcome.rows_in), number(outcome.rows_out)) if carries else ("", "")
    cells = [number(lost[name]) if lost[name] else "·" if carries else "" for name in shown]
    return (done.step.verb, done.step.object, *rows, *cells, duration(done.seconds), remark(done))


def _proof(run: Run) -> Iterator[str]:
    carried = [done for done in run.done if done.step.verb in CARRIES_ROWS]
    if carried:
        formula = "rows in = rows out + rejected + merged + lost − doubled"
        yield _titled("balance", f"{formula}, in {counted(len(carried), 'step')} of {number(len(carried))}")
    yield from (_titled("sum", line) for line in _sums(run))
    for done in run.done:
        if done.step.verb == "check":
            yield _titled("checks", remark(done))
    yield from _positions(run)


def _sums(run: Run) -> Iterator[str]:
    for done in run.done:
        if done.step.verb == "build":
            for name, total in done.outcome.sums.items():
                yield f"{safe(done.step.object)}.{safe(name)} = {total:,f}"


def _positions(run: Run) -> Iterator[str]:
    reached = []
    for done in run.done:
        if isinstance(done.step, Land):
            source = run.plan.project.source(done.step.stream.source)
            marks = {**run.plan.state.positions.get(done.step.object, {}), **done.outcome.position}
            reached.append(f"{safe(done.step.object)} {safe(source.reached(marks))}")
    if reached:
        yield _titled("position", " · ".join(reached))


def _findings(run: Run) -> Iterator[str]:
    lines = list(finding_lines(run.findings))
    yield from lines[:MOST_FINDINGS]
    if len(lines) > MOST_FINDINGS:
        yield _titled("", f"and {number(len(lines) - MOST_FINDINGS)} more: `{_typed(run, 'status')} {run.run_id}`")


def _ending(run: Run) -> Iterator[str]:
    if run.rejected:
        shown = f"`{_typed(run, 'rejects list')}` shows them"
        yield _titled("rejects", f"{counted(run.rejected, 'row')} rejected: {shown}", "yellow")
    if run.error is not None and len(run.done) < len(run.plan.steps):
        step, place = run.plan.steps[len(run.done)], f"step {len(run.done) + 1} of {len(run.plan.steps)}"
        yield _titled("stopped", f"in {step.verb} {safe(step.object)}, {place}", "red")
    yield _titled("run", f"{run.run_id}, {duration(run.seconds)}, at most {size(memory.peak())} of memory")
    if run.error is None:
        yield _last(run)
    advice = left_out(run.plan)
    if advice:
        yield safe(advice)


def _last(run: Run) -> str:
    """The line that says how it ended and what to do next."""
    if run.status == "rejects":
        ended = paint("more rows were rejected than `max_rejects` allows", "red", "bold")
        return f"{ended}; mend the files or the declaration, then `{_typed(run, 'rejects replay')}`"
    ended = paint("done", "green", "bold")
    project = run.plan.project
    folder, exports = project.folder, project.exports
    steps = [done.step for done in run.done if done.step.verb != "export" or done.outcome.rows_out]
    files = [folder / exports[step.position][1].to for step in steps if isinstance(step, Export)]
    if files:
        return f"{ended}; look at {safe(', '.join(shown_path(file) for file in files))}"
    tables = [step.object for step in steps if step.verb == "build"]
    if tables:
        return f'{ended}; ask it: {_typed(run, "query")} "select * from {shown_table(project, tables[-1])} limit 10"'
    return f"{ended}; `{_typed(run, 'status')}` shows it again"


def _typed(run: Run, command: str) -> str:
    """What to type for a command on the project of a run, as it stands here."""
    return typed(command, run.plan.project)


def _titled(title: str, text: str, style: Style | None = None) -> str:
    return f"{paint(f'{title:<{TITLE}}', style) if style else paint(f'{title:<{TITLE}}', 'dim')} {text}"
