"""What BigQuery refuses before it runs a statement, and whether it is one of rows, of tables, or of a transaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.sandbox.bigquery.refused import INVALID_QUERY, Refused, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = re.compile(r"begin( transaction)?;?", re.IGNORECASE)
COMMIT = re.compile(r"commit( transaction)?;?", re.IGNORECASE)
ROLLBACK = re.compile(r"rollback( transaction)?;?", re.IGNORECASE)
ABORT = re.compile(r"call bq\.abort_session\('([^']+)'\);?", re.IGNORECASE)
COPY = re.compile(r"create or replace table (`[^`]+`\.`[^`]+`) copy (`[^`]+`\.`[^`]+`);?", re.IGNORECASE)
RENAME = re.compile(r"alter table (`[^`]+`\.`[^`]+`) rename to (`[^`]+`);?", re.IGNORECASE)
# Words that other warehouses have and BigQuery has not.
FOREIGN = re.compile(
    r"::|\bidentity\b|\breturning\b|\bunlogged\b|\bilike\b|\bvarchar\b|\bunion(?!\s+(all|distinct))\b", re.IGNORECASE
)
TABLE_NAME = re.compile(r"[\w \-]{1,1024}")
_TEXTS = re.compile(r"'(?:\\.|[^'\\])*'|`[^`]*`|\"(?:\\.|[^\"\\])*\"")
CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
MAKES = (exp.Create, exp.Drop, exp.Alter)
READS = (exp.Select, exp.SetOperation, exp.Subquery)


def judge(tree: exp.Expr, sql: str, *, in_transaction: bool, in_session: bool) -> None:
    """Refuse a statement that BigQuery would refuse whatever its tables hold."""
    bare = _TEXTS.sub("x", sql)
    if foreign := FOREIGN.search(bare):
        raise Refused(INVALID_QUERY, f"Syntax error: Unexpected {foreign[0]}")
    if not isinstance(tree, (*CHANGES, *MAKES, *READS)):
        raise unknown(f"a statement such as {tree.key}")
    if isinstance(tree, exp.Update | exp.Delete) and not tree.args.get("where"):
        raise Refused(INVALID_QUERY, f"{tree.key.upper()} must have a WHERE clause")
    if isinstance(tree, MAKES):
        _judge_making(tree, in_transaction=in_transaction, in_session=in_session)
    for table in tree.find_all(exp.Table):
        _judge_name(table, tree)
    _judge_columns(tree)


def is_temporary(tree: exp.Expr) -> bool:
    """Whether a statement makes or drops what lives in a session."""
    if isinstance(tree, exp.Drop):
        table = tree.find(exp.Table)
        return table is not None and table.db.lower() in ("", "_session") and tree.args.get("kind") == "TABLE"
    properties = tree.args.get("properties")
    return properties is not None and properties.find(exp.TemporaryProperty) is not None


def _judge_making(tree: exp.Expr, *, in_transaction: bool, in_session: bool) -> None:
    temporary = is_temporary(tree)
    if in_transaction and not temporary:
        raise Refused(INVALID_QUERY, "Transaction control: DDL statements on permanent entities are not supported")
    if temporary and not in_session:
        raise Refused(INVALID_QUERY, "Use of CREATE TEMPORARY TABLE requires a script or session")
    if temporary and isinstance(tree, exp.Create):
        table = tree.find(exp.Table)
        if table is not None and table.db:
            raise Refused(INVALID_QUERY, "Temporary tables may not be created with a dataset name")


def _judge_name(table: exp.Table, tree: exp.Expr) -> None:
    if table.this is None:
        return
    if not isinstance(table.this, exp.Identifier):
        raise Refused(INVALID_QUERY, f"Table-valued function not found: {table.this.key}")
    if table.db.lower() == "_session":
        return
    if table.db and not TABLE_NAME.fullmatch(table.name):
        raise Refused(INVALID_QUERY, f"Invalid table ID: {len(table.name)} characters")
    if table.find_ancestor(exp.Create, exp.Insert, exp.Update, exp.Delete) is tree and table.db.startswith("_"):
        raise unknown("hidden datasets")


def _judge_columns(tree: exp.Expr) -> None:
    if not isinstance(tree, exp.Create):
        return
    for column in tree.find_all(exp.ColumnDef):
        if not is_column_name(column.name):
            raise Refused(INVALID_QUERY, "Invalid field name")


def is_column_name(name: str) -> bool:
    """Whether a column may have a name."""
    forbidden = set('!"$()*,./;?@[\\]^`{}~')
    return bool(name.strip()) and not any(c in forbidden or c < " " for c in name) and len(name) <= 300


def tables_of(tree: exp.Expr) -> Iterator[tuple[str, str]]:
    """The tables of datasets that a statement names."""
    for table in tree.find_all(exp.Table):
        if table.db and table.db.lower() != "_session":
            yield table.db, table.name
