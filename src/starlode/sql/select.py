"""Reading the users' SELECTs: which streams they name, which columns they give, which stream drives them.

sqlglot reads; it never writes a statement that changes a table. Users write in DuckDB's SQL, and the target's dialect gets
the same tree printed in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Select
    from starlode.table import Table

USERS_DIALECT = "duckdb"


class SelectMistake(Exception):  # noqa: N818  turned into a Mistake where the file is known
    """A SELECT that cannot be used, with the line and column in its text (0 when unknown)."""

    def __init__(self, what: str, line: int = 0, column: int = 0, width: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column
        self.width = width


@dataclass(frozen=True)
class StreamName:
    """A `source.stream` as a SELECT names it, and where."""

    source: str
    stream: str
    line: int
    column: int
    width: int

    def __str__(self) -> str:
        return f"{self.source}.{self.stream}"


def parse(select: Select) -> exp.Query:
    """The tree of exactly one SELECT (or set operation, or WITH … SELECT); SelectMistake otherwise."""
    try:
        trees = [tree for tree in sqlglot.parse(select.sql, dialect=USERS_DIALECT) if tree is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        line, end = int(first.get("line") or 0), int(first.get("col") or 0)
        word = str(first.get("highlight") or " ")
        column = max(1, end - len(word) + 1)
        raise SelectMistake(str(first.get("description") or error), line, column, len(word)) from error
    except TokenError as error:
        raise SelectMistake(str(error)) from error
    if len(trees) != 1:
        raise SelectMistake(f"expected one SELECT, found {len(trees)} statements")
    tree = trees[0]
    if not isinstance(tree, exp.Query):
        raise SelectMistake(f"expected a SELECT, found {tree.key.upper()}")
    return tree


def reads(tree: exp.Query) -> tuple[StreamName, ...]:
    """The streams that a SELECT names, each once, in order; names of its own WITH clauses are not streams."""
    found: dict[tuple[str, str], StreamName] = {}
    for table in tree.find_all(exp.Table):
        if not table.db:
            continue
        name = _stream_name(table)
        found.setdefault((name.source, name.stream), name)
    return tuple(found.values())


def unqualified(tree: exp.Query) -> tuple[StreamName, ...]:
    """Table names without a source that are no WITH clause of the SELECT either: always a mistake."""
    known = {cte.alias for cte in tree.find_all(exp.CTE)}
    return tuple(
        _stream_name(table)
        for table in tree.find_all(exp.Table)
        if not table.db and table.name and table.name not in known
    )


def outputs(tree: exp.Query) -> tuple[str, ...] | None:
    """The names of the columns that a SELECT gives, or None where a star leaves them to the streams."""
    names = tree.named_selects
    return None if "*" in names or any(not name for name in names) else tuple(names)


def driving(tree: exp.Query) -> exp.Table | None:
    """The first table of FROM, which joins add to or take from; None for set operations and sub-selects."""
    if not isinstance(tree, exp.Select):
        return None
    source = tree.args.get("from_") or tree.args.get("from")
    table = source.this if source is not None else None
    return table if isinstance(table, exp.Table) and table.db else None


def resolve(tree: exp.Query, places: Mapping[str, Table], sqlglot_dialect: str) -> str:
    """The SELECT in the target's words, with each `source.stream` replaced by the table that holds it."""
    copy = tree.copy()
    for table in copy.find_all(exp.Table):
        if not table.db:
            continue
        place = places[f"{table.db}.{table.name}"]
        alias = table.alias_or_name
        table.set("db", exp.to_identifier(place.schema, quoted=True))
        table.set("this", exp.to_identifier(place.name, quoted=True))
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
    return copy.sql(dialect=sqlglot_dialect, pretty=True, comments=False)


def _stream_name(table: exp.Table) -> StreamName:
    first = table.args["db"] if table.db else table.this
    line = int(first.meta.get("line") or 0)
    column = int(first.meta.get("col") or 0) - len(first.name) + 1
    width = len(f"{table.db}.{table.name}") if table.db else len(table.name)
    return StreamName(table.db, table.name, line, max(column, 0), width)
