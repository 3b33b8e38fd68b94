"""What a step needs to be carried out: the project, the open warehouse, the ledger, and somebody who listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.ledger import Ledger
    from starlode.project import Project
    from starlode.session import Session
    from starlode.step import Step


@dataclass(frozen=True)
class Progress:
    """How far a step has come."""

    step: Step
    rows: int
    bytes: int


@dataclass(frozen=True)
class Work:
    """Handed to each step; only the run opens what is in it."""

    project: Project
    session: Session
    ledger: Ledger
    listen: Callable[[Progress], None]
