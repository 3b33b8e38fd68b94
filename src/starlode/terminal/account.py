"""What a step did, in the words that fit it: rows for those that carry rows, checks for checks, files for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.terminal.speech import many, number, size

if TYPE_CHECKING:
    from starlode.run import Done

CARRIES_ROWS = ("land", "load", "build")
CHANGES = (("inserted", "new"), ("updated", "changed"), ("deleted", "gone"), ("unchanged", "as it was"))


def account(done: Done) -> str:
    """One step in one line."""
    outcome = done.outcome
    if done.step.verb not in CARRIES_ROWS:
        return remark(done)
    parts = [many(outcome.rows_out, "row")]
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
        return f"{number(outcome.rows_out - len(broken))} of {many(outcome.rows_in, 'check')} hold"
    if done.step.verb == "export":
        return f"{many(outcome.rows_out, 'file')}, {size(outcome.bytes)}"
    if look is not None:
        return (
            f"{many(len(look.units), 'file')}, {size(look.size)} read" if look.size else many(len(look.units), "file")
        )
    return ", ".join(f"{number(getattr(outcome, name))} {word}" for name, word in CHANGES if getattr(outcome, name))
