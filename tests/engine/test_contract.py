"""What becomes of a stream's columns when what was read differs from what is held."""

from __future__ import annotations

from dataclasses import replace

import pytest

from starlode.contract import Alignment, Landed, align
from starlode.errors import DataError
from starlode.formats.settings import FileSettings
from starlode.source import Stream
from starlode.table import BOOLEAN, DATE, DOUBLE, INTEGER, JSON, TEXT, TIMESTAMP, Column, Type, decimal

pytestmark = pytest.mark.usefixtures("every_warehouse")

STREAM = Stream("shop", "orders", FileSettings(files="*.csv"), key=("id",))
ID = Column("id", INTEGER)


def test_the_same_columns_change_nothing() -> None:
    assert _align(INTEGER, INTEGER) == Alignment((ID, Column("x", INTEGER)))


@pytest.mark.parametrize(
    ("held", "landed", "wider"),
    [
        (INTEGER, decimal(9, 2), decimal(21, 2)),
        (decimal(9, 2), decimal(9, 4), decimal(11, 4)),
        (DATE, TIMESTAMP, TIMESTAMP),
        (INTEGER, TEXT, TEXT),
        (INTEGER, JSON, JSON),
    ],
    ids=str,
)
def test_a_type_widens_where_no_digit_is_lost(held: Type, landed: Type, wider: Type) -> None:
    found = _align(held, landed)

    assert found.retyped == (Column("x", wider),)
    assert found.changes == (("x", "widened", str(held), str(wider)),)
    assert [f.rule for f in found.findings] == ["schema change"]


@pytest.mark.parametrize(
    ("held", "landed"), [(TEXT, INTEGER), (decimal(9, 2), INTEGER), (decimal(9, 2), decimal(8, 1))]
)
def test_a_held_type_that_holds_both_stays(held: Type, landed: Type) -> None:
    found = _align(held, landed)

    assert found.columns == (ID, Column("x", held))
    assert found.changes == ()


@pytest.mark.parametrize(
    ("held", "landed"),
    [
        (DATE, INTEGER),
        (BOOLEAN, INTEGER),
        (INTEGER, DOUBLE),
        (decimal(38, 0), decimal(38, 9)),
        (decimal(9, 2), TEXT),
        (DOUBLE, TEXT),
        (BOOLEAN, TEXT),
        (DATE, TEXT),
        (TIMESTAMP, TEXT),
    ],
)
def test_a_change_that_would_bend_a_value_is_refused_with_the_remedy(held: Type, landed: Type) -> None:
    with pytest.raises(DataError) as refused:
        _align(held, landed)

    assert f"column `x` of shop.orders is {held} in staging and {landed} in what was read" in refused.value.what
    assert f"types: {{x: {landed}}}" in (refused.value.hint or "")


def test_a_column_that_has_no_value_yet_takes_the_type_of_its_first() -> None:
    found = align(STREAM, (ID, Column("x", TEXT)), Landed((ID, Column("x", DATE))), frozenset({"x"}))

    assert found.columns == (ID, Column("x", DATE))
    assert found.changes == (("x", "decided", "text", "date"),)


def test_a_column_that_a_full_extract_decides_is_decided_even_with_the_same_type() -> None:
    landed = Landed((ID, Column("x", TEXT)), is_full=True)

    found = align(STREAM, (ID, Column("x", TEXT)), landed, frozenset({"x"}))

    assert found.changes == (("x", "decided", "text", "text"),)


def test_a_column_without_values_tells_nothing_of_its_type() -> None:
    found = align(STREAM, (ID, Column("x", DATE)), Landed((ID, Column("x", TEXT)), empty=("x",)), frozenset())

    assert found == Alignment((ID, Column("x", DATE)))


def test_a_column_that_is_not_sent_stays() -> None:
    assert align(STREAM, (ID, Column("x", DATE)), Landed((ID,)), frozenset()) == Alignment((ID, Column("x", DATE)))


def test_a_full_extract_brings_its_own_columns() -> None:
    found = align(STREAM, (ID, Column("x", TEXT)), Landed((ID, Column("y", DATE)), is_full=True), frozenset())

    assert found.columns == (ID, Column("y", DATE))


def test_a_full_extract_without_rows_says_nothing_of_columns() -> None:
    found = align(STREAM, (ID, Column("x", TEXT)), Landed((), is_full=True), frozenset())

    assert found == Alignment((ID, Column("x", TEXT)))


def test_a_frozen_stream_tells_every_difference_at_once() -> None:
    frozen = replace(STREAM, contract="freeze")

    with pytest.raises(DataError) as refused:
        align(frozen, (ID, Column("x", DATE)), Landed((ID, Column("x", TIMESTAMP), Column("y", TEXT))), frozenset())

    assert "new column `y` (text), column `x` needs timestamp" in refused.value.what


def test_discarding_leaves_new_columns_out_and_says_so() -> None:
    discarding = replace(STREAM, contract="discard")

    found = align(discarding, (ID,), Landed((ID, Column("y", TEXT))), frozenset())

    assert (found.columns, found.changes) == ((ID,), ())
    assert [(f.rule, f.severity) for f in found.findings] == [("schema contract", "warning")]


def _align(held: Type, landed: Type) -> Alignment:
    return align(STREAM, (ID, Column("x", held)), Landed((ID, Column("x", landed))), frozenset())
