"""Ways to say in other words what users' SELECTs say, for warehouses that share them; each is told how a part is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from starlode.sql.patterns import as_template
from starlode.sql.translate import Untranslated

if TYPE_CHECKING:
    from collections.abc import Mapping

Text = Callable[[Any], str]
# The text for a node, or nothing where it is printed as it is.
Way = Callable[[exp.Expr], str | None]


def of(shape: str, text: Text) -> Way:
    """A way that puts the parts of a node into a text, by their names."""
    return lambda node: shape.format(
        **{name: text(part) for name, part in node.args.items() if isinstance(part, exp.Expr)}
    )


def unlike(what: str) -> Way:
    """A way for what the warehouse has too, with another meaning."""

    def way(_: exp.Expr) -> str:
        raise Untranslated(f"`{what}` means something else there")

    return way


def substring(text: Text) -> Way:
    """A part of a text; a place below zero counts from the end."""

    def way(node: exp.Expr) -> str | None:
        start, length = node.args.get("start"), node.args.get("length")
        if start is None or isinstance(start, exp.Literal):
            return None
        whole, place = text(node.this), text(start)
        begins = f"case when {place} < 0 then length({whole}) + {place} + 1 else {place} end"
        until = f" for {text(length)}" if length else ""
        return f"substring({whole} from cast({begins} as integer){until})"

    return way


def replaced_everywhere(text: Text) -> Way:
    """Every match of a pattern replaced, where there is no word for the first one alone."""

    def way(node: exp.Expr) -> str:
        flags = node.args.get("modifiers")
        if flags is None or flags.name != "g":
            raise Untranslated("`regexp_replace` replaces the first match only; with 'g' at its end it replaces all")
        return f"regexp_replace({text(node.this)}, {text(node.expression)}, {text(node.args['replacement'])})"

    return way


def since_1970(shape: str, text: Text) -> Way:
    """How many seconds after the beginning of 1970 a moment is, where EXTRACT or its like is asked for that."""

    def way(node: exp.Expr) -> str | None:
        asked, moment = node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.expression)
        return shape.format(text(moment)) if asked.name.lower() == "epoch" else None

    return way


def counted_from_one(text: Text) -> Way:
    """A part of a text, where a place of 0 means what 1 does: one letter less is taken from there."""

    def way(node: exp.Expr) -> str | None:
        start, length = node.args.get("start"), node.args.get("length")
        is_written = isinstance(start, exp.Literal) and start.name != "0"
        if start is None or is_written or isinstance(start, exp.Neg):
            return None
        place = text(start)
        begins = f"case when {place} = 0 then 1 else {place} end"
        taken = f", {text(length)} - case when {place} = 0 then 1 else 0 end" if length else ""
        return f"substr({text(node.this)}, {begins}{taken})"

    return way


def all_but(function: str, text: Text) -> Way:
    """So many letters of an end of a text; a number below zero leaves as many out."""

    def way(node: exp.Expr) -> str | None:
        if isinstance(node.expression, exp.Literal):
            return None
        whole, count = text(node.this), text(node.expression)
        taken = f"case when {count} < 0 then greatest(length({whole}) + {count}, 0) else {count} end"
        return f"{function}({whole}, {taken})"

    return way


def patterned(function: str, known: Mapping[str, str], text: Text) -> Way:
    """A moment as a text, or a text as a moment, by a pattern that is written down."""

    def way(node: exp.Expr) -> str:
        pattern = node.args.get("format")
        if not isinstance(pattern, exp.Literal):
            raise Untranslated("the pattern of a moment is no text of its own")
        template = exp.Literal.string(as_template(pattern.name, known)).sql()
        return f"{function}({text(node.this)}, {template})"

    return way


def weeks(text: Text) -> Way:
    """How many whole weeks are between two days; the boundaries of other units are counted alike everywhere."""

    def way(node: exp.Expr) -> str | None:
        if node.args["unit"].name.lower() not in ("week", "weeks"):
            return None
        return f"(cast({text(node.this)} as date) - cast({text(node.expression)} as date)) / 7"

    return way
