"""What users' functions are called in PostgreSQL, where the printer of SQL does not know it or knows it otherwise.

A function that has no counterpart is printed as it is, and the server says that it does not know it: an error, and never
another result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from starlode.postgres.functions import ROUND, TRY_CAST
from starlode.sql.patterns import BARE, FIXED
from starlode.sql.translate import part_of
from starlode.sql.ways import Way, of, patterned, substring, unlike, weeks

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECT = "postgres"
UNITS = {"3": "millisecond", "6": "microsecond", "9": "nanosecond"}
NUMBERS = {
    exp.DataType.Type.INT128: "numeric(38, 0)",
    exp.DataType.Type.UINT128: "numeric(38, 0)",
    exp.DataType.Type.UBIGINT: "numeric(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "integer",
    exp.DataType.Type.UTINYINT: "smallint",
    exp.DataType.Type.TINYINT: "smallint",
    exp.DataType.Type.JSON: "jsonb",
}


def said(node: exp.Expr) -> exp.Expr:
    """A node of a user's SELECT, or what PostgreSQL says in its place."""
    if isinstance(node, exp.DataType) and node.this in NUMBERS:
        return exp.DataType.build(NUMBERS[node.this], dialect=DIALECT)
    part = part_of(node)
    if part is not None:
        return exp.maybe_parse(f"cast(trunc(extract({part[0]} from {_text(part[1])})) as bigint)", dialect=DIALECT)
    way = _WAYS.get(type(node))
    if isinstance(node, exp.Anonymous):
        way = _NAMED.get(node.name.lower())
    text = way(node) if way is not None else None
    return node if text is None else exp.maybe_parse(f"({text})", dialect=DIALECT)


def _text(node: Any) -> str:
    """A part as it is printed, its own parts said before it."""
    return node.transform(said).sql(dialect=DIALECT)  # type: ignore[no-any-return]


def _moment(node: exp.Expr) -> str:
    """A moment without a zone, exact to the microsecond."""
    scale = node.args.get("scale")
    if scale is None:
        return f"to_timestamp({_text(node.this)})"
    return f"timestamp 'epoch' + ({_text(node.this)}) * interval '1 {UNITS[scale.name]}'"


def _tried(node: exp.Expr) -> str:
    return f"{TRY_CAST}(cast({_text(node.this)} as text), cast(null as {_text(node.args['to'])}))"


def _path(function: str) -> Callable[[exp.Expr], str | None]:
    def way(node: exp.Expr) -> str | None:
        parts = node.expression.expressions if isinstance(node.expression, exp.JSONPath) else []
        steps = [p for p in parts if not isinstance(p, exp.JSONPathRoot)]
        if not steps or not all(isinstance(p, exp.JSONPathKey | exp.JSONPathSubscript) for p in steps):
            return None
        keys = ", ".join(exp.Literal.string(str(p.this)).sql(dialect=DIALECT) for p in steps)
        return f"{function}(cast({_text(node.this)} as jsonb), {keys})"

    return way


def _extracted(node: exp.Expr) -> str:
    group, value, pattern = node.args.get("group"), _text(node.this), _text(node.expression)
    if group is None or group.name == "0":
        pattern, place = f"'(' || {pattern} || ')'", "1"
    else:
        place = group.name
    # What does not match is an empty text; no text at all stays NULL.
    return f"case when {value} is not null then coalesce((regexp_match({value}, {pattern}))[{place}], '') end"


def _lettered(function: str) -> Callable[[exp.Expr], str]:
    """A way that changes letters as the database knows them, while texts are compared by their bytes."""
    return lambda node: f'{function}({_text(node.this)} collate "default") collate "C"'


def _liked(node: exp.Expr) -> str:
    word = "not ilike" if node.args.get("negate") else "ilike"
    return f'({_text(node.this)} collate "default") {word} {_text(node.expression)}'


def _rounded(node: exp.Expr) -> str:
    decimals = node.args.get("decimals")
    return f"{ROUND}({_text(node.this)}{f', cast({_text(decimals)} as integer)' if decimals else ''})"


_WAYS: dict[type[exp.Expr], Way] = {
    exp.UnixToTime: _moment,
    exp.TryCast: _tried,
    exp.JSONExtract: _path("jsonb_extract_path"),
    exp.JSONExtractScalar: _path("jsonb_extract_path_text"),
    exp.Dayname: of("to_char({this}, 'FMDay')", _text),
    exp.Monthname: of("to_char({this}, 'FMMonth')", _text),
    exp.Upper: _lettered("upper"),
    exp.Lower: _lettered("lower"),
    exp.Initcap: _lettered("initcap"),
    exp.ILike: _liked,
    exp.SimilarTo: of("{this} ~ ('^(?:' || {expression} || ')$')", _text),
    exp.Round: _rounded,
    exp.Substring: substring(_text),
    exp.DateDiff: weeks(_text),
    exp.TimeToStr: patterned("to_char", {**FIXED, **BARE}, _text),
    exp.StrToTime: patterned("to_timestamp", {**FIXED, **BARE}, _text),
    exp.Format: unlike("format"),
    exp.Unicode: of("case when {this} = '' then -1 else ascii({this}) end", _text),
    exp.EndsWith: of("right({this}, length({expression})) = {expression}", _text),
    exp.SHA2: of("encode(sha256(convert_to({this}, 'UTF8')), 'hex')", _text),
    exp.IsNan: of("{this} = 'NaN'", _text),
    exp.Contains: of("strpos({this}, {expression}) > 0", _text),
    exp.RegexpExtract: _extracted,
    exp.RegexpFullMatch: of("{this} ~ ('^(?:' || {expression} || ')$')", _text),
    exp.DateFromParts: of("make_date(cast({year} as int), cast({month} as int), cast({day} as int))", _text),
}
_NAMED: dict[str, Way] = {
    "json_array_length": lambda node: f"jsonb_array_length(cast({_text(node.expressions[0])} as jsonb))",
    "age": unlike("age"),
    "prefix": lambda node: f"starts_with({_text(node.expressions[0])}, {_text(node.expressions[1])})",
    "suffix": lambda node: "right({0}, length({1})) = {1}".format(*map(_text, node.expressions)),
    "strlen": lambda node: f"octet_length({_text(node.expressions[0])})",
}
