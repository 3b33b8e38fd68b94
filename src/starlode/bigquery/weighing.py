"""What the statements of a plan would be billed for: dry runs in a session in which the plan's work tables stand empty.

A dry run knows the sizes of tables and nothing of rows. A work table is made with the columns that its SELECT would give, which
is free of charge, so that what reads it can be weighed as well; its own rows weigh nothing here.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlode.bigquery import acting
from starlode.errors import StarlodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.bigquery.asking import Connection

# What is billed is counted in mebibytes, and ten at least for each table that a statement names.
UNIT = 1 << 20
LEAST_UNITS = 10
# Statements of tables and views, which cost nothing.
_FREE = re.compile(r"\s*(create (table|schema|view|or replace view)|drop|alter)\b", re.IGNORECASE)
_SELECT = re.compile(r"\s+as\s", re.IGNORECASE)
_KINDS = {"INTEGER": "int64", "FLOAT": "float64", "BOOLEAN": "bool"}


class BigQueryScale:
    """Weighs statements by dry runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        connection.begin_session()

    def weigh(self, sql: str, values: Sequence[Any] = ()) -> int | None:
        """How many bytes a statement would be billed for; None where a table is missing that it reads."""
        found = acting.MAKES.match(sql)
        if found and (found["temp"] or "." not in found["name"]):
            return self._weigh_made(found["name"], sql, found.end(), values)
        return 0 if _FREE.match(sql) else _billed(self._connection.tried(sql, values))

    def close(self) -> None:
        with suppress(StarlodeError):  # a session that is lost ends by itself
            self._connection.end_session()
        self._connection.close()

    def _weigh_made(self, name: str, sql: str, end: int, values: Sequence[Any]) -> int | None:
        """Weigh what makes a work table, and let it stand there empty."""
        select = _SELECT.match(sql, end)
        if select is None:
            self._connection.tried(acting.made_anew(sql), is_dry=False)
            return 0
        job = self._connection.tried(sql[select.end() :], values)
        if job is None:
            # One of this name from before has other columns.
            self._connection.tried(f"drop table if exists _SESSION.`{name.strip('`')}`", is_dry=False)
            return None
        columns = ",\n  ".join(
            f"`{field.name}` {_KINDS.get(field.field_type, field.field_type)}" for field in job.schema
        )
        self._connection.tried(f"create or replace temp table {name} (\n  {columns}\n)", is_dry=False)
        return _billed(job)


def _billed(job: Any) -> int | None:
    if job is None:
        return None
    units = -(-int(job.total_bytes_processed or 0) // UNIT)
    return max(units, LEAST_UNITS * len(job.referenced_tables)) * UNIT
