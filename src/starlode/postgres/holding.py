"""One writer at a time: a lock of the session on the whole database, which PostgreSQL lets go when the connection ends.

Such a lock belongs to one backend of the server, and a pooler may hand each transaction to another: there it would hold
nothing, which is why it is refused.
"""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError

if TYPE_CHECKING:
    import psycopg

    from starlode.postgres.address import Address

KEY = int.from_bytes(b"starlode")
# A holder that cannot be seen any more is about to let go.
TRIES, PAUSE = 10, 0.05
_PARTS = (KEY >> 32, KEY & 0xFFFFFFFF)
_HOLDER = """
select a.pid, a.application_name, a.usename, to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
  from pg_locks as l join pg_stat_activity as a on a.pid = l.pid
 where l.locktype = 'advisory' and l.granted and l.classid::bigint = %s and l.objid::bigint = %s and l.objsubid = 1
   and l.database = (select oid from pg_database where datname = current_database())"""
_IS_MINE = """
select exists (select 1 from pg_locks as l
                where l.locktype = 'advisory' and l.granted and l.pid = pg_backend_pid() and l.objsubid = 1
                  and l.classid::bigint = %s and l.objid::bigint = %s)"""


def hold(connection: psycopg.Connection[Any], address: Address) -> None:
    """Take the lock for as long as the connection lives; raises WarehouseError that says who holds it."""
    _refuse_pooler(connection, address)
    for _ in range(TRIES):
        if _one(connection, "select pg_try_advisory_lock(%s)", KEY):
            if not _one(connection, _IS_MINE, *_PARTS):
                raise _pooled(address)
            return
        holder = connection.execute(_HOLDER, _PARTS).fetchone()
        if holder is not None:
            break
        sleep(PAUSE)
    raise WarehouseError(
        f"the warehouse is in use by {_told(holder)}",
        where=address.shown,
        hint="wait until that run has ended; `run`, `rejects replay` and `sweep` wait with --wait SECONDS",
    )


def _refuse_pooler(connection: psycopg.Connection[Any], address: Address) -> None:
    """A pooler tells a process number of its own when one connects."""
    if connection.info.backend_pid != _one(connection, "select pg_backend_pid()"):
        raise _pooled(address)


def _pooled(address: Address) -> WarehouseError:
    return WarehouseError(
        "the connection goes through a pooler, where a run cannot keep the warehouse for itself",
        where=address.shown,
        hint="name the server itself in `target`, which is often another port or host than the pooler's",
    )


def _told(holder: tuple[Any, ...] | None) -> str:
    if holder is None:
        return "another run, which has just ended"
    pid, application, user, since = holder
    named = f" ({application})" if application else ""
    return f"server process {pid}{named} of {user}" + (f" since {since} UTC" if since else "")


def _one(connection: psycopg.Connection[Any], sql: str, *values: Any) -> Any:
    row = connection.execute(sql.encode(), values or None).fetchone()
    return row[0] if row else None
