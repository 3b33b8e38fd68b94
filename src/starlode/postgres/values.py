"""How each type of PostgreSQL is carried: the type it has with us, the expression that the server sends, and its limits.

The server casts, because every client bends something: DuckDB's scanner reads NaN of a numeric as 0 and a numeric without
precision as a double, ADBC turns infinite dates into others. What no type of ours can hold is found by a guard, an expression
that is true for such a value; its row goes to the rejects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.table import (
    BINARY,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    JSON,
    MAX_PRECISION,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Column,
    Type,
    decimal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.postgres.catalog import Field

NOT_A_NUMBER = "NaN or infinity has no place among decimals"
INFINITE = "an infinite date has no place in a calendar"
MIDNIGHT = "24:00 is no time of a day"


@dataclass(frozen=True)
class Carried:
    """A column on its way: what it becomes, how the server sends it, and what to say about it."""

    column: Column
    expression: str
    guard: str = ""
    reason: str = ""
    note: str = ""
    # A numeric without precision: its digits are counted before it is read.
    is_measured: bool = False


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a literal that no setting of the server reads otherwise."""
    return "'" + text.replace("'", "''") + "'" if "\\" not in text else _escaped(text)


def carry(field: Field, declared: Type | None = None) -> Carried:
    """How a column is carried; ValueError where the declared type cannot be made without loss."""
    known = field.schema == "pg_catalog"
    way = _BY_NAME.get(field.type) if known else None
    if way is None:
        way = _json if field.category in ("A", "C") or field.type == "hstore" else _as_output
    found = way(field)
    return found if declared is None or declared == found.column.type else _declared(field, found, declared)


def measure(carried: Carried) -> str:
    """The digits before and after the point that a column needs, as two expressions."""
    name = quote(carried.column.name)
    finite = f"case when abs({name}) < 'infinity' then {name} end"
    return f"max(case when {finite} <> 0 then length(trunc(abs({finite}))::text) else 1 end), max(scale({finite}))"


def measured(carried: Carried, digits: int | None, scale: int | None) -> Carried:
    """The column with the type that its values need; text where they have more digits than any decimal."""
    whole, fraction = digits or 1, scale or 0
    if whole + fraction > MAX_PRECISION:
        note = f"numeric with {whole + fraction} digits, more than the {MAX_PRECISION} of a decimal: carried as text"
        name = carried.column.name
        return Carried(Column(name, TEXT), f"{quote(name)}::text", note=note)
    held = decimal(whole + fraction, fraction)
    name = carried.column.name
    return replace(carried, column=Column(name, held), expression=_finite(quote(name), held), note="")


def _plain(kind: Type, cast: str = "") -> Callable[[Field], Carried]:
    return lambda field: Carried(Column(field.name, kind), quote(field.name) + cast)


def _text(field: Field) -> Carried:
    return Carried(Column(field.name, TEXT), f"{quote(field.name)}::text")


def _as_output(field: Field) -> Carried:
    """The text that the server itself prints, which for some types is not what a cast to text gives."""
    note = "" if field.kind == "e" else f"{field.declared} is carried as the text that PostgreSQL prints"
    return replace(_padded(field), note=note)


def _padded(field: Field) -> Carried:
    """Text as it is printed: a cast cuts the blanks of a char(n), and so does DuckDB's scanner."""
    name = quote(field.name)
    return Carried(Column(field.name, TEXT), f"case when {name} is not null then format('%s', {name}) end")


def _json(field: Field) -> Carried:
    note = f"{field.declared} is carried as JSON"
    return Carried(Column(field.name, JSON), f"to_json({quote(field.name)})::text", note=note)


def _calendar(kind: Type) -> Callable[[Field], Carried]:
    def way(field: Field) -> Carried:
        name = quote(field.name)
        return Carried(Column(field.name, kind), name, f"not isfinite({name})", INFINITE)

    return way


def _time(field: Field) -> Carried:
    name = quote(field.name)
    return Carried(Column(field.name, TIME), name, f"{name} = '24:00'", MIDNIGHT)


def _numeric(field: Field) -> Carried:
    name = quote(field.name)
    precision, scale = _digits(field.modifier) if field.modifier >= 0 else (MAX_PRECISION + 1, 0)
    if precision > MAX_PRECISION:
        widest = Column(field.name, decimal(MAX_PRECISION, 0))
        note = f"{field.declared} becomes the decimal that its values need, or text where they have over {MAX_PRECISION} digits"
        return Carried(widest, name, f"abs({name}) >= 'infinity'", NOT_A_NUMBER, note, is_measured=True)
    held = decimal(precision, scale)
    # Infinity does not fit any precision, so NaN is all that can stand there; a negative scale is not known to clients.
    sent = name if scale else f"{name}::numeric({precision},0)"
    return Carried(Column(field.name, held), sent, f"{name} = 'NaN'", NOT_A_NUMBER)


def _money(field: Field) -> Carried:
    note = "money is carried as a decimal, in the currency that the server's lc_monetary says"
    name = f"{quote(field.name)}::numeric"
    misfit = f"{name} <> round({name}, 2)"
    return Carried(Column(field.name, decimal(19, 2)), f"{name}(19,2)", misfit, "it has more than two digits", note)


def _digits(modifier: int) -> tuple[int, int]:
    """Precision and scale of a numeric; one with a negative scale is an integer of more digits."""
    precision = ((modifier - 4) >> 16) & 0xFFFF
    scale = ((modifier - 4) & 0x7FF) ^ 0x400
    scale -= 0x400
    if scale < 0:
        return precision - scale, 0
    return max(precision, scale), scale


def _finite(name: str, held: Type) -> str:
    return f"case when abs({name}) < 'infinity' then {name} end::numeric({held.precision},{held.scale})"


def _declared(field: Field, found: Carried, wanted: Type) -> Carried:
    """The column as the project declares it, where every value can be carried or is found by a guard."""
    name = quote(field.name)
    if wanted == TEXT:
        return replace(_as_output(field), note="")
    numbers = {"integer", "decimal"}
    if wanted.kind == "decimal" and found.column.type.kind in numbers:
        number = f"{name}::numeric"
        cast = f"{number}({wanted.precision},{wanted.scale})"
        whole = wanted.precision - wanted.scale
        misfit = f"abs({number}) >= 1e{whole} or {number} <> round({number}, {wanted.scale})"
        sent = f"case when not ({misfit}) then {cast} end"
        return Carried(Column(field.name, wanted), sent, misfit, f"it does not fit {wanted}")
    if wanted == INTEGER and found.column.type.kind == "decimal":
        misfit = f"{name} not between -9223372036854775808 and 9223372036854775807 or {name} <> trunc({name})"
        sent = f"case when not ({misfit}) then {name}::bigint end"
        return Carried(Column(field.name, wanted), sent, misfit, "it is no integer of 64 bits")
    if wanted == JSON and found.column.type == TEXT:
        return Carried(Column(field.name, JSON), f"{name}::text")
    if wanted == TIMESTAMP and found.column.type == DATE:
        return replace(found, column=Column(field.name, TIMESTAMP), expression=f"({found.expression})::timestamp")
    raise ValueError(f"{field.declared} cannot be read as {wanted} without loss")


def _escaped(text: str) -> str:
    doubled = text.replace("\\", "\\\\").replace("'", "''")
    return f" E'{doubled}'"


_BY_NAME: dict[str, Callable[[Field], Carried]] = {
    "bool": _plain(BOOLEAN),
    "int2": _plain(INTEGER),
    "int4": _plain(INTEGER),
    "int8": _plain(INTEGER),
    "oid": _plain(INTEGER, "::bigint"),
    "float4": _plain(DOUBLE, "::float8"),
    "float8": _plain(DOUBLE),
    "numeric": _numeric,
    "money": _money,
    "text": _plain(TEXT),
    "varchar": _plain(TEXT),
    "bpchar": _padded,
    "name": _text,
    "char": _text,
    "uuid": _text,
    "bytea": _plain(BINARY),
    "date": _calendar(DATE),
    "timestamp": _calendar(TIMESTAMP),
    "timestamptz": _calendar(TIMESTAMPTZ),
    "time": _time,
    "json": _plain(JSON, "::text"),
    "jsonb": _plain(JSON, "::text"),
}
