"""Makes a case or a world that goes wrong smaller while it goes wrong in the same way, so that a person can read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from tests.star.cases import Case
from tests.star.living import written
from tests.star.playing import files
from tests.star.worlds import World, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.star.cases import Day
    from tests.star.streams import Files
    from tests.star.worlds import Day as WorldDay

Tried = TypeVar("Tried", Case, World)

MOST_TRIALS = 120


def smaller(case: Tried, still_fails: Callable[[Tried], bool]) -> Tried:
    """The smallest that was found in a bounded number of trials."""
    trials = 0
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for candidate in _of_world(case) if isinstance(case, World) else _of_case(case):
            trials += 1
            if trials > MOST_TRIALS:
                return case
            if still_fails(candidate):
                case, is_smaller = candidate, True
                break
    return case


def told(case: Case | World) -> str:
    """All that happens as the files of a project, day by day."""
    lines = [f"seed {case.seed}"]
    happens: list[tuple[str, dict[str, str]]]
    if isinstance(case, World):
        happens = [(day.how, written(case, day, is_first=day is case.days[0])) for day in case.days]
    else:
        happens = [
            (f"select {list(day.select)}{', full' if day.full else ''}", files(case, day, is_first=day is case.days[0]))
            for day in case.days
        ]
    for number, (how, texts) in enumerate(happens):
        lines.append(f"--- day {number}: {how}")
        for path, text in texts.items():
            lines += [f"[{path}]", text.rstrip()]
    return "\n".join(lines)


def _of_world(world: World) -> Iterator[World]:
    """What a world may be without one of its parts, the largest parts first."""
    for fact in world.facts:
        yield replace(world, facts=tuple(other for other in world.facts if other is not fact))
    for number in range(len(world.days) - 1, 0, -1):
        yield replace(world, days=(*world.days[:number], *world.days[number + 1 :]))
    for number, day in enumerate(world.days):
        days = list(world.days)
        for untouched in day.files if number else ():
            days[number] = replace(day, files={name: held for name, held in day.files.items() if name != untouched})
            yield replace(world, days=tuple(days))
        if day.how != "run":
            days[number] = replace(day, how="run")
            yield replace(world, days=tuple(days))
    for stream in world.streams:
        rows = [row for day in world.days for held in day.files.get(stream.name, {}).values() for row in held]
        for key in sorted({key_of(stream.name, row) for row in rows} - {(0,), (0, 0)}):
            yield replace(world, days=tuple(_without_key(day, stream.name, key) for day in world.days))


def _without_key(day: WorldDay, stream: str, key: tuple[object, ...]) -> WorldDay:
    files = {
        name: {f: tuple(r for r in rows if name != stream or key_of(name, r) != key) for f, rows in held.items()}
        for name, held in day.files.items()
    }
    return replace(day, files=files)


def _of_case(case: Case) -> Iterator[Case]:
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
