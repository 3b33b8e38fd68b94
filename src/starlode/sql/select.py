"""Reading the users' SELECTs: which streams they name, which columns they give, which stream drives them.

sqlglot reads; it never writes a statement that changes a table. Users write in DuckDB's SQL, and the target's dialect gets
the same tree printed in its own words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql.dialect import OWN
from starlode.sql.staging import LOAD_COLUMN
from starlode.sql.translate import qualified
from starlode.table import INTEGER, Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.star import Select
    from starlode.table import Table

# Without its version, sqlglot takes `~` for a match of a part, as DuckDB 2.0 may do.
USERS_DIALECT = "duckdb, version=1.5"
TECHNICAL = (FILE_COLUMN, ROW_COLUMN, LOAD_COLUMN)
TAKES_LAMBDA = ("list_", "array_", "apply", "filter", "reduce", "map_", "transform")
STANDS_IN, CARRIES, SPOT = "stands_in", "carries", "spot"
DRIVING = OWN + "driving"
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
    for union in tree.find_all(exp.SetOperation):
        if not all(isinstance(side, exp.Query) for side in (union.this, union.expression)):
            raise SelectMistake(f"expected a SELECT on both sides of {union.key.upper()}")
    for table in tree.find_all(exp.Table):
        if table.catalog:
            name = _stream_name(table)
            what = f"`{table.catalog}.{name}` has too many parts: a stream is named source.stream"
            raise SelectMistake(what, name.line, name.column, name.width)
    _drop_sources(tree)
    _read_arrows(tree)
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


def passed(tree: exp.Query, name: str) -> str | None:
    """The column of the driving stream that a SELECT gives under a name as it is, or None where it gives something else."""
    table = driving(tree)
    if table is None or not isinstance(tree, exp.Select):
        return None
    own = (table.alias_or_name.lower(), *(() if tree.args.get("joins") else ("",)))
    for projection in tree.selects:
        given = projection.unalias()
        if isinstance(given, exp.Column) and given.table.lower() in own:
            if given.is_star or projection.alias_or_name.lower() == name.lower():
                return name if given.is_star else given.name
        elif isinstance(given, exp.Star) and "" in own:
            return name
    return None


def shown(tree: exp.Expr, place: Table) -> tuple[str, ...]:
    """The columns of a staging table that a SELECT sees: the stream's own, and those added by staging that it names."""
    named = {column.name for column in tree.find_all(exp.Column)}
    return tuple(name for name in place.names if name not in TECHNICAL or name in named)


def resolve(
    tree: exp.Query, places: Mapping[str, Table], dialect: Dialect, instead: tuple[exp.Table, str] | None = None
) -> str:
    """The SELECT in the target's words, with each `source.stream` replaced by the columns that its table shows.

    `instead` is one of its tables, and a SELECT that stands in for that one alone.
    """
    if instead is not None:
        instead[0].meta[STANDS_IN] = instead[1]
    return dialect.say(settle(tree, places, dialect), pretty=True)


def settle(tree: Tree, places: Mapping[str, Table], dialect: Dialect) -> Tree:
    """A SELECT, or a part of one, whose streams are the columns that their tables show."""
    copy = tree.copy() if dialect.is_users else _qualified(tree, places)
    for table in list(copy.find_all(exp.Table)):
        if not table.db:
            continue
        chosen: exp.Query
        if STANDS_IN in table.meta:
            chosen = dialect.read(table.meta[STANDS_IN])  # type: ignore[assignment]
        else:
            place = places[f"{table.db}.{table.name}"]
            columns = (_shown(name, dialect) for name in shown(copy, place))
            chosen = exp.select(*columns).from_(exp.table_(place.name, db=place.schema, quoted=True))
        table.replace(chosen.subquery(exp.to_identifier(table.alias_or_name, quoted=True)))
    return copy


def qualified_over(tree: Tree, places: Mapping[str, Table]) -> Tree:
    """A copy of a SELECT with every name settled, by the columns that it sees of each stream."""
    return qualified(tree.copy(), {name: _visible(tree, place) for name, place in places.items()})


def standing(tree: Tree, spots: Mapping[int, str]) -> Tree:
    """A copy of a SELECT in which other SELECTs stand in for the streams of some of its spots."""
    copy = tree.copy()
    for table in copy.find_all(exp.Table):
        if table.meta.get(SPOT) in spots:
            table.meta[STANDS_IN] = spots[table.meta[SPOT]]
    return copy


def _visible(tree: exp.Expr, place: Table) -> Table:
    visible = shown(tree, place)
    return replace(place, columns=tuple(c for c in place.columns if c.name in visible))


def _shown(name: str, dialect: Dialect) -> exp.Expr:
    """A column of a stream, under the name by which a SELECT knows it."""
    column = exp.column(name, quoted=True)
    return column if dialect.is_users or name == name.lower() else exp.alias_(column, name.lower(), quoted=True)


def _qualified(tree: Tree, places: Mapping[str, Table]) -> Tree:
    """A SELECT with every name settled, by the columns that it sees of each stream; what stands in shows more of them."""
    copy = tree.copy()
    seen = {name: _visible(tree, place) for name, place in places.items()}
    for number, table in enumerate(copy.find_all(exp.Table)):
        if STANDS_IN in table.meta:
            place = seen[f"{table.db}.{table.name}"]
            number_of_row = (Column(DRIVING, INTEGER),) if DRIVING in table.meta[STANDS_IN].lower() else ()
            carried = table.meta.get(CARRIES, number_of_row)
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            # A stream may be read in several places, and what stands in one of them shows other columns than elsewhere.
            table.set("this", exp.to_identifier(f"{table.name} ({STANDS_IN} {number})", quoted=True))
            seen[f"{table.db}.{table.name}"] = replace(place, columns=(*place.columns, *carried))
    return qualified(copy, seen)


def _drop_sources(tree: exp.Query) -> None:
    """Let `source.stream.column` be `stream.column`, as the stream is a table of that name where it is read."""
    streams = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table) if table.db}
    for column in tree.find_all(exp.Column):
        for source, stream in (("catalog", "db"), ("db", "table")):
            if (column.text(source).lower(), column.text(stream).lower()) in streams:
                column.set(source, None)


def _read_arrows(tree: exp.Query) -> None:
    """Read `json_array_length(j -> 'a')` as DuckDB does: an arrow to a text or a number goes into JSON.

    sqlglot takes the first arrow of any function's argument for a lambda, which binds last where JSON's arrow binds first.
    """
    for arrow in list(tree.find_all(exp.Lambda)):
        call = arrow.parent
        name = call.name if isinstance(call, exp.Anonymous) else call.sql_name() if isinstance(call, exp.Func) else ""
        spine = [arrow.this]
        while isinstance(spine[-1], exp.Binary | exp.JSONExtract | exp.JSONExtractScalar | exp.Is):
            spine.append(spine[-1].this)
        first = spine[-1]
        if len(arrow.expressions) != 1 or not isinstance(first, exp.Literal) or name.lower().startswith(TAKES_LAMBDA):
            continue
        column = exp.Column(this=arrow.expressions[0].copy())
        path = sqlglot.parse_one(f"j -> {first.sql(USERS_DIALECT)}", dialect=USERS_DIALECT)
        path.set("this", column)
        if first is arrow.this:
            arrow.replace(path)
        else:
            first.replace(path)
            arrow.replace(arrow.this)


def _stream_name(table: exp.Table) -> StreamName:
    first = table.args["db"] if table.db else table.this
    line = int(first.meta.get("line") or 0)
    column = int(first.meta.get("col") or 0) - _written_width(first) + 1
    width = _written_width(table.this) + (_written_width(first) + 1 if table.db else 0)
    return StreamName(table.db, table.name, line, max(column, 0), width)


def _written_width(name: exp.Expression) -> int:
    return len(name.name) + (2 if name.args.get("quoted") else 0)
