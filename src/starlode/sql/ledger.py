"""The ledger's tables, in the warehouse's own `starlode` schema, and the statements that write and read them.

Rows are only ever added: what is newest is asked for. So a run's record survives whatever the next run does, and warehouses
where two writers of one table disturb each other are served as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.table import INTEGER, JSON, TEXT, TIMESTAMP, Column, Table

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Type

LEDGER_SCHEMA = "starlode"


def _table(table: str, /, **columns: Type) -> Table:
    return Table(LEDGER_SCHEMA, table, tuple(Column(name, kind) for name, kind in columns.items()))


RUN = _table(
    "run",
    run_id=TEXT,
    project=TEXT,
    status=TEXT,
    at=TIMESTAMP,
    tool_version=TEXT,
    process_id=INTEGER,
    error=TEXT,
)
STEP = _table(
    "step",
    run_id=TEXT,
    step=INTEGER,
    verb=TEXT,
    object=TEXT,
    status=TEXT,
    reason=TEXT,
    started_at=TIMESTAMP,
    ended_at=TIMESTAMP,
    load_key=INTEGER,
    rows_in=INTEGER,
    rows_out=INTEGER,
    rows_rejected=INTEGER,
    rows_merged=INTEGER,
    rows_lost=INTEGER,
    rows_doubled=INTEGER,
    rows_inserted=INTEGER,
    rows_updated=INTEGER,
    rows_deleted=INTEGER,
    rows_unchanged=INTEGER,
    bytes=INTEGER,
    sums=JSON,
)
LOAD = _table(
    "load",
    load_key=INTEGER,
    run_id=TEXT,
    verb=TEXT,
    object=TEXT,
    digest=TEXT,
    manifest=INTEGER,
    at=TIMESTAMP,
)
POSITION = _table("position", stream=TEXT, name=TEXT, value=JSON, load_key=INTEGER)
FINDING = _table(
    "finding",
    run_id=TEXT,
    step=INTEGER,
    rule=TEXT,
    object=TEXT,
    severity=TEXT,
    message=TEXT,
    expected=TEXT,
    found=TEXT,
    at=TIMESTAMP,
)
REJECT = _table(
    "reject",
    reject_id=INTEGER,
    run_id=TEXT,
    stream=TEXT,
    manifest=INTEGER,
    file=TEXT,
    line=INTEGER,
    column=TEXT,
    raw=TEXT,
    reason=TEXT,
    rule=TEXT,
    at=TIMESTAMP,
)
RESOLUTION = _table("resolution", reject_id=INTEGER, run_id=TEXT, how=TEXT, at=TIMESTAMP)
CONFLICT = _table(
    "conflict",
    run_id=TEXT,
    object=TEXT,
    key=JSON,
    columns=TEXT,
    rows=INTEGER,
    rule=TEXT,
    at=TIMESTAMP,
)
SCHEMA_CHANGE = _table(
    "schema_change",
    run_id=TEXT,
    stream=TEXT,
    column=TEXT,
    change=TEXT,
    old_type=TEXT,
    new_type=TEXT,
    at=TIMESTAMP,
)
FOLLOWED = _table("followed", object=TEXT, load_key=INTEGER)
EDITION = _table("edition", number=INTEGER, run_id=TEXT, load_key=INTEGER, at=TIMESTAMP)
# The lines that each run writes.
LINES = (RUN, STEP, LOAD, POSITION, FINDING, REJECT, RESOLUTION, CONFLICT, SCHEMA_CHANGE)
TABLES = (*LINES, FOLLOWED, EDITION)


def create_schema(dialect: Dialect, schema: str) -> str:
    return f"create schema if not exists {dialect.schema(schema)}"


def create_table(dialect: Dialect, table: Table) -> str:
    columns = ",\n  ".join(dialect.column(column) for column in table.columns)
    return f"create table if not exists {dialect.table(table)} (\n  {columns}\n)"


def next_key(dialect: Dialect) -> str:
    """The number after those of all loads, and of all editions, whose own load a crash may have taken away."""
    key = dialect.quote("load_key")
    keys = f"select {key} from {dialect.table(LOAD)} union all select {key} from {dialect.table(EDITION)}"
    return f"select coalesce(max({key}), 0) + 1 from ({keys}) as keys"


def next_reject(dialect: Dialect) -> str:
    return f"select coalesce(max({dialect.quote('reject_id')}), 0) + 1 from {dialect.table(REJECT)}"


def undone(dialect: Dialect) -> str:
    """The runs that were undone: what they wrote counts no more."""
    return f"select run_id from {dialect.table(RUN)} where status = 'undone'"


def newest_loads(dialect: Dialect) -> str:
    """The newest load of each object: (verb, object, digest, load_key, manifest)."""
    return (
        "select verb, object, digest, load_key, manifest from (\n"
        "  select *, row_number() over (partition by verb, object order by load_key desc) as newest\n"
        f"    from {dialect.table(LOAD)} where run_id not in ({undone(dialect)})) as numbered\n where newest = 1"
    )


def undone_extractions(dialect: Dialect) -> str:
    """The extractions whose loads were undone: (stream, extraction)."""
    return f"select object, manifest from {dialect.table(LOAD)}\n where verb = 'load' and run_id in ({undone(dialect)})"


def newest_positions(dialect: Dialect) -> str:
    """The newest value of each name of each stream's position."""
    return (
        "select stream, name, value from (\n"
        "  select *, row_number() over (partition by stream, name order by load_key desc) as newest\n"
        f"    from {dialect.table(POSITION)} where {_counts(dialect)}) as numbered\n"
        " where newest = 1 and value is not null"
    )


def newest_files(dialect: Dialect, stream: str) -> str:
    """The load that read each part of a stream last: (name, load_key)."""
    return (
        "select name, load_key from (\n"
        "  select *, row_number() over (partition by name order by load_key desc) as newest\n"
        f"    from {dialect.table(POSITION)}\n"
        f"   where stream = {dialect.text(stream)} and {_counts(dialect)}) as numbered\n"
        " where newest = 1 and value is not null"
    )


def newest_extractions(dialect: Dialect, stream: str, replaced: tuple[str, ...]) -> str:
    """The extractions that hold the newest state of any part of a stream, some parts aside: (extraction, load_key)."""
    parts = ", ".join(dialect.text(name) for name in replaced)
    return (
        f"select distinct l.manifest, l.load_key from {dialect.table(LOAD)} as l\n"
        f"  join ({newest_files(dialect, stream)}) as p on p.load_key = l.load_key\n"
        f" where p.name not in ({parts}) order by l.load_key"
    )


def undecided_columns(dialect: Dialect) -> str:
    """The columns that have had no value yet: (stream, column)."""
    column, at = dialect.quote("column"), dialect.quote("at")
    return (
        f"select stream, {column} from (\n"
        f"  select *, row_number() over (partition by stream, {column} order by {at} desc, change) as newest\n"
        f"    from {dialect.table(SCHEMA_CHANGE)} where run_id not in ({undone(dialect)})) as numbered\n"
        " where newest = 1 and change = 'undecided'"
    )


def newest_project(dialect: Dialect) -> str:
    """The project that has last run in the warehouse."""
    return f"select project from {dialect.table(RUN)} order by {dialect.quote('at')} desc limit 1"


def last_runs(dialect: Dialect, limit: int) -> str:
    """The last runs, newest first, with their latest status: (run_id, status, started, ended, version, pid, error)."""
    at = dialect.quote("at")
    ended = f"max(case when status <> 'undone' then {at} end)"
    return (
        f"select run_id, max(case when newest = 1 then status end), min({at}), {ended},\n"
        "       max(tool_version), max(process_id), max(case when newest = 1 then error end)\n"
        f"  from (select *, row_number() over (partition by run_id order by {at} desc,\n"
        "               case when status = 'running' then 1 else 0 end) as newest\n"
        f"          from {dialect.table(RUN)}) as numbered\n"
        f" group by run_id order by min({at}) desc, run_id desc limit {limit}"
    )


def count_deleted(dialect: Dialect) -> str:
    """How many builds of a model since a load have taken rows out of it."""
    return (
        f"select count(*) from {dialect.table(STEP)}\n where verb = 'build' and status = 'done' and rows_deleted > 0\n"
        f"   and run_id not in ({undone(dialect)}) and object = {dialect.hole(1)} and load_key > {dialect.hole(2)}"
    )


def newest_sums(dialect: Dialect) -> str:
    """The sums that the last build of a model left."""
    return (
        f"select sums from {dialect.table(STEP)}\n where verb = 'build' and status = 'done' and object = {dialect.hole(1)}\n"
        f"   and run_id not in ({undone(dialect)})\n order by load_key desc limit 1"
    )


def steps_of(dialect: Dialect) -> str:
    names = dialect.names(STEP.names, "s")
    return (
        f"select {names} from {dialect.table(STEP)} as s where s.run_id = {dialect.hole(1)} order by s.step, s.ended_at"
    )


def findings_of(dialect: Dialect) -> str:
    names = dialect.names(("rule", "object", "severity", "message", "expected", "found", "step"))
    table, hole = dialect.table(FINDING), dialect.hole(1)
    return f"select {names} from {table} where run_id = {hole} order by step, {dialect.quote('at')}"


def count_rejects(dialect: Dialect) -> str:
    """The rows of each stream that a run rejected: (stream, rows)."""
    return f"select stream, count(*) from {dialect.table(REJECT)} where run_id = {dialect.hole(1)} group by stream"


def open_rejects(dialect: Dialect, stream: str = "", names: tuple[str, ...] = REJECT.names) -> str:
    """Rejected rows that nobody has resolved yet, of one stream or of all."""
    gone = undone(dialect)
    own = f"r.stream = {dialect.text(stream)} and " if stream else ""
    return (
        f"select {dialect.names(names, 'r')} from {dialect.table(REJECT)} as r\n"
        f" where {own}r.run_id not in ({gone})\n"
        f"   and not exists (select 1 from {dialect.table(RESOLUTION)} as s\n"
        f"                    where s.reject_id = r.reject_id and s.run_id not in ({gone}))\n"
        " order by r.reject_id"
    )


def _counts(dialect: Dialect) -> str:
    """The condition of what was written by a load that still counts."""
    return f"load_key not in (select load_key from {dialect.table(LOAD)} where run_id in ({undone(dialect)}))"
