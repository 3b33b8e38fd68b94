"""Why PostgreSQL refused a statement, in words that quote no value of a cell.

The server's DETAIL and CONTEXT quote rows, and so do the messages of its classes for data and for constraints. Of those
only the name of the error is told.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlode.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

# Classes of errors whose messages speak of names, rights and resources; others may quote a value.
SPOKEN = ("08", "0A", "25", "26", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58")
STANDS_ON = "2B"
DENIED = "42501"
BROKEN = ("08", "57P")


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Turns what the driver raises into what a user can act on."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise _refused(sql, error) from None


def _refused(sql: str, error: psycopg.Error) -> WarehouseError:
    code = error.sqlstate or ""
    what = f"{type(error).__name__}: a value does not fit"
    if not code:
        what = "the connection is lost" if "connection" in str(error) else type(error).__name__
    elif code.startswith(SPOKEN):
        what = error.diag.message_primary or type(error).__name__
    hint = None
    if code.startswith(STANDS_ON):
        what = f"{what} ({'; '.join((error.diag.message_detail or '').splitlines())})"
        hint = "change or drop what stands in the way, and run again"
    elif code == DENIED:
        hint = "the docs name the rights that a run needs"
    elif code.startswith(BROKEN) or not code:
        hint = "run again: what was not committed is undone"
    return WarehouseError(f"PostgreSQL refuses a statement: {what}", where=" ".join(sql.split())[:200], hint=hint)
