"""What users' functions are called in Snowflake, where the printer of SQL does not know it or knows it otherwise.

A function that has no counterpart is printed as it is, and Snowflake says that it does not know it: an error, and never another
result.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from starlode.sql.translate import Untranslated, part_of
from starlode.sql.ways import Way, all_but, counted_from_one, of, patterned, since_1970, unlike

DIALECT = "snowflake"
KINDS = {
    exp.DataType.Type.INT128: "number(38, 0)",
    exp.DataType.Type.UINT128: "number(38, 0)",
    exp.DataType.Type.UBIGINT: "number(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "bigint",
    exp.DataType.Type.UTINYINT: "bigint",
    exp.DataType.Type.TIMESTAMPTZ: "timestamp_ltz(6)",
    exp.DataType.Type.TIMESTAMP: "timestamp_ntz(6)",
}
EPOCH = "cast(date_part(epoch_microsecond, {0}) as double) / 1000000"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Parts of a moment that are functions here; others are asked by their names.
PARTS = {
    "isodow": "dayofweekiso",
    "isoyear": "yearofweekiso",
    "week": "weekiso",
    "dow": "dayofweek",
    "doy": "dayofyear",
    **{part: part for part in ("year", "quarter", "month", "day", "hour", "minute", "second")},
}
PATTERNS = {
    "%Y": "YYYY",
    "%y": "YY",
    "%m": "MM",
    "%d": "DD",
    "%b": "MON",
    "%B": "MMMM",
    "%a": "DY",
    "%H": "HH24",
    "%I": "HH12",
    "%p": "AM",
    "%M": "MI",
    "%S": "SS",
    "%g": "FF3",
    "%f": "FF6",
    "%T": "HH24:MI:SS",
    "%X": "HH24:MI:SS",
    "%x": "YYYY-MM-DD",
    "%c": "YYYY-MM-DD HH24:MI:SS",
}


def said(tree: exp.Expr) -> exp.Expr:
    """A user's SELECT, or a part of one, in what Snowflake has for it; raises Untranslated. It is changed in place."""
    if tree.find(exp.Unnest, exp.Explode, exp.Lateral):
        raise Untranslated("it unnests a list, or joins laterally, which Snowflake has in other words")
    return tree.transform(_said)


def _said(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType) and node.this in KINDS:
        return exp.DataType.build(KINDS[node.this], dialect=DIALECT)
    any_value = node.this if isinstance(node, exp.IgnoreNulls) else node
    if isinstance(any_value, exp.AnyValue):
        return exp.Min(this=any_value.this.transform(_said))
    part = part_of(node)
    if part is not None:
        return exp.maybe_parse(_part(*part), dialect=DIALECT)
    way = _WAYS.get(type(node))
    if isinstance(node, exp.Anonymous):
        way = _NAMED.get(node.name.lower())
    text = way(node) if way is not None else None
    return node if text is None else exp.maybe_parse(f"({text})", dialect=DIALECT)


def _text(node: Any) -> str:
    """A part as it is printed, its own parts said before it."""
    return node.transform(_said).sql(dialect=DIALECT)  # type: ignore[no-any-return]


def _moment(node: exp.Expr) -> str:
    """A moment counted from 1970; one in seconds has a zone, as in the users' own SQL."""
    scale = node.args.get("scale")
    return f"to_timestamp_ntz({_text(node.this)}, {scale.name})" if scale else f"to_timestamp_ltz({_text(node.this)})"


def _cast(node: exp.Expr) -> str | None:
    """A cast to JSON reads a text; others are printed as they are."""
    return f"parse_json({_text(node.this)})" if node.args["to"].this == exp.DataType.Type.JSON else None


def _tried(node: exp.Expr) -> str:
    """A cast that gives NULL, which takes texts only."""
    value = _text(node.this)
    if node.args["to"].this == exp.DataType.Type.JSON:
        return f"try_parse_json({value})"
    return f"try_cast(cast({value} as varchar) as {_text(node.args['to'])})"


def _walked(node: exp.Expr) -> str:
    """A walk into a nested value, as a value."""
    path = "".join(
        f"[{p.this}]" if isinstance(p, exp.JSONPathSubscript) else f'["{p.this}"]'
        for p in (node.expression.expressions if isinstance(node.expression, exp.JSONPath) else ())
        if not isinstance(p, exp.JSONPathRoot)
    )
    if not path:
        raise Untranslated("it walks into a nested value by a path that is not fixed")
    return f"get_path({_text(node.this)}, {exp.Literal.string(path).sql(dialect=DIALECT)})"


def _walked_text(node: exp.Expr) -> str:
    return f"cast({_walked(node)} as varchar)"


def _part(part: str, of_what: exp.Expr) -> str:
    """A part of a moment as a whole number."""
    if part not in PARTS:
        raise Untranslated(f"it asks for the {part} of a moment, which Snowflake counts otherwise")
    return f"{PARTS[part]}({_text(of_what)})"


def _extracted(node: exp.Expr) -> str:
    """What a pattern or a group of it matches: an empty text where it does not match, and NULL of no text."""
    group, value, pattern = node.args.get("group"), _text(node.this), _text(node.expression)
    places = f", 1, 1, 'e', {group.name}" if group is not None and group.name != "0" else ""
    return f"case when {value} is not null then coalesce(regexp_substr({value}, {pattern}{places}), '') end"


def _replaced(node: exp.Expr) -> str:
    """The first match of a pattern replaced, or each."""
    flags = node.args.get("modifiers")
    if flags is not None and flags.name != "g":
        raise Untranslated("`regexp_replace` has other words than 'g' at its end")
    places = ", 1, 1" if flags is None else ""
    return f"regexp_replace({_text(node.this)}, {_text(node.expression)}, {_text(node.args['replacement'])}{places})"


def _joined(node: exp.Expr) -> str:
    """Texts one after the other; one that is missing is empty."""
    return " || ".join(f"coalesce(cast({_text(part)} as varchar), '')" for part in node.expressions)


def _weeks(node: exp.Expr) -> str | None:
    """How many whole weeks are between two days; the boundaries of other units are counted alike everywhere."""
    if node.args["unit"].name.lower() not in ("week", "weeks"):
        return None
    first, last = _text(node.expression), _text(node.this)
    return f"trunc(datediff(day, cast({first} as date), cast({last} as date)) / 7)"


_WAYS: dict[type[exp.Expr], Way] = {
    exp.UnixToTime: _moment,
    exp.Cast: _cast,
    exp.TryCast: _tried,
    exp.JSONExtract: _walked,
    exp.JSONExtractScalar: _walked_text,
    exp.Div: of("cast({this} as double) / nullif(cast({expression} as double), 0)", _text),
    exp.IntDiv: of("cast(({this} - mod({this}, nullif({expression}, 0))) / nullif({expression}, 0) as bigint)", _text),
    exp.RegexpLike: of("regexp_instr({this}, {expression}) > 0", _text),
    exp.RegexpFullMatch: of("regexp_like({this}, {expression})", _text),
    exp.RegexpExtract: _extracted,
    exp.SimilarTo: of("regexp_like({this}, {expression})", _text),
    exp.Concat: _joined,
    exp.ConcatWs: unlike("concat_ws"),
    exp.Format: unlike("format"),
    exp.DateDiff: _weeks,
    exp.TimeToStr: patterned("to_char", PATTERNS, _text),
    exp.StrToTime: patterned("to_timestamp_ntz", PATTERNS, _text),
    exp.RegexpReplace: _replaced,
    exp.Left: all_but("left", _text),
    exp.Right: all_but("right", _text),
    exp.Substring: counted_from_one(_text),
    exp.Unicode: of("case when {this} = '' then -1 else unicode({this}) end", _text),
    exp.Log: lambda node: f"log(10, {_text(node.this)})" if node.args.get("expression") is None else None,
    exp.TimeToUnix: lambda node: EPOCH.format(_text(node.this)),
    exp.Extract: since_1970(EPOCH, _text),
    exp.ArrayAgg: unlike("list"),
    exp.Split: unlike("string_split"),
    exp.Levenshtein: unlike("levenshtein"),
    exp.Typeof: unlike("typeof"),
    exp.Monthname: of("to_char({this}, 'MMMM')", _text),
    exp.Dayname: of(
        f"decode(dayofweekiso({{this}}), {', '.join(f'{n}, {d!r}' for n, d in enumerate(DAYS, 1))})", _text
    ),
}
_NAMED: dict[str, Way] = {
    "json_array_length": lambda node: f"array_size({_text(node.expressions[0])})",
    "strlen": lambda node: f"octet_length({_text(node.expressions[0])})",
    "age": unlike("age"),
    "regexp_split_to_array": unlike("regexp_split_to_array"),
    "damerau_levenshtein": unlike("damerau_levenshtein"),
    "date_part": since_1970(EPOCH, _text),
    "datepart": since_1970(EPOCH, _text),
    "now": lambda _: "current_timestamp()",
}
