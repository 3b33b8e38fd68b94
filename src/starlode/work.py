"""What a step needs to be carried out: the project, the open warehouse, the ledger, and somebody who listens."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.ledger import Ledger
    from starlode.project import Project
    from starlode.session import Session
    from starlode.source import Reader
    from starlode.step import Step
    from starlode.store import Store


@dataclass(frozen=True)
class Progress:
    """How far a step has come."""

    step: Step
    rows: int
    bytes: int


class Readers:
    """The open sources of a run by name, each opened when it is first asked for and closed with the others."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._opened: dict[str, Reader] = {}
        self._stack = ExitStack()

    def __getitem__(self, source: str) -> Reader:
        if source not in self._opened:
            self._opened[source] = self._stack.enter_context(self._project.source(source).open())
        return self._opened[source]

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every source that was opened; one that is asked for again is opened again."""
        self._stack.close()
        self._opened.clear()


@dataclass(frozen=True)
class Held:
    """What a run holds: the warehouse in which the star is built, and the target where that is another one."""

    session: Session
    target: Session | None = None


@dataclass(frozen=True)
class Work:
    """Handed to each step; only the run opens what is in it."""

    project: Project
    landing: Store
    session: Session
    ledger: Ledger
    readers: Readers
    listen: Callable[[Progress], None]
    target: Session | None = None
    # On paper there are no rows that decide; what they may come to is said as well.
    is_on_paper: bool = False
