"""What a plan would be billed for, where the warehouse bills statements by what they read: weighed, with none of them run.

The statements are those of the plan on paper. What reads a table that is not there yet, or rows that are still to come, cannot
be weighed, and is counted instead.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.paper import heard
from starlode.warehouse import Billed

if TYPE_CHECKING:
    from starlode.plan import Plan
    from starlode.step import Step


@dataclass(frozen=True)
class StepCost:
    """What a step would be billed for, and how many of its statements cannot be weighed."""

    step: Step
    bytes: int = 0
    unweighed: int = 0


@dataclass(frozen=True)
class Cost:
    """What the steps of a plan would be billed for, and what a run may be; 0 where nobody has said."""

    steps: tuple[StepCost, ...]
    most_bytes: int = 0

    @property
    def bytes(self) -> int:
        return sum(step.bytes for step in self.steps)

    @property
    def unweighed(self) -> int:
        return sum(step.unweighed for step in self.steps)


def cost(plan: Plan) -> Cost | None:
    """What a plan would be billed for; None where the warehouse does not bill by what is read, or nothing is to be done."""
    warehouse = plan.project.warehouse
    if plan.is_empty or not isinstance(warehouse, Billed):
        return None
    said = heard(plan)
    if not warehouse.exists:
        return Cost(tuple(StepCost(step, 0, len(texts)) for step, texts in said), warehouse.most_bytes)
    with closing(warehouse.scale()) as scale:
        return Cost(
            tuple(_weighed(step, [scale.weigh(h.sql, h.values) for h in texts]) for step, texts in said),
            warehouse.most_bytes,
        )


def _weighed(step: Step, weights: list[int | None]) -> StepCost:
    return StepCost(step, sum(w for w in weights if w is not None), weights.count(None))
