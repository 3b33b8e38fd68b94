"""The tables that are tortured: one for each way in which real databases stamp their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psycopg

if TYPE_CHECKING:
    from random import Random

SCHEMA = "torture"
Kind = Literal["timestamptz", "bigint"]


@dataclass(frozen=True)
class Table:
    """A table, the column that a cursor may follow, and how many seconds behind the clock its values may be."""

    name: str
    about: str
    cursor: str | None = "updated_at"
    kind: Kind = "timestamptz"
    lag: int = 0

    @property
    def place(self) -> str:
        return f"{SCHEMA}.{self.name}"


TABLES = (
    Table("stamped", "the moment when the transaction began, as `default now()` gives it"),
    Table("clocked", "the moment of the statement"),
    Table("applied", "the application's clock, some seconds wrong, read before the transaction", lag=10),
    Table("backdated", "up to three seconds before the transaction", lag=5),
    Table("shared", "whole seconds, so that many rows share a moment", lag=2),
    Table("nullable", "no moment at all for every third row"),
    Table("numbered", "a number from a sequence, taken long before the commit", "change_no", "bigint"),
    Table("plain", "nothing that grows", None),
)
SKEW, BACKDATED = 3.0, 3.0

CREATE = """
create table {place} (
    id bigint generated always as identity primary key,
    version integer not null,
    writer integer not null,
    note text,
    amount numeric(12, 2),
    {cursor}
);
create index on {place} ({index});
"""
# Commits twice in one call; each part has a beginning of its own.
PROCEDURE = """
create procedure {schema}.stepwise(_writer integer, _pause double precision) language plpgsql as $$
begin
    insert into {schema}.stamped (version, writer, note, updated_at) values (1, _writer, 'first step', now());
    perform pg_sleep(_pause);
    commit;
    insert into {schema}.stamped (version, writer, note, updated_at) values (1, _writer, 'second step', now());
    perform pg_sleep(_pause);
    commit;
end
$$
"""


def create(url: str) -> None:
    """Make the tables anew, in a schema of their own."""
    statements = [f"drop schema if exists {SCHEMA} cascade", f"create schema {SCHEMA}"]
    statements.append(f"create sequence {SCHEMA}.changes")
    for table in TABLES:
        column = f"{table.cursor} {table.kind}" if table.cursor else "filler text"
        index = table.cursor or "writer"
        statements.append(CREATE.format(place=table.place, cursor=column, index=index))
    statements.append(PROCEDURE.format(schema=SCHEMA))
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def stamp(table: Table, roll: Random, application: float) -> str:
    """What a row's cursor is set to, as SQL; `application` is what the application's clock showed before it began."""
    now = "now()"
    return {
        "stamped": now,
        "clocked": "clock_timestamp()",
        "applied": f"to_timestamp({application:.6f})",
        "backdated": f"now() - interval '{roll.random() * BACKDATED:.6f} s'",
        "shared": "date_trunc('second', now())",
        "nullable": "null" if roll.random() < 1 / 3 else now,
        "numbered": f"nextval('{SCHEMA}.changes')",
        "plain": "'nothing'",
    }[table.name]
