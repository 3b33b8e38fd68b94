"""Users' SELECTs for warehouses whose SQL is not the users' own.

Users write DuckDB's SQL, where a name means the same in any letters, a star may leave columns out, and an alias can be used
beside the place where it is given. So a SELECT is qualified first: every column with its table, every star spelled out, all
names in small letters. Then it is printed in the warehouse's words, and what it gives gets the users' names and types back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from starlode.sql.dialect import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.table import Column, Table

# Letters are made small by ourselves, but for the names of streams.
QUALIFIED_AS = "duckdb, normalization_strategy=case_sensitive"
WORDS = {"timestamptz": "timestamp with time zone", "integer": "bigint", "binary": "blob", "decimal": "decimal"}
Tree = TypeVar("Tree", bound=exp.Expr)
# Functions that give a part of a moment, a whole number each.
PARTS: Mapping[type[exp.Expr], str] = {
    exp.Year: "year",
    exp.Quarter: "quarter",
    exp.Month: "month",
    exp.Week: "week",
    exp.WeekOfYear: "week",
    exp.Day: "day",
    exp.DayOfMonth: "day",
    exp.DayOfYear: "doy",
    exp.DayOfWeek: "dow",
    exp.DayOfWeekIso: "isodow",
    exp.Hour: "hour",
    exp.Minute: "minute",
    exp.Second: "second",
}
# Other spellings of these parts, and the parts that only EXTRACT and its like are asked for.
SPELLED: Mapping[str, str] = {
    **{part: part for part in (*PARTS.values(), "millisecond", "microsecond")},
    **{f"{part}s": part for part in ("year", "quarter", "month", "week", "day", "hour", "minute", "second")},
    "milliseconds": "millisecond",
    "microseconds": "microsecond",
    "dayofweek": "dow",
    "weekday": "dow",
    "dayofyear": "doy",
    "dayofmonth": "day",
    "weekofyear": "week",
}

# Functions that the parser has no word for.
BARE_PARTS = ("millisecond", "microsecond", "weekday")


class Untranslated(Exception):
    """The reason why a SELECT cannot be said in another warehouse's words."""


def qualified(tree: Tree, places: Mapping[str, Table]) -> Tree:
    """A SELECT over streams, which have the columns of these tables, with every name settled. It is changed in place."""
    for columns in list(tree.find_all(exp.Columns)):
        if isinstance(columns.this, exp.Star):
            columns.replace(columns.this.copy())
    for name in tree.find_all(exp.Identifier):
        if not (isinstance(name.parent, exp.Table) and name.parent.db):
            name.set("this", name.this.lower())
        name.set("quoted", True)
    schema: dict[str, dict[str, object]] = {}
    for key, place in places.items():
        source, _, stream = key.partition(".")
        schema.setdefault(source, {})[stream] = {c.name.lower(): _word(c) for c in place.columns}
    known = MappingSchema(dict(schema), dialect=QUALIFIED_AS, normalize=False)
    try:
        settled: Tree = qualify(tree, dialect=QUALIFIED_AS, schema=known, validate_qualify_columns=False)
    except OptimizeError as error:
        raise Untranslated(str(error)) from error
    _group_by_all(settled)
    return settled


def as_users_see(dialect: Dialect, select: str, columns: tuple[Column, ...]) -> str:
    """A translated SELECT with the names and the types that it gives in the users' own SQL.

    Columns of our own come behind the users' as they are, wherever a star of theirs has shown them.
    """
    own = tuple(dialect.quote(c.name) for c in columns if c.name.startswith(OWN))
    users = (c for c in columns if not c.name.startswith(OWN))
    typed = (f"{dialect.cast(dialect.quote(c.name), c.type)} as {dialect.quote(c.name)}" for c in users)
    listed = ",\n       ".join((*typed, *own))
    return f"select {listed}\n  from {dialect.named_rows(select, 'said', tuple(c.name for c in columns))}"


def part_of(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """The part of a moment that a function or an EXTRACT gives as a whole number, and the moment; nothing for others."""
    if type(node) in PARTS:
        return PARTS[type(node)], node.this
    name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    if name in BARE_PARTS and len(node.expressions) == 1:
        return SPELLED[name], node.expressions[0]
    asked, of = None, None
    if isinstance(node, exp.Extract):
        asked, of = node.this, node.expression
    elif name in ("date_part", "datepart") and len(node.expressions) == 2:
        asked, of = node.expressions
    part = SPELLED.get(asked.name.lower()) if asked is not None else None
    return (part, of) if part and of is not None else None


def _group_by_all(tree: exp.Expr) -> None:
    """Say which columns `group by all` means: those that sum nothing up."""
    for select in tree.find_all(exp.Select):
        group = select.args.get("group")
        if group is not None and group.args.get("all"):
            plain = [p.unalias().copy() for p in select.selects if not p.find(exp.AggFunc)]
            select.set("group", exp.Group(expressions=plain) if plain else None)


def _word(column: Column) -> str:
    held = column.type
    return str(held) if held.kind == "decimal" else WORDS.get(held.kind, held.kind)
