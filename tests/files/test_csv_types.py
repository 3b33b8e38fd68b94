"""Types of CSV columns: inferred from every value, or declared, never guessed."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from starlode.errors import DataError
from starlode.table import BOOLEAN, DATE, DOUBLE, INTEGER, JSON, TEXT, TIME, Type, decimal
from tests.files.reading import read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1", "-2", "0"), "integer"),
        (("9223372036854775807",), "integer"),
        (("9223372036854775808", "1"), "decimal(28,0)"),
        (("1" * 39,), "text"),
        (("1.10", "2"), "decimal(18,2)"),
        (("12345678901234567.89",), "decimal(28,2)"),
        (("0", "0.5"), "decimal(18,1)"),
        (("1e3", "2.5E-2"), "decimal(18,3)"),
        (("1e-300",), "double"),
        (("02134", "00501"), "text"),
        (("+5", "6"), "text"),
        (("0x10",), "text"),
        (("1", "1,000"), "text"),
        (("1", "NaN"), "text"),
        (("true", "false", "TRUE"), "boolean"),
        (("true", "yes"), "text"),
        (("1", "true"), "text"),
        (("2024-01-02", "2024-02-29"), "date"),
        (("2024-01-02", "2024-02-30"), "text"),
        (("2024-01-02 10:11:12", "2024-01-02T10:11:12.123456"), "timestamp"),
        (("2024-01-02", "2024-01-02 10:11"), "timestamp"),
        (("2024-01-02T10:11:12Z", "2024-01-02T10:11:12+02:00"), "timestamptz"),
        (("2024-01-02T10:11:12Z", "2024-01-02T10:11:12"), "text"),
        (("2024-01-02T10:11:12.123456789",), "text"),
        (("1", "x"), "text"),
        ((" 1",), "text"),
    ],
)
def test_a_type_is_that_of_every_value(tmp_path: Path, values: tuple[str, ...], expected: str) -> None:
    (tmp_path / "a.csv").write_text("k|v\n1|\n" + "".join(f"2|{value}\n" for value in values))

    found = read(tmp_path)

    assert found.types["v"] == expected
    assert found.rows[0]["v"] is None
    if expected == "text":
        assert [row["v"] for row in found.rows[1:]] == list(values)


def test_a_column_widens_from_file_to_file_without_losing_a_digit(tmp_path: Path) -> None:
    for name, value in (("a", "7"), ("b", "1.25"), ("c", "0.125")):
        (tmp_path / f"{name}.csv").write_text(f"k;v\n1;{value}\n")

    found = read(tmp_path)

    assert [row["v"] for row in found.rows] == [7, Decimal("1.25"), Decimal("0.125")]
    assert found.times == 1


def test_whole_numbers_and_shorter_ones_do_not_change_a_column_of_decimals(tmp_path: Path) -> None:
    for name, value in (("a", "1.25"), ("b", "5"), ("c", "7.5")):
        (tmp_path / f"{name}.csv").write_text(f"k;v\n1;{value}\n")

    found = read(tmp_path)

    assert [row["v"] for row in found.rows] == [Decimal("1.25"), Decimal(5), Decimal("7.5")]
    assert found.types["v"] == "decimal(18,2)"
    assert len(found.told("delimiter")) == 1


def test_dates_that_fit_both_orders_everywhere_are_refused_with_their_count(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at\n1,02/01/2024\n2,03/04/2024\n3,\n")

    with pytest.raises(DataError) as refused:
        read(tmp_path)

    assert "`at`" in refused.value.what
    assert "2 of 2" in refused.value.what
    assert "%d/%m/%Y" in str(refused.value.hint)


def test_dates_are_still_refused_when_another_column_asked_for_a_new_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("at,v\n02/01/2024,1\n")
    (tmp_path / "b.csv").write_text("at,v\n03/01/2024,x\n")

    with pytest.raises(DataError):
        read(tmp_path)


@pytest.mark.parametrize(
    ("value", "told"), [("25/12/2024", "%d/%m/%Y"), ("12/25/2024", "%m/%d/%Y"), ("25.12.2024", "%d.%m.%Y")]
)
def test_dates_that_fit_one_order_stay_text_and_the_format_to_declare_is_told(
    tmp_path: Path, value: str, told: str
) -> None:
    (tmp_path / "a.csv").write_text(f"id,at\n1,{value}\n2,{value.replace('25', '05')}\n")

    found = read(tmp_path)

    assert found.rows[0]["at"] == value
    assert told in found.told("undeclared dates")[0].message


def test_dates_are_read_in_their_declared_format_and_others_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at\n1,02/01/2024\n2,3/4/2024\n3,31/02/2024\n4,2024-01-01\n")

    found = read(tmp_path, dates={"at": "%d/%m/%Y"})

    assert [row["at"] for row in found.rows] == [datetime.date(2024, 1, 2), datetime.date(2024, 4, 3)]
    assert [(reject.line, reject.column) for reject in found.rejects] == [(4, "at"), (5, "at")]


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("02.01.2024 5:06:07", "%d.%m.%Y %H:%M:%S", "2024-01-02T05:06:07"),
        ("Jan 2 2024 5:06 PM", "%b %d %Y %I:%M %p", "2024-01-02T17:06:00"),
        ("20240102T050607", "%Y%m%dT%H%M%S", "2024-01-02T05:06:07"),
        ("2/1/2024 05:06:07 +0200", "%d/%m/%Y %H:%M:%S %z", "2024-01-02T03:06:07+00:00"),
    ],
)
def test_moments_are_read_in_their_declared_format(tmp_path: Path, text: str, pattern: str, expected: str) -> None:
    (tmp_path / "a.csv").write_text(f"id,at\n1,{text}\n")

    found = read(tmp_path, dates={"at": pattern})

    assert found.rows[0]["at"].isoformat() == expected


def test_ambiguous_dates_may_be_declared_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,at\n1,02/01/2024\n")

    found = read(tmp_path, types={"at": TEXT})

    assert found.rows[0]["at"] == "02/01/2024"


@pytest.mark.parametrize(
    ("wanted", "good", "expected", "bad"),
    [
        (INTEGER, "007", 7, "7.5"),
        (INTEGER, "-1", -1, "0x10"),
        (decimal(6, 2), "1.5", Decimal("1.50"), "1.555"),
        (decimal(6, 2), "9999.99", Decimal("9999.99"), "10000.00"),
        (DOUBLE, "1e-300", 1e-300, "1e400"),
        (BOOLEAN, "true", True, "maybe"),
        (DATE, "2024-02-29", datetime.date(2024, 2, 29), "2023-02-29"),
        (TIME, "10:11:12.5", datetime.time(10, 11, 12, 500000), "25:00"),
        (JSON, "[1.10]", "[1.10]", "[1"),
    ],
)
def test_a_declared_type_wins_and_what_does_not_fit_is_rejected(
    tmp_path: Path, wanted: Type, good: str, expected: object, bad: str
) -> None:
    (tmp_path / "a.csv").write_text(f"k;v\n1;{good}\n2;{bad}\n3;\n")

    found = read(tmp_path, types={"v": wanted})

    assert [row["v"] for row in found.rows] == [expected, None]
    assert [(reject.line, reject.column, reject.raw) for reject in found.rejects] == [(3, "v", f"2;{bad}")]
    assert found.types["v"] == str(wanted)


def test_declared_separators_of_numbers_are_exact_and_other_points_are_no_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b;c\n1.234,50;1,5;1.5\n-99;2;2\n")

    found = read(tmp_path, decimal=",", thousands=".")

    assert [row["a"] for row in found.rows] == [Decimal("1234.50"), Decimal(-99)]
    assert [row["b"] for row in found.rows] == [Decimal("1.5"), Decimal(2)]
    assert [row["c"] for row in found.rows] == ["1.5", "2"]


def test_zone_less_and_zoned_moments_keep_their_microseconds(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n2024-01-02 03:04:05.123456,2024-01-02T03:04:05.123456-05:00\n")

    found = read(tmp_path)

    assert found.rows[0]["a"].isoformat() == "2024-01-02T03:04:05.123456"
    assert found.rows[0]["b"].isoformat() == "2024-01-02T08:04:05.123456+00:00"


@pytest.mark.parametrize(
    "values",
    [
        ("1e400", "5"),
        ("0.12345678901234567890123456789", "12345678901234567"),
        ("12345678901234567890123456789012345678", "0.123456"),
        ("1e-400", "1"),
    ],
)
@pytest.mark.parametrize("files", [1, 2])
def test_numbers_that_no_type_holds_exactly_are_text_with_a_finding(
    values: tuple[str, ...], files: int, tmp_path: Path
) -> None:
    for number in range(files):
        (tmp_path / f"{number}.csv").write_text("x\n" + "".join(f"{value}\n" for value in values[number::files]))

    found = read(tmp_path)

    assert found.types["x"] == "text"
    assert sorted(row["x"] for row in found.rows) == sorted(values)
    assert [finding.severity for finding in found.told("long numbers")] == ["warning"]


def test_numbers_far_from_one_that_a_double_gives_back_are_doubles(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n6.02214076e23\n1.602176634e-30\n")

    found = read(tmp_path)

    assert found.types["x"] == "double"
    assert [row["x"] for row in found.rows] == [6.02214076e23, 1.602176634e-30]
    assert found.told("long numbers") == []
