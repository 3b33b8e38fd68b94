"""No row is skipped, however late it is committed; and the torture is hard enough to show a loader that skips some.

`python -m tests.postgres.torture --url … --seconds 3600 --seed 7` goes on for longer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.postgres.torture.compare import compare, digest
from tests.postgres.torture.loaders import Copy, Naive, Starlode
from tests.postgres.torture.ordeal import torture
from tests.postgres.torture.tables import TABLES, create
from tests.postgres.torture.writers import SHAPES, Writer
from tests.thorough import IS_THOROUGH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 25.0 if IS_THOROUGH else 12.0
STAMPED = TABLES[0]
EACH_SHAPE = {shape.__name__: shape for shape in SHAPES}
ROWS = [(1, 1, 0, "a", "1.00", 10), (2, 1, 0, None, None, None), (3, 2, 1, "", "0.50", 30)]


@pytest.mark.slow
@pytest.mark.parametrize("changes", ["commits", "cursor"])
def test_starlode_loses_no_row(postgres: str, tmp_path: Path, changes: str) -> None:
    verdict = torture(postgres, partial(Starlode, postgres, tmp_path, changes), seconds=SECONDS, seed=1)

    assert verdict.differing == (), str(verdict)
    assert all(one.source.rows > 50 for one in verdict.comparisons), str(verdict)
    assert len(verdict.rounds) >= SECONDS / 3, "rounds were too slow to meet the writers"


@pytest.mark.slow
def test_a_plain_loader_loses_rows_on_the_same_torture(postgres: str) -> None:
    verdict = torture(postgres, partial(Naive, postgres), seconds=8, seed=1, rest=0.1)

    assert len(verdict.of("stamped").lost) > 0, str(verdict)
    assert len(verdict.of("numbered").lost) > 0, str(verdict)
    assert len(verdict.of("nullable").lost) > 0, str(verdict)


@pytest.mark.slow
def test_a_loader_that_copies_everything_stands_the_torture(postgres: str) -> None:
    verdict = torture(postgres, partial(Copy, postgres), seconds=4, seed=2)

    assert verdict.differing == (), str(verdict)


@pytest.mark.parametrize("shape", EACH_SHAPE.values(), ids=EACH_SHAPE)
def test_each_shape_leaves_no_transaction_open(postgres: str, shape: Callable[[Writer], None]) -> None:
    create(postgres)
    writer = Writer(postgres, 0, seed=3)

    shape(writer)

    status = writer.connection.info.transaction_status
    writer.connection.close()
    with psycopg.connect(postgres) as connection:
        left = connection.execute("select count(*) from pg_prepared_xacts").fetchone()
    assert status == psycopg.pq.TransactionStatus.IDLE
    assert left == (0,)


def test_a_comparison_is_blind_to_order_and_sees_everything_else() -> None:
    changed = [(1, 1, 0, "a", "1.00", 11), ROWS[1], (4, 1, 0, "new", None, 40)]

    same = compare(STAMPED, ROWS, reversed(ROWS))
    other = compare(STAMPED, ROWS, changed)

    assert same.is_equal
    assert (other.lost, other.stale, other.extra) == ((3,), (1,), (4,))
    assert "1 lost (3), 1 stale (1), 1 extra (4)" in str(other)


def test_a_row_that_stands_twice_is_a_difference() -> None:
    doubled = compare(STAMPED, ROWS, [*ROWS, ROWS[0]])

    assert not doubled.is_equal
    assert digest([ROWS[0], ROWS[0]]) != digest([])


def test_a_table_of_the_torture_is_named_once() -> None:
    assert len({table.name for table in TABLES}) == len(TABLES)
    assert replace(STAMPED, name="other").place == "torture.other"
