"""Statements that keep `staging.<source>__<stream>` at the current state of each stream.

A batch of a keyed stream is loaded into a work table first; which of its rows win is decided there, by a total order of
(cursor, file, row) that does not ask when a row arrived, so that any order of arrival ends with the same table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql.dialect import OWN
from starlode.table import INTEGER, TEXT, Column, Table

if TYPE_CHECKING:
    from starlode.source import Stream
    from starlode.sql.dialect import Dialect
    from starlode.table import Type

STAGING_SCHEMA = "staging"
LOAD_COLUMN = "_load"
CHANGE, NEWEST = f"{OWN}change", f"{OWN}newest"
# A stream's name has no blank, so no stream can be called what these tables are.
SEEN, WORK, NEW = " (seen)", " (work)", " (new)"
TECHNICAL = (Column(FILE_COLUMN, TEXT), Column(ROW_COLUMN, INTEGER), Column(LOAD_COLUMN, INTEGER))
TECHNICAL_NAMES = tuple(column.name for column in TECHNICAL)


def staging_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The current state of a stream."""
    return Table(STAGING_SCHEMA, f"{stream.source}__{stream.name}", _with_technical(columns))


def seen_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """Every row of a keyed stream that was ever seen, for dimensions with history."""
    return Table(STAGING_SCHEMA, f"{stream.source}__{stream.name}{SEEN}", _with_technical(columns))


def work_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The rows of one extraction before they are merged."""
    return Table(STAGING_SCHEMA, f"{stream.source}__{stream.name}{WORK}", _with_technical(columns))


def beside(table: Table) -> Table:
    """The table that is built to take another one's place."""
    return replace(table, name=f"{table.name}{NEW}")


def create(dialect: Dialect, table: Table) -> str:
    columns = ",\n  ".join(dialect.column(column) for column in table.columns)
    return f"create table {dialect.table(table)} (\n  {columns}\n)"


def drop(dialect: Dialect, table: Table) -> str:
    return f"drop table if exists {dialect.table(table)}"


def drop_work(dialect: Dialect, name: str) -> str:
    return f"drop table if exists {dialect.quote(name)}"


def rename(dialect: Dialect, table: Table, name: str) -> str:
    return f"alter table {dialect.table(table)} rename to {dialect.quote(name)}"


def add_column(dialect: Dialect, table: Table, column: Column) -> str:
    return f"alter table {dialect.table(table)} add column {dialect.column(column)}"


def widen_column(dialect: Dialect, table: Table, column: Column) -> str:
    return (
        f"alter table {dialect.table(table)} alter column {dialect.quote(column.name)} "
        f"set data type {dialect.type(column.type)}"
    )


def value(dialect: Dialect, column: Column, landed: Type | None) -> str:
    """A landed column as its staging type; NULL where the extraction did not have it."""
    if landed is None:
        return f"cast(null as {dialect.type(column.type)})"
    return f"cast({dialect.quote(column.name)} as {dialect.type(column.type)})"


def count_and_sums(dialect: Dialect, table: Table, names: tuple[str, ...], load_key: int) -> str:
    """The count and the exact sums of what one load added, to hold against its manifest."""
    sums = "".join(f", cast(sum({dialect.quote(name)}) as {dialect.type(TEXT)})" for name in names)
    return f"select count(*){sums} from {dialect.table(table)} where {dialect.quote(LOAD_COLUMN)} = {load_key}"


def delete_file(dialect: Dialect, table: Table) -> str:
    return f"delete from {dialect.table(table)} where {dialect.quote(FILE_COLUMN)} = ?"


def keep_other_files(dialect: Dialect, old: Table, new: Table, replaced: tuple[str, ...]) -> str:
    """Take over the rows of files that the new table does not speak of; a changed file may have no rows any more."""
    file = dialect.quote(FILE_COLUMN)
    held = {column.name: column.type for column in old.columns}
    values = ", ".join(value(dialect, column, held.get(column.name)) for column in new.columns)
    changed = f" and {file} not in ({_listed(dialect, replaced)})" if replaced else ""
    return (
        f"insert into {dialect.table(new)} ({dialect.names(new.names)})\n"
        f"select {values}\n  from {dialect.table(old)}\n"
        f" where {file} not in (select {file} from {dialect.table(new)}){changed}"
    )


def keep_unsaid(dialect: Dialect, old: Table, new: Table, identity: tuple[str, ...]) -> str:
    """Take over the rows whose key and moment the new table does not speak of."""
    held = {column.name: column.type for column in old.columns}
    values = ",\n               ".join(
        f"{value(dialect, column, held.get(column.name))} as {dialect.quote(column.name)}" for column in new.columns
    )
    names = dialect.names(new.names)
    return (
        f"insert into {dialect.table(new)} ({names})\n"
        f"select {names}\n  from (select {values}\n          from {dialect.table(old)}) as h\n"
        f" where not exists (select 1 from {dialect.table(new)} as w where {_agree(dialect, identity)})"
    )


def delete_said_again(
    dialect: Dialect, seen: Table, identity: tuple[str, ...], files: tuple[str, ...], load_key: int
) -> str:
    """Forget the earlier rows of files whose key and moment the newest load tells again."""
    load = dialect.quote(LOAD_COLUMN)
    return (
        f"delete from {dialect.table(seen)} as h\n"
        f" where h.{load} <> {load_key} and h.{dialect.quote(FILE_COLUMN)} in ({_listed(dialect, files)})\n"
        f"   and exists (select 1 from {dialect.table(seen)} as w\n"
        f"                where w.{load} = {load_key} and {_agree(dialect, identity)})"
    )


def count_unsaid(dialect: Dialect, key: tuple[str, ...], held: Table, work: Table, files: tuple[str, ...]) -> str:
    """How many held rows come from files whose newest state does not hold their key."""
    return (
        f"select count(*) from {dialect.table(held)} as h\n"
        f" where h.{dialect.quote(FILE_COLUMN)} in ({_listed(dialect, files)})\n"
        f"   and not exists (select 1 from {dialect.table(work)} as w where {_agree(dialect, key)})"
    )


def count_files(dialect: Dialect, table: Table, files: tuple[str, ...]) -> str:
    """How many rows are held of each of some files: (file, rows)."""
    file = dialect.quote(FILE_COLUMN)
    return f"select {file}, count(*) from {dialect.table(table)} where {file} in ({_listed(dialect, files)}) group by {file}"


def count_values(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    """How many values each of some columns has."""
    counts = ", ".join(f"count({dialect.quote(name)})" for name in names)
    return f"select {counts} from {dialect.table(table)}"


def null_keys(dialect: Dialect, work: Table, key: tuple[str, ...]) -> str:
    """The rows whose key is NULL: (file, row, what the row holds)."""
    missing = " or ".join(f"{dialect.quote(name)} is null" for name in key)
    own = (name for name in work.names if name not in TECHNICAL_NAMES)
    cells = ", ".join(f"{dialect.text(name)}, cast({dialect.quote(name)} as {dialect.type(TEXT)})" for name in own)
    return (
        f"select {dialect.quote(FILE_COLUMN)}, {dialect.quote(ROW_COLUMN)},\n"
        f"       cast(json_object({cells}) as {dialect.type(TEXT)})\n"
        f"  from {dialect.table(work)}\n where {missing}\n order by 1, 2"
    )


def delete_null_keys(dialect: Dialect, work: Table, key: tuple[str, ...]) -> str:
    missing = " or ".join(f"{dialect.quote(name)} is null" for name in key)
    return f"delete from {dialect.table(work)} where {missing}"


def winners(
    dialect: Dialect, name: str, stream: Stream, work: Table, held: Table, replaces: tuple[str, ...] = ()
) -> str:
    """A work table of the last row of each key in the batch, with what it does to the held one.

    The change is insert, update, same or stale: a stale row is older than the one that is held. A held row of a file that
    the batch replaces makes no row stale, because that file speaks for itself in the batch.
    """
    q = dialect.quote
    key, order = stream.key, _order(stream)
    content = [column.name for column in held.columns if column.name not in TECHNICAL_NAMES]
    newest = ", ".join(f"{q(column)} desc nulls last" for column in order)
    join = " and ".join(dialect.same(f"h.{q(column)}", f"w.{q(column)}") for column in key)
    same = " and ".join(dialect.same(f"h.{q(column)}", f"w.{q(column)}") for column in content)
    stands = f"h.{q(FILE_COLUMN)} not in ({_listed(dialect, replaces)}) and " if replaces else ""
    return (
        f"create temp table {q(name)} as\n"
        f"select w.*,\n"
        f"       case when h.{q(LOAD_COLUMN)} is null then 'insert'\n"
        f"            when {stands}{_older(dialect, order)} then 'stale'\n"
        f"            when {same} then 'same'\n"
        f"            else 'update' end as {q(CHANGE)}\n"
        f"  from (select *, row_number() over (partition by {dialect.names(key)} order by {newest}) as {q(NEWEST)}\n"
        f"          from {dialect.table(work)}) as w\n"
        f"  left join {dialect.table(held)} as h on {join}\n"
        f" where w.{q(NEWEST)} = 1"
    )


def count_changes(dialect: Dialect, name: str) -> str:
    change = dialect.quote(CHANGE)
    return f"select {change}, count(*) from {dialect.quote(name)} group by {change}"


def delete_updated(dialect: Dialect, name: str, stream: Stream, held: Table) -> str:
    q = dialect.quote
    join = " and ".join(f"h.{q(column)} = w.{q(column)}" for column in stream.key)
    return (
        f"delete from {dialect.table(held)} as h\n"
        f" where exists (select 1 from {q(name)} as w where w.{q(CHANGE)} = 'update' and {join})"
    )


def insert_winners(dialect: Dialect, name: str, held: Table) -> str:
    names = dialect.names(held.names)
    return (
        f"insert into {dialect.table(held)} ({names})\n"
        f"select {names} from {dialect.quote(name)} where {dialect.quote(CHANGE)} in ('insert', 'update')"
    )


def compare_full(dialect: Dialect, stream: Stream, old: Table, new: Table) -> str:
    """What a full extract changed: (inserted, updated, deleted, unchanged) by key."""
    q = dialect.quote
    held = {column.name: column for column in old.columns}
    shared = [column for column in new.columns if column.name in held and column.name not in TECHNICAL_NAMES]
    # A column whose type was mended is compared by its text: the old values need not fit the new type.
    retyped = {column.name for column in shared if held[column.name].type != column.type}

    def of(alias: str, name: str) -> str:
        return f"cast({alias}.{q(name)} as {dialect.type(TEXT)})" if name in retyped else f"{alias}.{q(name)}"

    join = " and ".join(f"{of('o', name)} = {of('n', name)}" for name in stream.key)
    same = " and ".join(dialect.same(of("o", column.name), of("n", column.name)) for column in shared)
    return (
        f"select count(*) filter (where o.{q(LOAD_COLUMN)} is null),\n"
        f"       count(*) filter (where o.{q(LOAD_COLUMN)} is not null and n.{q(LOAD_COLUMN)} is not null and not ({same})),\n"
        f"       count(*) filter (where n.{q(LOAD_COLUMN)} is null),\n"
        f"       count(*) filter (where o.{q(LOAD_COLUMN)} is not null and n.{q(LOAD_COLUMN)} is not null and ({same}))\n"
        f"  from {dialect.table(old)} as o full join {dialect.table(new)} as n on {join}"
    )


def all_rows(dialect: Dialect, table: Table) -> str:
    return f"select * from {dialect.table(table)}"


def count(dialect: Dialect, table: Table) -> str:
    return f"select count(*) from {dialect.table(table)}"


def _listed(dialect: Dialect, files: tuple[str, ...]) -> str:
    return ", ".join(dialect.text(file) for file in files)


def _agree(dialect: Dialect, names: tuple[str, ...]) -> str:
    return " and ".join(dialect.same(f"h.{dialect.quote(name)}", f"w.{dialect.quote(name)}") for name in names)


def _order(stream: Stream) -> tuple[str, ...]:
    return (*((stream.since,) if stream.since else ()), FILE_COLUMN, ROW_COLUMN)


def _older(dialect: Dialect, order: tuple[str, ...]) -> str:
    """Whether the batch's row comes before the held one in the total order; NULL comes before everything."""
    q = dialect.quote
    steps, equal = [], ""
    for column in order:
        new, old = f"w.{q(column)}", f"h.{q(column)}"
        before = f"({new} < {old} or ({new} is null and {old} is not null))"
        steps.append(f"{equal}{before}")
        equal += f"{dialect.same(new, old)} and "
    return "(" + " or ".join(f"({step})" for step in steps) + ")"


def _with_technical(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    own = tuple(column for column in columns if column.name not in TECHNICAL_NAMES)
    return (*own, *TECHNICAL) if columns else ()
