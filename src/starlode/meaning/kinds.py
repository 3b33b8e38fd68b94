"""The kinds of facts: what each asks of the other settings, and what it adds to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.star import DAY

if TYPE_CHECKING:
    from starlode.declaration import FactDeclaration
    from starlode.declare import Reading
    from starlode.meaning.selects import Taken


def tell_kind(name: str, said: FactDeclaration, reading: Reading) -> None:
    """Settings that a kind of fact cannot be without, or has no use for."""
    of, place = f"fact `{name}`", said.places.get("kind", said.place)
    broken = {key for key in ("at", "milestones") if f"facts.{name}.{key}" in reading.broken}
    if said.kind == "lifecycle" and len(said.milestones) < 2 and "milestones" not in broken:
        at = said.places.get("milestones", place)
        advice = "name the columns of its stages in their order, as in [ordered_at, paid_at, shipped_at]"
        reading.mistake(at, f"{of} is a lifecycle and names fewer than two `milestones`", advice)
    if said.milestones and said.kind != "lifecycle":
        what = f"{of} has milestones and is no lifecycle"
        reading.mistake(said.places["milestones"], what, "add `kind: lifecycle`, or remove them")
    if said.kind == "factless" and said.measures:
        what = f"{of} is factless and has measures"
        reading.mistake(said.places["measures"], what, "remove one of them: the kind brings a count, and nothing else")
    if said.kind == "daily" and said.at is None and "at" not in broken:
        what = f"{of} is daily and does not say when a state began"
        reading.mistake(place, what, "name the column that tells it with `at:`")


def with_day(taken: Taken | None, said: FactDeclaration) -> Taken | None:
    """What a fact may be looked up by: the columns of its SELECT, and the day of a daily one."""
    if taken is None or taken.columns is None or said.kind != "daily":
        return taken
    return replace(taken, columns=(*taken.columns, DAY))
