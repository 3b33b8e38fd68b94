"""Why Snowflake refused a statement, in words that quote no value of a cell."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from starlode.errors import StarlodeError, Stopped, WarehouseError
from starlode.snowflake.driver import driver

if TYPE_CHECKING:
    from collections.abc import Iterator

# Errors below this number speak of names, rights and syntax; those of values are above it, and quote them.
SPOKEN_BELOW = 100_000
DENIED, UNKNOWN, LOCKED = 3001, (904, 2003, 2043), 625
# A statement that was stopped from outside, and a virtual warehouse that may compute no more.
CANCELLED, USED_UP = 604, 90_073
# The server tells codes of its own where the session is no more, and the driver where nobody answers.
SESSION_LOST = range(390_104, 390_120)
UNANSWERED = range(250_000, 260_000)
# How COPY names the column of a value that it could not take.
COLUMN = re.compile(r'column "[^"]*"\["([^"]+)"')


class Unknown(WarehouseError):
    """A statement names what is not there, or what may not be seen."""


class Refused(WarehouseError):
    """A value does not fit where it should go; the column is told where it is known."""

    column = ""


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Turns what the driver raises into what a user can act on."""
    opened = driver()
    try:
        yield
    except opened.errors.Error as error:
        raise refusal(sql, error) from None
    except OSError:
        raise _lost(sql) from None


def refusal(sql: str, error: Any) -> StarlodeError:
    """The error of a statement, and what to do."""
    number = int(error.errno or -1)
    if number in SESSION_LOST or number in UNANSWERED or number < 0:
        return _lost(sql)
    if number == LOCKED:
        return Stopped(
            "Snowflake stopped a statement: another session holds a lock on the same table",
            where=_shown(sql),
            hint="run again: what was not committed is undone",
        )
    if number == CANCELLED:
        return Stopped(
            "Snowflake stopped a statement: somebody, a limit of time or a resource monitor has cancelled it",
            where=_shown(sql),
            hint="look at the query history, and run again: what was not committed is undone",
        )
    if number >= SPOKEN_BELOW:
        refused = Refused(f"Snowflake refuses a statement: a value does not fit ({number:06})", where=_shown(sql))
        found = COLUMN.search(str(error.raw_msg or ""))
        refused.column = found[1] if found else ""
        return refused
    kind = Unknown if number in UNKNOWN else WarehouseError
    hint = "docs/snowflake.md names the rights that a run needs" if number in (DENIED, *UNKNOWN) else None
    if number == USED_UP:
        hint = "raise the quota of the resource monitor, or wait until it begins anew; then run again"
    what = " ".join(str(error.raw_msg or "").split())[:300]
    return kind(f"Snowflake refuses a statement: {what} ({number:06})", where=_shown(sql), hint=hint)


def _lost(sql: str) -> WarehouseError:
    return WarehouseError(
        "the connection to Snowflake is lost", where=_shown(sql), hint="run again: what was not committed is undone"
    )


def _shown(sql: str) -> str:
    return " ".join(sql.split())[:200]
