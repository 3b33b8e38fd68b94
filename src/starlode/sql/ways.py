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
