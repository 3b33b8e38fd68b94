"""Watches the memory of a process and all its descendants while they live together, where the kernel shows them (Linux).

A lone process is left to the kernel's own figure, which misses no peak. Pages that several share are counted once.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

EACH = 0.02  # seconds
PROC = Path("/proc")


class Watch:
    """Looks at a tree of processes again and again; `peak` is the most bytes that several of them held at once."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid = pid
        self._ended = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(EACH):
            tree = descendants(self._pid)
            if len(tree) > 1:
                self.peak = max(self.peak, sum(map(memory, tree)))


def descendants(pid: int) -> list[int]:
    """A process and all that it started, and they in turn, as far as they live."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for children in (PROC / str(parent) / "task").glob("*/children"):
                found.extend(map(int, children.read_text().split()))
    return found


def memory(pid: int) -> int:
    """The bytes that a process holds, with its part of what it shares; 0 when it has ended."""
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
