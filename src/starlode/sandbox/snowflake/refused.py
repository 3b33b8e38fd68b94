"""Refusals with Snowflake's numbers, and what a statement is refused for."""

from __future__ import annotations

import re
from typing import Any

import duckdb
from snowflake.connector.errors import ProgrammingError

SYNTAX, UNKNOWN_FUNCTION, INVALID_VALUES, DENIED, LOCKED, UNFIT, MISSING, UNKNOWN = (
    *(1003, 2140, 2014, 3001),
    *(625, 100_038, 91_016, 2003),
)
_FILES = re.compile(r"\b(read_\w+|\w+_scan|glob|sniff_csv|duckdb_\w+|pragma_\w+)\s*\(", re.IGNORECASE)
_VALUES = re.compile(r"\bvalues\s*\([^()]*(parse_json|to_variant|object_construct)\s*\(", re.IGNORECASE)
_NOT_HIS = re.compile(r"\b(isodow|isoyear|unnest|list_\w+|date_diff|strftime|strptime|range)\s*\(", re.IGNORECASE)
_MERGE = re.compile(r"\s*merge\s", re.IGNORECASE)
_TEXT = re.compile(r"'(?:[^'\\]|''|\\.)*'")


def refused(number: int, message: str, state: str = "42601") -> ProgrammingError:
    return ProgrammingError(msg=message, errno=number, sqlstate=state)


def judge(sql: str) -> None:
    """Refuse what Snowflake would refuse and a DuckDB would not, and what this double does not imitate."""
    bare = _TEXT.sub("''", sql)
    found = _FILES.search(bare) or _NOT_HIS.search(bare)
    if found:
        raise refused(UNKNOWN_FUNCTION, f"SQL compilation error:\nUnknown function {found[1].upper()}")
    if _VALUES.search(bare):
        raise refused(INVALID_VALUES, "SQL compilation error:\nInvalid expression in VALUES clause")
    if _MERGE.match(bare):
        raise refused(SYNTAX, "the double does not know MERGE, whose duplicates it would not refuse")


def as_refused(error: duckdb.Error) -> Any:
    """What a DuckDB raised, as Snowflake would say it."""
    if isinstance(error, duckdb.TransactionException) and "onflict" in str(error):
        return refused(LOCKED, "the statement waited too long for a lock that another transaction holds", "57014")
    return refused(UNFIT, str(error).split("\n")[0], "22018")
