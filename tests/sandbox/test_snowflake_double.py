"""The double of Snowflake: what it takes, refuses and commits as Snowflake does, asked by Snowflake's own driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sessions(snowflake: str) -> Iterator[tuple[Any, Any]]:
    """Two sessions in one database that has a table."""
    import snowflake.connector as driver

    found = urlsplit(snowflake)
    told = {
        "user": found.username,
        "password": found.password,
        "account": "double",
        "host": found.hostname,
        "port": found.port,
        "protocol": "http",
        "database": found.path.strip("/").upper(),
        "platform_detection_timeout_seconds": 0.0,
        "paramstyle": "qmark",
    }
    one, other = (driver.connect(**told) for _ in range(2))
    rows(one, "create schema made")
    rows(other, "use schema made")
    rows(one, "create table things (n number(19,0))")
    yield one, other
    one.close()
    other.close()


def rows(session: Any, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return list(session.cursor().execute(sql, values or None).fetchall())


def refusal(session: Any, sql: str) -> int:
    """The number of the error of a statement."""
    import snowflake.connector as driver

    with pytest.raises(driver.errors.Error) as refused:
        session.cursor().execute(sql)
    return int(refused.value.errno)


def test_what_makes_something_commits_what_was_begun(sessions: tuple[Any, Any]) -> None:
    one, other = sessions
    rows(one, "begin")
    rows(one, "insert into things values (1)")

    rows(one, "create table more (n number)")
    rows(one, "rollback")

    assert rows(other, "select n from things") == [(1,)]


def test_what_another_session_makes_is_seen_and_outlives_a_rollback(sessions: tuple[Any, Any]) -> None:
    one, other = sessions
    rows(one, "begin")
    rows(one, "insert into things values (1)")
    rows(other, "create table more (n number(19,0))")
    rows(other, "insert into more values (7)")
    seen = rows(one, "select n from more")
    rows(one, "insert into more values (8)")

    rows(one, "rollback")

    assert seen == [(7,)]
    assert rows(other, "select n from more") == [(7,)]
    assert rows(other, "select n from things") == []


def test_a_row_that_an_open_transaction_has_changed_is_locked(sessions: tuple[Any, Any]) -> None:
    one, other = sessions
    rows(one, "insert into things values (1)")
    rows(one, "begin")
    rows(one, "update things set n = 2")

    assert refusal(other, "update things set n = 3") == 625

    rows(one, "commit")
    assert rows(other, "select n from things") == [(2,)]


@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("select * from read_csv('/etc/passwd')", 2140),
        ("select * from duckdb_tables()", 2140),
        ("select list_sort([1])", 2140),
        ("insert into things select column1 from values (parse_json('1'))", 2014),
        ("merge into things using things as o on things.n = o.n when matched then delete", 1003),
        ("select n from nothing", 2003),
        ("create table odd (n number) cluster by (m)", 2003),
    ],
)
def test_what_snowflake_has_not_is_refused(sessions: tuple[Any, Any], sql: str, number: int) -> None:
    assert refusal(sessions[0], sql) == number


def test_a_word_in_a_text_is_no_function(sessions: tuple[Any, Any]) -> None:
    assert rows(sessions[0], "select 'read_csv(1)' as said") == [("read_csv(1)",)]


def test_a_sum_has_more_digits_than_what_it_sums_up(sessions: tuple[Any, Any]) -> None:
    described = sessions[0].cursor().describe("select n, sum(n) over () as total from things")

    assert [(column.precision, column.scale) for column in described] == [(19, 0), (38, 0)]
