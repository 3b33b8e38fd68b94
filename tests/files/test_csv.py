"""CSV records: where they begin and end, what is rejected, and what is known of the header."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from starlode.formats.csv_header import distinct
from starlode.formats.csv_text import CsvReader
from starlode.formats.raw import Entry, Local, Raw
from starlode.formats.settings import FileSettings
from starlode.formats.shape import Shape
from starlode.source import ReadAgain
from starlode.table import TEXT, Column
from tests.files.reading import collect, read

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.files.reading import Result


def read_text(folder: Path, text: str | bytes, block: int = 1 << 20, **settings: Any) -> Result:
    """One file read in blocks of a chosen size, as text where a later block needs it."""
    path = folder / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    columns: tuple[Column, ...] = ()
    for times in range(1, 10):
        with Raw(Entry("a.csv", Local(path), path.stat().st_size, path.stat().st_mtime_ns)) as opened:
            try:
                reader = CsvReader(FileSettings("*", **settings), Shape("shop.sales", {}, columns), block)
                return collect(list(reader.read(opened)), times)
            except ReadAgain as again:
                columns = again.columns
    raise AssertionError("a read asks for another one without an end")


@pytest.mark.parametrize("block", [5, 16, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_the_size_of_blocks_change_nothing(tmp_path: Path, block: int, end: str, last: bool) -> None:
    text = end.join(["a,b", '1,"x, ""y"""', "2,", '3,"l1\nl2"', '4,""']) + (end if last else "")

    found = read_text(tmp_path, text, block)

    assert [(row["a"], row["b"], row["_row"]) for row in found.rows] == [
        (1, 'x, "y"', 1),
        (2, None, 2),
        (3, "l1\nl2", 3),
        (4, "", 4),
    ]
    assert found.rejects == []


def test_an_unquoted_empty_field_is_null_and_a_quoted_one_is_empty_text(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'a,b\n,""\nNA,"NA"\n', nulls=("", "NA"))

    assert [(row.get("a"), row["b"]) for row in found.rows] == [(None, ""), (None, "NA")]


def test_an_empty_field_at_the_very_end_is_null_behind_a_quoted_one(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'a,b\nx,y\n"",')

    assert found.values[1] == {"a": "", "b": None}


def test_a_quote_inside_an_unquoted_field_is_part_of_it(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'a,b\n5" pipe,"x\ny"\n6" pipe,z\n', 12)

    assert [row["a"] for row in found.rows] == ['5" pipe', '6" pipe']
    assert [row["b"] for row in found.rows] == ["x\ny", "z"]


def test_an_unclosed_quote_does_not_swallow_the_records_that_follow(tmp_path: Path) -> None:
    text = "a,b,c\n" + "1,x,y\n" * 3 + '4,"open,z\n5,"e",w\n' + "6,x,y\n" * 3

    found = read_text(tmp_path, text)

    assert [row["a"] for row in found.rows] == [1, 1, 1, 5, 6, 6, 6]
    assert [(reject.line, reject.rule) for reject in found.rejects] == [(5, "unclosed quote")]


def test_an_unclosed_quote_at_the_end_is_rejected_even_with_the_right_number_of_fields(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'a,b\n1,x\n2,"y\n')

    assert [row["a"] for row in found.rows] == [1]
    assert found.rejects[0].raw == '2,"y'


def test_zero_bytes_and_undecodable_bytes_reject_their_line(tmp_path: Path) -> None:
    found = read_text(tmp_path, b"a,b\n1,\xc3\xa9\n2,\x00\n3,\xff\n4,z\n")

    assert [row["a"] for row in found.rows] == [1, 4]
    assert [(reject.line, reject.rule) for reject in found.rejects] == [(3, "zero byte"), (4, "undecodable")]
    assert found.rejects[1].raw == "3,\\xff"


def test_bytes_that_a_declared_encoding_does_not_have_reject_their_line(tmp_path: Path) -> None:
    found = read_text(tmp_path, b"a,b\n1,\xe9\n2,\x81\n", encoding="cp1252")

    assert [row["b"] for row in found.rows] == ["é"]
    assert found.rejects[0].raw == "2,\\x81"


def test_row_numbers_and_lines_count_what_was_rejected_and_what_spans_lines(tmp_path: Path) -> None:
    found = read_text(tmp_path, 'a,b\n1,"x\ny"\n2\n\n3,z\n4,z,z\n')

    assert [(row["a"], row["_row"]) for row in found.rows] == [(1, 1), (3, 3)]
    assert [reject.line for reject in found.rejects] == [4, 7]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_and_told_unless_it_is_a_comma(tmp_path: Path, delimiter: str) -> None:
    text = "\n".join(delimiter.join(row) for row in (("id", "name"), ("1", '"a,b;c|d"'), ("2", "x y")))

    found = read_text(tmp_path, text)

    assert found.values == [{"id": 1, "name": "a,b;c|d"}, {"id": 2, "name": "x y"}]
    assert len(found.told("delimiter")) == (delimiter != ",")


def test_a_declared_delimiter_and_quote_are_taken(tmp_path: Path) -> None:
    found = read_text(tmp_path, "a:b\n1:'x:''y'\n", delimiter=":", quote="'")

    assert found.values == [{"a": 1, "b": "x:'y"}]
    assert found.told("delimiter") == []


def test_a_file_without_a_header_has_numbered_columns_or_the_declared_names(tmp_path: Path) -> None:
    numbered = read_text(tmp_path, "1,x\n2,y\n", header=0)
    named = read_text(tmp_path, "1,x\n2,y\n", header=0, names=("id", "name"))

    assert numbered.values == [{"column_1": 1, "column_2": "x"}, {"column_1": 2, "column_2": "y"}]
    assert named.values == [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}]


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_footer_lines_are_left_out_wherever_blocks_end(tmp_path: Path, block: int) -> None:
    found = read_text(tmp_path, "a,b\n1,x\n2,y\n3,z\nTotal\n--,--\n", block, footer=2)

    assert [row["a"] for row in found.rows] == [1, 2, 3]
    assert found.rejects == []


def test_a_file_with_a_header_only_or_with_nothing_gives_no_rows_and_is_marked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n")
    (tmp_path / "b.csv").write_text("")

    found = read(tmp_path)

    assert found.rows == []
    assert set(found.position) == {"a.csv", "b.csv"}


def test_files_with_different_columns_are_joined_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,x\n")
    (tmp_path / "b.csv").write_text("city,id\ny,2\n")

    found = read(tmp_path)

    assert [row["id"] for row in found.rows] == [1, 2]
    assert found.rows[1]["city"] == "y"
    assert found.types == {"id": "integer", "name": "text", "city": "text", "_file": "text", "_row": "integer"}


def test_a_single_column_keeps_its_empty_lines_as_nulls(tmp_path: Path) -> None:
    found = read_text(tmp_path, "a\n1\n\n3\n")

    assert [row["a"] for row in found.rows] == [1, None, 3]


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n"))

    found = read(tmp_path)

    assert found.values == [{"a": 1, "b": "x"}]


def test_a_later_text_asks_for_a_new_read_that_keeps_the_text_of_the_first_values(tmp_path: Path) -> None:
    found = read_text(tmp_path, "a,b\n" + "1.10,x\n" * 30 + "n/a,x\n", 40)

    assert [row["a"] for row in found.rows] == ["1.10"] * 30 + ["n/a"]
    assert found.times == 2


def test_a_known_text_column_stays_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")

    found = read(tmp_path, columns=(Column("a", TEXT),))

    assert found.values == [{"a": "1"}]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", "x", ""], ["column_1", "x", "column_3"]),
        (["A", "a"], ["A", "a_2"]),
    ],
)
def test_header_names_are_made_distinct_in_one_way(given: list[str], expected: list[str]) -> None:
    assert distinct(given) == expected
