"""Functions that PostgreSQL lacks, or has with another meaning; each warehouse has them in the schema `starlode`."""

from __future__ import annotations

TRY_CAST = '"starlode"."try_cast"'
ROUND = '"starlode"."round"'
_PURE = "immutable strict parallel safe set search_path = pg_catalog"


def _round(given: str, gives: str, said: str) -> str:
    return f"create or replace function {ROUND}({given}) returns {gives}\nlanguage sql {_PURE} as $$ {said} $$"


# Users' SQL rounds halves away from zero, whatever the type; PostgreSQL does so for numeric only.
_AWAY = "sign($1) * (trunc(abs($1)) + case when abs($1) - trunc(abs($1)) >= 0.5 then 1 else 0 end)"
_SCALED = "10::double precision ^ abs($2)"
FUNCTIONS = (
    f"create or replace function {TRY_CAST}(value text, kind anyelement) returns anyelement\n"
    "language plpgsql immutable parallel safe set search_path = pg_catalog as $$\n"
    "begin kind := value; return kind; exception when data_exception then return null; end $$",
    _round("bigint", "bigint", "select $1"),
    _round("numeric", "numeric", "select round($1)"),
    _round("numeric, integer", "numeric", "select round($1, $2)"),
    _round("double precision", "double precision", f"select case when $1 = 'NaN' then $1 else {_AWAY} end"),
    _round(
        "double precision, integer",
        "double precision",
        f"select case when $2 >= 0 then {ROUND}($1 * {_SCALED}) / ({_SCALED}) else {ROUND}($1 / ({_SCALED})) * {_SCALED} end",
    ),
)
