"""Parquet types into the shared ones, without loss."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from starlode.table import INTEGER, decimal
from tests.files.reading import read

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime.datetime(2024, 1, 2, 3, 4, 5, 123456)
ZONED = datetime.datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=datetime.UTC)


def write(path: Path, values: list[Any], kind: pa.DataType, name: str = "v") -> None:
    pq.write_table(pa.table({name: pa.array(values, kind)}), path)


@pytest.mark.parametrize(
    ("kind", "value", "expected_type", "expected"),
    [
        (pa.int8(), -5, "integer", -5),
        (pa.uint64(), 2**64 - 1, "decimal(20,0)", Decimal(2**64 - 1)),
        (pa.float32(), 0.5, "double", 0.5),
        (pa.bool_(), True, "boolean", True),
        (pa.large_utf8(), "x", "text", "x"),
        (pa.dictionary(pa.int8(), pa.utf8()), "x", "text", "x"),
        (pa.decimal128(10, 2), Decimal("1.10"), "decimal(10,2)", Decimal("1.10")),
        (pa.decimal256(30, 2), Decimal("1.10"), "decimal(30,2)", Decimal("1.10")),
        (pa.decimal256(60, 2), Decimal("1.10"), "text", "1.10"),
        (pa.date32(), datetime.date(2024, 1, 2), "date", datetime.date(2024, 1, 2)),
        (pa.time64("us"), datetime.time(1, 2, 3, 4), "time", datetime.time(1, 2, 3, 4)),
        (pa.timestamp("ms"), MOMENT.replace(microsecond=123000), "timestamp", MOMENT.replace(microsecond=123000)),
        (pa.timestamp("ns"), MOMENT, "timestamp", MOMENT),
        (pa.timestamp("us", "Europe/Paris"), ZONED, "timestamptz", ZONED),
        (pa.binary(), b"\xff\x00", "binary", b"\xff\x00"),
        (pa.list_(pa.int64()), [1, None], "json", "[1,null]"),
        (pa.struct([("a", pa.decimal128(5, 2))]), {"a": Decimal("1.10")}, "json", '{"a":1.10}'),
    ],
)
def test_a_value_keeps_its_meaning(
    tmp_path: Path, kind: pa.DataType, value: object, expected_type: str, expected: object
) -> None:
    write(tmp_path / "a.parquet", [value, None], kind)

    found = read(tmp_path)

    assert found.types["v"] == expected_type
    assert [row["v"] for row in found.rows] == [expected, None]
    assert [row["_row"] for row in found.rows] == [1, 2]


def test_nanoseconds_that_microseconds_cannot_hold_reject_their_row(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1000, 1001, 2000], pa.timestamp("ns"))

    found = read(tmp_path)

    assert [row["_row"] for row in found.rows] == [1, 3]
    assert [(reject.line, reject.rule) for reject in found.rejects] == [(2, "type")]


def test_a_declared_type_wins_and_what_does_not_fit_is_rejected(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ["1.5", "x", None], pa.utf8())

    found = read(tmp_path, types={"v": decimal(6, 2)})

    assert [row["v"] for row in found.rows] == [Decimal("1.50"), None]
    assert found.rejects[0].line == 2


def test_a_declared_integer_refuses_fractions(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1.0, 1.5], pa.float64())

    found = read(tmp_path, types={"v": INTEGER})

    assert [row["v"] for row in found.rows] == [1]
    assert len(found.rejects) == 1


def test_files_with_other_types_and_columns_are_joined(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [1], pa.int64())
    write(tmp_path / "b.parquet", ["x"], pa.utf8())
    write(tmp_path / "c.parquet", [True], pa.bool_(), "w")

    found = read(tmp_path)

    assert [row.get("v") for row in found.rows] == ["1", "x", None]
    assert found.rows[2]["w"] is True


@pytest.mark.parametrize("damage", [lambda b: b[:-10], lambda b: b"XXXX" + b[4:-4] + b"XXXX", lambda _: b""])
def test_a_broken_file_is_one_reject_and_the_others_go_on(tmp_path: Path, damage: Any) -> None:
    write(tmp_path / "a.parquet", [1], pa.int64())
    write(tmp_path / "b.parquet", [2], pa.int64())
    (tmp_path / "a.parquet").write_bytes(damage((tmp_path / "a.parquet").read_bytes()))

    found = read(tmp_path)

    assert [row["v"] for row in found.rows] == [2]
    assert [(reject.file, reject.line, reject.rule) for reject in found.rejects] == [
        ("a.parquet", 0, "unreadable file")
    ]


def test_an_empty_file_gives_its_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", [], pa.int64())

    found = read(tmp_path)

    assert (found.rows, found.types["v"], set(found.position)) == ([], "integer", {"a.parquet"})


def test_a_large_file_comes_in_batches_and_is_marked_by_the_last(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", list(range(150_000)), pa.int64())

    found = read(tmp_path)

    assert [bool(batch.position) for batch in found.batches] == [False, False, True]
    assert found.bytes_read == (tmp_path / "a.parquet").stat().st_size
