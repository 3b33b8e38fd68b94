"""What users' functions are called in BigQuery, where the printer of SQL does not know it or knows it otherwise.

A function that has no counterpart is printed as it is, and BigQuery says that it does not know it: an error, and never another
result. What is not the same there is said so that it is: division, numbers with a point, and the greatest of several values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from starlode.bigquery.names import table_written, written
from starlode.sql.ledger import LEDGER_SCHEMA
from starlode.sql.staging import STAGING_SCHEMA
from starlode.sql.translate import Untranslated
from starlode.star import STAR_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECT = "bigquery"
UNNESTED = "unnested"
SCHEMAS = (LEDGER_SCHEMA, STAGING_SCHEMA, STAR_SCHEMA)
KINDS = {
    exp.DataType.Type.INT128: "bignumeric(38, 0)",
    exp.DataType.Type.UINT128: "bignumeric(38, 0)",
    exp.DataType.Type.UBIGINT: "numeric(20, 0)",
    exp.DataType.Type.JSON: "string",
}
# Digits behind the point that a NUMERIC keeps.
SCALE, WHOLE_DIGITS = 9, 29


def said(tree: exp.Expr, prefix: str = "") -> exp.Expr:
    """A user's SELECT, or a part of one, in what BigQuery has for it, with the datasets' prefix. It is changed in place."""
    for select in list(tree.find_all(exp.Select)):
        _unnest_beside(select)
    for name in tree.find_all(exp.Identifier):
        if not (isinstance(name.parent, exp.Table) and name.parent.db):
            name.set("this", written(name.this))
    for table in tree.find_all(exp.Table):
        if table.db:
            table.this.set("this", table_written(table.name))
            # A text that was said before has the prefix already.
            before = prefix if table.db in SCHEMAS else ""
            table.args["db"].set("this", f"{before}{written(table.db, of_table=True)}")
    return tree.transform(_said)


def _unnest_beside(select: exp.Select) -> None:
    """Join the list that a SELECT unnests in one of its columns, which BigQuery has no other way to say."""
    found = [p for p in select.selects if p.find(exp.Explode)]
    if not found:
        return
    column = found[0]
    if (
        len(found) > 1
        or not isinstance(column.unalias(), exp.Explode)
        or select.find(exp.AggFunc)
        or not select.args.get("from_")
    ):
        raise Untranslated("it unnests more than one list, or beside what sums rows up")
    name = exp.to_identifier(f"{UNNESTED}_{column.alias_or_name}", quoted=True)
    listed = exp.Unnest(expressions=[column.unalias().this.copy()], alias=exp.TableAlias(columns=[name]))
    column.replace(exp.alias_(exp.Column(this=name.copy()), column.alias_or_name, quoted=True))
    select.append("joins", exp.Join(this=listed, kind="CROSS"))


def _said(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType):
        return _kind(node)
    if isinstance(node, exp.Literal):
        return _number(node)
    way = _NAMED.get(node.name.lower()) if isinstance(node, exp.Anonymous) else _WAYS.get(type(node))
    text = way(node) if way is not None else None
    return node if text is None else exp.maybe_parse(text, dialect=DIALECT)


def _kind(node: exp.DataType) -> exp.Expr:
    if node.this in KINDS:
        return exp.DataType.build(KINDS[node.this], dialect=DIALECT)
    if node.this == exp.DataType.Type.DECIMAL:
        digits = [int(part.name) for part in node.expressions] or [18, 3]
        precision, scale = digits[0], digits[1] if len(digits) > 1 else 0
        is_small = scale <= SCALE and precision - scale <= WHOLE_DIGITS
        return exp.DataType.build(f"{'numeric' if is_small else 'bignumeric'}({precision}, {scale})", dialect=DIALECT)
    return node


def _number(node: exp.Literal) -> exp.Expr:
    """A number with a point, which is exact in the users' own SQL."""
    if node.is_string or "." not in node.name or "e" in node.name.lower():
        return node
    kind = "NUMERIC" if len(node.name.partition(".")[2]) <= SCALE else "BIGNUMERIC"
    return exp.cast(exp.Literal.string(node.name), exp.DataType.build(kind, dialect=DIALECT))


def _text(node: Any) -> str:
    """A part as it is printed, its own parts said before it."""
    return node.transform(_said).sql(dialect=DIALECT)  # type: ignore[no-any-return]


def _div(node: exp.Expr) -> str:
    return f"safe_divide(cast({_text(node.this)} as float64), cast({_text(node.expression)} as float64))"


def _widest(how: str) -> Callable[[exp.Expr], str]:
    """The greatest or least of several values, NULLs aside."""

    def way(node: exp.Expr) -> str:
        values = ", ".join(_text(part) for part in (node.this, *node.expressions))
        return f"(select {how}(v) from unnest([{values}]) as v)"

    return way


def _moment(node: exp.Expr) -> str | None:
    """A moment counted from 1970; one in seconds has a zone, as in the users' own SQL."""
    scale = node.args.get("scale")
    words = {"3": "timestamp_millis", "6": "timestamp_micros"}
    return f"cast({words[scale.name]}({_text(node.this)}) as datetime)" if scale and scale.name in words else None


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    word = (unit.name if unit else "day").lower()
    return "isoweek" if word == "week" else word


def _truncated(node: exp.Expr) -> str:
    return f"datetime_trunc(cast({_text(node.this)} as datetime), {_unit(node)})"


def _difference(node: exp.Expr) -> str:
    last, first = _text(node.this), _text(node.expression)
    return f"datetime_diff(cast({last} as datetime), cast({first} as datetime), {_unit(node)})"


def _formatted(node: exp.Expr) -> str:
    return f"format_datetime({node.args['format'].sql(dialect=DIALECT)}, cast({_text(node.this)} as datetime))"


def _extracted(node: exp.Expr) -> str | None:
    group = node.args.get("group")
    if group is not None and group.name not in ("0", "1"):
        return None
    value, pattern = _text(node.this), _text(node.expression)
    return f"if({value} is null, null, coalesce(regexp_extract({value}, {pattern}), ''))"


def _part(node: exp.Expr) -> str | None:
    """A part of a moment whose name means something else in BigQuery."""
    at = _text(node.expression)
    ways = {
        "week": f"extract(isoweek from {at})",
        "dow": f"(extract(dayofweek from {at}) - 1)",
        "isodow": f"(mod(extract(dayofweek from {at}) + 5, 7) + 1)",
        "doy": f"extract(dayofyear from {at})",
    }
    return ways.get(node.name.lower())


def _walked(node: exp.Expr) -> str:
    path = node.expression.sql(dialect=DIALECT)
    return f"json_query({_text(node.this)}, {path})"


def _walked_text(node: exp.Expr) -> str:
    held, path = _text(node.this), node.expression.sql(dialect=DIALECT)
    return f"coalesce(json_value({held}, {path}), json_query({held}, {path}))"


def _of(shape: str) -> Callable[[exp.Expr], str]:
    """A way that puts the parts of a node into a text, by their names."""
    return lambda node: shape.format(
        **{name: _text(part) for name, part in node.args.items() if isinstance(part, exp.Expr)}
    )


def _first(shape: str) -> Callable[[exp.Expr], str]:
    """A way that puts what a function is given into a text, by its place."""
    return lambda node: shape.format(*(_text(part) for part in node.expressions))


_WAYS: dict[type[exp.Expr], Callable[[exp.Expr], str | None]] = {
    exp.Div: _div,
    exp.IntDiv: _of("div({this}, nullif({expression}, 0))"),
    exp.Mod: _of("mod({this}, nullif({expression}, 0))"),
    exp.Greatest: _widest("max"),
    exp.Least: _widest("min"),
    exp.UnixToTime: _moment,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.DateDiff: _difference,
    exp.TimeToStr: _formatted,
    exp.Dayname: _of("format_datetime('%A', cast({this} as datetime))"),
    exp.Monthname: _of("format_datetime('%B', cast({this} as datetime))"),
    exp.DayOfWeekIso: _of("(mod(extract(dayofweek from {this}) + 5, 7) + 1)"),
    exp.WeekOfYear: _of("extract(isoweek from {this})"),
    exp.Week: _of("extract(isoweek from {this})"),
    exp.Extract: _part,
    exp.Contains: _of("(strpos({this}, {expression}) > 0)"),
    exp.RegexpExtract: _extracted,
    exp.RegexpFullMatch: _of("regexp_contains({this}, concat('^(?:', {expression}, ')$'))"),
    exp.JSONExtract: _walked,
    exp.JSONExtractScalar: _walked_text,
    exp.AnyValue: _of("min({this})"),
    exp.TimeToUnix: _of("unix_seconds(cast({this} as timestamp))"),
}
_NAMED: dict[str, Callable[[exp.Expr], str | None]] = {
    "strlen": _first("byte_length({0})"),
    "now": _first("current_timestamp()"),
}
