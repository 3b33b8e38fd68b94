"""Plays a random case on a warehouse, one run a day, and tells where the star differs from what it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import starlode
from starlode.errors import StarlodeError
from starlode.sql.staging import all_rows
from tests import projects
from tests.star.expected import PAST, Expected, plain
from tests.star.streams import as_csv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from starlode.project import Project
    from starlode.table import Table
    from tests.star.cases import Case, Day, Fact
    from tests.star.expected import Built, State

UNBALANCED = """
select verb, object, rows_in, rows_out from starlode.step
 where status = 'done' and rows_in <> rows_out + rows_rejected + rows_merged + rows_lost - rows_doubled
"""
Cells = dict[str, Any]


class Differs(AssertionError):
    """A star is not what it must be."""


def declaration(case: Case) -> str:
    """The project file of a case."""
    streams = "\n".join(f"      {stream.declared}" for stream in case.streams)
    return (
        "name: random\nsources:\n  app:\n    files: data\n    streams:\n"
        f"{streams}\n"
        "dimensions:\n  thing: {from: sql/thing.sql, key: id}\n"
        "  past: {from: sql/past.sql, key: id, history: [grp], at: moment}\n"
        "facts:\n" + "\n".join(f"  {fact.name}: {_declared(fact)}" for fact in case.facts) + "\n"
    )


def files(case: Case, day: Day, *, is_first: bool) -> dict[str, str]:
    """What is written on a day, by path."""
    told = {f"data/{name}/{file}": as_csv(rows) for name, held in day.files.items() for file, rows in held.items()}
    told |= {f"sql/{name}.sql": text for name, text in day.mended.items()}
    if is_first:
        selects = {fact.name: fact.said.sql for fact in case.facts} | {"thing": case.thing, "past": PAST}
        told |= {"starlode.yml": declaration(case), **{f"sql/{name}.sql": text for name, text in selects.items()}}
    return told


def play(case: Case, folder: Path, target: str) -> None:
    """Live all days of a case; raises Differs, naming the day, where the star is wrong."""
    expected = Expected(case)
    player = _Player(case, folder, target)
    try:
        for number, day in enumerate(case.days):
            state = expected.after(day)
            player.live(number, day, state)
            expected.state = state
        if not case.days[-1].select:
            player.end()
    finally:
        expected.close()


class _Player:
    """One warehouse through the days of a case."""

    def __init__(self, case: Case, folder: Path, target: str) -> None:
        self.case, self.folder, self.target = case, folder, target
        self.day = 0
        self.before: dict[str, list[Cells]] = {}

    def live(self, number: int, day: Day, state: State) -> None:
        self.day = number
        projects.write(self.folder, files(self.case, day, is_first=number == 0))
        project = self._run(state.refused, select=day.select, full=day.full)
        tables = tables_of(project, tuple(held for held in project.star.tables if _is_built(held.name, state)))
        for difference in self._differences(tables, day, state):
            raise Differs(f"day {number}: {difference}")
        self.before |= tables

    def end(self) -> None:
        """A run changes nothing, a full one nothing either, and all steps balance."""
        again = starlode.run(self._project())
        if again.status != "unchanged":
            raise Differs(f"after day {self.day}: a second run did {[str(d.step.object) for d in again.done]}")
        project = self._run(full=True)
        for name, rows in tables_of(project, project.star.tables).items():
            if _contents(rows) != _contents(self.before[name]):
                raise Differs(f"after day {self.day}: {name} is another when all is built anew")
        unbalanced = projects.rows(project, UNBALANCED)
        if unbalanced:
            raise Differs(f"after day {self.day}: these do not balance: {unbalanced}")

    def _project(self) -> Project:
        return starlode.read(self.folder, target=self.target)

    def _run(self, refused: str = "", **options: Any) -> Project:
        project = self._project()
        try:
            starlode.run(project, **options)
        except StarlodeError as error:
            if not (refused and f"fact_{refused}" in str(error)):
                raise Differs(f"day {self.day}: the run failed: {error}") from error
        except Exception as error:
            raise Differs(f"day {self.day}: the run broke: {type(error).__name__}: {error}") from error
        else:
            if refused:
                raise Differs(f"day {self.day}: fact_{refused} has one value of its grain twice, and the run went on")
        return project

    def _differences(self, tables: Mapping[str, list[Cells]], day: Day, state: State) -> Iterator[str]:
        things = {row["thing_key"]: row for row in tables.get("dim_thing", ())}
        past = {row["past_key"]: row for row in tables.get("dim_past", ())}
        yield from _unlike("dim_thing", *_things(things, state))
        yield from _unlike("dim_past", *_versions(past, state))
        for fact in self.case.facts:
            if fact.name not in state.facts:
                continue
            name, built = f"fact_{fact.name}", state.facts[fact.name]
            has_keys = fact.name in state.fresh
            found = [_told(fact, row, things, past, has_keys=has_keys) for row in tables[name]]
            yield from _unlike(f"{name} ({state.selects[fact.name]})", found, _wanted(built, has_keys=has_keys))
            if name in self.before and not day.full and fact.name not in day.mended:
                yield from _rewritten(fact, self.before[name], tables[name])


def _declared(fact: Fact) -> str:
    said = fact.said
    parts = [f"from: sql/{fact.name}.sql", f"grain: [{', '.join(said.grain)}]"]
    parts += [f"at: {said.at}"] if said.at else []
    parts += [f"dims: {{{', '.join(f'{role}: {column}' for role, column in fact.dims.items())}}}"] if fact.dims else []
    parts += [f"late: {fact.late}"]
    parts += [f"not_applicable: [{', '.join(fact.not_applicable)}]"] if fact.not_applicable else []
    parts += [f"measures: [{', '.join(said.measures)}]"] if said.measures else []
    parts += [] if fact.may_fail else ["may_lose: true", "may_multiply: true"]
    return "{" + ", ".join(parts) + "}"


def tables_of(project: Project, tables: Iterable[Table]) -> dict[str, list[Cells]]:
    """The rows of tables, as values that say the same on every warehouse; none of one that was refused before it was there."""
    session = project.warehouse.connect(read_only=True, landing=project.landing.folder)
    try:
        return {
            held.name: [
                {name: plain(cell) for name, cell in row.items()}
                for row in session.arrow(all_rows(session.dialect, held)).read_all().to_pylist()
            ]
            if session.columns(held)
            else []
            for held in tables
        }
    finally:
        session.close()


def _is_built(name: str, state: State) -> bool:
    if name.startswith("fact_"):
        return name.removeprefix("fact_") in state.facts
    return True


def _things(found: Mapping[int, Cells], state: State) -> tuple[list[Cells], list[Cells]]:
    names = ("id", "grp", "n")
    return (
        [{n: row[n] for n in names} for key, row in found.items() if key > 0 and not row["is_inferred"]],
        [{n: row[n] for n in names} for row in state.things.values()],
    )


def _versions(found: Mapping[int, Cells], state: State) -> tuple[list[Cells], list[Cells]]:
    names = ("id", "grp", "n", "valid_from", "valid_to")
    wanted = [
        {"id": member[0], **version.said, "valid_from": version.valid_from, "valid_to": version.valid_to}
        for member, versions in state.past.items()
        for version in versions
    ]
    return [{n: row[n] for n in names} for key, row in found.items() if key > 0 and not row["is_inferred"]], wanted


def _told(fact: Fact, row: Cells, things: Mapping[int, Cells], past: Mapping[int, Cells], *, has_keys: bool) -> Cells:
    """A row of a fact with the members in place of their keys."""
    told = {name: cell for name, cell in row.items() if name not in ("thing_key", "past_key", "load_key")}
    if not has_keys:
        return told
    for role in fact.dims:
        key = row[f"{role}_key"]
        member = (things if role == "thing" else past)[key]
        since = None if role == "thing" else member["valid_from"]
        told[f"{role} of it"] = (member["id"], since) if key > 0 else (str(key), None)
    return told


def _wanted(built: Built, *, has_keys: bool) -> list[Cells]:
    return [
        {**row, **({f"{role} of it": member for role, member in members.items()} if has_keys else {})}
        for row, members in zip(built.rows, built.members, strict=True)
    ]


def _unlike(name: str, found: list[Cells], wanted: list[Cells]) -> Iterator[str]:
    """What is there and must not be, and what is missing."""
    have, want = sorted(map(_line, found)), sorted(map(_line, wanted))
    if have != want:
        extra = [line for line in have if line not in want]
        missing = [line for line in want if line not in have]
        yield f"{name}\n  has  {extra[:5]}\n  must {missing[:5]}\n  ({len(have)} rows for {len(want)})"


def _line(row: Cells) -> str:
    return repr(sorted(row.items(), key=lambda cell: cell[0]))


def _rewritten(fact: Fact, before: list[Cells], after: list[Cells]) -> Iterator[str]:
    """Rows that say what they said, and are written by another load all the same."""
    held = {tuple(row[name] for name in fact.said.grain): row for row in before}
    for row in after:
        old = held.get(tuple(row[name] for name in fact.said.grain))
        if old is not None and old["load_key"] != row["load_key"] and _content(old) == _content(row):
            yield f"fact_{fact.name} wrote a row again that did not change: {row}"


def _content(row: Cells) -> Cells:
    return {name: cell for name, cell in row.items() if name != "load_key"}


def _contents(rows: list[Cells]) -> list[str]:
    return sorted(_line(_content(row)) for row in rows)
