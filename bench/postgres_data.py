"""The server that the PostgreSQL bench measures with, its tables, and what they come to."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the launcher is the tests' own

from tests.postgres_server import binaries, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = 16
PSQL = binaries(VERSION) / "psql"
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "max_connections": "50",
}
# Three short strings, two integers, two bigints, double, numeric(18,4), boolean, date, timestamp, timestamptz, jsonb, and
# a text of 100 characters.
WIDE = """
select 'c' || n % 1000 as code, 'Ünit ' || n % 37 as unit, (array['new', 'open', 'closed'])[1 + n % 3] as state,
       (n % 100000)::integer as small, (n % 7)::integer as smaller, n::bigint as id, (n * 7919)::bigint as big,
       sqrt(n)::double precision as ratio, (n % 1000003 / 7.0)::numeric(18, 4) as amount, n % 2 = 0 as flag,
       date '2020-01-01' + (n % 2000)::integer as day,
       timestamp '2020-01-01' + n * interval '1 second' as local_at,
       timestamptz '2020-01-01 00:00:00.000001Z' + n * interval '1 second' as seen_at,
       jsonb_build_object('n', n, 'tags', jsonb_build_array('a', n % 5)) as attributes,
       repeat(md5(n::text), 3) || 'abcd' as body
  from generate_series(1::bigint, {rows}) as s(n)"""
NARROW = """
select n::integer as id, (n % 1000)::integer as a, (n * 31 % 100003)::integer as b, (n % 7)::integer as amount
  from generate_series(1::bigint, {rows}) as s(n)"""
CHANGING = """
select n::bigint as id, 'row ' || n as note, n as amount, now() as updated_at
  from generate_series(1, {rows}) as s(n)"""


@dataclass(frozen=True)
class Data:
    """A table of the server, and what it comes to."""

    url: str
    table: str
    rows: int

    @cached_property
    def total(self) -> str:
        """The sum of its amounts, as the server tells it."""
        return str(ask(self.url, f"select sum(amount::numeric(18, 4)) from {self.table}")[0])


@contextmanager
def server() -> Iterator[str]:
    """The URL of a database on a server of the bench's own, that goes with the block."""
    with started(binaries(VERSION), SETTINGS) as running:
        yield running.url


def make(url: str, table: str, select: str, rows: int) -> Data:
    """A table of so many rows, vacuumed, so that no reader pays for the first look at it."""
    print(f"making {table} of {rows:,} rows", file=sys.stderr)
    execute(url, f"create table {table} as {select.format(rows=rows)}", f"vacuum analyze {table}")
    return Data(url, table, rows)


def make_changing(url: str, tables: Sequence[str], rows: int) -> None:
    """Tables that a cursor can follow."""
    for table in tables:
        execute(
            url,
            f"create table {table} as {CHANGING.format(rows=rows)}",
            f"alter table {table} add primary key (id)",
            f"create index on {table} (updated_at)",
            f"vacuum analyze {table}",
        )


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def ask(url: str, query: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        return tuple(row or ())


def psql(url: str, command: str) -> Sequence[str | Path]:
    """The command line that lets psql do one thing, and throw away what it says."""
    return [
        PSQL,
        "--no-psqlrc",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
        "--output",
        os.devnull,
        "--command",
        command,
        url,
    ]
