"""CSV exports: every reader gets back what the star holds, and NULL is not empty text."""

from __future__ import annotations

import csv
import gzip
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from starlode.errors import ProjectError
from starlode.exporters.csv import Csv
from starlode.star import Fact, Select, Star
from starlode.table import TEXT, Column, Table, decimal
from starlode.warehouses.duckdb import DuckDB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.session import Session
    from starlode.table import Type

CELLS = Star((), (Fact("cell", Select("", ""), ("id",)),))
AWKWARD = st.text(alphabet=st.sampled_from("a,;\t|\"'\r\n =+-@üß漢😀"), max_size=8)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def test_a_dimension_reads_as_one_would_write_it(star: Star, session: Session, folder: Path) -> None:
    (path,) = Csv("out", tables=("dim_user",)).export(star, session, folder)

    assert path == folder / "out" / "dim_user.csv"
    assert path.read_bytes().decode() == (
        "user_key,user_id,name,level,valid_from,valid_to,is_current,load_key\n"
        "-3,,Not yet arrived,Not yet arrived,1900-01-01 00:00:00,9999-12-31 00:00:00,true,0\n"
        "-2,,Not applicable,Not applicable,1900-01-01 00:00:00,9999-12-31 00:00:00,true,0\n"
        "-1,,Unknown,Unknown,1900-01-01 00:00:00,9999-12-31 00:00:00,true,0\n"
        '1,007,"O\'Brien, ""Bo""",,2018-11-01 00:00:00,9999-12-31 00:00:00,true,1\n'
        '2,8,"",free,2018-11-01 00:00:00,2018-11-15 08:30:00.500000,false,1\n'
        '3,8,"Ann\nLee",paid,2018-11-15 08:30:00.500000,9999-12-31 00:00:00,true,2\n'
    )


def test_decimals_keep_all_their_digits(star: Star, session: Session, folder: Path) -> None:
    (path,) = Csv("out", tables=("fact_songplay",)).export(star, session, folder)

    prices = [row["price"] for row in csv.DictReader(path.read_text().splitlines())]
    assert prices == ["0.00000000", "-1234567890.12345678", "0.00000001"]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.none() | AWKWARD, st.none() | ANY_TEXT), min_size=1), st.sampled_from([",", ";", "|", "\t"])
)
@example([("", None), (None, ""), ('"', "\r"), (" a", "b ")], ",")
def test_any_text_comes_back_from_duckdb_and_python_alike(rows: list[tuple[str | None, str | None]], mark: str) -> None:
    with TemporaryDirectory() as held:
        path = _exported(Path(held), (TEXT, TEXT), rows, Csv("out", delimiter=mark))

        by_duckdb = duckdb.execute(
            "select c0, c1 from read_csv(?, delim=?, quote='\"', escape='\"', header=true, all_varchar=true, "
            "nullstr='', allow_quoted_nulls=false, new_line='\\n', auto_detect=false, "
            "columns={'id': 'VARCHAR', 'c0': 'VARCHAR', 'c1': 'VARCHAR'}) order by id::int",
            [str(path), mark],
        ).fetchall()
        with path.open(newline="", encoding="utf-8") as file:
            by_python = [tuple(row[1:]) for row in csv.reader(file, delimiter=mark)][1:]

    assert by_duckdb == rows
    assert by_python == [(one or "", other or "") for one, other in rows]


@settings(deadline=None)
@given(
    st.lists(
        st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**20), max_value=10**20)
    )
)
def test_any_decimal_comes_back_exactly(values: list[Decimal | None]) -> None:
    with TemporaryDirectory() as held:
        path = _exported(Path(held), (decimal(38, 12),), [(value,) for value in values], Csv("out"))

        read = [row["c0"] for row in csv.DictReader(path.read_text().splitlines())]

    assert [Decimal(text) if text else None for text in read] == values
    assert not any("E" in text for text in read)


def test_every_kind_of_value_has_a_plain_text(session: Session, folder: Path) -> None:
    session.execute(
        "create table star.fact_cell as select 1 as id, true as yes, date '2024-02-29' as day, time '07:05:00.25' "
        "as at, timestamptz '2024-03-31 02:30:00+02' as moment, '\\xAB\\x00'::blob as bytes, ''::blob as no_bytes, "
        "{'a': [1, null]} as nested, 170141183460469231731687303715884::hugeint as huge, "
        "1e-7::double as tiny, 12345678.5::decimal(10,1) as price"
    )

    (path,) = Csv("out").export(CELLS, session, folder)

    (row,) = csv.DictReader(path.read_text().splitlines())
    assert row == {
        "id": "1",
        "yes": "true",
        "day": "2024-02-29",
        "at": "07:05:00.250000",
        "moment": "2024-03-31 00:30:00Z",
        "bytes": "ab00",
        "no_bytes": "",
        "nested": '{"a":[1,null]}',
        "huge": "170141183460469231731687303715884",
        "tiny": "1e-7",
        "price": "12345678.5",
    }
    assert ',"",' in path.read_text()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "＝1"])
def test_formulas_are_disarmed_for_spreadsheets_and_only_there(text: str, folder: Path) -> None:
    plain = _exported(folder, (TEXT,), [(text,)], Csv("plain"))
    safe = _exported(folder, (TEXT,), [(text,)], Csv("safe", for_spreadsheets=True))

    with plain.open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1] == ["0", text]
    with safe.open(newline="", encoding="utf-8-sig") as file:
        assert list(csv.reader(file)) == [["id", "c0"], ["0", "'" + text]]


def test_spreadsheets_get_harmless_text_and_negative_numbers_unchanged(folder: Path) -> None:
    rows = [("a=b", Decimal("-1.50")), ("", None), (None, Decimal(0))]

    path = _exported(folder, (TEXT, decimal(9, 2)), rows, Csv("out", for_spreadsheets=True))

    assert path.read_bytes() == b'\xef\xbb\xbfid,c0,c1\n0,a=b,-1.50\n1,"",\n2,,0.00\n'


def test_names_of_columns_are_quoted_and_disarmed_too(session: Session, folder: Path) -> None:
    session.execute('create table star.fact_cell as select 1 as id, 2 as "=a,b"')

    (path,) = Csv("out", for_spreadsheets=True).export(CELLS, session, folder)

    assert path.read_text(encoding="utf-8-sig") == 'id,"\'=a,b"\n1,2\n'


def test_the_header_can_be_left_out(star: Star, session: Session, folder: Path) -> None:
    (path,) = Csv("out", tables=("dim_time",), header=False, delimiter="\\t").export(star, session, folder)

    assert path.read_text() == "-1\t\t\t\t0\n2018111508\t2018-11-15 08:00:00\t8\t2018-11-15\t1\n"


def test_packed_files_hold_the_same_text_and_the_same_bytes_each_time(
    star: Star, session: Session, folder: Path
) -> None:
    plain = Csv("plain").export(star, session, folder)
    packed = Csv("packed", gzip=True).export(star, session, folder)
    again = Csv("again", gzip=True).export(star, session, folder)

    assert [path.name for path in packed] == ["dim_user.csv.gz", "dim_time.csv.gz", "fact_songplay.csv.gz"]
    assert [gzip.decompress(path.read_bytes()) for path in packed] == [path.read_bytes() for path in plain]
    assert [path.read_bytes() for path in packed] == [path.read_bytes() for path in again]


def test_many_rows_are_written_whole_and_in_order(session: Session, folder: Path) -> None:
    session.execute("create table star.fact_cell as select range as id from range(100000) order by hash(range)")

    (path,) = Csv("out").export(CELLS, session, folder)

    assert path.read_text() == "\n".join(["id", *map(str, range(100_000)), ""])


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "1", "x", ".", "-", ":", " "])
def test_what_could_stand_in_a_value_cannot_divide_fields(delimiter: str) -> None:
    with pytest.raises(ProjectError) as failure:
        Csv("out", delimiter=delimiter)

    assert "cannot divide fields" in str(failure.value)


def _exported(folder: Path, types: Sequence[Type], rows: Sequence[tuple[object, ...]], export: Csv) -> Path:
    """The file that an export makes of a fact with these values in its columns c0, c1 and so on."""
    names = tuple(Column(f"c{number}", kind) for number, kind in enumerate(types))
    table = Table("star", "fact_cell", (Column("id", decimal(9, 0)), *names))
    with TemporaryDirectory() as place, closing(DuckDB(Path(place) / "w.duckdb").connect()) as opened:
        listed = ", ".join(opened.dialect.column(column) for column in table.columns)
        opened.execute("create schema star")
        opened.execute(f"create table star.fact_cell ({listed})")
        opened.insert(table, [(number, *row) for number, row in enumerate(rows)])
        (path,) = export.export(CELLS, opened, folder)
    return path
