"""The messy files of the examples, one by one, with the results that they are published with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.files.reading import read

MESSY = Path(__file__).parents[1] / "examples" / "p5_messy_files" / "data"
EVENTS = Path(__file__).parents[1] / "examples" / "p2_music_events" / "data"


def test_a_byte_order_mark_is_no_part_of_the_first_name_and_a_field_may_hold_a_line_break() -> None:
    found = read(MESSY, "bom_utf8.csv")

    assert found.values == [{"id": 1, "name": "Zoë"}, {"id": 2, "name": "multi\r\nline"}]


def test_bytes_that_are_not_utf8_are_read_as_windows_1252_and_that_is_said() -> None:
    found = read(MESSY, "cp1252_semicolon.csv")

    assert [row["name"] for row in found.rows] == ["Café “noir”", "Smörgås – stor"]
    assert "Windows-1252" in found.told("encoding")[0].message
    assert "`;`" in found.told("delimiter")[0].message


def test_a_decimal_comma_counts_only_when_it_is_declared() -> None:
    undeclared = read(MESSY, "cp1252_semicolon.csv")
    declared = read(MESSY, "cp1252_semicolon.csv", decimal=",", thousands=".")

    assert [row["price"] for row in undeclared.rows] == ["1.234,50", "99,00"]
    assert [row["price"] for row in declared.rows] == [Decimal("1234.50"), Decimal("99.00")]


def test_utf16_and_its_tabs_are_found() -> None:
    found = read(MESSY, "utf16.csv")

    assert found.values == [{"id": 1, "name": "Ωmega"}, {"id": 2, "name": "東京"}]


def test_ragged_and_unclosed_records_are_rejected_with_their_lines_and_the_others_stay() -> None:
    found = read(MESSY, "ragged.csv")

    assert [(row["id"], row["_row"]) for row in found.rows] == [(1, 1), (5, 5)]
    assert [(reject.line, reject.raw, reject.rule) for reject in found.rejects] == [
        (3, "2,b", "too few fields"),
        (4, "3,c,y,EXTRA", "too many fields"),
        (5, '4,"open quote,z', "unclosed quote"),
    ]


def test_doubled_and_empty_header_names_are_made_distinct_and_told() -> None:
    found = read(MESSY, "dup_header.csv")

    assert list(found.values[0]) == ["id", "name", "name_2", "column_4", "id_2"]
    assert len(found.told("renamed column")) == 3


def test_text_that_looks_like_a_number_or_a_date_stays_text() -> None:
    found = read(MESSY, "mixed_types.csv")

    assert [row["zip"] for row in found.rows] == ["02134", "ABC", "00501", None]
    assert (found.types["amount"], found.types["when"]) == ("text", "text")


def test_a_header_line_and_a_footer_are_left_out_when_declared() -> None:
    found = read(MESSY, "preamble.csv", header=4, footer=2)

    assert found.values == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    assert found.rejects == []


def test_glued_objects_are_records_a_doubled_key_is_told_and_a_bad_line_is_rejected() -> None:
    found = read(MESSY, "glued.ndjson")

    assert [row["id"] for row in found.rows] == [1, 2, 3, 5]
    assert [(reject.line, reject.raw) for reject in found.rejects] == [(4, '{"id":6,}')]
    assert found.told("doubled key")[0].found == "1"


def test_the_events_of_the_music_example_are_all_there() -> None:
    found = read(EVENTS, "events/*.json")

    assert len(found.rows) == 42
    assert sum(row["page"] == "NextSong" for row in found.rows) == 25
    assert sum(row["userId"] == "" for row in found.rows) == 7
    assert (found.types["ts"], found.types["userId"]) == ("integer", "text")


def test_a_latitude_that_is_not_there_is_null() -> None:
    found = read(EVENTS, "songs/*.json")

    assert [row["lat"] for row in found.rows] == [None, Decimal("52.5"), None]
    assert found.types["duration"] == "decimal(18,2)"
