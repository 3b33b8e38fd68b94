"""Random cases: streams, facts over them, and days on which files come and change, all of it plain data.

A case is made from a seed alone. What would be refused (a fact whose every row would go) is not made.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.star.expected import Expected
from tests.star.selects import Said, Writer
from tests.star.streams import ADDED, COLUMNS, Files, Row, Stream, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.star import Late
    from tests.star.expected import State
    from tests.star.streams import Kind

START = datetime(2024, 1, 1)
NAMES = ("a", "b", "c", "d")
KINDS: tuple[Kind, ...] = ("keyed", "keyed", "dated", "plain", "plain", "full", "full_keyed")
# A stream that only grows, whose dimension has history; and one whose rows stand twice for a while, so that its fact fails.
TOLD, TWICE = Stream("told", "told"), Stream("e", "plain")
ROLES = ("thing", "past")


@dataclass(frozen=True)
class Fact:
    """A declared fact: its SELECT, and the dimensions that it uses, each with the column that holds the key."""

    name: str
    said: Said
    dims: Mapping[str, str] = field(default_factory=dict)
    late: Late = "infer"
    not_applicable: tuple[str, ...] = ()
    # Its grain may not tell rows apart on some days; the run fails then, and the fact stays as it was.
    may_fail: bool = False


@dataclass(frozen=True)
class Day:
    """What happens before a run, and what the run is asked for: new contents of files, SELECTs that are mended, a selection."""

    files: Mapping[str, Files] = field(default_factory=dict)
    mended: Mapping[str, str] = field(default_factory=dict)
    select: tuple[str, ...] = ()
    full: bool = False


@dataclass(frozen=True)
class Case:
    """Streams, the SELECT of a dimension, facts, and days."""

    seed: int
    streams: tuple[Stream, ...]
    thing: str
    facts: tuple[Fact, ...]
    days: tuple[Day, ...]


def make(seed: int, *, facts: int = 8, days: int = 6) -> Case:
    """The case of a seed."""
    random = Random(seed)  # noqa: S311  chance, and no secret
    streams = (*(Stream(name, random.choice(KINDS)) for name in NAMES), TOLD, TWICE)
    thing = random.choice(
        (
            "select id, grp, n from app.b",
            "select id, grp, n from app.b where n > 2 or grp is null",
            "select b.id, c.grp, b.n from app.b as b left join app.c as c on c.id = b.ref",
            "select ref as id, max(grp) as grp, sum(n) as n from app.b where ref is not null group by ref",
        )
    )
    made = (*(_fact(random, number) for number in range(facts)), _failing(random))
    case = Case(seed, streams, thing, made, ())
    return replace(case, days=tuple(_Days(random, case).make(days)))


def _fact(random: Random, number: int) -> Fact:
    said = Writer(random, NAMES).write()
    dims = {role: random.choice(said.keys) for role in ROLES if said.keys and random.random() < 0.5}
    late: Late = random.choices(("infer", "unknown", "hold"), (60, 20, 20))[0]
    without = tuple({column for column in dims.values() if random.random() < 0.2})
    return Fact(f"f{number}", said, dims, late, without)


def _failing(random: Random) -> Fact:
    """The last fact, so that all others are built before it fails."""
    beside = random.choice(NAMES)
    sql = f"select e.id, e.n, r.grp, e.ref\n  from app.e as e left join app.{beside} as r on r.id = e.ref"
    return Fact("last", Said(sql, ("id",), ("ref",), None, ("n",), ("e", beside)), {"thing": "ref"}, may_fail=True)


class _Days:
    """Makes the days one after the other, on the files as they are by then."""

    def __init__(self, random: Random, case: Case) -> None:
        self.random = random
        self.streams = {stream.name: stream for stream in case.streams}
        self.files: dict[str, Files] = {name: {} for name in self.streams}
        self.gone: dict[str, list[Row]] = {name: [] for name in self.streams}
        self.expected = Expected(case)
        self.facts = case.facts
        self.lags = False
        self.added: set[str] = set()
        self.minutes = iter(random.sample(range(2_000), 2_000))

    def make(self, count: int) -> Iterator[Day]:
        first = Day({name: self._first(name) for name in self.streams})
        self._live(first, self.expected.after(first))
        yield first
        for number in range(1, count):
            for _ in range(6):
                day = self._day(number)
                state = self.expected.after(day)
                if not self.expected.refuses(state):
                    self._live(day, state)
                    yield day
                    break
        if self.lags or self.expected.state.refused:
            last = Day({TWICE.name: self._once()})
            state = self.expected.after(last)
            if not self.expected.refuses(state):
                yield last
        self.expected.close()

    # A day

    def _day(self, number: int) -> Day:
        """Changes of one stream mostly, for what joins bring is what is hard to follow."""
        if self.random.random() < 0.5:
            names = [self.random.choices(("a", "b", "c", "d", "told", "e"), (12, 27, 27, 22, 6, 6))[0]]
        else:
            names = self.random.sample(list(self.streams), self.random.choice((2, 2, 3, 6)))
        files = {name: self._changed(name, number) for name in names}
        mended = self._mended(number) if self.random.random() < 0.08 else {}
        select: tuple[str, ...] = ()
        if self.random.random() < 0.22:
            some = tuple(f"fact_{f.name}" for f in self.facts if self.random.random() < 0.5)
            select = self.random.choice((("app",), ("app", "dim_*"), ("app", "dim_*", *some), (f"app.{names[0]}",)))
        return Day(files, mended, select, full=not select and self.random.random() < 0.04)

    def _mended(self, number: int) -> dict[str, str]:
        """A fact gets one more column."""
        fact = self.random.choice(self.facts)
        text = self.expected.state.selects[fact.name]
        loaded = self.expected.state.loaded
        held = [name for name in self.added if ADDED in columns_of(loaded[name])]
        known = [f"{name}.{ADDED}" for name in held if f"app.{name} as {name}" in text]
        known += [
            f"r0.{ADDED}"
            for name in held
            if text.find(f"\n  from app.{name} as r0") > 0 and not {"by", "distinct"} & set(text.split())
        ]
        said = self.random.choice(known) if known else str(number)
        return {fact.name: text.replace("\n  from ", f", {said} as m{number}\n  from ", 1)}

    def _live(self, day: Day, state: State) -> None:
        for name, files in day.files.items():
            self.files[name] |= files
        self.expected.state = state
        self.lags = bool(day.select)

    # Rows and files

    def _first(self, name: str) -> Files:
        """Two rows that stay for ever, so that hardly a fact loses everything, and some that may change."""
        if name == TOLD.name:
            return {"0.csv": tuple(self._row(name, self.random.randint(0, 5)) for _ in range(4))}
        stay = (
            dict(zip(COLUMNS, (0, 0, 0, "x", 5, "1.00", _moment(0)), strict=True)),
            dict(zip(COLUMNS, (1, None, 0, "y", None, "2.50", _moment(1)), strict=True)),
        )
        numbers = self.random.sample(range(2, 9), self.random.randint(3, 6))
        rows = tuple(self._row(name, number) for number in numbers)
        cut = self.random.randint(0, len(rows))
        return {"0.csv": stay, "1.csv": rows[:cut], "2.csv": rows[cut:]}

    def _row(self, name: str, number: int) -> Row:
        row = {"id": number, **{column: self._cell(column) for column in COLUMNS[1:]}}
        return row | ({ADDED: self._added()} if name in self.added else {})

    def _cell(self, column: str) -> Any:
        if column == "moment":
            return _moment(next(self.minutes))
        if self.random.random() < 0.15:
            return None
        if column == "grp":
            return self.random.choice("xxyyz")
        if column == "amount":
            return f"{self.random.randint(-300, 900) / 100:.2f}"
        return self.random.choice((0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6))

    def _added(self) -> Any:
        """A value of the new column: whole numbers mostly, so that its type widens on a later day or never."""
        return self.random.choices((1, 2, 3, None, "4.5"), (30, 30, 25, 10, 5))[0]

    def _changed(self, name: str, day: int) -> Files:
        """The files of a stream that some changes touch, as they are after them."""
        files: Files = dict(self.files[name])
        if name != TOLD.name and not self.added and self.random.random() < 0.1:
            self.added.add(name)
            file = self.random.choice(("1.csv", "2.csv", str(day)))
            files[file] = tuple(row | {ADDED: self._added()} for row in files.get(file, ()))
        if name == TWICE.name:
            once = files | self._once()
            if once == files and self.random.random() < 0.6 and files["1.csv"]:
                return {"1.csv": (*files["1.csv"], self.random.choice(files["1.csv"]))}
            files = once
        for number in range(self.random.choice((1, 1, 1, 2, 2, 3, 5))):
            if name == TOLD.name:
                files[f"{day}{number}.csv"] = (self._row(name, self.random.randint(0, 8)),)
                continue
            how = self.random.choices((self._insert, self._update, self._delete, self._return), (20, 45, 23, 12))[0]
            how(name, files, f"{day}.csv")
        return {file: rows for file, rows in files.items() if rows != self.files[name].get(file)}

    def _once(self) -> Files:
        """The files without rows that stand twice."""
        return {
            file: tuple({row["id"]: row for row in rows}.values())
            for file, rows in self.files[TWICE.name].items()
            if len({row["id"] for row in rows}) < len(rows)
        }

    def _insert(self, name: str, files: Files, file: str) -> None:
        held = {row["id"] for rows in files.values() for row in rows}
        free = [number for number in range(2, 14) if number not in held]
        if free:
            into = file if self.random.random() < 0.6 else "1.csv"
            files[into] = (*files.get(into, ()), self._row(name, self.random.choice(free)))

    def _update(self, name: str, files: Files, file: str) -> None:
        places = _places(files)
        if not places:
            return
        into, row = self.random.choice(places)
        column = self.random.choice(("ref", "ref", "other", "grp", "grp", "n", "n", "amount", "id"))
        said = row | {column: self._cell(column)}
        if column == "id":
            # What was told of one key is told of another now.
            held = {r["id"] for rows in files.values() for r in rows}
            said = row | {"id": self.random.choice([number for number in range(2, 14) if number not in held])}
            files[into] = tuple(said if r is row else r for r in files[into])
            return
        if self.streams[name].kind == "dated" and self.random.random() < 0.8:
            said["moment"] = max(said["moment"], _moment(next(self.minutes)))
        if self.streams[name].kind in ("keyed", "dated") and self.random.random() < 0.5:
            # Told again by a later file; the earlier row stays where it is.
            files[file] = (*(r for r in files.get(file, ()) if r["id"] != row["id"]), said)
            return
        files[into] = tuple(said if held is row else held for held in files[into])

    def _delete(self, name: str, files: Files, _: str) -> None:
        places = _places(files)
        if not places:
            return
        into, row = self.random.choice(places)
        # Sometimes only one of the files that tell of it gives it up.
        where = [into] if self.random.random() < 0.25 else list(files)
        for file in where:
            if file != "0.csv":
                files[file] = tuple(held for held in files[file] if held["id"] != row["id"])
        self.gone[name].append(row)

    def _return(self, name: str, files: Files, file: str) -> None:
        held = {row["id"] for rows in files.values() for row in rows}
        back = [row for row in self.gone[name] if row["id"] not in held]
        if back:
            row = self.random.choice(back)
            said = row if self.random.random() < 0.5 else row | {"ref": self._cell("ref"), "n": self._cell("n")}
            files[file] = (*files.get(file, ()), said)


def _places(files: Files) -> list[tuple[str, Row]]:
    return [(name, row) for name, rows in files.items() if name != "0.csv" for row in rows]


def _moment(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat(sep=" ")


def joined_only(case: Case) -> tuple[int, int]:
    """Of the times that a change reached a fact: how often it came from joined streams alone, and how many there were."""
    alone = times = 0
    for day in case.days[1:]:
        changed = set(day.files)
        for fact in case.facts:
            driving, *joined = fact.said.streams
            times += bool(changed & set(fact.said.streams))
            alone += driving not in changed and bool(changed & set(joined))
    return alone, times
