"""The students example on DuckDB: overwritten and told what differs, incremental, with history, and never emptied."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import starlode
from starlode.errors import DataError
from starlode.templates.students_bigquery.generate import days, play
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.project import Project
    from starlode.templates.students_bigquery.generate import Evening
    from tests.postgres_server import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "students-bigquery"
PROOF = (EXAMPLE / "proof.sql").read_text("utf-8")
SIZE, SEED = 150, 4
LOADS = """
    select rows_inserted, rows_updated, rows_deleted, rows_unchanged
    from starlode.step
    where verb = 'load' and status = 'done'
    order by started_at
"""
Counts = tuple[int, int, int, int]


class Played:
    """The project, and its database after each day that is played."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = Path(shutil.copytree(EXAMPLE, folder))
        self.url = url
        self.day = 0

    def project(self, mode: str = "full") -> Project:
        known = {"STUDENTS_URL": self.url, "TARGET": "duckdb:warehouse.duckdb", "MODE": mode}
        return starlode.read(self.folder, known)

    def go_on(self) -> dict[str, int | str]:
        """Play the next day; what the star must come to."""
        self.day += 1
        return play(self.day, self.url, size=SIZE, seed=SEED)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(statement.encode())


@pytest.fixture
def played(postgres_server: Server, tmp_path: Path) -> Iterator[Played]:
    with postgres_server.fresh_database() as url:
        yield Played(tmp_path / "students", url)


def test_the_star_is_what_was_counted_on_each_day(played: Played) -> None:
    project = played.project()
    for _ in range(3):
        truth = played.go_on()

        run = starlode.run(project)

        proof = starlode.query(project, PROOF).to_pylist()[0]
        assert run.status == "succeeded"
        assert proof.keys() == truth.keys()
        assert {name: Decimal(said) for name, said in proof.items()} == {n: Decimal(said) for n, said in truth.items()}
        assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def test_a_run_says_what_came_changed_and_went_since_the_last_extract(played: Played) -> None:
    for _ in range(3):
        played.go_on()
        starlode.run(played.project())

    assert projects.rows(played.project(), LOADS) == _expected(3)


def test_incremental_runs_read_what_changed_and_see_no_deletion(played: Played) -> None:
    played.go_on()
    starlode.run(played.project())
    project = played.project("incremental")
    switched = starlode.run(project)
    for _ in range(2):
        played.go_on()
        starlode.run(project)

    counts = projects.rows(project, LOADS)
    expected = _expected(3)
    gone = expected[1][2] + expected[2][2]
    assert [step.reason for step in switched.plan.steps if step.verb == "land"] == ["its declaration changed"]
    assert counts[1] == (0, 0, 0, expected[0][0])
    assert [row[:3] for row in counts[2:]] == [(*row[:2], 0) for row in expected[1:]]
    assert sum(counts[3]) < sum(expected[2]) / 2
    assert projects.value(project, "select count(*) from star.fact_enrolment") == sum(r[0] for r in expected)

    starlode.run(project, full=True)

    assert projects.rows(project, LOADS)[-1][:3] == (0, 0, gone)
    assert projects.value(project, "select count(*) from star.fact_enrolment") == len(
        [*days(3, size=SIZE, seed=SEED)][-1].enrolments
    )


def test_each_student_keeps_a_history_and_who_has_gone_is_marked(played: Played) -> None:
    for _ in range(2):
        played.go_on()
        starlode.run(played.project())

    first, second = (evening.history for evening in days(2, size=SIZE, seed=SEED))
    found: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    for user, what, *said in projects.rows(
        played.project(),
        """
        select user_id, specialization, country, plan, level, score, is_current, is_deleted
        from star.dim_student where student_key > 0 order by valid_from
        """,
    ):
        found.setdefault((user, what), []).append(tuple(said))
    expected: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    for key, said_first in first.items():
        if second.get(key) != said_first:
            expected[key] = [(*said_first, key not in second, key not in second)]
    for key, said_second in second.items():
        expected.setdefault(key, []).append((*said_second, True, False))
    assert found == expected


def test_scores_between_two_hundredths_go_up(played: Played) -> None:
    played.go_on()
    starlode.run(played.project())

    (evening,) = days(1, size=SIZE, seed=SEED)
    between = {
        key: one.score for key, one in evening.enrolments.items() if one.score is not None and one.score % 10 == 5
    }
    held = projects.rows(played.project(), "select user_id, specialization, score from star.fact_enrolment")
    scores = {(user, what): score for user, what, score in held}
    assert between
    assert {key: scores[key] for key in between} == {k: Decimal(s + 5).scaleb(-3) for k, s in between.items()}


@pytest.mark.parametrize(
    "harm", ['truncate "UserSpecialization"', 'delete from "UserSpecialization" where "userId" > 9']
)
def test_an_extract_that_is_empty_or_has_shrunk_is_refused_and_the_next_one_goes_on(played: Played, harm: str) -> None:
    played.go_on()
    starlode.run(played.project())
    before = projects.star(played.project())
    played.execute(harm)

    with pytest.raises(DataError, match=r"a full extract of academy\.students has") as refused:
        starlode.run(played.project())

    assert "the target is left as it is" in refused.value.what
    assert "may_shrink: true" in (refused.value.hint or "")
    assert projects.star(played.project()) == before
    play(1, played.url, size=SIZE, seed=SEED)
    played.go_on()
    starlode.run(played.project())
    assert projects.rows(played.project(), LOADS) == _expected(2)


def test_what_the_target_does_not_say_as_the_source_is_found(played: Played) -> None:
    played.go_on()
    project = played.project()
    starlode.run(project)
    session = project.warehouse.connect()
    session.execute("update star.dim_student set email = 'x' where student_key = 1")
    session.execute("update star.dim_student set user_id = -5 where student_key = 2")
    session.close()

    assert {finding.rule for finding in starlode.check(project)} >= {"source_is_target", "target_is_source"}


def test_each_question_has_an_answer(played: Played) -> None:
    for _ in range(2):
        truth = played.go_on()
        starlode.run(played.project())

    answers = {
        path.stem: projects.rows(played.project(), path.read_text("utf-8"))
        for path in sorted((EXAMPLE / "answers").glob("*.sql"))
    }

    assert sum(row[1] for row in answers["1_tracks"]) == truth["enrolments"]
    assert sum(row[3] for row in answers["2_levels"]) == Decimal(truth["hours"])
    assert all(after - before == gained > 0 for *_, before, after, gained in answers["3_climbers"])
    assert len(answers["3_climbers"]) == 5
    assert 0 < len(answers["4_gone"]) <= _expected(2)[1][2]


def _expected(until: int) -> list[Counts]:
    """What each extract inserts, changes, deletes and leaves as it was, counted from the rows of the generator."""
    rows: dict[tuple[int, str], tuple[Any, ...]] = {}
    found = []
    for evening in days(until, size=SIZE, seed=SEED):
        now = {key: _extracted(evening, key) for key in evening.enrolments}
        both = now.keys() & rows.keys()
        changed = sum(now[key] != rows[key] for key in both)
        found.append((len(now.keys() - rows.keys()), changed, len(rows.keys() - now.keys()), len(both) - changed))
        rows = now
    return found


def _extracted(evening: Evening, key: tuple[int, str]) -> tuple[Any, ...]:
    """What the query says of an enrolment."""
    one, user = evening.enrolments[key], evening.users[key[0]]
    return (*evening.history[key], user.email, *one[4:8], max(user.updated_at, one.updated_at))
