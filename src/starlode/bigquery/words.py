"""What users' functions are called in BigQuery, where the printer of SQL does not know it or knows it otherwise.

A function that has no counterpart is printed as it is, and BigQuery says that it does not know it: an error, and never another
result. What is not the same there is said so that it is: division, numbers with a point, the greatest of several values, the
parts of a moment, and patterns, of which BigQuery knows one kind with one group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from starlode.bigquery.apart import set_apart
from starlode.bigquery.names import table_written, written
from starlode.sql.ledger import LEDGER_SCHEMA
from starlode.sql.patterns import likened, with_one_group
from starlode.sql.staging import STAGING_SCHEMA
from starlode.sql.translate import Untranslated, part_of
from starlode.sql.ways import Way, all_but, counted_from_one, of, replaced_everywhere, since_1970
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
# The parts of a moment, each a whole number.
PARTS = {
    **{part: f"extract({part} from {{0}})" for part in ("year", "quarter", "month", "day", "hour", "minute", "second")},
    "week": "extract(isoweek from {0})",
    "dow": "(extract(dayofweek from {0}) - 1)",
    "isodow": "(mod(extract(dayofweek from {0}) + 5, 7) + 1)",
    "doy": "extract(dayofyear from {0})",
    "millisecond": "(extract(second from {0}) * 1000 + extract(millisecond from {0}))",
    "microsecond": "(extract(second from {0}) * 1000000 + extract(microsecond from {0}))",
}
EPOCH = "safe_divide(cast(unix_micros(cast({0} as timestamp)) as float64), 1000000)"
# Digits behind the point that a NUMERIC keeps.
SCALE, WHOLE_DIGITS = 9, 29


def said(tree: exp.Expr, prefix: str = "") -> exp.Expr:
    """A user's SELECT, or a part of one, in what BigQuery has for it, with the datasets' prefix. It is changed in place."""
    for select in list(tree.find_all(exp.Select)):
        _unnest_beside(select)
    set_apart(tree)
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
    part = part_of(node)
    if part is not None:
        return exp.maybe_parse(PARTS[part[0]].format(_text(part[1])), dialect=DIALECT)
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
    last, first, unit = _text(node.this), _text(node.expression), _unit(node)
    if unit in ("isoweek", "weeks"):
        return f"div(date_diff(cast({last} as date), cast({first} as date), day), 7)"
    return f"datetime_diff(cast({last} as datetime), cast({first} as datetime), {unit})"


def _added(node: exp.Expr) -> str | None:
    """A moment and a span of time, as the sum that it is elsewhere."""
    if not isinstance(node.expression, exp.Interval):
        return None
    return _text(exp.Add(this=node.this.copy(), expression=node.expression.copy()))


def _formatted(node: exp.Expr) -> str:
    return f"format_datetime({node.args['format'].sql(dialect=DIALECT)}, cast({_text(node.this)} as datetime))"


def _extracted(node: exp.Expr) -> str:
    """What a pattern or a group of it matches: an empty text where it does not match, and NULL of no text."""
    group, value = node.args.get("group"), _text(node.this)
    number = int(group.name) if group is not None and group.name.isdigit() else 0
    pattern = exp.Literal.string(with_one_group(_fixed(node.expression), number)).sql(dialect=DIALECT)
    return f"if({value} is null, null, coalesce(regexp_extract({value}, {pattern}), ''))"


def _fixed(pattern: Any) -> str:
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise Untranslated("a pattern is no text of its own")
    return str(pattern.this)


def _liked(node: exp.Expr) -> str:
    """A comparison with a pattern, in which a backslash takes the meaning from what follows it."""
    like, mark = (node.this, node.expression.name) if isinstance(node, exp.Escape) else (node, "")
    if mark or isinstance(like.expression, exp.Literal):
        pattern = exp.Literal.string(likened(_fixed(like.expression), mark)).sql(dialect=DIALECT)
    else:
        pattern = rf"replace({_text(like.expression)}, '\\', '\\\\')"
    value, word = _text(like.this), "not like" if like.args.get("negate") else "like"
    return f"(lower({value}) {word} lower({pattern}))" if isinstance(like, exp.ILike) else f"({value} {word} {pattern})"


def _joined(node: exp.Expr) -> str:
    """Texts one after the other; one that is missing is empty."""
    listed = ", ".join(f"coalesce(cast({_text(part)} as string), '')" for part in node.expressions)
    return f"concat({listed})"


def _joined_by(node: exp.Expr) -> str:
    """Texts with a mark between them; one that is missing is left out."""
    mark, *parts = node.expressions
    return f"array_to_string([{', '.join(f'cast({_text(part)} as string)' for part in parts)}], {_text(mark)})"


def _split(node: exp.Expr) -> str:
    """A part of a text between marks, counted from 1; an empty text where there are fewer."""
    number = node.args["part_index"]
    if not (isinstance(number, exp.Literal) and number.name.isdigit() and number.name != "0"):
        raise Untranslated("`split_part` counts from the end, or by a number that is not written down")
    text, mark = _text(node.this), _text(node.args["delimiter"])
    return f"if({text} is null, null, coalesce(split({text}, {mark})[safe_ordinal({number.name})], ''))"


def _contained(node: exp.Expr) -> str:
    value = _text(node.expression)
    return f"if({value} is null, null, coalesce({value} in unnest({_text(node.this)}), false))"


def _logarithm(node: exp.Expr) -> str | None:
    return f"log10({_text(node.this)})" if node.args.get("expression") is None else None


def _walked(node: exp.Expr) -> str:
    path = node.expression.sql(dialect=DIALECT)
    return f"json_query({_text(node.this)}, {path})"


def _walked_text(node: exp.Expr) -> str:
    held, path = _text(node.this), node.expression.sql(dialect=DIALECT)
    return f"coalesce(json_value({held}, {path}), json_query({held}, {path}))"


def _first(shape: str) -> Way:
    """A way that puts what a function is given into a text, by its place."""
    return lambda node: shape.format(*(_text(part) for part in node.expressions))


_WAYS: dict[type[exp.Expr], Way] = {
    exp.Div: _div,
    exp.IntDiv: of("div({this}, nullif({expression}, 0))", _text),
    exp.Mod: of("mod({this}, nullif({expression}, 0))", _text),
    exp.Log: _logarithm,
    exp.Greatest: _widest("max"),
    exp.Least: _widest("min"),
    exp.UnixToTime: _moment,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.DateDiff: _difference,
    exp.DateAdd: _added,
    exp.TimeToStr: _formatted,
    exp.TimeToUnix: lambda node: EPOCH.format(_text(node.this)),
    exp.Extract: since_1970(EPOCH, _text),
    exp.Dayname: of("format_datetime('%A', cast({this} as datetime))", _text),
    exp.Monthname: of("format_datetime('%B', cast({this} as datetime))", _text),
    exp.ByteString: lambda node: exp.Literal.string(node.name).sql(dialect=DIALECT),
    exp.BitLength: of("(byte_length({this}) * 8)", _text),
    exp.Left: all_but("left", _text),
    exp.Right: all_but("right", _text),
    exp.Substring: counted_from_one(_text),
    exp.Unicode: of("case when {this} = '' then -1 else unicode({this}) end", _text),
    exp.SHA2: of("to_hex(sha256({this}))", _text),
    exp.Concat: _joined,
    exp.ConcatWs: _joined_by,
    exp.SplitPart: _split,
    exp.Contains: of("(strpos({this}, {expression}) > 0)", _text),
    exp.ArrayContains: _contained,
    exp.Like: _liked,
    exp.ILike: _liked,
    exp.Escape: _liked,
    exp.SimilarTo: of("regexp_contains({this}, concat('^(?:', {expression}, ')$'))", _text),
    exp.RegexpExtract: _extracted,
    exp.RegexpFullMatch: of("regexp_contains({this}, concat('^(?:', {expression}, ')$'))", _text),
    exp.RegexpReplace: replaced_everywhere(_text),
    exp.JSONExtract: _walked,
    exp.JSONExtractScalar: _walked_text,
    exp.AnyValue: of("min({this})", _text),
    exp.IgnoreNulls: lambda node: _text(node.this) if isinstance(node.this, exp.AnyValue) else None,
}
_NAMED: dict[str, Way] = {
    "strlen": _first("byte_length({0})"),
    "now": _first("current_timestamp()"),
    "prefix": _first("starts_with({0}, {1})"),
    "suffix": _first("ends_with({0}, {1})"),
    "date_part": since_1970(EPOCH, _text),
    "datepart": since_1970(EPOCH, _text),
}
