"""Worlds by chance: what is declared, and days on which rows come late, twice, corrected, deleted and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.star.worlds import (
    COLUMNS,
    DATED,
    KEYS,
    MARRED,
    NAMES,
    START,
    TO_COME,
    UNREADABLE,
    Day,
    Dimension,
    Fact,
    Stream,
    World,
    key_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.star import Deletes, Late
    from tests.star.streams import Files, Row
    from tests.star.worlds import How, Kind

# A sale names one person or two, one in each role.
PEOPLE: tuple[Mapping[str, str], ...] = (
    {"person": "person_id"},
    {"taker_person": "person_id", "giver_person": "giver_id"},
)
# What is done with the files of a day, and how often.
HOWS: Mapping[How, int] = {"run": 60, "land": 14, "full": 6, "undo": 12, "rebuild": 8}


def make(seed: int, days: int = 6) -> World:
    """The world of a seed."""
    random = Random(seed)  # noqa: S311  chance, and no secret
    streams = tuple(Stream(name, random.choice(_kinds(name))) for name in COLUMNS)
    # In some worlds nothing depends on when it was loaded.
    is_timeless = random.random() < 0.3
    region = _dimension(random, "region", "regions", is_timeless)
    person = _dimension(random, "person", "people", is_timeless)
    person = replace(person, refers={"region": "region_id"}) if random.random() < 0.5 else person
    good = Dimension("good", "goods") if is_timeless else _dimension(random, "good", "goods", is_timeless)
    facts = _facts(random, person)
    stay = ("goods",) if is_timeless else ()
    days_of = _Days(random, streams, stay, facts[-1].late)
    return World(seed, streams, (region, person, good), facts, tuple(days_of.make(days)))


def _kinds(stream: str) -> tuple[Kind, ...]:
    if stream in DATED:
        return ("keyed", "dated", "full", "full_dated")
    return ("keyed", "full") if stream == "goods" else ("keyed", "plain", "full")


def _dimension(random: Random, name: str, stream: str, is_timeless: bool) -> Dimension:
    is_dated = stream in DATED
    changing = [c for c in COLUMNS[stream] if c not in (KEYS[stream][0], "name", "moment")]
    history, fixed, previous = [], [], []
    for column in changing:
        word = random.choice(("history", "history", "fixed", "previous", "both", "overwritten"))
        fixed += [column] if word == "fixed" else []
        previous += [column] if word in ("previous", "both") else []
        history += [column] if word in ("history", "both") and (is_dated or random.random() < 0.3) else []
    deletes: Deletes = random.choice(("close", "flag", "ignore") if history else ("flag", "ignore"))
    return Dimension(
        name,
        stream,
        tuple(history),
        tuple(fixed),
        tuple(previous),
        has_moments=is_dated and (is_timeless or random.random() < 0.75),
        # A bridge of it meets facts in that key.
        durable=random.random() < 0.4 or (bool(history) and name == "good"),
        deletes=deletes,
    )


def _facts(random: Random, person: Dimension) -> tuple[Fact, ...]:
    def late() -> Late:
        """What is done with members that have not come."""
        return random.choices(("infer", "unknown", "hold"), (50, 25, 25))[0]

    def unless(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(column for column in columns if random.random() < 0.3)

    has_moment = random.random() < 0.7
    counts = random.random() < 0.4
    sales = Fact(
        "sales",
        "sales",
        "factless" if counts else "transaction",
        ("sale_id",),
        at="sold_at" if has_moment else "",
        dims={**random.choice(PEOPLE), "good": "good_id"},
        has_traits=random.random() < 0.7,
        measures=() if counts else ("amount",),
        late=late(),
        not_applicable=unless(("person_id", "good_id")),
    )
    stages = ("opened_at", "paid_at", "closed_at")
    stage = random.choice(stages)
    cases = Fact(
        "cases",
        "cases",
        "lifecycle",
        ("case_id",),
        at=random.choice(("", "closed_at")),
        dims={"person": "person_id", "date": stage},
        has_traits=random.random() < 0.5,
        milestones=stages,
        late=late(),
        not_applicable=unless(("person_id", stage)),
    )
    states = Fact(
        "states",
        "states",
        "daily",
        ("account_id",),
        at="told_at",
        dims={"person": "person_id", "date": "day"},
        measures=("balance",),
        late=late(),
    )
    ends = [("good", "good_id"), ("person", "person_id")]
    if (person.durable or not person.history) and random.random() < 0.5:
        ends.reverse()
    # What may be refused is built last, so that all else is built before.
    waits = "fail" if random.random() < 0.15 else late()
    shares = Fact("shares", "shares", "bridge", tuple(column for _, column in ends), dims=dict(ends), late=waits)
    return (sales, cases, states, shares)


class _Days:
    """Makes the days one after the other, on the files as they are by then."""

    def __init__(self, random: Random, streams: tuple[Stream, ...], stay: tuple[str, ...], shares_are: Late) -> None:
        self.random = random
        self.stay = stay
        self.shares_are = shares_are
        # How often a row that is told cannot be read.
        self.mars = random.choice((0.0, 0.0, 0.15))
        self.kinds = {stream.name: stream.kind for stream in streams}
        self.files: dict[str, Files] = {}
        self.gone: dict[str, list[Row]] = {name: [] for name in self.kinds}
        self.minutes = {name: iter(random.sample(range(90_000), 5_000)) for name in self.kinds}
        # In which files a moment of a member was ever told: only the one that told it alone may tell it otherwise.
        self.told: dict[tuple[str, Any, Any], set[str]] = {}
        self.undated: set[tuple[str, Any]] = set()

    def make(self, count: int) -> Iterator[Day]:
        for name in self.kinds:
            rows = [self._row(name, key) for key in self._free(name, {}, 4)]
            if self.shares_are == "fail" and name == "shares":
                rows = [row for row in rows if row["person_id"] != 9]
            cut = self.random.randint(0, len(rows))
            stays = self._row(name, (0,) * len(KEYS[name])) | self._moments(name, None)
            self._lay(name, {"0.csv": (stays,), "1.csv": tuple(rows[:cut]), "2.csv": tuple(rows[cut:])})
        yield Day({name: dict(files) for name, files in self.files.items()})
        for number in range(1, count):
            names = self.random.sample(list(self.kinds), self.random.choice((1, 1, 1, 2, 2, 3)))
            if self.random.random() < 0.5:
                names = list(dict.fromkeys([self.random.choice(("people", "people", "regions")), *names]))
            files = {name: self._changed(name, number) for name in names}
            how: How = self.random.choices(list(HOWS), list(HOWS.values()))[0]
            yield Day(files, "run" if how == "land" and number + 1 == count else how)

    def _lay(self, name: str, files: Files) -> None:
        self.files[name] = self.files.get(name, {}) | files
        for file, rows in files.items():
            for row in rows if name in DATED else ():
                self.told.setdefault((name, key_of(name, row), row["moment"]), set()).add(file)

    # Rows

    def _row(self, name: str, key: tuple[Any, ...]) -> Row:
        row = {column: self._cell(name, column) for column in COLUMNS[name]}
        return row | dict(zip(KEYS[name], key, strict=True)) | self._moments(name, key)

    def _moments(self, name: str, key: tuple[Any, ...] | None) -> Row:
        """Moments that nobody else has; some are missing, of a dated key once at most, and some speak of years ahead."""
        found: Row = {}
        for column, kind in COLUMNS[name].items():
            if kind == "timestamp":
                minute = next(self.minutes[name])
                begins = TO_COME if name in (*DATED, "sales") and self.random.random() < 0.15 else START
                is_missing = key is not None and self.random.random() < (0.05 if name in DATED else 0.2)
                is_missing = is_missing and not (name in DATED and (name, key) in self.undated)
                self.undated |= {(name, key)} if is_missing else set()
                found[column] = None if is_missing else (begins + timedelta(minutes=minute)).isoformat(sep=" ")
        return found

    def _cell(self, name: str, column: str) -> Any:
        kind = COLUMNS[name][column]
        if self.random.random() < 0.12 and column not in ("account_id",):
            return None
        if column in NAMES:
            return self.random.choice(NAMES[column])
        if kind == "text":
            return self.random.choice("abc")
        if kind == "integer":
            return self.random.randint(1, 3)
        return f"{self.random.randint(-300, 900) / 100:.2f}"

    def _free(self, name: str, files: Files, most: int) -> list[tuple[Any, ...]]:
        held = {key_of(name, row) for rows in files.values() for row in rows}
        every: list[tuple[Any, ...]]
        if name == "shares":
            every = [(good, person) for good in NAMES["good_id"] for person in NAMES["person_id"]]
        else:
            every = [(number,) for number in (NAMES.get(KEYS[name][0]) or range(1, 9)) if number != 9]
        free = [key for key in every if key not in held]
        return self.random.sample(free, min(most, len(free)))

    # Changes

    def _changed(self, name: str, day: int) -> Files:
        """The files that some changes touch, as they are after them."""
        before = self.files[name]
        for number in range(self.random.choice((1, 1, 1, 2, 2, 3, 4))):
            hows = (self._insert, self._update, self._correct, self._repeat, self._delete, self._return)
            how = self.random.choices(hows, (16, 30, 14, 8, 22, 14))[0]
            how(name, f"{day}{number}.csv")
        return {file: rows for file, rows in self.files[name].items() if rows != before.get(file)}

    def _insert(self, name: str, file: str) -> None:
        for key in self._free(name, self.files[name], 1):
            into = file if self.random.random() < 0.6 else "1.csv"
            self._lay(name, {into: (*self.files[name].get(into, ()), self._marred(name, self._row(name, key)))})

    def _update(self, name: str, file: str) -> None:
        """A member changes, as of another moment; the file that told of it tells it, or a later one."""
        for into, row in self._some(name):
            said = self._otherwise(name, row) | (self._moments(name, key_of(name, row)) if name in DATED else {})
            if self.kinds[name] != "plain" and self.random.random() < 0.6:
                self._lay(name, {file: (said,)})
                continue
            self._lay(name, {into: tuple(said if held is row else held for held in self.files[name][into])})

    def _correct(self, name: str, _: str) -> None:
        """What was said of a moment was wrong."""
        for into, row in self._some(name):
            if name not in DATED or len(self.told[name, key_of(name, row), row["moment"]]) == 1:
                said = self._otherwise(name, row)
                self._lay(name, {into: tuple(said if held is row else held for held in self.files[name][into])})

    def _repeat(self, name: str, file: str) -> None:
        for _, row in self._some(name):
            if name in DATED and row["moment"] is not None and self.kinds[name] != "plain":
                self._lay(name, {file: (dict(row),)})

    def _delete(self, name: str, _: str) -> None:
        for into, row in self._some(name) if name not in self.stay else ():
            # Sometimes only one of the files that tell of it gives it up.
            where = [into] if self.random.random() < 0.25 else [held for held in self.files[name] if held != "0.csv"]
            key = key_of(name, row)
            self._lay(name, {f: tuple(r for r in self.files[name][f] if key_of(name, r) != key) for f in where})
            self.gone[name].append(row)

    def _return(self, name: str, file: str) -> None:
        held = {key_of(name, row) for rows in self.files[name].values() for row in rows}
        back = [row for row in self.gone[name] if key_of(name, row) not in held]
        if back:
            row = self.random.choice(back)
            said = (
                row
                if self.random.random() < 0.4
                else self._otherwise(name, row) | self._moments(name, key_of(name, row))
            )
            self._lay(name, {file: (dict(said),)})

    def _some(self, name: str) -> list[tuple[str, Row]]:
        """A row that may change with its file, or nothing where none is left."""
        places = [(file, row) for file, rows in self.files[name].items() if file != "0.csv" for row in rows]
        return [self.random.choice(places)] if places else []

    def _otherwise(self, name: str, row: Row) -> Row:
        others = [c for c, kind in COLUMNS[name].items() if c not in KEYS[name] and kind != "timestamp"]
        moments = [c for c, kind in COLUMNS[name].items() if kind == "timestamp" and name not in DATED]
        changed = self.random.sample(others, self.random.randint(1, len(others)))
        changed += [column for column in others if row[column] == UNREADABLE]
        said = row | {column: self._cell(name, column) for column in changed}
        if moments and self.random.random() < 0.4:
            column = self.random.choice(moments)
            said[column] = self._moments(name, key_of(name, row))[column]
        return self._marred(name, said)

    def _marred(self, name: str, row: Row) -> Row:
        """The row, sometimes with a cell that makes it unreadable."""
        is_marred = name in MARRED and self.random.random() < self.mars
        return row | {MARRED[name]: UNREADABLE} if is_marred else row
