"""How DuckDB writes types and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dialect import Dialect
from starlode.table import parse_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.table import Type

WORDS: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "integer": "BIGINT",
    "decimal": "DECIMAL",
    "double": "DOUBLE",
    "text": "VARCHAR",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "binary": "BLOB",
    "json": "JSON",
}
KINDS = {word: kind for kind, word in WORDS.items()} | {
    "FLOAT": "double",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "decimal(20,0)",
    "HUGEINT": "decimal(38,0)",
    "UHUGEINT": "decimal(38,0)",
    "UUID": "text",
    "INTERVAL": "text",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
}
# Temporary tables are spilled to disk as they are, tables of the file are compressed: half the time at ten million rows.
DIALECT = Dialect(
    sqlglot="duckdb",
    types=WORDS,
    max_name=255,
    create_work="create table",
    keeps_all=True,
    is_users=True,
)


def type_of(word: str) -> Type:
    """The type behind DuckDB's word; anything nested or unusual reads as JSON."""
    if word.startswith("DECIMAL"):
        return parse_type(word)
    if word.startswith("ENUM"):
        return parse_type("text")
    return parse_type(KINDS.get(word, "json"))
