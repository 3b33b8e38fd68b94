"""What fakesnow says to its DuckDB otherwise than Snowflake means it, said as it is meant, or refused."""

from __future__ import annotations

import re
from typing import Any

import snowflake.connector.errors
from sqlglot import exp

# The parts of a template of TO_CHAR, the longest first, in the words of strftime.
PARTS = {
    "YYYY": "%Y",
    "MMMM": "%B",
    "HH24": "%H",
    "HH12": "%I",
    "MON": "%b",
    "FF3": "%g",
    "FF6": "%f",
    "YY": "%y",
    "MM": "%m",
    "DD": "%d",
    "DY": "%a",
    "AM": "%p",
    "MI": "%M",
    "SS": "%S",
}
_TEMPLATE = re.compile(rf'"[^"]*"|{"|".join(PARTS)}|\w+|\W', re.IGNORECASE)
_UNKNOWN = 2_043


def meant(tree: Any) -> Any:
    """A statement as Snowflake means it."""
    return tree.transform(_meant) if tree.find(exp.ToChar, exp.Trim, exp.ByteLength) else tree


def _meant(node: Any) -> Any:
    if isinstance(node, exp.ToChar) and node.args.get("format") is not None:
        return exp.TimeToStr(this=node.this, format=exp.Literal.string(_pattern(node.args["format"])))
    if isinstance(node, exp.Trim) and node.args.get("position"):
        # fakesnow trims at both ends whatever is asked for.
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}[str(node.args["position"]).upper()]
        return exp.Anonymous(this=name, expressions=[part for part in (node.this, node.expression) if part is not None])
    if isinstance(node, exp.ByteLength):
        return exp.Anonymous(this="strlen", expressions=[node.this])
    return node


def _pattern(template: Any) -> str:
    if not isinstance(template, exp.Literal):
        raise _refused("a template that is not written down")
    said = ""
    for part in _TEMPLATE.findall(template.name):
        if part[0] == '"':
            said += part[1:-1].replace("%", "%%")
        elif part.upper() in PARTS:
            said += PARTS[part.upper()]
        elif part[0].isalnum():
            raise _refused(f"`{part}` in a template")
        else:
            said += part.replace("%", "%%")
    return said


def _refused(what: str) -> Exception:
    error: Exception = snowflake.connector.errors.ProgrammingError(
        msg=f"Unsupported feature: the double does not know {what}", errno=_UNKNOWN, sqlstate="02000"
    )
    return error
