"""How the columns of a read grow, and when that asks for a new read."""

from __future__ import annotations

import pyarrow as pa
import pytest

from starlode.formats.shape import Shape, decimal_for, grow
from starlode.source import ReadAgain
from starlode.table import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    Column,
    Type,
    decimal,
    widen,
)


@pytest.mark.parametrize(
    ("held", "seen", "expected"),
    [
        (INTEGER, decimal(18, 2), decimal(21, 2)),
        (decimal(18, 2), decimal(18, 4), decimal(20, 4)),
        (decimal(38, 2), decimal(38, 10), DOUBLE),
        (INTEGER, DOUBLE, DOUBLE),
        (DATE, TIMESTAMP, TIMESTAMP),
        (TIMESTAMP, TIMESTAMPTZ, TEXT),
        (BOOLEAN, INTEGER, TEXT),
        (TEXT, JSON, JSON),
        (DATE, JSON, JSON),
        (INTEGER, TEXT, TEXT),
    ],
)
def test_a_column_grows_to_what_holds_both(held: Type, seen: Type, expected: Type) -> None:
    assert grow(held, seen) == expected


@pytest.mark.parametrize(
    ("whole", "scale", "expected"),
    [(3, 2, decimal(18, 2)), (17, 2, decimal(28, 2)), (30, 8, decimal(38, 8)), (39, 0, DOUBLE), (1, 300, DOUBLE)],
)
def test_decimals_come_in_three_sizes(whole: int, scale: int, expected: Type) -> None:
    assert decimal_for(whole, scale) == expected


def test_numbers_that_have_room_do_not_change_a_decimal() -> None:
    shape = Shape("shop.sales", {}, (Column("a", decimal(18, 2)),))

    shape.learn("a", INTEGER, (5, 0))
    shape.learn("a", decimal(18, 1), (16, 1))

    assert shape.types["a"] == decimal(18, 2)


def test_a_decimal_that_was_given_out_grows_as_little_as_it_must() -> None:
    shape = Shape("shop.sales", {}, (Column("a", decimal(18, 2)),))
    shape.give(pa.RecordBatch.from_pydict({"a": [1]}))

    shape.learn("a", decimal(18, 3), (2, 3))

    assert shape.types["a"] == decimal(19, 3)
    assert widen(decimal(18, 2), decimal(19, 3)) == decimal(19, 3)


def test_only_a_column_that_was_given_out_asks_for_a_new_read() -> None:
    shape = Shape("shop.sales", {}, (Column("a", INTEGER), Column("b", INTEGER)))
    shape.give(pa.RecordBatch.from_pydict({"a": [1], "b": pa.array([None], pa.int64())}))

    shape.learn("b", TEXT)
    with pytest.raises(ReadAgain) as asked:
        shape.learn("a", TEXT)

    assert asked.value.columns == (Column("a", TEXT), Column("b", TEXT))


def test_a_declared_type_is_never_changed() -> None:
    shape = Shape("shop.sales", {"a": INTEGER})
    shape.name("a")

    shape.learn("a", TEXT)

    assert shape.types["a"] == INTEGER


def test_a_name_in_another_case_is_another_column_and_stays_so_from_run_to_run() -> None:
    first = Shape("shop.sales", {})
    names = [first.name(key) for key in ("name", "Name", "name")]
    for name in set(names):
        first.learn(name, TEXT)

    second = Shape("shop.sales", {}, first.columns())

    assert names == ["name", "Name_2", "name"]
    assert [second.name(key) for key in ("name", "Name")] == ["name", "Name_2"]
    assert first.news()[0].rule == "renamed column"
