"""One writer at a time: a lease in a table of our own, which each transaction of a run renews and so proves.

Snowflake has no lock that outlives a statement but those of a transaction. So whoever writes has its token in a row that
others may take over only when its time is up, or when its process on the same machine is no more. A transaction that finds
another token there changes nothing.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlode.errors import Stopped, WarehouseError
from starlode.snowflake.refusing import Unknown, told

if TYPE_CHECKING:
    from starlode.snowflake.address import Address

MINUTES = 10
HOLDER, LOOSE = '"STARLODE_LOCK"."HOLDER"', '"STARLODE_LOCK"."LOOSE"'
NOW = "cast(current_timestamp() as timestamp_ntz(6))"
UNTIL = f"dateadd(minute, {MINUTES}, {NOW})"
MAKE = (
    'create schema if not exists "STARLODE_LOCK"',
    'create transient schema if not exists "STARLODE_WORK"',
    f"create table if not exists {HOLDER} (token varchar, machine varchar, process number(19,0),"
    " since timestamp_ntz(6), until timestamp_ntz(6))",
    f"create table if not exists {LOOSE} (number number(19,0), said varchar)",
    f"insert into {HOLDER} (token, machine, process, since, until)\n"
    f"select '', '', 0, {NOW}, {NOW} where not exists (select 1 from {HOLDER})",
)
_IS_MADE = f"select token from {HOLDER} limit 1"
_TAKE = f"update {HOLDER} set token = ?, machine = ?, process = ?, since = {NOW}, until = {UNTIL}"
_IF_FREE, _IF_DEAD = f" where until <= {NOW}", " where token = ?"
_WHO = f"select token, machine, process, since from {HOLDER} order by until desc limit 1"
_RENEW = f"update {HOLDER} set until = {UNTIL} where token = ?"
_LEAVE = f"update {HOLDER} set token = '', until = {NOW} where token = ?"


@dataclass(frozen=True)
class Holder:
    """The lease of a run."""

    token: str
    address: Address

    def renew(self, connection: Any) -> None:
        """Prove that the lease is still ours, and let it last; in a transaction, nobody can take it before its end."""
        if not _changed(connection, _RENEW, self.token):
            raise WarehouseError(
                "the run has lost its hold on the warehouse, and another may have begun",
                where=self.address.shown,
                hint="run again: what was not committed is undone",
            )

    def leave(self, connection: Any) -> None:
        _changed(connection, _LEAVE, self.token)


def is_made(connection: Any) -> bool:
    """Whether a run has ever written to the database."""
    try:
        with told(_IS_MADE):
            connection.cursor().execute(_IS_MADE)
    except Unknown:
        return False
    return True


def hold(connection: Any, address: Address) -> Holder:
    """Take the lease; raises WarehouseError where another run has it."""
    for statement in () if is_made(connection) else MAKE:
        with told(statement):
            connection.cursor().execute(statement)
    token, mine = uuid4().hex, (socket.gethostname(), os.getpid())
    try:
        if _changed(connection, _TAKE + _IF_FREE, token, *mine):
            return Holder(token, address)
        held, machine, process, since = _who(connection)
        if machine == mine[0] and not _lives(process) and _changed(connection, _TAKE + _IF_DEAD, token, *mine, held):
            return Holder(token, address)
    except Stopped:
        machine, process, since = "", 0, None
    by = f"process {process} on {machine} since {since:%Y-%m-%d %H:%M:%S} UTC" if since else "another run"
    raise WarehouseError(
        f"the warehouse is in use by {by}",
        where=address.shown,
        hint="wait until that run has ended; `run`, `rejects replay` and `sweep` wait with --wait SECONDS",
    )


def _who(connection: Any) -> tuple[Any, ...]:
    with told(_WHO):
        found: tuple[Any, ...] = connection.cursor().execute(_WHO).fetchone()
    return found


def _changed(connection: Any, sql: str, *values: Any) -> int:
    with told(sql):
        return int(connection.cursor().execute(sql, values).rowcount or 0)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
