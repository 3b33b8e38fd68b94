"""The server that the tests bring up is a real one, and each test has a database to itself."""

from __future__ import annotations

import psycopg
import pytest

from tests.postgres_server import binaries, started


def test_a_fresh_database_is_empty_and_speaks_utf8(postgres: str) -> None:
    with psycopg.connect(postgres) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
        encoding = connection.execute("show server_encoding").fetchone()

    assert tables == (0,)
    assert encoding == ("UTF8",)


@pytest.mark.slow
def test_the_wheel_holds_a_newer_server_too() -> None:
    with started(binaries(18)) as server, psycopg.connect(server.url) as connection:
        version = connection.info.server_version

    assert version // 10_000 == 18
