"""Why Redshift refused a statement, in words that quote no value of a cell."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from starlode.errors import StarlodeError, Stopped, WarehouseError
from starlode.redshift.driver import driver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Classes of errors whose messages speak of names, rights and resources; others may quote a value.
SPOKEN = ("08", "0A", "25", "26", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58")
DENIED, STANDS_ON, CANCELLED = "42501", "2BP01", "57014"
TOO_LONG = "22001"
# What Redshift could not do in a bucket, whatever the code is.
OF_S3 = re.compile(r"S3ServiceException:\s*([^,]+)|(not authorized to assume IAM Role)")
NO_ROOM, QUOTA = "53100", "exceeding the disk space quota"
UNDONE = "run again: what was not committed is undone"
# Two loads that read and write each other's tables.
CONFLICT = "1023"


def fields(error: Exception) -> Mapping[str, str]:
    """What the server told, by the letters of its fields; nothing where the connection is lost."""
    told: Any = error.args[0] if error.args else {}
    return told if isinstance(told, dict) else {}


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Turns what the driver raises into what a user can act on."""
    opened = driver()
    try:
        yield
    except opened.Error as error:
        raise refusal(sql, error) from None
    except (OSError, AttributeError, ValueError) as error:
        if (
            isinstance(error, AttributeError | ValueError)
            and "NoneType" not in str(error)
            and "closed" not in str(error)
        ):
            raise
        raise _lost(sql) from None


def refusal(sql: str, error: Exception) -> StarlodeError:
    """The error of a statement, and what to do."""
    held = fields(error)
    code, message = held.get("C", ""), held.get("M", "")
    if not code:
        return _lost(sql)
    if found := OF_S3.search(message):
        return WarehouseError(
            f"Redshift cannot use the bucket: {found[1] or found[2]}",
            where=_shown(sql),
            hint=f"docs/redshift.md says what its role needs; {UNDONE}",
        )
    if code == NO_ROOM or QUOTA in message:
        return WarehouseError(
            "Redshift has no room left" + (" in the quota of a schema" if QUOTA in message else " on its disks"),
            where=_shown(sql),
            hint=f"make room, or raise the quota (`alter schema … quota …`) or the cluster's size; then {UNDONE}",
        )
    what, hint = "a value does not fit", None
    if code.startswith(SPOKEN):
        what = message
    if code == DENIED:
        hint = "docs/redshift.md names the rights that a run needs"
    elif code.startswith("2B"):
        hint = "change or drop what stands on it, and run again; a view `with no schema binding` stands on nothing"
    elif code == TOO_LONG:
        what = "a text is longer than its column, or than the 65,535 bytes that Redshift can hold"
    elif CONFLICT in message:
        return Stopped(
            "Redshift stopped a statement: another session reads and writes the same tables (1023)",
            where=_shown(sql),
            hint=UNDONE,
        )
    return WarehouseError(f"Redshift refuses a statement: {what}", where=_shown(sql), hint=hint)


def _lost(sql: str) -> WarehouseError:
    return WarehouseError("the connection to Redshift is lost", where=_shown(sql), hint=UNDONE)


def _shown(sql: str) -> str:
    return " ".join(sql.split())[:200]
