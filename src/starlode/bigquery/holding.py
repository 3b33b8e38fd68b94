"""One writer at a time: a lease that stands in the description of a table, renewed while a run lasts.

BigQuery has no locks. It changes a table's description only where the table is as it was when it was read, so of two runs that
take the lease at once one fails. A lease that is not renewed ends by itself; what its run has left open is ended by the next.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlode.bigquery.address import client, found_table
from starlode.bigquery.driver import driver, failures
from starlode.bigquery.refusing import refusal, told
from starlode.errors import StarlodeError, WarehouseError
from starlode.sql.ledger import LEDGER_SCHEMA
from starlode.table import Table

if TYPE_CHECKING:
    from starlode.bigquery.address import Address
    from starlode.bigquery.asking import Connection
    from starlode.bigquery.dialect import BigQueryDialect

LEASE = Table(LEDGER_SCHEMA, "lease")
SECONDS, RENEWED_EVERY = 90.0, 20.0


@dataclass(frozen=True)
class Lease:
    """Who holds a warehouse, until when, and in which session of BigQuery."""

    holder: str = ""
    host: str = ""
    process: int = 0
    until: float = 0.0
    session: str = ""

    def is_over(self) -> bool:
        """Whether it has ended: its time is up, or its process is no more."""
        return time.time() > self.until or (self.host == socket.gethostname() and not _lives(self.process))


class Holder:
    """The lease of a run."""

    def __init__(self, opened: Any, place: str, table: Any, lease: Lease) -> None:
        self._client = opened
        self._place = place
        self._table = table
        self._lease = lease
        self._renewed = time.monotonic()
        self._lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_again, daemon=True)
        self._thread.start()

    def prove(self) -> None:
        """Prove that the lease is still ours; raises WarehouseError."""
        if self._lost or time.monotonic() - self._renewed > SECONDS:
            raise WarehouseError(
                "the run has lost its hold on the warehouse, and another may have begun",
                where=self._place,
                hint="run again: what was not committed is undone",
            )

    def close(self) -> None:
        """Give the lease back."""
        self._ended.set()
        self._thread.join()
        with suppress(*failures(), StarlodeError):  # it ends by itself
            _write(self._client, self._table, Lease())
        self._client.close()

    def _renew_again(self) -> None:
        while not self._ended.wait(RENEWED_EVERY):
            with suppress(*failures()):  # the next time may be better, and `prove` looks at how long it was
                self._renew()

    def _renew(self) -> None:
        from google.api_core.exceptions import PreconditionFailed

        lease = Lease(**{**asdict(self._lease), "until": time.time() + SECONDS})
        try:
            self._table = _write(self._client, self._table, lease)
            self._renewed = time.monotonic()
        except PreconditionFailed:
            found = self._client.get_table(self._place)
            # An answer may have been lost: then what stands there is ours.
            self._lost = _read(found).holder != lease.holder
            self._table = found


def is_made(opened: Any, address: Address, dialect: BigQueryDialect) -> bool:
    """Whether a run has ever written to the warehouse."""
    return found_table(opened, address.place(dialect.table(LEASE))) is not None


def hold(connection: Connection, dialect: BigQueryDialect) -> Holder:
    """Take the lease; raises WarehouseError where another run has it."""
    from google.api_core.exceptions import PreconditionFailed

    address, place = connection.address, connection.address.place(dialect.table(LEASE))
    opened = client(address)
    try:
        table = found_table(opened, place) or _made(opened, place)
        held = _read(table)
        if not held.is_over():
            raise _in_use(address, held)
        lease = Lease(uuid4().hex, socket.gethostname(), os.getpid(), time.time() + SECONDS, connection.session)
        try:
            table = _write(opened, table, lease)
        except PreconditionFailed:
            raise _in_use(address, _read(opened.get_table(place))) from None
        except failures() as error:
            raise refusal(place, error) from None
        if held.session:
            with suppress(WarehouseError):  # a session that has ended cannot be ended
                connection.end_session(held.session)
    except BaseException:
        opened.close()
        raise
    return Holder(opened, place, table, lease)


def _made(opened: Any, place: str) -> Any:
    api = driver()
    with told(place):
        return opened.create_table(api.Table(place, schema=[api.SchemaField("since", "DATETIME")]), exists_ok=True)


def _read(table: Any) -> Lease:
    return Lease(**json.loads(table.description)) if table.description else Lease()


def _write(opened: Any, table: Any, lease: Lease) -> Any:
    table.description = json.dumps(asdict(lease))
    return opened.update_table(table, ["description"])


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _in_use(address: Address, held: Lease) -> WarehouseError:
    left = max(0, round(held.until - time.time()))
    return WarehouseError(
        f"the warehouse is in use by process {held.process} of {held.host}",
        where=address.shown,
        hint=f"wait until that run has ended, or {left} s if it has died; `run`, `rejects replay` and `sweep` wait with "
        "--wait SECONDS",
    )
