"""`starlode plan`: what a run would do and why, with nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.commands.opening import asked_names, asked_project
from starlode.paper import statements
from starlode.run import plan
from starlode.terminal import documents
from starlode.terminal.account import left_out, typed
from starlode.terminal.speech import many, number, out, paint, safe, safe_lines, say, size
from starlode.terminal.tables import table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from starlode.plan import Plan
    from starlode.step import Step


def command(arguments: Namespace) -> int:
    made = plan(
        asked_project(arguments), select=asked_names(arguments.select), full=arguments.full, only=arguments.only
    )
    said = statements(made) if arguments.sql else ()
    if arguments.json:
        documents.write(_document(made, said))
    elif made.is_empty:
        say(f"nothing to do: {safe(left_out(made)) or 'the warehouse holds what the sources hold'}")
    else:
        _show(made, said)
    return 0


def _document(made: Plan, said: Iterable[tuple[Step, tuple[str, ...]]]) -> documents.Document:
    document = documents.plan(made)
    for step, (_, texts) in zip(document["steps"], said, strict=False):
        step["sql"] = list(texts)
    return document


def _show(made: Plan, said: Iterable[tuple[Step, tuple[str, ...]]]) -> None:
    rows = [(str(i), step.verb, step.object, step.reason, *_reading(step)) for i, step in enumerate(made.steps, 1)]
    out(table(("#", "step", "object", "why", "files", "size"), rows, right={"#", "files", "size"}))
    for step in made.steps:
        for note in getattr(getattr(step, "look", None), "notes", ()):
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
    say(paint(f"{many(len(made.steps), 'step')}; nothing has been changed. {carries}", "dim"))


def _reading(step: Step) -> tuple[str, str]:
    look = getattr(step, "look", None)
    return (number(len(look.units)), size(look.size)) if look is not None else ("", "")
