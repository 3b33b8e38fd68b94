"""The double of Redshift over the wire, as the genuine driver sees it: COPY from S3, and what it refuses of it."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redshift_connector
from redshift_connector.error import Error

from tests.redshift_double import ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.redshift_double import Redshift
    from tests.s3.servers import Server

ROWS = pa.table({"n": pa.array([1, 2], pa.int64()), "word": ["a", "é"]})


@pytest.fixture
def cursor(redshift_double: Redshift) -> Iterator[Any]:
    with redshift_double.fresh_database() as target:
        connection = redshift_connector.connect(
            host="127.0.0.1",
            port=redshift_double.port,
            user="postgres",
            password="secret",  # noqa: S106
            database=target.split("?")[0].rpartition("/")[2],
            ssl=False,
        )
        connection.autocommit = True
        opened = connection.cursor()
        opened.execute("create table t (n bigint, word varchar(3))")
        yield opened
        connection.close()


def copied(cursor: Any, server: Server, rows: pa.Table, length: int = 0, role: str = ROLE) -> list[Any]:
    """What a table holds after a COPY of one file by a manifest."""
    written = io.BytesIO()
    pq.write_table(rows, written)
    bucket, client = server.fresh_bucket(), server.client()
    client.put_object(Bucket=bucket, Key="part.parquet", Body=written.getvalue())
    entry = {"url": f"s3://{bucket}/part.parquet", "meta": {"content_length": length or len(written.getvalue())}}
    client.put_object(Bucket=bucket, Key="m.manifest", Body=json.dumps({"entries": [entry]}).encode())
    cursor.execute(f"copy t from 's3://{bucket}/m.manifest' iam_role '{role}' format as parquet manifest")
    cursor.execute("select n, word from t order by n")
    return [tuple(row) for row in cursor.fetchall()]


def test_files_fill_the_columns_by_their_place(cursor: Any, semantics: Server) -> None:
    assert copied(cursor, semantics, ROWS.rename_columns(["x", "y"])) == [(1, "a"), (2, "é")]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (ROWS.select(["word", "n"]), "incompatible Parquet schema"),
        (ROWS.select(["n"]), "Unmatched number of columns"),
        (ROWS.set_column(0, "n", pa.array([1, 2], pa.int32())), "incompatible Parquet schema"),
        (ROWS.set_column(1, "word", pa.array(["éé", "a"])), "longer than the length defined"),
    ],
)
def test_files_that_are_not_like_the_table_are_refused_and_written_down(
    cursor: Any, semantics: Server, rows: pa.Table, told: str
) -> None:
    with pytest.raises(Error, match=told):
        copied(cursor, semantics, rows)

    cursor.execute("select error_message from sys_load_error_detail where session_id = pg_backend_pid()")
    assert told in cursor.fetchall()[0][0]
    cursor.execute("select count(*) from t")
    assert list(cursor.fetchall()[0]) == [0]


def test_a_file_of_another_length_than_the_manifest_says_is_refused(cursor: Any, semantics: Server) -> None:
    with pytest.raises(Error, match="not that of the manifest"):
        copied(cursor, semantics, ROWS, length=7)


def test_a_file_that_the_manifest_names_and_is_not_there_is_refused(cursor: Any, semantics: Server) -> None:
    bucket = semantics.fresh_bucket()
    entries = [{"url": f"s3://{bucket}/nowhere.parquet", "meta": {"content_length": 1}}]
    semantics.client().put_object(Bucket=bucket, Key="m", Body=json.dumps({"entries": entries}).encode())

    with pytest.raises(Error, match="does not exist"):
        cursor.execute(f"copy t from 's3://{bucket}/m' iam_role '{ROLE}' format as parquet manifest")


def test_a_role_that_is_not_known_may_not_be_taken_on(cursor: Any, semantics: Server) -> None:
    with pytest.raises(Error, match="not authorized to assume IAM Role"):
        copied(cursor, semantics, ROWS, role="arn:aws:iam::1:role/other")


def test_a_copy_belongs_to_its_transaction(cursor: Any, semantics: Server) -> None:
    cursor.execute("begin")
    copied(cursor, semantics, ROWS)
    cursor.execute("rollback")

    cursor.execute("select count(*) from t")
    assert list(cursor.fetchall()[0]) == [0]


def test_truncate_commits(cursor: Any) -> None:
    cursor.execute("insert into t values (1, 'a')")
    cursor.execute("begin")
    cursor.execute("insert into t values (2, 'b')")

    cursor.execute("truncate t")
    cursor.execute("rollback")

    cursor.execute("select count(*) from t")
    assert list(cursor.fetchall()[0]) == [0]


def test_a_refused_statement_lets_its_transaction_fail(cursor: Any) -> None:
    cursor.execute("begin")
    with pytest.raises(Error, match="filter"):
        cursor.execute("select count(*) filter (where n > 1) from t")

    with pytest.raises(Error, match="aborted"):
        cursor.execute("select 1")


def test_a_text_of_more_bytes_than_its_column_has_is_refused(cursor: Any) -> None:
    with pytest.raises(Error, match="value too long for type character varying"):
        cursor.execute("insert into t values (1, 'éé')")


def test_names_in_quotes_lose_their_letters_unless_it_is_said_otherwise(cursor: Any) -> None:
    cursor.execute('create table "Small" (a bigint)')
    cursor.execute("set enable_case_sensitive_identifier to true")
    cursor.execute('select count(*) from "small"')

    with pytest.raises(Error, match="does not exist"):
        cursor.execute('select count(*) from "Small"')
