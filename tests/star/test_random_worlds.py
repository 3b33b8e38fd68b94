"""A star of any declaration is what plain Python says of it, whatever came late, twice, corrected, deleted or back again.

Worlds are made from seeds, so that a run of the tests is the same every time; `python -m tests.star --worlds` tries more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.star.chance import make
from tests.star.trying import in_a_file, on, report, trouble

if TYPE_CHECKING:
    from tests.postgres_server import Server
    from tests.star.trying import Target

# How many worlds, each of 5 days; on a server a third of them.
EXAMPLES = int(os.environ.get("STARLODE_STAR_EXAMPLES", "2"))


@pytest.mark.parametrize("seed", range(1, EXAMPLES + 1))
def test_a_star_is_what_plain_python_says_of_a_world(seed: int) -> None:
    _prove(seed, in_a_file)


@pytest.mark.parametrize("seed", range(1_001, 1_001 + max(1, EXAMPLES // 3)))
def test_so_it_is_on_a_server(seed: int, postgres_server: Server) -> None:
    _prove(seed, on(postgres_server))


def test_worlds_know_every_declaration() -> None:
    worlds = [make(seed, days=4) for seed in range(60)]

    dimensions = [dimension for world in worlds for dimension in world.dimensions]
    assert {(d.deletes, d.has_moments) for d in dimensions} == {
        (deletes, has_moments) for deletes in ("close", "flag", "ignore") for has_moments in (False, True)
    }
    for word in ("history", "fixed", "previous", "durable", "refers"):
        assert {bool(getattr(dimension, word)) for dimension in dimensions} == {False, True}
    facts = [fact for world in worlds for fact in world.facts]
    assert {fact.kind for fact in facts} == {"transaction", "factless", "lifecycle", "daily", "bridge"}
    assert {fact.late for fact in facts} == {"infer", "unknown", "hold", "fail"}
    assert {stream.kind for world in worlds for stream in world.streams} == {
        *("keyed", "dated", "plain", "full", "full_dated")
    }
    assert {day.how for world in worlds for day in world.days} == {"run", "land", "full", "undo", "rebuild"}


def _prove(seed: int, target: Target) -> None:
    world = make(seed, days=5)

    found = trouble(world, target)

    assert not found, report(world, target, found)
