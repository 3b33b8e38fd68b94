"""`starlode plan`: what a run would do and why, with nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_names, asked_project
from starlode.cost import cost
from starlode.paper import statements
from starlode.plan import notes_of
from starlode.run import plan
from starlode.terminal import documents
from starlode.terminal.account import left_out, typed
from starlode.terminal.speech import number, out, paint, safe, safe_lines, say, size
from starlode.terminal.tables import table
from starlode.words import counted

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

    from starlode.cost import Cost, StepCost
    from starlode.plan import Plan
    from starlode.step import Step


def command(arguments: Namespace) -> int:
    made = plan(
        asked_project(arguments), select=asked_names(arguments.select), full=arguments.full, only=arguments.only
    )
    said = statements(made) if arguments.sql else ()
    billed = cost(made)
    if arguments.json:
        documents.write(_document(made, said, billed))
    elif made.is_empty:
        say(f"nothing to do: {safe(left_out(made)) or 'the warehouse holds what the sources hold'}")
    else:
        _show(made, said, billed)
    return 0


def _document(made: Plan, said: Iterable[tuple[Step, tuple[str, ...]]], billed: Cost | None) -> documents.Document:
    document = documents.plan(made, billed)
    for step, (_, texts) in zip(document["steps"], said, strict=False):
        step["sql"] = list(texts)
    return document


def _show(made: Plan, said: Iterable[tuple[Step, tuple[str, ...]]], billed: Cost | None) -> None:
    rows: list[tuple[str, ...]]
    rows = [(str(i), step.verb, step.object, step.reason, *_reading(step)) for i, step in enumerate(made.steps, 1)]
    header: tuple[str, ...] = ("#", "step", "object", "why", "files", "size")
    if billed is not None:
        header = (*header, "billed")
        rows = [(*row, _billed(step)) for row, step in zip(rows, billed.steps, strict=True)]
    out(table(header, rows, right={"#", "files", "size", "billed"}))
    for line in _cost(billed) if billed is not None else ():
        out(line)
    for step in made.steps:
        for note in notes_of(step, made):
            out(f"{paint('note', 'cyan')} {safe(step.object)}: {safe(note)}")
    for step, texts in said:
        out("")
        out(f"-- {step.verb} {safe_lines(step.object)}")
        for text in texts:
            out(f"{safe_lines(text.rstrip())};")
    advice = left_out(made)
    if advice:
        say(safe(advice))
    carries = f"`{typed('run', made.project)}` carries them out"
    say(paint(f"{counted(len(made.steps), 'step')}; nothing has been changed. {carries}", "dim"))


def _billed(step: StepCost) -> str:
    """What a step is billed for, as far as it can be weighed."""
    return size(step.bytes) if step.bytes else "not known" if step.unweighed else ""


def _cost(billed: Cost) -> Iterator[str]:
    """What the whole is billed for, what is not known of that, and what it may be."""
    told = (
        f"{paint('cost', 'cyan')} {size(billed.bytes)} would be billed, as dry runs say, and the ledger's lines on top"
    )
    if billed.unweighed:
        told += (
            f"; {counted(billed.unweighed, 'statement')} cannot be weighed before the tables that they read are there"
        )
    yield told
    if billed.most_bytes:
        beyond = billed.bytes > billed.most_bytes
        stops = paint(", and the run would stop there", "red") if beyond else ""
        yield f"{paint('cost', 'cyan')} at most {size(billed.most_bytes)} may be billed (`maximum_gb` of the target){stops}"


def _reading(step: Step) -> tuple[str, str]:
    look = getattr(step, "look", None)
    return (number(len(look.units)), size(look.size)) if look is not None else ("", "")
