"""Reading the users' SELECTs: which streams they name, which columns they give, which stream drives them.

sqlglot reads; it never writes a statement that changes a table. Users write in DuckDB's SQL, and the target's dialect gets
the same tree printed in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.star import Select
    from starlode.table import Table

USERS_DIALECT = "duckdb"
Tree = TypeVar("Tree", bound=exp.Expr)


class SelectMistake(Exception):
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
    for table in tree.find_all(exp.Table):
        if table.catalog:
            name = _stream_name(table)
            what = f"`{table.catalog}.{name}` has too many parts: a stream is named source.stream"
            raise SelectMistake(what, name.line, name.column, name.width)
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


def shown(tree: exp.Expr, place: Table) -> tuple[str, ...]:
    """The columns of a staging table that a SELECT sees: the stream's own, and those added by staging that it names."""
    named = {column.name for column in tree.find_all(exp.Column)}
    return tuple(name for name in place.names if not name.startswith("_") or name in named)


def resolve(
    tree: exp.Query, places: Mapping[str, Table], sqlglot_dialect: str, given: Mapping[str, str] | None = None
) -> str:
    """The SELECT in the target's words, with each `source.stream` replaced by the columns that its table shows.

    `given` holds SELECTs that stand in for the streams under certain aliases.
    """
    return settle(tree, places, sqlglot_dialect, given).sql(dialect=sqlglot_dialect, pretty=True, comments=False)


def settle(
    tree: Tree, places: Mapping[str, Table], sqlglot_dialect: str, given: Mapping[str, str] | None = None
) -> Tree:
    """A SELECT, or a part of one, whose streams are the columns that their tables show."""
    copy = tree.copy()
    instead = given or {}
    for table in list(copy.find_all(exp.Table)):
        if not table.db:
            continue
        alias = table.alias_or_name
        place = places[f"{table.db}.{table.name}"]
        chosen: exp.Query
        if alias in instead:
            chosen = sqlglot.parse_one(instead[alias], dialect=sqlglot_dialect)  # type: ignore[assignment]
        else:
            columns = (exp.column(name, quoted=True) for name in shown(copy, place))
            chosen = exp.select(*columns).from_(exp.table_(place.name, db=place.schema, quoted=True))
        table.replace(chosen.subquery(exp.to_identifier(alias, quoted=True)))
    return copy


def _stream_name(table: exp.Table) -> StreamName:
    first = table.args["db"] if table.db else table.this
    line = int(first.meta.get("line") or 0)
    column = int(first.meta.get("col") or 0) - _written_width(first) + 1
    width = _written_width(table.this) + (_written_width(first) + 1 if table.db else 0)
    return StreamName(table.db, table.name, line, max(column, 0), width)


def _written_width(name: exp.Expression) -> int:
    return len(name.name) + (2 if name.args.get("quoted") else 0)
