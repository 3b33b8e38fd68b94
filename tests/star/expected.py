"""What a star must hold after each day: the users' SELECTs asked of an embedded DuckDB that holds the current rows alone.

Nothing of the engine is used here. Members are looked up in Python.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import duckdb

from tests.star.history import Version, chain, version_at
from tests.star.streams import TYPES, columns_of, current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.star.cases import Case, Day, Fact
    from tests.star.streams import Files, Row, Rows, Stream

PAST = "select id, grp, n, moment from app.told"
DIMENSIONS = ("dim_thing", "dim_past")
# The moment from which an inferred member holds.
BEGINNING = datetime(1, 1, 1)
UNKNOWN, NOT_APPLICABLE, HELD = "-1", "-2", "-3"


@dataclass(frozen=True)
class Built:
    """A fact as its last build left it: its rows, and for each the member that each role points to."""

    rows: tuple[Row, ...]
    members: tuple[Mapping[str, tuple[Any, Any]], ...]


@dataclass(frozen=True)
class State:
    """What is at the source, what of it is loaded, and what was built from that."""

    files: Mapping[str, Files] = field(default_factory=dict)
    loaded: Mapping[str, Files] = field(default_factory=dict)
    selects: Mapping[str, str] = field(default_factory=dict)
    things: Mapping[int, Row] = field(default_factory=dict)
    past: Mapping[tuple[Any, ...], tuple[Version, ...]] = field(default_factory=dict)
    facts: Mapping[str, Built] = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()
    # What of the stream with history its dimension holds, and the facts that do not point to it as it is now.
    told: Files = field(default_factory=dict)
    behind: frozenset[str] = frozenset()
    # The fact whose rows share a value of the grain, which stops the run.
    refused: str = ""


class Expected:
    """Follows a case day by day."""

    def __init__(self, case: Case) -> None:
        self.streams: dict[str, Stream] = {stream.name: stream for stream in case.streams}
        self.facts: tuple[Fact, ...] = case.facts
        self.thing = case.thing
        self.state = State(selects={fact.name: fact.said.sql for fact in case.facts})
        self._database = duckdb.connect()
        self._database.execute("set timezone = 'UTC'; create schema app")

    def close(self) -> None:
        self._database.close()

    def after(self, day: Day) -> State:
        """The state that a day's run must end in."""
        files = {**self.state.files, **{n: {**self.state.files.get(n, {}), **f} for n, f in day.files.items()}}
        names = (*(f"app.{n}" for n in self.streams), *DIMENSIONS, *(f"fact_{f.name}" for f in self.facts))
        chosen = {n for n in names if not day.select or any(_is_meant(n, word) for word in day.select)}
        loaded = {**self.state.loaded, **{n: files[n] for n in self.streams if f"app.{n}" in chosen}}
        state = replace(self.state, files=files, loaded=loaded, selects={**self.state.selects, **day.mended})
        for name, stream in self.streams.items():
            self._tell(stream, loaded.get(name, {}))
        if "dim_thing" in chosen:
            now = {row["id"]: row for row in self._ask(self.thing) if row["id"] is not None}
            state = replace(state, things={**state.things, **now})
        behind = state.behind
        if "dim_past" in chosen:
            behind = self._behind(state)
            past = chain(self._ask(PAST), key=("id",), kept=("grp",), overwritten=("n",))
            state = replace(state, past=past, told=state.loaded["told"])
        fresh = frozenset(f.name for f in self.facts if f"fact_{f.name}" in chosen)
        fresh |= behind if "dim_past" in chosen else frozenset()
        built = {f.name: self._build(f, state) for f in self.facts if f.name in fresh}
        refused = next((name for name, made in built.items() if made is None), "")
        done = {name: made for name, made in built.items() if made is not None}
        fresh -= {refused}
        return replace(state, facts={**state.facts, **done}, fresh=fresh, behind=behind - fresh, refused=refused)

    def refuses(self, state: State) -> bool:
        """Whether the engine would rightly refuse a state: a fact that loses its last row."""
        return any(
            not built.rows and name in self.state.facts and self.state.facts[name].rows
            for name, built in state.facts.items()
        )

    def _behind(self, state: State) -> frozenset[str]:
        """The facts that follow the dimension with history where it is built, whether or not they are asked for."""
        if state.loaded["told"] == state.told:
            return state.behind
        return state.behind | {f.name for f in self.facts if f.name in state.facts and "past" in f.dims}

    def _build(self, fact: Fact, state: State) -> Built | None:
        rows = self._ask(state.selects[fact.name])
        values = [tuple(row[name] for name in fact.said.grain) for row in rows]
        if fact.may_fail and len(set(values)) < len(values):
            return None
        assert len(set(values)) == len(values), f"the grain of {fact} is no grain"
        assert all(cell is not None for value in values for cell in value), f"the grain of {fact} has no value"
        members = tuple({role: _member(fact, role, row, state) for role in fact.dims} for row in rows)
        return Built(rows, members)

    def _tell(self, stream: Stream, files: Files) -> None:
        names = columns_of(files)
        columns = ", ".join(
            f'"{name}" {TYPES.get(name, "decimal(18,1)").replace("integer", "bigint")}' for name in names
        )
        self._database.execute(f"create or replace table app.{stream.name} ({columns})")
        rows = _seen(files) if stream.kind == "told" else current(stream, files)
        if rows:
            values = ", ".join(f"({', '.join(_literal(row.get(name)) for name in names)})" for row in rows)
            self._database.execute(f"insert into app.{stream.name} values {values}")

    def _ask(self, sql: str) -> tuple[Row, ...]:
        answer = self._database.execute(sql)
        names = [column[0] for column in answer.description or ()]
        return tuple(dict(zip(names, map(plain, row), strict=True)) for row in answer.fetchall())


def plain(cell: Any) -> Any:
    """A value of which only what it says counts, not how wide its type is."""
    if isinstance(cell, Decimal) or (isinstance(cell, int) and not isinstance(cell, bool)):
        return Decimal(cell).normalize() + 0
    return cell


def _member(fact: Fact, role: str, row: Row, state: State) -> tuple[Any, Any]:
    """The natural key of the member that a row points to, and from when its version holds; a reserved key stands for itself."""
    column = fact.dims[role]
    natural, moment = row[column], row.get(fact.said.at or "")
    if natural is None:
        return (NOT_APPLICABLE if column in fact.not_applicable else UNKNOWN, None)
    versions = state.past.get((natural,))
    if (natural not in state.things if role == "thing" else versions is None) and fact.late != "infer":
        return (UNKNOWN if fact.late == "unknown" else HELD, None)
    if role == "thing":
        return natural, None
    return natural, version_at(versions, moment).valid_from if versions else BEGINNING


def _seen(files: Files) -> Rows:
    return tuple(row for rows in files.values() for row in rows)


def _is_meant(name: str, word: str) -> bool:
    return any(fnmatchcase(alias, word) for alias in (name, name.partition(".")[0]))


def _literal(cell: Any) -> str:
    return "null" if cell is None else f"'{cell}'" if isinstance(cell, str) else str(cell)
