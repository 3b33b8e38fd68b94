"""Statements that tell what changed in a table since an edition of the star, and those that let another table take it over.

A row that changed or came carries the key of a later load; what it was, and what went, lies in the table beside it that keeps
rows as they were before a build changed them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.before import CHANGED_COLUMN, LOAD_KEY, before_table
from starlode.sql.ledger import EDITION, LEDGER_SCHEMA, LINES, LOAD, POSITION, RUN, STEP
from starlode.table import TEXT, Column, Table

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect

LINE_OF = "line_of"


def came_table(table: Table) -> Table:
    """Where the rows of an edition stand before a table takes them over."""
    return Table(LEDGER_SCHEMA, f"{table.name} (came)", table.columns)


def went_table(table: Table) -> Table:
    """Where the identities of an edition that changed or went stand before a table lets them go."""
    return Table(LEDGER_SCHEMA, f"{table.name} (went)", table.columns)


def rows(dialect: Dialect, table: Table, where: str = "true") -> str:
    """The rows of a table as they are written to Parquet, where JSON is text."""
    values = ", ".join(_written(dialect, column) for column in table.columns)
    return f"select {values}\n  from {dialect.table(table)}\n where {where}"


def since(load_key: int) -> str:
    """The condition of rows that were written after a load."""
    return f"{LOAD_KEY} > {load_key}"


def count(dialect: Dialect, table: Table, where: str) -> str:
    return f"select count(*) from {dialect.table(table)} where {where}"


def went(dialect: Dialect, table: Table, identity: tuple[str, ...], load_key: int) -> str:
    """The identities of rows that a table had after a load, and that changed or went since."""
    kept = dialect.table(before_table(table))
    return f"select distinct {dialect.names(identity)}\n  from {kept}\n where {_was_there(dialect, load_key)}"


def count_went(dialect: Dialect, table: Table, identity: tuple[str, ...], load_key: int) -> str:
    """How many rows changed or went since a load, and how many of them came to nothing: (changed or gone, gone)."""
    q = dialect.quote
    same = " and ".join(f"t.{q(name)} = b.{q(name)}" for name in identity)
    stays = f"select 1 from {dialect.table(table)} as t where {same} and t.{LOAD_KEY} > {load_key}"
    return (
        f"select count(*), count(case when not exists ({stays}) then 1 end)\n"
        f"  from {dialect.table(before_table(table))} as b\n where {_was_there(dialect, load_key)}"
    )


def add_identities(dialect: Dialect, those: Table, came: Table) -> str:
    """Add the identities of rows that come to those that go."""
    names = dialect.names(those.names)
    return f"insert into {dialect.table(those)} ({names})\nselect {names} from {dialect.table(came)}"


def count_among(dialect: Dialect, table: Table, identity: tuple[str, ...], those: Table) -> str:
    """How many rows of a table have an identity that another one names."""
    return f"select count(*) from {dialect.table(table)} as t\n where {_is_among(dialect, identity, those)}"


def take_out(dialect: Dialect, table: Table, identity: tuple[str, ...], those: Table) -> str:
    """Take the rows out of a table whose identity another one names."""
    delete, row = dialect.delete(table, "t")
    return f"{delete}\n where {_is_among(dialect, identity, those, row)}"


def take_out_differing(dialect: Dialect, table: Table, identity: tuple[str, ...], whole: Table) -> str:
    """Take the rows out of a table that are not exactly so in another one, which holds all that there should be."""
    q, (delete, row) = dialect.quote, dialect.delete(table, "t")
    same = " and ".join(f"{row}.{q(name)} = c.{q(name)}" for name in identity)
    agree = "".join(
        f"\n                      and {dialect.same(f'{row}.{q(c.name)}', f'c.{q(c.name)}')}"
        for c in whole.columns
        if c.name not in identity
    )
    return f"{delete}\n where not exists (select 1 from {dialect.table(whole)} as c where {same}{agree})"


def add(dialect: Dialect, table: Table, came: Table) -> str:
    """Add the rows of another table, in the columns that it has."""
    names = dialect.names(came.names)
    return f"insert into {dialect.table(table)} ({names})\nselect {names} from {dialect.table(came)}"


def add_missing(dialect: Dialect, table: Table, identity: tuple[str, ...], whole: Table) -> str:
    """Add the rows of another table whose identity is not there."""
    q = dialect.quote
    names = dialect.names(whole.names)
    same = " and ".join(f"t.{q(name)} = c.{q(name)}" for name in identity)
    return (
        f"insert into {dialect.table(table)} ({names})\n"
        f"select {dialect.names(whole.names, 'c')} from {dialect.table(whole)} as c\n"
        f" where not exists (select 1 from {dialect.table(table)} as t where {same})"
    )


def highest(dialect: Dialect, table: Table, column: str) -> str:
    return f"select coalesce(max({dialect.quote(column)}), 0) from {dialect.table(table)}"


def above(dialect: Dialect, column: str, value: int) -> str:
    """The condition of rows whose number in a column is higher than a value."""
    return f"{dialect.quote(column)} > {value}"


def newest_edition(dialect: Dialect) -> str:
    """The edition that a warehouse has: (number, run_id, load_key)."""
    return f"select number, run_id, load_key from {dialect.table(EDITION)} order by number desc limit 1"


def newest_data_load(dialect: Dialect) -> str:
    """The last load that changed a stream or a table of the star; 0 where there is none."""
    verbs = ", ".join(map(dialect.text, ("load", "reload", "build", "undo")))
    return f"select coalesce(max(load_key), 0) from {dialect.table(LOAD)} where verb in ({verbs})"


def count_undone(dialect: Dialect, load_key: int) -> str:
    """How many undos there were after a load."""
    return f"select count(*) from {dialect.table(LOAD)} where verb = 'undo' and load_key > {load_key}"


def count_loads(dialect: Dialect) -> str:
    return f"select count(*) from {dialect.table(LOAD)}"


def has_run(dialect: Dialect, run_id: str) -> str:
    return f"select count(*) from {dialect.table(RUN)} where run_id = {dialect.text(run_id)}"


def lines_of_runs(dialect: Dialect, run_id: str) -> str:
    """How many lines each run has that wrote one since a run began, or of all: (run, lines of the run, lines of steps)."""
    steps = f"select count(*) from {dialect.table(STEP)} as s where s.run_id = r.run_id"
    return (
        f"select r.run_id, count(*), ({steps})\n  from {dialect.table(RUN)} as r\n"
        f" where r.run_id in ({_runs_since(dialect, run_id)})\n group by r.run_id"
    )


def lines_table() -> Table:
    """The lines of all tables of the ledger in one: which table each is of, and the columns that any of them has."""
    columns = {column.name: column for table in LINES for column in table.columns}
    return Table(LEDGER_SCHEMA, "lines (came)", (Column(LINE_OF, TEXT), *columns.values()))


def all_lines(dialect: Dialect, runs: tuple[str, ...]) -> str:
    """What the ledger was told by some runs, in one table."""
    parts = []
    for table in LINES:
        own = {column.name: _written(dialect, column) for column in table.columns}
        values = ", ".join(
            own.get(column.name, f"cast(null as {dialect.type(_plain(column).type)}) as {dialect.quote(column.name)}")
            for column in lines_table().columns[1:]
        )
        of = f"{dialect.text(table.name)} as {dialect.quote(LINE_OF)}"
        parts.append(f"select {of}, {values}\n  from {dialect.table(table)}\n where {of_runs(dialect, table, runs)}")
    return "\nunion all\n".join(parts)


def forget_told(dialect: Dialect, table: Table, lines: Table) -> str:
    """Forget what a table of the ledger has of the runs or loads of which there are other lines."""
    name = "load_key" if table == POSITION else "run_id"
    return f"delete from {dialect.table(table)}\n where {name} in (select {name} from {dialect.table(lines)})"


def add_told(dialect: Dialect, table: Table, lines: Table) -> str:
    """Add the lines of one table of the ledger."""
    known = tuple(column for column in table.columns if column.name in lines.names)
    values = ", ".join(dialect.cast(dialect.quote(column.name), column.type) for column in known)
    return (
        f"insert into {dialect.table(table)} ({dialect.names([c.name for c in known])})\n"
        f"select {values}\n  from {dialect.table(lines)} where {dialect.quote(LINE_OF)} = {dialect.text(table.name)}"
    )


def of_runs(dialect: Dialect, table: Table, runs: tuple[str, ...]) -> str:
    """The condition of lines of the ledger that some runs wrote."""
    listed = ", ".join(map(dialect.text, runs))
    if table == POSITION:
        return f"load_key in (select load_key from {dialect.table(LOAD)} where run_id in ({listed}))"
    return f"run_id in ({listed})"


def forget(dialect: Dialect, table: Table, where: str) -> str:
    return f"delete from {dialect.table(table)} where {where}"


def drop_schema(dialect: Dialect, schema: str) -> str:
    return f"drop schema if exists {dialect.schema(schema)} cascade"


def _runs_since(dialect: Dialect, run_id: str) -> str:
    at, table = dialect.quote("at"), dialect.table(RUN)
    began = f"select min({at}) from {table} where run_id = {dialect.text(run_id)}"
    return f"select run_id from {table} where {at} >= ({began})" if run_id else f"select run_id from {table}"


def _was_there(dialect: Dialect, load_key: int) -> str:
    return f"{dialect.quote(CHANGED_COLUMN)} > {load_key} and {LOAD_KEY} <= {load_key}"


def _is_among(dialect: Dialect, identity: tuple[str, ...], those: Table, row: str = "t") -> str:
    return dialect.among([f"{row}.{dialect.quote(name)}" for name in identity], identity, dialect.table(those))


def _written(dialect: Dialect, column: Column) -> str:
    name = dialect.quote(column.name)
    return f"{dialect.cast(name, TEXT)} as {name}" if _plain(column) != column else name


def _plain(column: Column) -> Column:
    """A column as it is written to Parquet, where JSON is text."""
    return Column(column.name, TEXT) if column.type.kind == "json" else column
