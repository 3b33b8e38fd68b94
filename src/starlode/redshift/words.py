"""What users' functions are called in Redshift, where the printer of SQL does not know it or knows it otherwise.

A function that has no counterpart is printed as it is, and Redshift says that it does not know it: an error, and never another
result.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp, transforms

from starlode.sql.patterns import FIXED
from starlode.sql.translate import Untranslated, part_of
from starlode.sql.ways import Way, of, patterned, replaced_everywhere, substring, unlike, weeks

DIALECT = "redshift"
TEXT_WORD = "varchar(65535)"
UNITS = {"3": "0.001 second", "6": "0.000001 second"}
KINDS = {
    exp.DataType.Type.INT128: "decimal(38, 0)",
    exp.DataType.Type.UINT128: "decimal(38, 0)",
    exp.DataType.Type.UBIGINT: "decimal(20, 0)",
    exp.DataType.Type.UINT: "bigint",
    exp.DataType.Type.USMALLINT: "integer",
    exp.DataType.Type.UTINYINT: "smallint",
    exp.DataType.Type.TINYINT: "smallint",
    exp.DataType.Type.JSON: "super",
    exp.DataType.Type.TEXT: TEXT_WORD,
    exp.DataType.Type.DOUBLE: "double precision",
}


def said(tree: exp.Expr) -> exp.Expr:
    """A user's SELECT, or a part of one, in what Redshift has for it; raises Untranslated. It is changed in place."""
    if tree.find(exp.Unnest, exp.Explode, exp.Lateral):
        raise Untranslated("it unnests a list, or joins laterally, which Redshift has in other words")
    for select in list(tree.find_all(exp.Select)):
        if select.args.get("qualify"):
            plain = transforms.eliminate_qualify(select.copy())
            if select is tree:
                tree = plain
            else:
                select.replace(plain)
    return tree.transform(_said)


def _said(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.DataType) and node.this in KINDS:
        is_sized = node.this == exp.DataType.Type.TEXT and node.expressions
        return node if is_sized else exp.DataType.build(KINDS[node.this], dialect=DIALECT)
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


def _part(part: str, of_what: exp.Expr) -> str:
    """A part of a moment as a whole number; Redshift counts the days of the week from Sunday alone."""
    moment = _text(of_what)
    if part in ("millisecond", "microsecond"):
        raise Untranslated(f"it asks for the {part}s of a moment, which Redshift counts otherwise")
    if part == "isodow":
        return f"cast((extract(dow from {moment}) + 6) % 7 + 1 as bigint)"
    return f"cast(floor(extract({part} from {moment})) as bigint)"


def _moment(node: exp.Expr) -> str:
    """A moment counted from 1970, exact to the microsecond; one in seconds has a zone, as in the users' own SQL."""
    scale = node.args.get("scale")
    moment = f"timestamp 'epoch' + ({_text(node.this)}) * interval '{UNITS[scale.name] if scale else '1 second'}'"
    return moment if scale else f"({moment}) at time zone 'UTC'"


def _filtered(node: exp.Expr) -> str | None:
    """An aggregate over the rows that meet a condition."""
    call, condition = node.this, _text(node.expression.this)
    value = call.this
    if isinstance(value, exp.Distinct):
        cases = ", ".join(f"case when {condition} then {_text(e)} end" for e in value.expressions)
        return f"{call.sql_name().lower()}(distinct {cases})"
    shown = "1" if value is None or isinstance(value, exp.Star) else _text(value)
    return f"{call.sql_name().lower()}(case when {condition} then {shown} end)"


def _walked(node: exp.Expr) -> str | None:
    """A walk into a nested value, which Redshift does from a column only."""
    parts = node.expression.expressions if isinstance(node.expression, exp.JSONPath) else []
    steps = [p for p in parts if not isinstance(p, exp.JSONPathRoot)]
    known = all(isinstance(p, exp.JSONPathKey | exp.JSONPathSubscript) for p in steps)
    if not steps or not known or not isinstance(node.this, exp.Column):
        return None
    walked = "".join(
        f"[{p.this}]"
        if isinstance(p, exp.JSONPathSubscript)
        else "." + exp.to_identifier(str(p.this), quoted=True).sql()
        for p in steps
    )
    return f"{_text(node.this)}{walked}"


def _walked_text(node: exp.Expr) -> str | None:
    walked = _walked(node)
    if walked is None:
        return None
    nested = f"json_typeof({walked}) in ('object', 'array')"
    return f"case when {nested} then json_serialize({walked}) else cast({walked} as {TEXT_WORD}) end"


def _extracted(node: exp.Expr) -> str:
    """What a pattern or its first group matches; an empty text where it does not match, and NULL of no text."""
    group, value, pattern = node.args.get("group"), _text(node.this), _text(node.expression)
    if group is not None and group.name not in ("0", "1"):
        raise Untranslated("it extracts another group of a pattern than the first")
    places = "" if group is None or group.name == "0" else ", 1, 1, 'e'"
    return f"case when {value} is not null then coalesce(regexp_substr({value}, {pattern}{places}), '') end"


def _joined(node: exp.Expr) -> str:
    """Texts one after the other; one that is missing is empty."""
    return " || ".join(f"coalesce(cast({_text(part)} as {TEXT_WORD}), '')" for part in node.expressions)


def _rounded(node: exp.Expr) -> str | None:
    """Halves go away from zero; Redshift rounds those of floating numbers to the even one."""
    number = _text(node.this)
    if node.args.get("decimals") is not None:
        return None
    return f"trunc({number}) + sign({number}) * case when abs({number} - trunc({number})) >= 0.5 then 1 else 0 end"


SAME = "coalesce({this} = {expression}, {this} is null and {expression} is null)"
_WAYS: dict[type[exp.Expr], Way] = {
    exp.UnixToTime: _moment,
    exp.Filter: _filtered,
    exp.NullSafeEQ: of(SAME, _text),
    exp.NullSafeNEQ: of(f"not {SAME}", _text),
    exp.JSONExtract: _walked,
    exp.JSONExtractScalar: _walked_text,
    exp.Dayname: of("trim(to_char({this}, 'Day'))", _text),
    exp.Monthname: of("trim(to_char({this}, 'Month'))", _text),
    exp.Contains: of("strpos({this}, {expression}) > 0", _text),
    exp.RegexpExtract: _extracted,
    exp.RegexpReplace: replaced_everywhere(_text),
    exp.RegexpFullMatch: of("{this} ~ ('^(' || {expression} || ')$')", _text),
    exp.DateFromParts: of(
        "to_date({year} || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0'), 'YYYY-MM-DD')", _text
    ),
    exp.Concat: _joined,
    exp.ConcatWs: unlike("concat_ws"),
    exp.Round: _rounded,
    exp.SimilarTo: of("{this} ~ ('^(' || {expression} || ')$')", _text),
    exp.Substring: substring(_text),
    exp.DateDiff: weeks(_text),
    exp.TimeToStr: patterned("to_char", FIXED, _text),
    exp.StrToTime: patterned("to_timestamp", FIXED, _text),
    exp.Format: unlike("format"),
    exp.Unicode: of("case when {this} = '' then -1 else ascii({this}) end", _text),
    exp.EndsWith: of("right({this}, length({expression})) = {expression}", _text),
}
_NAMED: dict[str, Way] = {
    "json_array_length": lambda node: f"get_array_length({_text(node.expressions[0])})",
    "age": unlike("age"),
    "strlen": lambda node: f"octet_length({_text(node.expressions[0])})",
}
