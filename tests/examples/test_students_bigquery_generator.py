"""The generator of the students example: the same tables for a seed, and a query that comes to what was counted."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from starlode.templates.students_bigquery.generate import days, main, play

QUERY = (Path(__file__).parents[2] / "examples" / "students-bigquery" / "sql" / "students.sql").read_text("utf-8")
TOTALS = f"""
    select count(*), count(score), sum(score), sum(attempts), sum(hours),
           sum(hours) filter (where level = 'expert'), count(*) filter (where completed_at is null)
    from ({QUERY}) as extract
"""
COUNTED = ("enrolments", "scored", "points", "attempts", "hours", "hours_of_experts", "under_way")


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def fingerprint(url: str) -> str:
    everything = [ask(url, f'select * from "{table}" order by 1, 2') for table in ("User", "UserSpecialization")]
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def test_the_query_comes_to_what_was_counted_on_each_day(postgres: str) -> None:
    for day in (1, 2, 3):
        truth = play(day, postgres, size=300, seed=4)

        assert [*map(Decimal, ask(postgres, TOTALS)[0])] == [Decimal(truth[name]) for name in COUNTED]


def test_the_query_has_fourteen_columns_and_a_key(postgres: str) -> None:
    play(1, postgres)

    with psycopg.connect(postgres) as connection:
        found = connection.execute(QUERY.encode())
        names = [column.name for column in found.description or ()]
        rows = found.fetchall()

    places = names.index("user_id"), names.index("specialization")
    assert len(names) == len(set(names)) == 14
    assert len({tuple(row[place] for place in places) for row in rows}) == len(rows)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(postgres: str) -> None:
    marks = []
    for seed in (7, 7, 8):
        for day in (1, 2):
            play(day, postgres, size=60, seed=seed)
            marks.append(fingerprint(postgres))

    assert marks[:2] == marks[2:4]
    assert len(set(marks)) == 4


def test_whoever_changes_says_so_with_a_later_moment(postgres: str) -> None:
    moments = f"select user_id, specialization, updated_at from ({QUERY}) as extract"
    play(1, postgres, size=200)
    before = {(user, what): moment for user, what, moment in ask(postgres, moments)}
    last = max(before.values())

    play(2, postgres, size=200)

    first, second = days(2, size=200)
    after = {(user, what): moment for user, what, moment in ask(postgres, moments)}
    changed = {key for key in before.keys() & after.keys() if first.history[key] != second.history[key]}
    new = after.keys() - before.keys()
    assert changed
    assert new
    assert before.keys() - after.keys()
    assert all(after[key] > last for key in changed | new)


@pytest.mark.parametrize(
    "trap",
    [
        # Just between two hundredths: rounding to the even one, or rounding the double, gives something else.
        'select "score" from "UserSpecialization" where round("score"::numeric, 3) % 0.01 = 0.005',
        'select "score" from "UserSpecialization" where "score" is null',
        'select "completedAt" from "UserSpecialization" where "completedAt" is null',
        'select "email" from "User" where "email" is null',
        'select "country" from "User" where "country" like \'%\'\'%\'',
        'select "lastName" from "User" where "lastName" in (\'Null\', \'Mc"Kay\')',
        'select "id" from "User" where not exists (select from "UserSpecialization" where "userId" = "id")',
        'select "userId" from "UserSpecialization" group by 1 having count(*) > 1',
    ],
)
def test_each_trap_is_there(postgres: str, trap: str) -> None:
    play(1, postgres)

    assert ask(postgres, trap)


def test_the_command_makes_and_changes_the_tables(postgres: str, capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("1", "2"):
        main(["--url", postgres, "--size", "50", "--day", day])

    count = ask(postgres, f"select count(*) from ({QUERY}) as extract")[0][0]
    assert f"day 2: {count:,} enrolments" in capsys.readouterr().out.splitlines()[-1]


def test_a_command_without_a_database_says_how_to_name_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDENTS_URL", raising=False)

    with pytest.raises(SystemExit):
        main(["--day", "2"])

    assert "name the database with --url or STUDENTS_URL" in capsys.readouterr().err
