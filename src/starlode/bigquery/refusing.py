"""Why BigQuery refused a request, in words that quote no value of a cell."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlode.bigquery.driver import failures
from starlode.errors import StarlodeError, Stopped, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Beginnings of messages that speak of names, kinds, rights and limits; others may quote a value.
SPOKEN = re.compile(
    r"(Syntax error|Unrecognized name|Function not found|No matching signature|Not found|Already Exists|Access Denied|"
    r"Column |Name |Table |Dataset |Query exceeded|Resources exceeded|UPDATE/MERGE must match|Transaction|Duplicate |"
    r"Statement |DDL |Session |A load job |Job |Unsupported |Aggregate |Quota exceeded|Exceeded rate limits|"
    r"Cannot read and write in different locations)"
)
COST = "bytesBilledLimitExceeded"
CONCURRENT = "concurrent update"
USED_UP = "quotaExceeded"
BUSY = ("rateLimitExceeded", USED_UP, "jobRateLimitExceeded", "backendError", "internalError")
DENIED = "docs/bigquery.md names the rights that a run needs"


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Turns what the client raises into what a user can act on."""
    try:
        yield
    except failures() as error:
        raise refusal(sql, error) from None


def refusal(sql: str, error: Exception) -> StarlodeError:
    """The error of a request, and what to do."""
    code, reason = getattr(error, "code", None), _reason(error)
    message = " ".join(str(getattr(error, "message", error)).split())
    where = " ".join(sql.split())[:200]
    if code is None and not reason:
        return _unreached(error, where)
    if CONCURRENT in message:
        return Stopped(
            "BigQuery stopped a transaction: another one changes the same table",
            where=where,
            hint="run again: what was not committed is undone",
        )
    if reason == COST:
        return WarehouseError(
            "a statement would read more than `maximum_gb` of the target allows",
            where=where,
            hint="look at `starlode plan`, and raise `maximum_gb` if that is right",
        )
    if reason == USED_UP:
        return Stopped(
            f"BigQuery refuses a statement: {_spoken(message)}",
            where=where,
            hint="quotas begin anew within a day, and some can be raised (the console's page Quotas); then run again",
        )
    if code in (401, 403) and reason not in BUSY:
        what = "the credentials are not right" if code == 401 else f"it is not allowed: {_spoken(message)}"
        return WarehouseError(f"BigQuery refuses a statement: {what}", where=where, hint=DENIED)
    if reason in BUSY or (isinstance(code, int) and code >= 429):
        return Stopped(
            f"BigQuery is too busy for a statement ({reason or code})", where=where, hint="run again in some minutes"
        )
    return WarehouseError(f"BigQuery refuses a statement: {_spoken(message)}", where=where)


def _reason(error: Exception) -> str:
    told = getattr(error, "errors", None) or ()
    first = told[0] if told else {}
    return str(first.get("reason", "")) if isinstance(first, dict) else ""


def _spoken(message: str) -> str:
    """What a message says, but for one that may quote a value."""
    # The client puts the verb, the address and a colon before what the server says.
    said = re.sub(r"^(\d{3} )?(GET|POST|PUT|PATCH|DELETE) \S+: ", "", message)
    said = re.sub(r"^Query error: ", "", said)
    found = SPOKEN.match(said)
    return re.split(r" at \[\d+:\d+\]|; reason: |\s*Location: ", said)[0] if found else "a value does not fit"


def _unreached(error: Exception, where: str) -> StarlodeError:
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, GoogleAuthError) and not getattr(error, "retryable", False):
        return WarehouseError(
            "BigQuery cannot be reached: the credentials are not right",
            where=where,
            hint="look at GOOGLE_APPLICATION_CREDENTIALS, or log in with `gcloud auth application-default login`",
        )
    return WarehouseError(
        "the connection to BigQuery is lost", where=where, hint="run again: what was not committed is undone"
    )
