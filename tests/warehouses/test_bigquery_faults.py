"""What befalls a run on BigQuery, on its double: what is lost or throttled is asked again, and the rest says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import StarlodeError
from tests import projects
from tests.thorough import IS_THOROUGH
from tests.warehouses.test_bigquery import LATER, laid, total

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.project import Project
    from starlode.sandbox.bigquery.double import Request
    from tests.bigquery_double import BigQuery as Double

# What a throttled request is answered: one, or all where all are asked for.
CODES = ("429", "503") if IS_THOROUGH else ("503",)


@dataclass
class Meets:
    """What befalls requests: at most so many times, those that end so."""

    what: str = ""
    times: int = 0
    of: tuple[str, ...] = ()

    def __call__(self, request: Request) -> str:
        path = f"{request.verb} {request.path[0]}"
        if self.times and path in self.of:
            self.times -= 1
            return self.what
        return ""


@pytest.fixture
def meets(bigquery_server: Double) -> Iterator[Meets]:
    befalls = Meets()
    bigquery_server.double.meets = befalls
    yield befalls
    bigquery_server.double.meets = lambda _: ""


@pytest.fixture
def project(bigquery: str, tmp_path: Path) -> Project:
    return laid(tmp_path, bigquery)


def test_a_load_whose_answer_was_lost_is_not_made_twice(project: Project, meets: Meets) -> None:
    meets.what, meets.times, meets.of = "unanswered", 1, ("POST upload",)

    starlode.run(project)

    assert total(project) == (Decimal("3.3"), 2)
    assert starlode.check(project) == ()
    assert meets.times == 0


@pytest.mark.parametrize(("limit", "asked"), [("", "POST queries"), ("&maximum_gb=100", "POST jobs")])
def test_a_statement_whose_answer_was_lost_is_not_run_twice(
    bigquery: str, meets: Meets, tmp_path: Path, limit: str, asked: str
) -> None:
    meets.what, meets.times, meets.of = "unanswered", 3, (asked,)
    project = laid(tmp_path, f"{bigquery}{limit}")

    starlode.run(project)

    assert total(project) == (Decimal("3.3"), 2)
    assert starlode.check(project) == ()
    assert meets.times == 0


@pytest.mark.parametrize("code", CODES)
def test_what_is_throttled_is_asked_again(project: Project, meets: Meets, code: str) -> None:
    meets.what, meets.times, meets.of = code, 2, ("POST jobs", "POST queries", "POST upload")

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert total(project) == (Decimal("3.3"), 2)


@pytest.mark.parametrize(
    ("befalls", "of", "what", "hint"),
    [
        ("quota", "POST upload", "Quota exceeded: Your table exceeded quota", "run again"),
        ("expired", "POST upload", "the credentials are not right", "docs/bigquery.md"),
    ],
)
def test_a_run_that_is_refused_in_the_middle_says_what_to_do_and_the_next_goes_on(
    project: Project, meets: Meets, befalls: str, of: str, what: str, hint: str
) -> None:
    starlode.run(project)
    projects.write(project.folder, LATER)
    meets.what, meets.times, meets.of = befalls, 1_000, (of,)

    with pytest.raises(StarlodeError, match=what) as refused:
        starlode.run(project)
    meets.times = 0
    starlode.run(project)

    assert hint in str(refused.value.hint)
    assert total(project) == (Decimal("6.6"), 3)
    assert starlode.check(project) == ()


def test_a_token_that_expires_in_the_middle_is_taken_out_anew(project: Project, meets: Meets) -> None:
    meets.what, meets.times, meets.of = "expired", 2, ("POST queries", "POST upload")

    run = starlode.run(project)

    assert (meets.times, run.status) == (0, "succeeded")
    assert total(project) == (Decimal("3.3"), 2)
