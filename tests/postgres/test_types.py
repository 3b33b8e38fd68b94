"""Every built-in type arrives as the server prints it, by either reader, or its row is rejected with the reason."""

from __future__ import annotations

import json
import re
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import starlode
from starlode.postgres import lanes
from starlode.postgres.values import literal
from tests import projects
from tests.postgres.declaring import ask, declare, execute, loaded
from tests.postgres.hard_values import BAD, COLUMNS, LONG, NESTED, OWN_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlode.project import Project
    from starlode.run import Run

READERS = lanes.readers()
# Their input functions refuse every value.
WITHOUT_VALUES = {
    "gtsvector",
    "pg_node_tree",
    "pg_ndistinct",
    "pg_dependencies",
    "pg_mcv_list",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
}
PRINTED = ("set timezone = 'UTC'", "set intervalstyle = 'iso_8601'", "set bytea_output = 'hex'")


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def test_every_built_in_type_has_hard_values(postgres: str) -> None:
    _create_hard(postgres)

    known = {name for (name,) in ask(postgres, _TYPES_OF_HARD)}

    assert {name for (name,) in ask(postgres, _BUILT_IN)} - known == set()
    assert {kind for kind, values in COLUMNS if not values} == WITHOUT_VALUES


def test_every_value_arrives_as_the_server_prints_it(postgres: str, tmp_path: Path, reader: str, target: str) -> None:
    _create_hard(postgres)
    if target.startswith("postgres"):
        execute(postgres, 'update hard set "c033 json" = null where "c033 json"::text like \'%u0000%\'')
    project = declare(
        tmp_path, postgres, {"things": "{table: hard, key: id}"}, source={"reader": reader}, target=target
    )

    run = starlode.run(project)

    assert run.status == "succeeded"
    shown = dict(zip(_names(COLUMNS), _as_printed(postgres, as_jsonb=target.startswith("postgres")), strict=True))
    held = _as_held(project)
    assert {name: held[name] for name in shown if held[name] != shown[name]} == {}
    assert any(value is not None for value in held["c001 int2"])


def test_arrays_and_composites_arrive_as_json(postgres: str, tmp_path: Path, reader: str, target: str) -> None:
    columns = [f"c{i} {kind}" for i, (kind, _, _) in enumerate(NESTED)]
    values = ", ".join(literal(value) for _, value, _ in NESTED)
    made = (*OWN_TYPES, f"create table nested (id int, {', '.join(columns)})")
    execute(postgres, *made, f"insert into nested values (1, {values})", "insert into nested values (2)")
    project = declare(tmp_path, postgres, {"things": "{table: nested}"}, source={"reader": reader}, target=target)

    starlode.run(project)

    names = ", ".join(f"cast(c{i} as text)" for i in range(len(NESTED)))
    full, empty = projects.rows(project, f"select {names} from staging.live__things order by id")
    for (kind, value, wanted), found in zip(NESTED, full, strict=True):
        assert _exact(found) == _exact(wanted), (kind, value)
    assert set(empty) == {None}


@pytest.mark.parametrize("reader", READERS)
def test_what_cannot_be_carried_is_rejected_with_its_column_and_reason(
    postgres: str, tmp_path: Path, reader: str
) -> None:
    columns = ", ".join(f"c{i} {bad.type}" for i, bad in enumerate(BAD))
    rows = [f"insert into bad (id, c{i}) values ({i}, {literal(bad.value)})" for i, bad in enumerate(BAD)]
    execute(postgres, *OWN_TYPES, f"create table bad (id int, {columns})", *rows, "insert into bad values (100)")
    stream = f"{{table: bad, key: id, max_rejects: {len(BAD)}}}"
    project = declare(tmp_path, postgres, {"things": stream}, source={"reader": reader})

    run = starlode.run(project)

    held = {(row.column, row.reason) for row in starlode.rejects(project)}
    assert held == {(f"c{i}", bad.reason) for i, bad in enumerate(BAD)}
    assert projects.rows(project, "select id from staging.live__things") == [(100,)]
    land = run.done[0].outcome
    assert (land.rows_in, land.rows_out, land.rejected) == (len(BAD) + 1, 1, len(BAD))


def test_a_rejected_row_is_kept_as_the_server_tells_it(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int, name text, until date)")
    execute(postgres, "insert into things values (1, 'a\"b', 'infinity'), (2, null, null)")
    project = declare(tmp_path, postgres, {"things": "{table: things, max_rejects: 1}"})

    starlode.run(project)

    (row,) = starlode.rejects(project)
    assert json.loads(row.raw) == {"id": 1, "name": 'a"b', "until": "infinity"}
    assert (row.file, row.column) == ("things", "until")


def test_declared_as_text_what_has_no_place_arrives(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(postgres, "create table things (n numeric, p numeric(4,1), d date, t timestamptz, m time)")
    execute(
        postgres,
        "insert into things values ('NaN', 'NaN', 'infinity', '-infinity', '24:00')",
        "insert into things default values",
    )
    execute(postgres, "insert into things values (1.10, 1.5, '0044-03-15 BC', '2024-01-01 00:00Z', '1:02')")
    stream = "{table: things, types: {n: text, p: text, d: text, t: text, m: text}}"
    project = declare(tmp_path, postgres, {"things": stream}, source={"reader": reader})

    run = starlode.run(project)

    assert run.rejected == 0
    assert set(projects.rows(project, "select n, p, d, t, m from staging.live__things")) == {
        ("NaN", "NaN", "infinity", "-infinity", "24:00:00"),
        ("1.10", "1.5", "0044-03-15 BC", "2024-01-01 00:00:00+00", "01:02:00"),
        (None, None, None, None, None),
    }


@pytest.mark.parametrize(
    ("own", "wanted", "good", "bad"),
    [
        ("numeric", "decimal(5,2)", ["1.10", "-999.99"], ["1.005", "1000", "NaN", "Infinity"]),
        ("numeric(10,4)", "decimal(5,2)", ["1.1000"], ["0.0001", "1000.0000"]),
        ("bigint", "decimal(5,2)", ["999"], ["1000", "-9223372036854775808"]),
        ("numeric", "integer", ["1.00", "-9223372036854775808"], ["0.5", "9223372036854775808", "NaN", "-Infinity"]),
    ],
)
def test_declared_numbers_hold_or_reject_each_value(
    postgres: str, tmp_path: Path, reader: str, own: str, wanted: str, good: list[str], bad: list[str]
) -> None:
    execute(postgres, f"create table things (n {own})")
    execute(postgres, *(f"insert into things values ('{value}')" for value in (*good, *bad)))
    stream = f'{{table: things, max_rejects: 9, types: {{n: "{wanted}"}}}}'
    project = declare(tmp_path, postgres, {"things": stream}, source={"reader": reader})

    run = starlode.run(project)

    held = [Decimal(n) for (n,) in projects.rows(project, "select n from staging.live__things")]
    assert sorted(held) == sorted(map(Decimal, good))
    assert run.rejected == len(bad)


def test_a_declared_type_that_would_lose_something_is_refused(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things (id int, price numeric(10,2))")
    project = declare(tmp_path, postgres, {"things": "{table: things, types: {price: double}}"})

    with pytest.raises(starlode.SourceError, match=r"`price` of live.things: numeric\(10,2\) cannot be read as double"):
        starlode.plan(project)


def test_numbers_of_more_digits_than_a_decimal_arrive_as_text_and_that_is_told(
    postgres: str, tmp_path: Path, reader: str
) -> None:
    execute(postgres, "create table things (n numeric, p numeric(60,10))")
    execute(postgres, f"insert into things values ({LONG}, {'9' * 50}.5), (0, 0)")
    project = declare(tmp_path, postgres, {"things": "{table: things}"}, source={"reader": reader})

    planned = starlode.plan(project)
    run = starlode.run(project)

    held = set(projects.rows(project, "select n, p from staging.live__things"))
    assert held == {(LONG, f"{'9' * 50}.5000000000"), ("0", "0.0000000000")}
    assert _columns_told(run) == ["n", "p"]
    assert [note.partition(":")[0] for note in planned.steps[0].look.notes] == ["n", "p"]  # type: ignore[union-attr]


def test_more_digits_later_widen_the_decimal(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(
        postgres, "create table things (id int primary key, at int, n numeric)", "insert into things values (1, 1, 1.5)"
    )
    project = declare(tmp_path, postgres, {"things": "{table: things, key: id, since: at}"}, source={"reader": reader})
    starlode.run(project)
    execute(
        postgres, "insert into things values (2, 2, 12345678901234567890.125)", "insert into things values (3, 3, 7)"
    )

    starlode.run(project)

    held = projects.rows(project, "select n from staging.live__things order by id")
    assert held == [(Decimal("1.5"),), (Decimal("12345678901234567890.125"),), (Decimal("7"),)]


def test_an_unchanged_type_of_a_query_is_that_of_its_table(postgres: str, tmp_path: Path, reader: str) -> None:
    columns = (
        "a numeric(10,2), b numeric(5,-2), c numeric(3,5), d numeric, e varchar(3), f timestamp(3), g dear, h mood"
    )
    execute(postgres, *OWN_TYPES, f"create table things ({columns})")
    execute(postgres, "insert into things values (1.5, 12300, 0.00999, 1.10, 'ab', '2024-01-01', 1.5, 'fine')")
    streams = {"things": "{table: things}", "asked": "{query: asked.sql}"}
    files = {"asked.sql": "select * from things"}
    project = declare(tmp_path, postgres, streams, files=files, source={"reader": reader})

    starlode.run(project)

    described = "select column_name, data_type from information_schema.columns where table_name = 'live__{}' order by 1"
    assert projects.rows(project, described.format("asked")) == projects.rows(project, described.format("things"))
    held = "select a, b, c, d, e, f, g, h from staging.live__{}"
    assert projects.rows(project, held.format("asked")) == projects.rows(project, held.format("things"))


def test_what_is_carried_otherwise_stands_in_the_plan(postgres: str, tmp_path: Path) -> None:
    execute(
        postgres, *OWN_TYPES, "create table things (a int, b interval, c int[], d mood, e money, f numeric, g text)"
    )
    project = declare(tmp_path, postgres, {"things": "{table: things}"})

    (land, _) = starlode.plan(project).steps

    notes = [note.partition(":")[0] for note in land.look.notes]  # type: ignore[union-attr]
    assert notes == ["b", "c", "e", "f"]


@pytest.mark.slow
def test_values_of_a_hundred_megabytes_arrive(postgres: str, tmp_path: Path, reader: str) -> None:
    execute(postgres, "create table things (id int, t text, b bytea)")
    execute(postgres, "insert into things values (1, repeat('🦆x', 20000000), null), (2, '', '')")
    execute(postgres, "insert into things select 3, null, decode(repeat('00ff', 50000000), 'hex')")
    roomy = "duckdb:warehouse.duckdb?memory=4GB"
    project = declare(tmp_path, postgres, {"things": "{table: things}"}, source={"reader": reader}, target=roomy)

    starlode.run(project)

    held = projects.rows(
        project, "select id, md5(t), octet_length(b), md5(hex(b)) from staging.live__things order by id"
    )
    assert held == ask(
        postgres,
        "select id, md5(t), octet_length(b), md5(upper(encode(b, 'hex'))) from things order by id",
    )


def test_a_table_of_four_hundred_columns_arrives(postgres: str, tmp_path: Path, reader: str) -> None:
    kinds = ("integer", "text", "numeric(10,2)", "date")
    columns = [f"c{i} {kinds[i % 4]}" for i in range(400)]
    execute(
        postgres,
        f"create table things ({', '.join(columns)})",
        "insert into things (c0, c399) values (1, '2024-01-01')",
    )
    project = declare(tmp_path, postgres, {"things": "{table: things}"}, source={"reader": reader})

    run = starlode.run(project)

    assert loaded(run).rows_out == 1
    assert projects.rows(project, "select c0, c399::varchar, c200 from staging.live__things") == [
        (1, "2024-01-01", None)
    ]


def test_a_table_without_columns_is_refused(postgres: str, tmp_path: Path) -> None:
    execute(postgres, "create table things ()", "insert into things default values")
    project = declare(tmp_path, postgres, {"things": "{table: things}"})

    with pytest.raises(starlode.SourceError, match=r"live\.things has no columns"):
        starlode.plan(project)


def _columns_told(run: Run) -> list[str]:
    findings = dict.fromkeys(run.findings)
    return [finding.message.partition(":")[0] for finding in findings if finding.rule == "carried otherwise"]


_BUILT_IN = """
select typname from pg_type
 where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm') and typname not like E'\\\\_%'"""
_TYPES_OF_HARD = """
select t.typname from pg_attribute as a join pg_type as t on t.oid = a.atttypid
 where a.attrelid = 'hard'::regclass and a.attnum > 0"""


def _names(columns: tuple[tuple[str, tuple[str, ...]], ...]) -> list[str]:
    """Names that say the type, and are told apart where case does not count."""
    return [f"c{i:03} {kind}" for i, (kind, _) in enumerate(columns)]


def _create_hard(url: str) -> None:
    """One column a type, one row for the first value of each, one for the second, and one of nothing."""
    names = [psycopg.sql.Identifier(name).as_string() for name in _names(COLUMNS)]
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in zip(names, COLUMNS, strict=True))
    usable = [() if kind == "xml" and not _has_xml(url) else values for kind, values in COLUMNS]
    rows = [
        f"insert into hard values ({i}, " + ", ".join(literal(v[i]) if i < len(v) else "null" for v in usable) + ")"
        for i in range(max(map(len, usable)) + 1)
    ]
    execute(url, *OWN_TYPES, f"create table hard (id integer primary key, {columns})", *rows)


def _has_xml(url: str) -> bool:
    try:
        return bool(ask(url, "select '<a/>'::xml::text"))
    except psycopg.errors.FeatureNotSupported:
        return False


def _as_printed(url: str, *, as_jsonb: bool = False) -> Iterator[list[Any]]:
    """The values of each column as the server prints them, or, of those that become JSON, as its jsonb prints them."""
    with psycopg.connect(url) as connection:
        for setting in PRINTED:
            connection.execute(setting.encode())
        for name, (kind, _) in zip(_names(COLUMNS), COLUMNS, strict=True):
            column = psycopg.sql.Identifier(name).as_string()
            shown = {"money": f"{column}::numeric", "int2vector": f"array_to_json({column}::int2[])"}.get(kind, column)
            shown = f"array_to_json({column}::oid[])" if kind == "oidvector" else shown
            if as_jsonb and kind in ("json", "jsonb", "int2vector", "oidvector"):
                shown = f"({shown})::jsonb"
            query = f"select case when {shown} is not null then format('%s', {shown}) end from hard order by id"
            yield [_plain(kind, value) for (value,) in connection.execute(query.encode())]


def _as_held(project: Project) -> dict[str, list[Any]]:
    """The values of each column in the target, in the words of the server."""
    is_duckdb = "duckdb" in str(type(project.warehouse)).lower()
    held = {}
    for name, (kind, _) in zip(_names(COLUMNS), COLUMNS, strict=True):
        column = psycopg.sql.Identifier(name).as_string()
        shown = f"'\\x' || lower(hex({column}))" if is_duckdb and kind == "bytea" else f"cast({column} as text)"
        rows = projects.rows(project, f"select {shown} from staging.live__things order by id")
        held[name] = [_plain(kind, _in_order(value) if is_duckdb else value) for (value,) in rows]
    return held


def _in_order(value: str | None) -> str | None:
    """DuckDB writes `0044-03-15 (BC) 12:00:00`, PostgreSQL `0044-03-15 12:00:00 BC`."""
    return value if value is None else re.sub(r"^(\d+-\d\d-\d\d) \(BC\)(.*)$", r"\1\2 BC", value)


def _plain(kind: str, value: str | None) -> Any:
    """A printed value, with numbers as numbers: 1.5 and 1.50 are the same decimal."""
    if value is None:
        return None
    if kind in ("float4", "float8"):
        return struct.pack("f" if kind == "float4" else "d", float(value))
    if kind.startswith(("numeric", "money", "price", "dear")) and kind not in ("money_range",):
        return Decimal(value)
    if kind == "bool":
        return {"t": "true", "f": "false"}.get(value, value)
    return value


def _exact(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, object_pairs_hook=list)
