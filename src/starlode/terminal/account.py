"""What a step did, in the words that fit it: rows for those that carry rows, checks for checks, files for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.plan import choose
from starlode.star import STAR_SCHEMA
from starlode.terminal.speech import number, size
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.plan import Plan
    from starlode.project import Project
    from starlode.run import Done

CARRIES_ROWS = ("land", "load", "reload", "build")
CHANGES = (("inserted", "new"), ("updated", "changed"), ("deleted", "gone"), ("unchanged", "as it was"))


def account(done: Done) -> str:
    """One step in one line."""
    outcome = done.outcome
    if done.step.verb not in CARRIES_ROWS:
        return remark(done)
    parts = [counted(outcome.rows_out, "row")]
    parts += [f"{number(value)} {name}" for name, value in losses(done) if value]
    note = remark(done)
    return ", ".join([*parts, *([note] if note else [])])


def losses(done: Done) -> tuple[tuple[str, int], ...]:
    """Where rows went that did not come out, and those that came twice."""
    held = done.outcome
    return (("rejected", held.rejected), ("merged", held.merged), ("lost", held.lost), ("doubled", held.doubled))


def remark(done: Done) -> str:
    """What else there is to say of a step."""
    outcome, look = done.outcome, getattr(done.step, "look", None)
    if done.step.verb == "check":
        broken = {(finding.rule, finding.where, finding.message) for finding in outcome.findings}
        return f"{number(outcome.rows_out - len(broken))} of {counted(outcome.rows_in, 'check')} hold"
    if done.step.verb == "restore":
        return f"{counted(outcome.rows_out, 'row')} of the star from the landing"
    if done.step.verb == "export":
        if not outcome.rows_out:
            return "waits"
        return f"{counted(outcome.rows_out, 'file')}, {size(outcome.bytes)}"
    if look is not None:
        return (
            f"{counted(len(look.units), 'file')}, {size(look.size)} read"
            if look.size
            else counted(len(look.units), "file")
        )
    return ", ".join(f"{number(getattr(outcome, name))} {word}" for name, word in CHANGES if getattr(outcome, name))


def typed(command: str, project: Project) -> str:
    """What to type for a command on a project, on doubles where it stands on them."""
    return f"starlode {command} --sandbox" if project.is_sandboxed else f"starlode {command}"


def left_out(plan: Plan) -> str:
    """What a selection names and no step will build, because what it is made from was not chosen with it."""
    asked = plan.options.select
    if not asked or plan.options.only in ("land", "load"):
        return ""
    models = [table.name for table in plan.project.star.tables if table.name in choose(plan.project, asked)]
    moving = {step.object for step in plan.steps}
    never = [name for name in models if f"{STAR_SCHEMA}.{name}" not in plan.state.tables and name not in moving]
    if not never or all(word.startswith("+") for word in asked):
        return ""
    return f"{', '.join(never)} cannot be built before what it is made from: `--select +{never[0]}` adds that"
