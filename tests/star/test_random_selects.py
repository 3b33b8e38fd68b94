"""A fact is what its SELECT says of the rows that are there now, whatever came, changed, went and came back before.

Cases are made from seeds, so that a run of the tests is the same every time; `python -m tests.star` tries as many as wanted.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.star.cases import joined_only, make
from tests.star.trying import in_a_file, on, report, trouble

if TYPE_CHECKING:
    from tests.postgres_server import Server
    from tests.star.trying import Target

# How many cases, each of 9 facts and 6 days; on a server a third of them.
EXAMPLES = int(os.environ.get("STARLODE_STAR_EXAMPLES", "2"))


@pytest.mark.parametrize("seed", range(1, EXAMPLES + 1))
def test_a_fact_is_what_its_select_says_of_the_rows_that_are_there(seed: int) -> None:
    _prove(seed, in_a_file)


@pytest.mark.parametrize("seed", range(1_001, 1_001 + max(1, EXAMPLES // 3)))
def test_so_it_is_on_a_server(seed: int, postgres_server: Server) -> None:
    _prove(seed, on(postgres_server))


def test_many_cases_change_only_what_is_joined() -> None:
    cases = [make(seed, facts=4, days=5) for seed in range(1, 16)]

    changed, of = (sum(counts) for counts in zip(*map(joined_only, cases), strict=True))

    assert changed / of > 0.4


def _prove(seed: int, target: Target) -> None:
    case = make(seed)

    found = trouble(case, target)

    assert not found, report(case, target, found)
