"""Why PostgreSQL refused a read, in words that quote no value of a cell.

The server's messages name tables and limits, and for a value that does not fit they quote it. What is known to be safe is
said in words of our own; of everything else the code of the error is all that is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import SourceError

if TYPE_CHECKING:
    import psycopg

    from starlode.postgres.address import Address

# Reasons that quote names and limits; others may quote the value of a cell.
_REASONS = {
    "statement timeout": "a query ran longer than `statement_timeout` allows",
    "lock timeout": "a lock was not given within `lock_timeout`",
    "permission denied": "this user may not read the table",
    "row-level security": "row-level security would hide rows from this user",
    "conflict with recovery": "the standby had to cancel the query",
    "too many clients": "the server takes no more connections",
    "connection slots": "the server takes no more connections",
    "too many connections": "the server takes no more connections",
    "does not exist": "a table or column is not there any more",
    "out of memory": "memory ran out",
    "Out of Memory": "memory ran out",
}
_HINTS = {
    "statement timeout": "raise `statement_timeout` of the source, or read in smaller pieces with `longest_query`",
    "row-level security": "read with a user that has BYPASSRLS, or select from a view that says which rows are meant",
    "conflict with recovery": "set hot_standby_feedback on the standby, or read from the primary",
    "permission denied": "grant select on it to the user",
    "too many clients": "`connections: 1` asks for fewer",
    "connection slots": "`connections: 1` asks for fewer",
    "too many connections": "`connections: 1` asks for fewer",
}


def refusal(address: Address, text: str, code: str = "") -> SourceError:
    """The error for what a reader or the server said."""
    plain = f"a value or a statement does not fit{f' (error {code})' if code else ''}"
    reason = next((said for word, said in _REASONS.items() if word in text), plain)
    hint = next((said for word, said in _HINTS.items() if word in text), None)
    return SourceError(f"PostgreSQL refuses a read: {reason}", where=address.shown, hint=hint)


def refused(address: Address, error: psycopg.Error) -> SourceError:
    """The error for what the driver raised; the text of a wrong statement is the user's own, and is shown.

    One that stands at no place of the statement came up with a row: `word::regclass` quotes the word that is no table.
    """
    code = error.sqlstate or ""
    is_of_text = error.diag.statement_position or error.diag.source_function == "aclcheck_error"
    if code.startswith("42") and is_of_text:
        message = error.diag.message_primary or "a statement is wrong"
        return SourceError(f"PostgreSQL refuses a read: {message}", where=address.shown, hint=_hint_of(message))
    return refusal(address, str(error), code)


def _hint_of(text: str) -> str | None:
    return next((said for word, said in _HINTS.items() if word in text), None)
