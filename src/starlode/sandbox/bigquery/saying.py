"""A statement of BigQuery in DuckDB's words: what means something else there is said so that it means the same.

Functions that DuckDB lacks are macros of each database. A name in a dataset is one in a schema; that of the project goes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from starlode.sandbox.bigquery.refused import INVALID_QUERY, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

MACROS = (
    "create macro farm_fingerprint(told) as cast(hash(told) >> 1 as bigint)",
    "create macro current_datetime() as cast(now() as timestamp)",
    "create macro bq_json(told) as coalesce(cast(to_json(told) as varchar), 'null')",
    "create macro bq_scalar(held, path) as case when json_type(cast(held as json), path) in ('OBJECT', 'ARRAY', 'NULL') "
    "then null else json_extract_string(cast(held as json), path) end",
    # A number as a text has no zeros that say nothing.
    "create macro bq_text(told) as case when starts_with(typeof(told), 'DECIMAL') or typeof(told) = 'DOUBLE' "
    "then regexp_replace(cast(told as varchar), '\\.0*$|(\\.\\d*?[1-9])0+$', '\\1') else cast(told as varchar) end",
    "create macro bq_nested(held, path) as cast(json_extract(cast(held as json), path) as varchar)",
)
SESSION = "_session"


@lru_cache(maxsize=1_000)
def parsed(sql: str) -> exp.Expr:
    """The tree of one statement, which is kept for when it comes again: nobody changes it."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="bigquery") if tree is not None]
    except SqlglotError as error:
        raise Refused(INVALID_QUERY, f"Syntax error: {str(error).splitlines()[0]}") from None
    if len(trees) != 1:
        raise Refused(INVALID_QUERY, "Unsupported by this double: a script of several statements")
    return trees[0]


def said(tree: exp.Expr) -> str:
    """A tree in DuckDB's words."""
    return tree.transform(_said).sql(dialect="duckdb", comments=False, copy=False)


def _said(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table):
        return _table(node)
    way = _WAYS.get(type(node))
    return way(node) if way is not None else node


def _table(node: exp.Table) -> exp.Expr:
    node.set("catalog", None)
    if node.db.lower() == SESSION:
        node.set("db", None)
    return node


def _kind(node: Any) -> exp.Expr:
    bare = {exp.DataType.Type.DECIMAL: "DECIMAL(38, 9)", exp.DataType.Type.BIGDECIMAL: "DECIMAL(38, 18)"}
    if node.this in bare and not node.expressions:
        return exp.DataType.build(bare[node.this], dialect="duckdb")
    return node  # type: ignore[no-any-return]


def _extract(node: Any) -> exp.Expr:
    if node.name.lower() == "dayofweek":
        # Sunday is 1 there, and 0 here.
        return _of("(extract(dow from {}) + 1)", node.expression)
    if node.name.lower() in _WITHIN:
        # What is left beside the whole seconds.
        return _of(f"cast(extract({node.name} from {{}}) % {_WITHIN[node.name.lower()]} as bigint)", node.expression)
    return _of(f"cast(extract({_PARTS.get(node.name.lower(), node.name)} from {{}}) as bigint)", node.expression)


def _of(shape: str, *parts: exp.Expr) -> exp.Expr:
    """A text of DuckDB around parts that are said by themselves."""
    return exp.maybe_parse(
        shape.format(*(part.transform(_said).sql(dialect="duckdb") for part in parts)), dialect="duckdb"
    )


def _json_text(node: Any) -> exp.Expr:
    return _of("bq_json({})", node.this)


def _cast(node: Any) -> exp.Expr:
    return _of("bq_text({})", node.this) if node.to.this in exp.DataType.TEXT_TYPES else node


def _part_of_text(node: Any) -> exp.Expr:
    """A part of a text, whose letters are counted from 1; 0 is 1."""
    parts = [node.this, node.args["start"], *([node.args["length"]] if node.args.get("length") else [])]
    return _of(
        f"substring({{0}}, case when {{1}} = 0 then 1 else {{1}} end{', {2}' if len(parts) > 2 else ''})", *parts
    )


def _end_of_text(node: Any) -> exp.Expr:
    word, told = node.key, "error('The length of LEFT and RIGHT cannot be negative')"
    return _of(f"case when {{1}} < 0 then {told} else {word}({{0}}, {{1}}) end", node.this, node.expression)


_WITHIN = {"millisecond": 1_000, "microsecond": 1_000_000}
_PARTS = {"isoweek": "week", "dayofyear": "doy"}
_WAYS: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.DataType: _kind,
    exp.Cast: _cast,
    exp.Extract: _extract,
    exp.ArrayToString: lambda node: _of(
        "case when {0} is not null then coalesce(array_to_string({0}, {1}), '') end", node.this, node.expression
    ),
    exp.IntDiv: lambda node: _of("(({}) // ({}))", node.this, node.expression),
    exp.ByteLength: lambda node: _of("strlen({})", node.this),
    exp.Unicode: lambda node: _of("case when {0} = '' then 0 else unicode({0}) end", node.this),
    exp.Substring: _part_of_text,
    exp.Left: _end_of_text,
    exp.Right: _end_of_text,
    exp.JSONFormat: _json_text,
    exp.JSONValue: lambda node: _of("bq_scalar({}, {})", node.this, _path(node)),
    exp.JSONExtractScalar: lambda node: _of("bq_scalar({}, {})", node.this, _path(node)),
    exp.JSONExtract: lambda node: _of("bq_nested({}, {})", node.this, _path(node)),
    exp.ParseJSON: lambda node: _of("cast({} as json)", node.this),
}


def _path(node: Any) -> exp.Expr:
    path = node.args.get("path") or node.expression
    return exp.Literal.string(path.this if isinstance(path, exp.Literal) else path.sql(dialect="bigquery").strip("'"))
