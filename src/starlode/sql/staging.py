"""Statements that keep `staging.<source>__<stream>` at the current state of each stream.

A batch of a keyed stream is loaded into a work table first; which of its rows win is decided there, by a total order of
(cursor, file, row) that does not ask when a row arrived, so that any order of arrival ends with the same table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.source import FILE_COLUMN, ROW_COLUMN
from starlode.sql.dialect import OWN
from starlode.sql.layout import laid
from starlode.sql.ledger import newest_files
from starlode.table import INTEGER, TEXT, Column, Table, decimal, widen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.session import Reshape
    from starlode.source import Stream
    from starlode.sql.dialect import Dialect
    from starlode.table import Type

STAGING_SCHEMA = "staging"
LOAD_COLUMN = "_load"
CHANGE, NEWEST, FITS = f"{OWN}change", f"{OWN}newest", f"{OWN}fits"
# A stream's name has no blank, so no stream can be called what these tables are.
SEEN, WORK, NEW, RECALLED, MET = " (seen)", " (work)", " (new)", " (recalled)", " (met)"
TECHNICAL = (Column(FILE_COLUMN, TEXT), Column(ROW_COLUMN, INTEGER), Column(LOAD_COLUMN, INTEGER))
TECHNICAL_NAMES = tuple(column.name for column in TECHNICAL)
# A number of so many digits is compared before and after its type changes.
EXACT = decimal(38, 12)


def staging_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The current state of a stream."""
    return Table(STAGING_SCHEMA, stream.table, _with_technical(columns), stream.layout)


def seen_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """Every row of a keyed stream that was ever seen, for dimensions with history."""
    return Table(STAGING_SCHEMA, f"{stream.table}{SEEN}", _with_technical(columns))


def work_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The rows of one extraction before they are merged."""
    return Table(STAGING_SCHEMA, f"{stream.table}{WORK}", _with_technical(columns))


def recalled_table(stream: Stream, columns: tuple[Column, ...] = ()) -> Table:
    """The rows of an earlier extraction while they are looked through."""
    return Table(STAGING_SCHEMA, f"{stream.table}{RECALLED}", _with_technical(columns))


def met_table(held: Table) -> Table:
    """What a table holds of the keys of a batch."""
    return replace(held, name=f"{held.name}{MET}")


def beside(table: Table) -> Table:
    """The table that is built to take another one's place."""
    return replace(table, name=f"{table.name}{NEW}")


def create(dialect: Dialect, table: Table) -> str:
    columns = [dialect.laid_column(column, table.layout) for column in table.columns]
    if dialect.row_column and table.schema == STAGING_SCHEMA:
        columns.append(" ".join(dialect.row_column))
    listed = ",\n  ".join(columns)
    return f"create table {dialect.table(table)} (\n  {listed}\n){laid(dialect, table)}"


def create_scratch(dialect: Dialect, table: Table) -> str:
    """A table that feeds another one and goes with the transaction that made it."""
    return dialect.create_scratch + create(dialect, replace(table, layout=None)).removeprefix("create table")


def drop(dialect: Dialect, table: Table) -> str:
    return f"drop table if exists {dialect.table(table)}"


def drop_view(dialect: Dialect, view: Table) -> str:
    return f"drop view if exists {dialect.table(view)}"


def create_view(dialect: Dialect, view: Table, select: str) -> str:
    return f"create view {dialect.table(view)} as\n{select}{dialect.view_ending}"


def drop_work(dialect: Dialect, name: str) -> str:
    return f"drop table if exists {dialect.quote(name)}"


def empty(dialect: Dialect, table: Table) -> str:
    return f"delete from {dialect.table(table)}{dialect.all_rows}"


def rename(dialect: Dialect, table: Table, name: str) -> str:
    return f"alter table {dialect.table(table)} rename to {dialect.new_name(table, name)}"


def reshape(dialect: Dialect, table: Table, change: Reshape) -> tuple[str, ...]:
    """One statement for each change, as not every warehouse takes several at once."""
    changes = (
        *(f"drop column {dialect.quote(name)}" for name in change.dropped),
        *(part for column in change.renewed for part in dialect.renew(column)),
        *(f"add column {dialect.laid_column(column, table.layout)}" for column in change.added),
    )
    altered = tuple(f"alter table {dialect.table(table)} {text}" for text in changes)
    return (*altered, *(part for column in change.retyped for part in dialect.retype(table, column)))


def value(dialect: Dialect, column: Column, landed: Type | None) -> str:
    """A landed column as its staging type; NULL where the extraction did not have it."""
    if landed is None:
        return f"cast(null as {dialect.type(column.type)})"
    return dialect.convert(dialect.quote(column.name), landed, column.type)


def values(dialect: Dialect, table: Table, landed: Mapping[str, Type], fixed: Mapping[str, int]) -> tuple[str, ...]:
    """What each column of a table takes from landed files that have these columns, or the value that it has in all rows."""
    return tuple(
        str(fixed[column.name]) if column.name in fixed else value(dialect, column, landed.get(column.name))
        for column in table.columns
    )


def count_and_sums(dialect: Dialect, table: Table, names: tuple[str, ...], load_key: int) -> str:
    """The count and the exact sums of what one load added, to hold against its manifest."""
    sums = "".join(f", cast(sum({dialect.quote(name)}) as {dialect.type(TEXT)})" for name in names)
    return f"select count(*){sums} from {dialect.table(table)} where {dialect.quote(LOAD_COLUMN)} = {load_key}"


def of_file(dialect: Dialect, name: str) -> str:
    """The condition of rows `h` that come from a file."""
    return f"h.{dialect.quote(FILE_COLUMN)} = {dialect.text(name)}"


def delete_file(dialect: Dialect, table: Table) -> str:
    return f"delete from {dialect.table(table)} where {dialect.quote(FILE_COLUMN)} = {dialect.hole(1)}"


def add_loaded(dialect: Dialect, source: Table, table: Table, load_key: int) -> str:
    """Take over the rows that a load brought into another table."""
    names = dialect.names(table.names)
    return (
        f"insert into {dialect.table(table)} ({names})\n"
        f"select {names} from {dialect.table(source)} where {dialect.quote(LOAD_COLUMN)} = {load_key}"
    )


def keep_unsaid(dialect: Dialect, old: Table, new: Table, said_again: str, key: tuple[str, ...]) -> str:
    """Take over the rows that the new table does not say again, as far as they fit into its columns."""
    names = dialect.names(new.names)
    return (
        f"insert into {dialect.table(new)} ({names})\n"
        f"select {names}\n  from ({_fitted(dialect, old, new, key)}) as h\n"
        f" where h.{dialect.quote(FITS)} and not ({said_again})"
    )


def count_unfit(dialect: Dialect, old: Table, new: Table, said_again: str, key: tuple[str, ...]) -> str:
    """How many rows the new table neither says again nor could hold."""
    return (
        f"select count(*)\n  from ({_fitted(dialect, old, new, key)}) as h\n"
        f" where not h.{dialect.quote(FITS)} and not ({said_again})"
    )


def said_again(dialect: Dialect, new: Table, identity: tuple[str, ...], changed: tuple[str, ...] | None) -> str:
    """Whether the new table tells the key and moment of a row `h` again.

    Where files stand beside each other (`changed` names those that are read again), only a file that was read can do so: the
    rows of one that is gone stand for themselves.
    """
    told = f"exists (select 1 from {dialect.table(new)} as w where {_agree(dialect, identity)})"
    if changed is None:
        return told
    file = dialect.quote(FILE_COLUMN)
    again = f" or h.{file} in ({listed(dialect, changed)})" if changed else ""
    return f"{told} and (h.{file} in (select {file} from {dialect.table(new)}){again})"


def is_said_again(
    dialect: Dialect,
    seen: Table,
    identity: tuple[str, ...],
    files: tuple[str, ...] | None,
    load_key: int,
    row: str = "h",
) -> str:
    """The condition of earlier rows, of some files or of all, whose key and moment the newest load tells again."""
    load = dialect.quote(LOAD_COLUMN)
    of_files = f" and {row}.{dialect.quote(FILE_COLUMN)} in ({listed(dialect, files)})" if files is not None else ""
    return (
        f"{row}.{load} <> {load_key}{of_files}\n"
        f"   and exists (select 1 from {dialect.table(seen)} as w\n"
        f"                where w.{load} = {load_key} and {_agree(dialect, identity, row)})"
    )


def delete_said_again(
    dialect: Dialect, seen: Table, identity: tuple[str, ...], files: tuple[str, ...] | None, load_key: int
) -> str:
    """Forget the earlier rows that the newest load tells again."""
    delete, row = dialect.delete(seen, "h")
    return f"{delete}\n where {is_said_again(dialect, seen, identity, files, load_key, row)}"


def note_open(dialect: Dialect, name: str, stream: Stream, work: Table, held: Table, replaced: tuple[str, ...]) -> str:
    """A work table of the keys whose held row comes from a changed file that no longer says as much: others may have the word.

    A row of the batch that is as new as the held one was has the word itself, whatever other files hold.
    """
    q = dialect.quote
    order = tuple(column for column in order_of(stream) if column != ROW_COLUMN)
    join = " and ".join(f"w.{q(column)} = h.{q(column)}" for column in stream.key)
    return (
        f"{dialect.create_temp} {q(name)} as\n"
        f"select {dialect.names(stream.key, 'h')}\n  from {dialect.table(held)} as h\n"
        f" where h.{q(FILE_COLUMN)} in ({listed(dialect, replaced)})\n"
        f"   and not exists (select 1 from {dialect.table(work)} as w\n"
        f"                    where {join} and not {older(dialect, order)})"
    )


def count_open(dialect: Dialect, name: str) -> str:
    return f"select count(*) from {dialect.quote(name)}"


def count_told(dialect: Dialect, source: Table, stream: Stream, name: str, replaced: tuple[str, ...]) -> str:
    """How many rows of a table tell of open keys, in the newest state of a file that does not change now."""
    return f"select count(*) from {dialect.table(source)} as h\n where {_told(dialect, stream, name, replaced)}"


def add_told(dialect: Dialect, source: Table, work: Table, stream: Stream, name: str, replaced: tuple[str, ...]) -> str:
    """Add to the batch what files that do not change now tell of open keys, each in its newest state."""
    names = dialect.names(work.names)
    return (
        f"insert into {dialect.table(work)} ({names})\n"
        f"select {names}\n  from ({_fitted(dialect, source, work)}) as h\n"
        f" where {_told(dialect, stream, name, replaced)}"
    )


def is_gone(dialect: Dialect, stream: Stream, work: Table, replaced: tuple[str, ...], row: str = "h") -> str:
    """The condition of held rows that come from changed files and whose key no file holds any more."""
    q = dialect.quote
    join = " and ".join(f"w.{q(column)} = {row}.{q(column)}" for column in stream.key)
    return (
        f"{row}.{q(FILE_COLUMN)} in ({listed(dialect, replaced)})\n"
        f"   and not exists (select 1 from {dialect.table(work)} as w where {join})"
    )


def count_gone(dialect: Dialect, stream: Stream, held: Table, work: Table, replaced: tuple[str, ...]) -> str:
    """How many held rows come from changed files and have a key that no file holds any more."""
    return f"select count(*) from {dialect.table(held)} as h\n where {is_gone(dialect, stream, work, replaced)}"


def delete_gone(dialect: Dialect, stream: Stream, held: Table, work: Table, replaced: tuple[str, ...]) -> str:
    delete, row = dialect.delete(held, "h")
    return f"{delete}\n where {is_gone(dialect, stream, work, replaced, row)}"


def count_files(dialect: Dialect, table: Table, files: tuple[str, ...]) -> str:
    """How many rows are held of each of some files: (file, rows)."""
    file = dialect.quote(FILE_COLUMN)
    return f"select {file}, count(*) from {dialect.table(table)} where {file} in ({listed(dialect, files)}) group by {file}"


def count_values(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    """How many values each of some columns has."""
    counts = ", ".join(f"count({dialect.quote(name)})" for name in names)
    return f"select {counts} from {dialect.table(table)}"


def null_keys(dialect: Dialect, work: Table, key: tuple[str, ...]) -> str:
    """The rows whose key is NULL: (file, row, what the row holds)."""
    missing = " or ".join(f"{dialect.quote(name)} is null" for name in key)
    own = (column for column in work.columns if column.name not in TECHNICAL_NAMES)
    cells = {c.name: dialect.convert(dialect.quote(c.name), c.type, TEXT) for c in own}
    return (
        f"select {dialect.quote(FILE_COLUMN)}, {dialect.quote(ROW_COLUMN)},\n"
        f"       cast({dialect.json_object(cells)} as {dialect.type(TEXT)})\n"
        f"  from {dialect.table(work)}\n where {missing}\n order by 1, 2"
    )


def delete_null_keys(dialect: Dialect, work: Table, key: tuple[str, ...]) -> str:
    missing = " or ".join(f"{dialect.quote(name)} is null" for name in key)
    return f"delete from {dialect.table(work)} where {missing}"


def count_doubles(dialect: Dialect, work: Table, key: tuple[str, ...]) -> str:
    """How many keys have more than one row."""
    names = dialect.names(key)
    return f"select count(*) from (select {names} from {dialect.table(work)} group by {names} having count(*) > 1) as d"


def all_rows(dialect: Dialect, table: Table) -> str:
    return f"select * from {dialect.table(table)}"


def count(dialect: Dialect, table: Table) -> str:
    return f"select count(*) from {dialect.table(table)}"


def _fitted(dialect: Dialect, old: Table, new: Table, key: tuple[str, ...] = ()) -> str:
    """The rows of a table in the columns of another, and whether they can be read so without a loss."""
    held = {column.name: column for column in old.columns}
    bent = {c.name for c in new.columns if c.name in held and _is_bent(held[c.name].type, c.type)}
    values = [
        _bent(dialect, held[column.name], column.type)
        if column.name in bent
        else value(dialect, column, held[column.name].type if column.name in held else None)
        for column in new.columns
    ]
    tests = [_fits(dialect, held[column.name], column) for column in new.columns if column.name in bent]
    tests += ["false" for name in key if name not in held]
    listed = ",\n               ".join(
        f"{said} as {dialect.quote(column.name)}" for said, column in zip(values, new.columns, strict=True)
    )
    fits = " and ".join(tests) or "true"
    return f"select {listed},\n               {fits} as {dialect.quote(FITS)}\n          from {dialect.table(old)}"


def _fits(dialect: Dialect, old: Column, new: Column) -> str:
    """Whether a value can be read as another type and is the same there: rounded is not the same."""
    held, read = dialect.quote(old.name), _bent(dialect, old, new.type)
    if new.type.kind in ("integer", "decimal"):
        exact = _bent(dialect, old, EXACT)
        digits = new.type.precision - new.type.scale
        # More digits than these no number has that was read as exact.
        small = f" and abs({exact}) < 1{'0' * digits}" if 0 < digits < EXACT.precision - EXACT.scale else ""
        unbent = f"coalesce({exact} = round({exact}, {new.type.scale}){small}, false)"
    elif old.type.kind in ("text", "json"):
        unbent = "true"
    else:
        unbent = dialect.same(f"cast({read} as {dialect.type(old.type)})", held)
    return f"({held} is null or ({read} is not null and {unbent}))"


def _bent(dialect: Dialect, column: Column, wanted: Type) -> str:
    return dialect.try_cast(dialect.convert(dialect.quote(column.name), column.type, TEXT), wanted)


def _is_bent(old: Type, new: Type) -> bool:
    """Whether not every value of a type is one of another; not every text is JSON."""
    return widen(old, new) != new or (new.kind == "json" != old.kind)


def _told(dialect: Dialect, stream: Stream, name: str, replaced: tuple[str, ...]) -> str:
    q = dialect.quote
    join = " and ".join(f"o.{q(column)} = h.{q(column)}" for column in stream.key)
    return (
        f"h.{q(FILE_COLUMN)} not in ({listed(dialect, replaced)})\n"
        f"   and exists (select 1 from {q(name)} as o where {join})\n"
        f"   and exists (select 1 from ({newest_files(dialect, str(stream))}) as p\n"
        f"                where p.name = h.{q(FILE_COLUMN)} and p.load_key = h.{q(LOAD_COLUMN)})"
    )


def listed(dialect: Dialect, files: tuple[str, ...]) -> str:
    return ", ".join(dialect.text(file) for file in files)


def _agree(dialect: Dialect, names: tuple[str, ...], row: str = "h") -> str:
    return " and ".join(dialect.agree(f"{row}.{dialect.quote(name)}", f"w.{dialect.quote(name)}") for name in names)


def order_of(stream: Stream) -> tuple[str, ...]:
    """What decides between rows of one key, beside the order of extractions; nothing where each is of one moment."""
    if stream.is_of_moments:
        return ()
    return (*((stream.since,) if stream.since else ()), FILE_COLUMN, ROW_COLUMN)


def older(dialect: Dialect, order: tuple[str, ...]) -> str:
    """Whether the batch's row comes before the held one in the total order; NULL comes before everything."""
    q = dialect.quote
    steps, equal = [], ""
    for column in order:
        new, old = f"w.{q(column)}", f"h.{q(column)}"
        before = f"({new} < {old} or ({new} is null and {old} is not null))"
        steps.append(f"{equal}{before}")
        equal += f"{dialect.same(new, old)} and "
    return "(" + (" or ".join(f"({step})" for step in steps) or "false") + ")"


def _with_technical(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    own = tuple(column for column in columns if column.name not in TECHNICAL_NAMES)
    return (*own, *TECHNICAL) if columns else ()
