"""Makes a case that goes wrong smaller while it goes wrong in the same way, so that a person can read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.star.playing import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.star.cases import Case, Day
    from tests.star.streams import Files

MOST_TRIALS = 120


def smaller(case: Case, still_fails: Callable[[Case], bool]) -> Case:
    """The smallest case that was found in a bounded number of trials."""
    trials = 0
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for candidate in _candidates(case):
            trials += 1
            if trials > MOST_TRIALS:
                return case
            if still_fails(candidate):
                case, is_smaller = candidate, True
                break
    return case


def told(case: Case) -> str:
    """A case as the files of a project, day by day."""
    lines = [f"seed {case.seed}"]
    for number, day in enumerate(case.days):
        lines.append(f"--- day {number}: select {list(day.select)}{', full' if day.full else ''}")
        for path, text in files(case, day, is_first=number == 0).items():
            lines += [f"[{path}]", text.rstrip()]
    return "\n".join(lines)


def _candidates(case: Case) -> Iterator[Case]:
    """What a case may be without one of its parts, the largest parts first."""
    for fact in case.facts:
        if len(case.facts) > 1:
            yield replace(case, facts=(fact,), days=_without_mends(case, {fact.name}))
    for number in range(len(case.days) - 1, 0, -1):
        yield replace(case, days=(*case.days[:number], *case.days[number + 1 :]))
    for number, day in enumerate(case.days):
        for untouched in day.files if number else ():
            yield _with_files(case, number, {name: held for name, held in day.files.items() if name != untouched})
    for stream in case.streams:
        numbers = {row["id"] for day in case.days for rows in day.files.get(stream.name, {}).values() for row in rows}
        for gone in sorted(numbers):
            yield _without_rows(case, stream.name, gone)
    if any(fact.dims for fact in case.facts):
        yield replace(case, facts=tuple(replace(fact, dims={}) for fact in case.facts))


def _without_mends(case: Case, kept: set[str]) -> tuple[Day, ...]:
    return tuple(
        replace(day, mended={name: text for name, text in day.mended.items() if name in kept}) for day in case.days
    )


def _with_files(case: Case, number: int, files: Mapping[str, Files]) -> Case:
    days = list(case.days)
    days[number] = replace(days[number], files=files)
    return replace(case, days=tuple(days))


def _without_rows(case: Case, stream: str, gone: int) -> Case:
    days = []
    for day in case.days:
        held = {
            name: {f: tuple(r for r in rows if r["id"] != gone) for f, rows in held.items()} if name == stream else held
            for name, held in day.files.items()
        }
        days.append(replace(day, files=held))
    return replace(case, days=tuple(days))
