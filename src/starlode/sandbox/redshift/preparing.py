"""What a database of PostgreSQL is given so that Redshift's functions and system views are there."""

from __future__ import annotations

SCHEMA = "redshift"
SEARCHED = f"public, {SCHEMA}, pg_catalog"
QUOTAS = f"{SCHEMA}.schema_quota"
# Two nodes with two slices each.
SLICES = 4
ERRORS = f"{SCHEMA}.sys_load_error_detail"
_TRIED = """
create or replace function redshift.try_cast(value text, kind anyelement) returns anyelement
language plpgsql immutable parallel safe as $$
begin kind := value; return kind; exception when data_exception then return null; end $$
"""
_FUNCTIONS = (
    ("json_parse(value text)", "jsonb", "select value::jsonb"),
    ("json_serialize(value jsonb)", "text", "select value::text"),
    ("can_json_parse(value text)", "boolean", "select value is json"),
    (
        "json_extract_path_text(value text, variadic path text[])",
        "text",
        "select coalesce(value::jsonb #>> path, '')",
    ),
    ("json_typeof(value jsonb)", "text", "select jsonb_typeof(value)"),
    ("get_array_length(value jsonb)", "bigint", "select jsonb_array_length(value)::bigint"),
    ("from_varbyte(value bytea, format text)", "text", "select encode(value, format)"),
    ("to_varbyte(value text, format text)", "bytea", "select convert_to(value, format)"),
    ("fnv_hash(value text, seed bigint default 0)", "bigint", "select hashtextextended(coalesce(value, ''), seed)"),
    (
        "fnv_hash(value bigint, seed bigint default 0)",
        "bigint",
        "select hashtextextended(coalesce(value::text, ''), seed)",
    ),
    ("getdate()", "timestamp", "select now() at time zone 'UTC'"),
    ("len(value text)", "integer", "select length(value)"),
    (
        "regexp_substr(value text, pattern text)",
        "text",
        "select coalesce(pg_catalog.regexp_substr(value, pattern), '')",
    ),
    (
        "regexp_substr(value text, pattern text, start integer, nth integer, how text)",
        "text",
        "select coalesce(pg_catalog.regexp_substr(value, pattern, start, nth, '', case when how = 'e' then 1 else 0 end), '')",
    ),
)
# The units of DATEADD and DATEDIFF, each as an interval.
UNITS = {
    **{
        unit: f"1 {unit}"
        for unit in ("microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month", "year")
    },
    "quarter": "3 months",
}
_ADDING = tuple(
    (
        f"dateadd_{unit}(count bigint, moment {kind})",
        result,
        f"select moment + count * interval '{span}'",
    )
    for unit, span in UNITS.items()
    for kind, result in (*((k, k) for k in ("timestamp", "timestamptz", "time")), ("date", "timestamp"))
)
# How many borders of a unit lie between two moments.
_BORDERS = {
    "microsecond": "(extract(epoch from last - first) * 1000000)::bigint",
    "day": "(last::date - first::date)::bigint",
    "month": "((extract(year from last) - extract(year from first)) * 12\n"
    "  + extract(month from last) - extract(month from first))::bigint",
    "year": "(extract(year from last) - extract(year from first))::bigint",
}
_BETWEEN = tuple(
    (f"datediff_{unit}(first timestamp, last timestamp)", "bigint", f"select {_BORDERS[unit]}") for unit in _BORDERS
)
STATEMENTS = (
    f"create schema if not exists {SCHEMA}",
    f"grant usage on schema {SCHEMA} to public",
    _TRIED,
    *(
        f"create or replace function {SCHEMA}.{called} returns {kind} language sql immutable parallel safe as $${body}$$"
        for called, kind, body in (*_FUNCTIONS, *_ADDING, *_BETWEEN)
    ),
    f"create table if not exists {ERRORS} (user_id integer, query_id bigint, session_id integer, start_time timestamp, "
    "file_name text, line_number bigint, column_name text, column_type text, column_length text, error_code integer, "
    "error_message text)",
    f"grant select on {ERRORS} to public",
    f"create table if not exists {QUOTAS} (schema_name text primary key, megabytes bigint)",
    f"grant all on {QUOTAS} to public",
    f"create or replace view {SCHEMA}.stv_slices as\n"
    f"select n / 2 as node, n as slice, n % 2 as localslice, 'D'::char as type from generate_series(0, {SLICES - 1}) as r(n)",
    f"grant select on {SCHEMA}.stv_slices to public",
)
# What each connection is told before its client's first statement.
SETTINGS = (
    "set redshift.query_group = 'unset'",
    f"set search_path = {SEARCHED}",
    "set standard_conforming_strings = off",
    "set escape_string_warning = off",
    "set backslash_quote = on",
    "set timezone = 'UTC'",
    "set datestyle = 'ISO, YMD'",
)
