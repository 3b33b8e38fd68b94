"""The step under way as a bar, and above it a line for each that is done. The only file that needs Rich."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Drawing
from rich.text import Text

from starlode.run import Done, Started
from starlode.terminal import memory
from starlode.terminal.account import CARRIES_ROWS, account
from starlode.terminal.speech import duration, number, safe, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Task

    from starlode.run import Event


class Bars:
    """Draws on stderr until it is closed."""

    def __init__(self) -> None:
        self._drawing = Drawing(
            SpinnerColumn(style="cyan"),
            TextColumn("{task.fields[place]}", style="dim"),
            TextColumn("{task.description}"),
            _bar(),
            _Counts(),
            TimeElapsedColumn(),
            _Memory(),
            console=_console(),
            transient=True,
        )
        self._task = self._drawing.add_task("", total=None, place="", rows=0, bytes=0)
        self._drawing.start()

    def __call__(self, event: Event) -> None:
        if isinstance(event, Started):
            self._begin(event)
        elif isinstance(event, Done):
            self._drawing.console.print(_finished(event))
        else:
            reached = min(event.bytes, _size(event)) if _size(event) else 0
            self._drawing.update(self._task, completed=reached, rows=event.rows, bytes=event.bytes)

    def close(self) -> None:
        self._drawing.stop()

    def _begin(self, event: Started) -> None:
        self._drawing.reset(
            self._task,
            total=_size(event) or None,
            description=f"{event.step.verb:<6} {safe(event.step.object)}",
            place=f"{event.number}/{event.of}",
            rows=0,
            bytes=0,
        )


@contextmanager
def awaited(what: str) -> Iterator[Callable[[str], None]]:
    """A bar for what nobody knows the length of; how far it has come is told to what this gives."""
    columns = (SpinnerColumn(style="cyan"), TextColumn("{task.description}"), _bar(), TimeElapsedColumn())
    with Drawing(
        *columns, TextColumn("{task.fields[far]}", style="dim"), console=_console(), transient=True
    ) as drawing:
        task = drawing.add_task(what, total=None, far="")
        yield lambda far: drawing.update(task, far=safe(far))


def _bar() -> BarColumn:
    return BarColumn(bar_width=24, complete_style="cyan", finished_style="green", pulse_style="cyan")


def _console() -> Console:
    return Console(stderr=True, highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")


class _Counts(ProgressColumn):
    """Rows, rows a second and bytes, as far as the step has told them."""

    def render(self, task: Task) -> Text:
        rows, read = task.fields["rows"], task.fields["bytes"]
        if not rows:
            return Text("")
        rate = rows / task.elapsed if task.elapsed else 0
        return Text(f"{number(rows)} rows  {number(round(rate))}/s  {size(read)}")


class _Memory(ProgressColumn):
    """What the process holds in memory."""

    def render(self, task: Task) -> Text:  # noqa: ARG002  the same whatever the task
        return Text(size(memory.held()), style="dim")


def _finished(event: Done) -> Text:
    line = Text("✓ ", style="green")
    line.append(f"{event.step.verb:<6} ", style="bold not dim default")
    line.append(f"{safe(event.step.object)}  ", style="default")
    line.append(account(event), style="default")
    if event.step.verb in CARRIES_ROWS and event.seconds >= 1:
        line.append(f"  {number(round(event.outcome.rows_in / event.seconds))} rows/s", style="default")
    line.append(f"  {duration(event.seconds)}", style="dim default")
    return line


def _size(event: Event) -> int:
    """How many bytes a step will read, where that is known."""
    look = getattr(event.step, "look", None)
    return look.size if look is not None else 0
