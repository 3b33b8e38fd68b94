"""Columns and cells as BigQuery's REST interface tells them, and what DuckDB calls its types."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlode.sandbox.bigquery.refused import INVALID, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

TOLD = {
    "BIGINT": "INTEGER",
    "HUGEINT": "INTEGER",
    "INTEGER": "INTEGER",
    "SMALLINT": "INTEGER",
    "TINYINT": "INTEGER",
    "UINTEGER": "INTEGER",
    "UBIGINT": "INTEGER",
    "DOUBLE": "FLOAT",
    "FLOAT": "FLOAT",
    "VARCHAR": "STRING",
    "UUID": "STRING",
    '"NULL"': "INTEGER",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
    "BLOB": "BYTES",
    "JSON": "JSON",
}
KEPT = {
    "INTEGER": "BIGINT",
    "INT64": "BIGINT",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "STRING": "VARCHAR",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMPTZ",
    "BYTES": "BLOB",
}
WHOLE_DIGITS, SCALE = 29, 9
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def field(name: str, word: str, description: str | None = None, *, is_declared: bool = False) -> dict[str, Any]:
    """A column by DuckDB's word for its type; only what is declared has a size of its own."""
    told: dict[str, Any] = {"name": name, "mode": "NULLABLE"}
    if description:
        told["description"] = description
    if found := _DECIMAL.fullmatch(word):
        precision, scale = int(found[1]), int(found[2])
        told["type"] = "NUMERIC" if scale <= SCALE and precision - scale <= WHOLE_DIGITS else "BIGNUMERIC"
        return told | ({"precision": str(precision), "scale": str(scale)} if is_declared else {})
    if word not in TOLD:
        raise Refused(INVALID, f"Unsupported by this double: the type {word}")
    return told | {"type": TOLD[word]}


def kept(told: dict[str, Any]) -> str:
    """DuckDB's type for a column that a request describes."""
    kind = told["type"]
    if kind in ("NUMERIC", "BIGNUMERIC"):
        return f"DECIMAL({told.get('precision', 38)},{told.get('scale', SCALE if kind == 'NUMERIC' else 18)})"
    if kind not in KEPT or told.get("mode", "NULLABLE") != "NULLABLE":
        raise Refused(INVALID, f"Unsupported by this double: a column of the type {kind}")
    return KEPT[kind]


def cell(value: Any) -> dict[str, Any]:
    """A value as a row of an answer tells it."""
    return {"v": None if value is None else _text(value)}


def value(parameter: dict[str, Any]) -> Any:
    """What a parameter of a query binds."""
    kind, text = parameter["parameterType"]["type"], parameter["parameterValue"].get("value")
    if text is None:
        return None
    ways: dict[str, Callable[[Any], Any]] = {
        "INT64": int,
        "FLOAT64": float,
        "BOOL": lambda told: str(told).lower() == "true",
        "NUMERIC": Decimal,
        "BIGNUMERIC": Decimal,
        "BYTES": base64.b64decode,
        "TIMESTAMP": datetime.fromisoformat,
        "DATETIME": datetime.fromisoformat,
    }
    return ways.get(kind, str)(text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat()
        passed = value - _EPOCH
        return str((passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(value), repr(value))
    return str(value)
