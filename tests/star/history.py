"""History in plain Python, told as one would tell it to a colleague: sort, drop what repeats, each holds until the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.star.streams import Row

FOR_EVER = datetime(9999, 12, 31)


@dataclass(frozen=True)
class Version:
    """What was true of a member, and from when until when."""

    valid_from: datetime
    valid_to: datetime
    said: Mapping[str, Any]


def chain(
    rows: Iterable[Row],
    *,
    key: tuple[str, ...],
    kept: tuple[str, ...],
    overwritten: tuple[str, ...],
    at: str = "moment",
) -> dict[tuple[Any, ...], tuple[Version, ...]]:
    """The versions of each key from all rows that ever told of it, in whatever order they came."""
    told: dict[tuple[Any, ...], dict[datetime, Row]] = {}
    for row in rows:
        told.setdefault(tuple(row[name] for name in key), {})[row[at]] = row
    return {
        member: _versions([moments[at] for at in sorted(moments)], kept, overwritten, at)
        for member, moments in told.items()
    }


def _versions(rows: list[Row], kept: tuple[str, ...], overwritten: tuple[str, ...], at: str) -> tuple[Version, ...]:
    begins: list[Row] = []
    for row in rows:
        if not begins or any(row[name] != begins[-1][name] for name in kept):
            begins.append(row)
    ends = [*(row[at] for row in begins[1:]), FOR_EVER]
    last = {name: rows[-1][name] for name in overwritten}
    return tuple(
        Version(row[at], end, {name: row[name] for name in kept} | last) for row, end in zip(begins, ends, strict=True)
    )


def version_at(versions: tuple[Version, ...], moment: datetime | None) -> Version:
    """The version that holds at a moment: the first for all moments before it, the last where none is known."""
    if moment is None:
        return versions[-1]
    return max((v for v in versions if v.valid_from <= moment), key=lambda v: v.valid_from, default=versions[0])
