"""Following a run while it goes on: bars on a terminal, one line per event elsewhere, JSON lines for programs.

Whoever listens never stops a run, and what draws is imported only when there is something to draw.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlode.run import Done, Started
from starlode.terminal import documents, memory
from starlode.terminal.account import account
from starlode.terminal.speech import duration, is_terminal, number, safe, say, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlode.run import Event, Listen
    from starlode.work import Progress

# How often a long step is heard of, in seconds: by a log, and by a program.
LOG_EVERY = 15.0
JSON_EVERY = 0.5


@contextmanager
def followed(*, as_json: bool) -> Iterator[Listen]:
    """A listener that suits who listens; what it draws is taken down when the block ends."""
    if as_json:
        yield JsonLines()
    elif not is_terminal(sys.stderr):
        yield Lines()
    else:
        drawn = _Drawn()
        try:
            yield drawn
        finally:
            drawn.close()


@contextmanager
def awaited(what: str) -> Iterator[Callable[[str], None]]:
    """A bar for something that takes its time, where somebody looks; how far it has come is told to what this gives."""
    if is_terminal(sys.stderr):
        with import_module("starlode.terminal.bars").awaited(what) as told:
            yield told
    else:
        yield lambda _: None


class Lines:
    """One line for each event, without colour, for logs."""

    def __init__(self) -> None:
        self._place = ""
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        step = event.step
        name = f"{step.verb} {safe(step.object)}"
        if isinstance(event, Started):
            self._place = f"[{event.number:>{len(str(event.of))}}/{event.of}]"
            self._told = time.monotonic()
            say(f"{self._place} start {name}: {safe(step.reason)}")
        elif isinstance(event, Done):
            say(f"{self._place} done  {name}: {account(event)} in {duration(event.seconds)}")
        elif time.monotonic() - self._told >= LOG_EVERY:
            self._told = time.monotonic()
            say(f"{self._place} going {name}: {_so_far(event)}")


class JsonLines:
    """One JSON document in a line for each event, on stdout."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            place = {"number": event.number, "of": event.of}
            self._write("started", documents.step(event.step), place)
        elif isinstance(event, Done):
            held = documents.done(event)
            self._write("done", held.pop("step"), held)
        elif time.monotonic() - self._told >= JSON_EVERY:
            self._told = time.monotonic()
            self._write("progress", documents.step(event.step), _counts(event))

    def _write(self, kind: str, step: documents.Document, more: documents.Document) -> None:
        documents.write({"event": kind, "step": step, **more}, in_one_line=True)


class _Drawn:
    """Bars that are imported with the first event: a run that has nothing to do draws nothing."""

    def __init__(self) -> None:
        self._bars: Any = None

    def __call__(self, event: Event) -> None:
        if self._bars is None:
            self._bars = import_module("starlode.terminal.bars").Bars()
        self._bars(event)

    def close(self) -> None:
        if self._bars is not None:
            self._bars.close()


def _so_far(event: Progress) -> str:
    return f"{number(event.rows)} rows, {size(event.bytes)}, memory {size(memory.held())}"


def _counts(event: Progress) -> documents.Document:
    return {"rows": event.rows, "bytes": event.bytes, "memory": memory.held()}
