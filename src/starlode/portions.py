"""Landing much in portions, each committed by itself: a run that dies has not read in vain what it had finished."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlode.step import Land

PORTION_BYTES = 4 << 30
PORTION_UNITS = 20_000


def in_portions(land: Land, most_bytes: int = PORTION_BYTES, most_units: int = PORTION_UNITS) -> tuple[Land, ...]:
    """The steps that land what one would, in extractions that follow each other; just the one where it is not much."""
    looks = land.look.portions(most_bytes, most_units)
    if len(looks) == 1:
        return (land,)
    return tuple(
        replace(
            land,
            look=look,
            number=land.number + place,
            reason=f"{land.reason}; part {place + 1} of {len(looks)}",
            follows=place > 0,
        )
        for place, look in enumerate(looks)
    )
