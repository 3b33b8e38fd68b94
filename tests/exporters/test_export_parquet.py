"""Parquet exports: whole, exact, in one order, and the old files stay when something fails."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from starlode.errors import DataError, ProjectError, WarehouseError
from starlode.exporters.csv import Csv
from starlode.exporters.parquet import ROW_GROUP, Parquet
from starlode.star import Dimension, Fact, Select, Star
from starlode.warehouses.duckdb import DuckDBSession
from tests.exporters.conftest import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlode.session import Session

NUMBERS = Star((), (Fact("number", Select("", ""), ("id",)),))


def test_each_table_becomes_one_file_with_all_its_rows_and_reserved_members(
    star: Star, session: Session, folder: Path
) -> None:
    written = Parquet("out").export(star, session, folder)

    assert [path.relative_to(folder).as_posix() for path in written] == [
        "out/dim_user.parquet",
        "out/dim_time.parquet",
        "out/fact_songplay.parquet",
    ]
    assert [pq.read_metadata(path).num_rows for path in written] == [6, 2, 3]
    assert pq.read_table(written[0]).column("user_key").to_pylist() == [-3, -2, -1, 1, 2, 3]


def test_decimals_moments_and_nulls_come_back_exactly(star: Star, session: Session, folder: Path) -> None:
    user, _, play = Parquet("out").export(star, session, folder)

    plays = pq.read_table(play)
    levels = pq.read_table(user).column("level").to_pylist()

    assert str(plays.schema.field("price").type) == "decimal128(18, 8)"
    assert plays.column("price").to_pylist() == [Decimal(0), Decimal("-1234567890.12345678"), Decimal("0.00000001")]
    assert plays.column("length").to_pylist() == [0.1, None, 218.5]
    assert levels == ["Not yet arrived", "Not applicable", "Unknown", None, "free", "paid"]
    assert pq.read_table(user).column("name").to_pylist()[4] == ""


def test_only_the_chosen_tables_are_written(star: Star, session: Session, folder: Path) -> None:
    written = Parquet("out", tables=("fact_songplay", "dim_user")).export(star, session, folder)

    assert {path.name for path in written} == {"dim_user.parquet", "fact_songplay.parquet"}
    assert {path.name for path in (folder / "out").iterdir()} == {"dim_user.parquet", "fact_songplay.parquet"}


def test_the_same_rows_in_any_order_of_loading_give_the_same_bytes(session: Session, folder: Path) -> None:
    count = 2 * ROW_GROUP + 5
    rows = f"select range as id, 'n' || (range % 7) as label from range({count})"
    session.execute(f"create table star.fact_number as {rows}")
    (first,) = Parquet("first").export(NUMBERS, session, folder)
    session.execute(f"create or replace table star.fact_number as {rows} order by hash(range)")

    (second,) = Parquet("second").export(NUMBERS, session, folder)

    held = pq.read_metadata(second)
    assert first.read_bytes() == second.read_bytes()
    assert [held.row_group(n).num_rows for n in range(held.num_row_groups)] == [ROW_GROUP, ROW_GROUP, 5]
    assert held.row_group(0).column(0).compression == "ZSTD"


class SmallBatches(DuckDBSession):
    """An open DuckDB file that gives few rows at a time, and notes how much has been written when it gives the last."""

    written = 0
    watched = Path()

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        rows = super().arrow(sql, values)
        return pa.RecordBatchReader.from_batches(rows.schema, self._cut(rows))

    def _cut(self, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        for batch in rows:
            for start in range(0, batch.num_rows, 1_000):
                self.written = self.watched.stat().st_size
                yield batch.slice(start, 1_000)


def test_rows_are_written_while_they_are_read_however_they_are_cut(folder: Path) -> None:
    with closing(duckdb.connect()) as connection:
        session = SmallBatches(connection)
        session.execute("create schema star")
        session.execute(f"create table star.fact_number as select range as id from range({3 * ROW_GROUP})")
        (large,) = Parquet("large").export(NUMBERS, DuckDBSession(connection), folder)
        session.watched = folder / "small" / ".fact_number.parquet.partial"

        (small,) = Parquet("small").export(NUMBERS, session, folder)

    assert small.read_bytes() == large.read_bytes()
    assert session.written > small.stat().st_size / 2


def test_a_fact_that_does_not_keep_its_grain_is_still_in_one_order(session: Session, folder: Path) -> None:
    grainless = Star((), (replace(NUMBERS.facts[0], grain=("not_kept",)),))
    session.execute(
        "create table star.fact_number as select * from (values (2, 'b'), (1, 'b'), (1, 'a')) as t(n, label)"
    )

    (path,) = Parquet("out").export(grainless, session, folder)

    assert pq.read_table(path).to_pylist() == [
        {"n": 1, "label": "a"},
        {"n": 1, "label": "b"},
        {"n": 2, "label": "b"},
    ]


class ManyDigits(DuckDBSession):
    """An open DuckDB file that answers with decimals of nine digits after the point, as BigQuery does."""

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        rows = super().arrow(sql, values)
        kinds = [f.with_type(pa.decimal128(38, 9)) if pa.types.is_decimal(f.type) else f for f in rows.schema]
        return rows.cast(pa.schema(kinds))


def test_a_decimal_has_the_digits_of_its_column_whatever_the_warehouse_answers(star: Star, folder: Path) -> None:
    with closing(duckdb.connect()) as connection:
        session = ManyDigits(connection)
        for statement in TABLES:
            session.execute(statement)
        plain = DuckDBSession(connection)
        written = [
            [path.read_bytes() for path in export(f"{number}").export(star, asked, folder)]
            for export in (Parquet, Csv)
            for number, asked in enumerate((plain, session))
        ]

    assert written[0] == written[1]
    assert written[2] == written[3]


def test_a_table_without_rows_becomes_a_file_without_rows(star: Star, session: Session, folder: Path) -> None:
    session.execute("delete from star.fact_songplay")

    (path,) = Parquet("out", tables=("fact_songplay",)).export(star, session, folder)

    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).names[0] == "started_time_key"


def test_a_failing_export_leaves_every_old_file_and_no_half_ones(star: Star, session: Session, folder: Path) -> None:
    before = {path: path.read_bytes() for path in Parquet("out").export(star, session, folder)}
    session.execute("delete from star.dim_user where user_key = 2")
    session.execute("drop table star.fact_songplay")

    with pytest.raises(WarehouseError, match=r"there is no table star\.fact_songplay yet") as failure:
        Parquet("out").export(star, session, folder)

    assert failure.value.hint == "build the star first: starlode run"
    assert {path: path.read_bytes() for path in (folder / "out").iterdir()} == before


def test_a_place_that_cannot_be_written_is_told_with_its_path(star: Star, session: Session, folder: Path) -> None:
    (folder / "out" / "dim_user.parquet" / "taken").mkdir(parents=True)

    with pytest.raises(DataError, match="Is a directory") as failure:
        Parquet("out", tables=("dim_user",)).export(star, session, folder)

    assert failure.value.where == str(folder / "out" / "dim_user.parquet")
    assert [path.name for path in (folder / "out").iterdir()] == ["dim_user.parquet"]


def test_rests_of_a_killed_export_do_not_disturb_the_next(star: Star, session: Session, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "elsewhere").write_text("not to be touched")
    (folder / "out" / ".dim_user.parquet.partial").symlink_to(folder / "elsewhere")

    (path,) = Parquet("out", tables=("dim_user",)).export(star, session, folder)

    assert [kept.name for kept in path.parent.iterdir()] == ["dim_user.parquet"]
    assert (folder / "elsewhere").read_text() == "not to be touched"


def test_an_unknown_table_is_a_mistake_with_the_nearest_name(star: Star, session: Session, folder: Path) -> None:
    with pytest.raises(ProjectError) as failure:
        Parquet("out", tables=("dim_usr", "fact_songplay", "nothing")).export(star, session, folder)

    told = failure.value.mistakes
    assert {mistake.what for mistake in told} == {
        "the star has no table `dim_usr`",
        "the star has no table `nothing`",
    }
    assert "did you mean `dim_user`?" in str(failure.value)


@pytest.mark.parametrize("to", ["../out", "/tmp/out", "a/../../out", "", "linked/out"])  # noqa: S108  never written
def test_files_go_nowhere_outside_the_project(
    to: str, star: Star, session: Session, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "linked").symlink_to(outside)

    with pytest.raises(ProjectError) as failure:
        Parquet(to).export(star, session, folder)

    assert "is not inside the project's folder" in str(failure.value)
    assert list(outside.iterdir()) == []


def test_letters_that_file_systems_refuse_are_written_as_codes(session: Session, folder: Path) -> None:
    odd = Star((Dimension("../a:b%", Select("", ""), ("id",)),))
    session.execute('create table star."dim_../a:b%" as select 1 as "../a:b%_key", 7 as id')

    (path,) = Parquet("out").export(odd, session, folder)

    assert path == folder / "out" / "dim_..%2Fa%3Ab%25.parquet"
    assert pq.read_table(path).to_pylist() == [{"../a:b%_key": 1, "id": 7}]
