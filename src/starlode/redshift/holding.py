"""One writer at a time: a lock on a table of our own, held by a connection that does nothing else while a run lasts.

Redshift's locks are those of a transaction. So the lock's transaction stays open beside those of the run, and each commit of
the run asks first whether it still is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlode.errors import WarehouseError
from starlode.redshift.address import connect
from starlode.redshift.driver import driver, part
from starlode.redshift.refusing import CANCELLED, fields, refusal, told

if TYPE_CHECKING:
    from starlode.redshift.address import Address

_EXISTS = """
select count(*) from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = 'starlode_lock' and c.relname = 'holder'"""
# In a schema of its own, so that nothing that the run does with its tables waits for it.
_MAKE = (
    'create schema if not exists "starlode_lock"',
    'create table if not exists "starlode_lock"."holder" (since timestamp)',
)
# Whoever has the lock keeps it for a whole run, so waiting shows it soon.
_TAKE = ("set statement_timeout to 1000", "begin", 'lock "starlode_lock"."holder"')


class Holder:
    """The lock of a run."""

    def __init__(self, connection: Any, address: Address) -> None:
        self._connection = connection
        self._address = address

    def prove(self) -> None:
        """Prove that the lock is still ours; raises WarehouseError."""
        try:
            with told("lock"):
                self._connection.cursor().execute("select 1")
        except WarehouseError as error:
            raise WarehouseError(
                "the run has lost its hold on the warehouse, and another may have begun",
                where=self._address.shown,
                hint="run again: what was not committed is undone; docs/redshift.md speaks of idle sessions",
            ) from error

    def close(self) -> None:
        with suppress(Exception):  # a lock goes with its connection, however that ends
            self._connection.cursor().execute("rollback")
        with suppress(Exception):
            part(self._connection)


def is_made(connection: Any) -> bool:
    """Whether a run has ever written to the database."""
    with told(_EXISTS):
        cursor = connection.cursor()
        cursor.execute(_EXISTS)
        return bool(cursor.fetchall()[0][0])


def hold(connection: Any, address: Address) -> Holder:
    """Take the lock; raises WarehouseError where another run has it."""
    for statement in () if is_made(connection) else _MAKE:
        with told(statement):
            connection.cursor().execute(statement)
    locking = connect(address)
    try:
        for statement in _TAKE:
            locking.cursor().execute(statement)
    except driver().Error as error:
        part(locking)
        if fields(error).get("C") == CANCELLED:
            raise WarehouseError(
                "the warehouse is in use by another run",
                where=address.shown,
                hint="wait until that run has ended; `run`, `rejects replay` and `sweep` wait with --wait SECONDS",
            ) from None
        raise refusal("lock", error) from None
    return Holder(locking, address)
