"""Rows that a question gave, as a table for people."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from starlode.terminal.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

NULL = "NULL"


def shown(answer: pa.Table) -> str:
    """The rows under their columns; numbers at the end of theirs."""
    names = _distinct(answer.column_names)
    right = {name for name, field in zip(names, answer.schema, strict=True) if _is_number(field.type)}
    columns = [[cell(value) for value in column.to_pylist()] for column in answer.columns]
    return table(names, list(zip(*columns, strict=True)), right=right)


def rows(answer: pa.Table) -> list[list[Any]]:
    """The rows as lists, in the order of the columns."""
    return [list(row) for row in zip(*(column.to_pylist() for column in answer.columns), strict=True)]


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _is_number(of: pa.DataType) -> bool:
    return pa.types.is_integer(of) or pa.types.is_floating(of) or pa.types.is_decimal(of)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names told apart, since two columns of a SELECT may be called alike."""
    return [name if names.index(name) == i else f"{name}:{i + 1}" for i, name in enumerate(names)]
