"""Makes an academy's database in PostgreSQL, with the mixed-case names of a mapper of objects, and plays days in it.

Everything comes from the seed, moments included, so the same seed and size give the same rows, and a later day can be
played without what an earlier one remembers. Scores are kept as doubles with three places, half of them just between two.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

DAYS = 2
SIZE = 400
SCHEMA = Path(__file__).with_name("schema.sql")
FIRST_DAY = datetime(2025, 3, 3)
FIRST_NAMES = "Ada|Aïcha|Björn|Chloë|Dmitri|Elif|Fiadh|Gørild|Hana|Iñigo|Jörg|Kwame|Łucja|Núria|Oğuz|Priya|Yūki|Zoé"
LAST_NAMES = "O'Brien|Núñez|Müller|D'Angelo|Kovač|Smith|Nguyễn|Østergård|da Silva|Weiß|Null|Mc\"Kay"
COUNTRIES = "Austria|Brazil|Côte d'Ivoire|Denmark|España|Ireland|日本"
PLANS = "free|free|pro|team"
SPECIALIZATIONS = "Data Engineering|Data Science|Web Frontend|Web Backend|Cloud Operations"

T = TypeVar("T")


class User(NamedTuple):
    """A row of "User"."""

    id: int
    first_name: str
    last_name: str
    email: str | None
    country: str | None
    plan: str
    created_at: datetime
    updated_at: datetime


class Enrolment(NamedTuple):
    """A row of "UserSpecialization"; the score is in thousandths here."""

    user_id: int
    specialization: str
    level: str
    score: int | None
    attempts: int
    minutes: int
    enrolled_at: datetime
    completed_at: datetime | None
    updated_at: datetime


class Evening(NamedTuple):
    """What the two tables hold in the evening of a day, by key."""

    users: Mapping[int, User]
    enrolments: Mapping[tuple[int, str], Enrolment]

    @property
    def history(self) -> Mapping[tuple[int, str], tuple[object, ...]]:
        """What each row of the extract says in the columns whose changes make a version."""
        found: dict[tuple[int, str], tuple[object, ...]] = {}
        for key, one in self.enrolments.items():
            user = self.users[one.user_id]
            found[key] = (user.country, user.plan, one.level, points(one.score))
        return found


class Academy:
    """The academy and what its people know, day by day; the first day brings all that was before."""

    def __init__(self, *, size: int = SIZE, seed: int = 1) -> None:
        self.size = size
        self.roll = Random(seed).random
        self.day = 0
        self.made = 0
        self.users: dict[int, User] = {}
        self.enrolments: dict[tuple[int, str], Enrolment] = {}

    def play(self) -> Evening:
        """Play the next day."""
        self.day += 1
        if self.day == 1:
            self._arrive(self.size)
        else:
            self._study()
            self._move()
            self._leave()
            self._arrive(max(2, self.size // 20))
        return Evening(dict(self.users), dict(self.enrolments))

    def _arrive(self, many: int) -> None:
        """New users; most of them enrol, some in several specializations, and a few in none."""
        for _ in range(many):
            self.made += 1
            since = self._before() if self.day == 1 else self._today()
            first, last = self._pick(FIRST_NAMES), self._pick(LAST_NAMES)
            mail = f"u{self.made}@example.org" if self.roll() < 0.9 else None
            country = self._pick(COUNTRIES) if self.roll() < 0.93 else None
            self.users[self.made] = User(self.made, first, last, mail, country, self._pick(PLANS), since, since)
            for _ in range(int(self.roll() * 4)):
                self._enrol(self.made, since)

    def _enrol(self, user: int, since: datetime) -> None:
        """A user begins a specialization, unless they have."""
        what = self._pick(SPECIALIZATIONS)
        score = self._score() if self.roll() < 0.8 else None
        minutes, attempts = int(self.roll() * 9_000), int(self.roll() * 6) + (score is not None)
        until = since + timedelta(days=int(self.roll() * 60))
        done = until if score is not None and score > 60_000 and until < FIRST_DAY else None
        made = Enrolment(user, what, _level(score), score, attempts, minutes, since, done, done or since)
        self.enrolments.setdefault((user, what), made)

    def _study(self) -> None:
        """Some enrolments get another attempt, a few are completed, and some only get minutes."""
        for one in self._some(list(self.enrolments.values()), 8):
            score, at = max(one.score or 0, self._score()), self._today()
            done = at if one.completed_at is None and score > 60_000 and self.roll() < 0.5 else one.completed_at
            more = one._replace(score=score, level=_level(score), attempts=one.attempts + 1, completed_at=done)
            self.enrolments[one.user_id, one.specialization] = more._replace(updated_at=at)
        for one in self._some(list(self.enrolments.values()), 20):
            more = one._replace(minutes=one.minutes + 45, updated_at=self._today())
            self.enrolments[one.user_id, one.specialization] = more

    def _move(self) -> None:
        """Some users go to another country or plan, and some only have another address."""
        for user in self._some(list(self.users.values()), 25):
            moved = user._replace(country=self._pick(COUNTRIES), plan=self._pick(PLANS), updated_at=self._today())
            self.users[user.id] = moved
        for user in self._some(list(self.users.values()), 40):
            mail = f"u{user.id}.{self.day}@example.org"
            self.users[user.id] = user._replace(email=mail, updated_at=self._today())

    def _leave(self) -> None:
        """A few enrolments are deleted, and a few users with all that they had, for good."""
        for one in self._some(list(self.enrolments.values()), 50):
            del self.enrolments[one.user_id, one.specialization]
        for user in self._some(list(self.users.values()), 100):
            del self.users[user.id]
            for key in [key for key in self.enrolments if key[0] == user.id]:
                del self.enrolments[key]

    def _score(self) -> int:
        """In thousandths; every other one is just between two hundredths."""
        return int(self.roll() * 20_001) * 5

    def _today(self) -> datetime:
        """A moment of today between 7 and 22 o'clock."""
        return FIRST_DAY + timedelta(days=self.day - 1, hours=7, milliseconds=int(self.roll() * 15 * 3_600_000))

    def _before(self) -> datetime:
        """A moment of the year before the first day."""
        return FIRST_DAY - timedelta(milliseconds=1 + int(self.roll() * 300 * 86_400_000))

    def _some(self, among: Sequence[T], each: int) -> list[T]:
        """About one of so many, and one at least, each of them once."""
        wanted = min(len(among), max(1, len(among) // each))
        chosen: dict[int, T] = {}
        while len(chosen) < wanted:
            at = int(self.roll() * len(among))
            chosen[at] = among[at]
        return list(chosen.values())

    def _pick(self, words: str) -> str:
        among = words.split("|")
        return among[int(self.roll() * len(among))]


def days(until: int, *, size: int = SIZE, seed: int = 1) -> Iterator[Evening]:
    """What the academy holds in the evening of each day."""
    academy = Academy(size=size, seed=seed)
    for _ in range(until):
        yield academy.play()


def play(day: int, place: str, *, size: int = SIZE, seed: int = 1) -> dict[str, int | str]:
    """Make the tables anew (day 1) or change them (later days) in a database; what a right star comes to after it."""
    evenings = list(days(day, size=size, seed=seed))
    with psycopg.connect(place) as connection:
        if day == 1:
            connection.execute('drop table if exists "UserSpecialization", "User"')
            connection.execute(SCHEMA.read_bytes())
        before = evenings[-2] if day > 1 else Evening({}, {})
        _write(connection, "User", ("id",), before.users, evenings[-1].users)
        _write(
            connection, "UserSpecialization", ("userId", "specialization"), before.enrolments, evenings[-1].enrolments
        )
    return truth(evenings)


def truth(evenings: Sequence[Evening]) -> dict[str, int | str]:
    """What the star comes to where all days were seen, by the names of proof.sql."""
    last = evenings[-1].enrolments.values()
    scores = [points(one.score) for one in last]
    return {
        "enrolments": len(last),
        "scored": sum(score is not None for score in scores),
        "points": str(sum((score for score in scores if score is not None), Decimal("0.00"))),
        "attempts": sum(one.attempts for one in last),
        "hours": str(sum(map(_hours, last), Decimal("0.0"))),
        "hours_of_experts": str(sum((_hours(one) for one in last if one.level == "expert"), Decimal("0.0"))),
        "under_way": sum(one.completed_at is None for one in last),
        "versions": _versions([evening.history for evening in evenings]),
        "current_versions": len(last),
        "specializations": len({key[1] for evening in evenings for key in evening.enrolments}),
    }


def points(thousandths: int | None) -> Decimal | None:
    """A score with two places; what lies just between goes up."""
    if thousandths is None:
        return None
    return Decimal(thousandths).scaleb(-3).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _hours(one: Enrolment) -> Decimal:
    return (Decimal(one.minutes) / 60).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _level(score: int | None) -> str:
    return "beginner" if score is None or score < 50_000 else "intermediate" if score < 80_000 else "expert"


def _versions(histories: Sequence[Mapping[tuple[int, str], tuple[object, ...]]]) -> int:
    """How many versions there are of all that was ever extracted; nobody comes back who has gone."""
    held: dict[tuple[int, str], tuple[object, ...]] = {}
    count = 0
    for history in histories:
        count += sum(held.get(key) != said for key, said in history.items())
        held |= history
    return count


def _write(
    connection: psycopg.Connection[Any],
    table: str,
    key: tuple[str, ...],
    before: Mapping[Any, tuple[Any, ...]],
    after: Mapping[Any, tuple[Any, ...]],
) -> None:
    """Bring a table from one evening to the next: rows that went, that changed, and that came."""
    place = sql.Identifier(table)
    named = sql.SQL(" and ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in key)
    gone = [row[: len(key)] for number, row in before.items() if number not in after]
    come = [row for number, row in after.items() if number not in before]
    other = [row for number, row in after.items() if before.get(number, row) != row]
    names = [column.name for column in connection.execute(sql.SQL("select * from {}").format(place)).description or ()]
    assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in names)
    with connection.cursor() as cursor:
        cursor.executemany(sql.SQL("delete from {} where {}").format(place, named), gone)
        changed = sql.SQL("update {} set {} where {}").format(place, assigned, named)
        cursor.executemany(changed, [(*_cells(row), *row[: len(key)]) for row in other])
        with cursor.copy(sql.SQL("copy {} from stdin").format(place)) as copy:
            for row in come:
                copy.write_row(_cells(row))


def _cells(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as its table holds it: scores as doubles."""
    if isinstance(row, Enrolment) and row.score is not None:
        return (*row[:3], row.score / 1000, *row[4:])
    return row


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `python generate.py --day 1 --size 400`, then `--day 2`."""
    parser = argparse.ArgumentParser(description="Make an academy's PostgreSQL database, or play a day in it.")
    parser.add_argument("--url", default=os.environ.get("STUDENTS_URL"), help="the database (default: $STUDENTS_URL)")
    parser.add_argument("--day", type=int, default=1, help="1 makes the tables anew, later ones change them")
    parser.add_argument("--size", type=int, default=SIZE, help="users of the first day (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows (default: %(default)s)")
    parser.add_argument("--truth", type=Path, help="a JSON file to write what a right star comes to into")
    asked = parser.parse_args(arguments)
    if not asked.url:
        parser.error('name the database with --url or STUDENTS_URL; "User" and "UserSpecialization" are made anew')
    if asked.day < 1 or asked.size < 1:
        parser.error("--day and --size are at least 1")
    found = play(asked.day, asked.url, size=asked.size, seed=asked.seed)
    if asked.truth:
        asked.truth.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"day {asked.day}: {found['enrolments']:,} enrolments, {found['points']} points and {found['hours']} hours")


if __name__ == "__main__":
    main()
