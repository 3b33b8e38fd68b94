"""Numbers, tables and texts as people read them."""

from __future__ import annotations

import io

import pytest

from starlode.terminal.speech import duration, safe, safe_lines, size
from starlode.terminal.tables import cut, table, width
from starlode.words import counted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5e15, "5.0 PB"),
    ],
)
def test_bytes_have_the_unit_that_keeps_them_short(value: float, shown: str) -> None:
    assert size(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (3_725, "1 h 02 min"),
    ],
)
def test_durations_change_their_unit_as_they_grow(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_nouns_follow_their_number() -> None:
    assert [counted(0, "row"), counted(1, "row"), counted(1_234, "row")] == ["0 rows", "1 row", "1,234 rows"]
    assert counted(2, "entry", "entries") == "2 entries"


def test_control_characters_are_shown_and_not_sent() -> None:
    text = "a\x1b[2J\tb\r\n\x9bc\u202ed\x7f"

    assert safe(text) == "a\\x1b[2J\\tb\\r\\n\\x9bc\\u202ed\\x7f"
    assert safe_lines("one\ntwo\x07") == "one\ntwo\\x07"


def test_columns_line_up_whatever_the_characters() -> None:
    shown = table(
        ("name", "n"), [("日本", "1"), ("e\u0301a", "22"), ("plain", "333")], right={"n"}, stream=io.StringIO()
    )

    assert [width(line) for line in shown.splitlines()] == [10, 10, 10, 10, 10]
    assert shown.splitlines()[2] == "日本     1"


def test_a_table_has_no_colours_where_nobody_sees_them() -> None:
    shown = table(("a",), [("x",)], styles=["red"], stream=io.StringIO())

    assert "\x1b" not in shown


def test_a_cell_cannot_break_a_row() -> None:
    shown = table(("a", "b"), [("one\ntwo", "x")], stream=io.StringIO())

    assert shown.splitlines()[2] == "one\\ntwo  x"


def test_a_table_without_rows_keeps_its_header() -> None:
    assert table(("a", "bc"), [], stream=io.StringIO()).splitlines() == ["a  bc", "─  ──"]


def test_long_texts_are_cut_with_a_sign() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
