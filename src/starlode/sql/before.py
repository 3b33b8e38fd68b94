"""Statements that keep the rows of the star as they were before a build changed them, so that a run can be undone.

Beside each table of the star lies `(before)` in the ledger's schema: the rows that a build changed or took out, as they stood,
with the load that did it. What a run added needs no copy: its loads are in the rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.sql.ledger import LEDGER_SCHEMA, LOAD, SCHEMA_CHANGE, undone
from starlode.table import INTEGER, Column

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Table

CHANGED_COLUMN = "_changed"
LOAD_KEY = "load_key"
# So many of the last runs can be undone.
UNDOABLE = 10


def before_table(table: Table) -> Table:
    """The rows of a table of the star as they were, each with the load that changed it."""
    columns = (*table.columns, Column(CHANGED_COLUMN, INTEGER)) if table.columns else ()
    return replace(table, schema=LEDGER_SCHEMA, name=f"{table.name} (before)", columns=columns, layout=None)


def keep_before(dialect: Dialect, table: Table, alias: str, where: str, load_key: int, taken: str = "") -> str:
    """Keep the rows that a load is about to change or to take out; of the table, or of a work table that holds them."""
    kept = before_table(table)
    return (
        f"insert into {dialect.table(kept)} ({dialect.names(kept.names)})\n"
        f"select {dialect.names(table.names, alias)}, {load_key}\n"
        f"  from {taken or dialect.table(table)} as {alias}\n where {where}"
    )


def forget_before(dialect: Dialect, table: Table) -> str:
    """Forget what was kept for runs that are too old to be undone."""
    oldest = oldest_undoable(dialect)
    return f"delete from {dialect.table(before_table(table))} where {dialect.quote(CHANGED_COLUMN)} < ({oldest})"


def oldest_undoable(dialect: Dialect) -> str:
    """The first load of the oldest run that can be undone."""
    first = f"select run_id, min(load_key) as first from {dialect.table(LOAD)} group by run_id"
    return f"select min(first) from (select first from ({first}) as runs order by first desc limit {UNDOABLE}) as last"


def take_out(dialect: Dialect, table: Table, identity: tuple[str, ...], loads: str) -> str:
    """Take out of a table what some loads added or changed."""
    q = dialect.quote
    delete, row = dialect.delete(table, "t")
    same = " and ".join(f"b.{q(name)} = {row}.{q(name)}" for name in identity)
    return (
        f"{delete}\n"
        f" where {row}.{LOAD_KEY} in ({loads})\n"
        f"    or exists (select 1 from {dialect.table(before_table(table))} as b\n"
        f"                where b.{q(CHANGED_COLUMN)} in ({loads}) and {same})"
    )


def take_out_added(dialect: Dialect, table: Table, loads: str) -> str:
    """Take out of a table what some loads added to it."""
    return f"delete from {dialect.table(table)} where {LOAD_KEY} in ({loads})"


def put_back(dialect: Dialect, table: Table, loads: str) -> str:
    """Put back the rows that some loads changed or took out, as they were before the first of those."""
    names = dialect.names(table.names)
    return f"insert into {dialect.table(table)} ({names})\nselect {names}\n  from {_kept(dialect, table, loads)}"


def count_added(dialect: Dialect, table: Table, loads: str) -> str:
    return f"select count(*) from {dialect.table(table)} where {LOAD_KEY} in ({loads})"


def count_kept(dialect: Dialect, table: Table, loads: str) -> str:
    return f"select count(*) from {_kept(dialect, table, loads)}"


def forget_undone(dialect: Dialect, table: Table, loads: str) -> str:
    """Forget what was kept of the changes of loads that are undone."""
    return f"delete from {dialect.table(before_table(table))} where {dialect.quote(CHANGED_COLUMN)} in ({loads})"


def loads_of_runs(dialect: Dialect, runs: tuple[str, ...]) -> str:
    """The keys of all loads of some runs, as a sub-select."""
    return f"select load_key from {dialect.table(LOAD)} where run_id in ({', '.join(map(dialect.text, runs))})"


def runs_that_changed(dialect: Dialect) -> str:
    """The runs that changed the warehouse and still count, newest first: (run_id, first load)."""
    return (
        f"select run_id, min(load_key) from {dialect.table(LOAD)}\n"
        f" where run_id in (select run_id from {dialect.table(LOAD)} where verb in ('load', 'reload', 'build', 'undo'))\n"
        f"   and run_id not in ({undone(dialect)})\n"
        f" group by run_id order by 2 desc"
    )


def first_builds(dialect: Dialect, runs: tuple[str, ...]) -> str:
    """The first build of each model in some runs, and whether it had been built before: (model, load key, builds before)."""
    listed = ", ".join(map(dialect.text, runs))
    table = dialect.table(LOAD)
    return (
        f"select b.object, b.first, count(l.load_key)\n"
        f"  from (select object, min(load_key) as first from {table}\n"
        f"         where verb = 'build' and run_id in ({listed}) group by object) as b\n"
        f"  left join (select object, load_key from {table}\n"
        f"              where verb = 'build' and run_id not in ({undone(dialect)})) as l\n"
        f"    on l.object = b.object and l.load_key < b.first\n group by b.object, b.first"
    )


def objects_of(dialect: Dialect, runs: tuple[str, ...], verb: str) -> str:
    """What some runs did of a kind, each object once, in the order in which it was first done."""
    listed = ", ".join(map(dialect.text, runs))
    return (
        f"select object from {dialect.table(LOAD)} where verb = {dialect.text(verb)} and run_id in ({listed})\n"
        f" group by object order by min(load_key)"
    )


def added_columns(dialect: Dialect, table: Table, runs: tuple[str, ...]) -> str:
    """The columns that some runs added to a table of the star."""
    listed = ", ".join(map(dialect.text, runs))
    return (
        f"select distinct {dialect.quote('column')} from {dialect.table(SCHEMA_CHANGE)}\n"
        f" where stream = {dialect.text(str(table))} and change = 'added' and run_id in ({listed})"
    )


def _kept(dialect: Dialect, table: Table, loads: str) -> str:
    changed = dialect.quote(CHANGED_COLUMN)
    return f"{dialect.table(before_table(table))} where {changed} in ({loads}) and {LOAD_KEY} not in ({loads})"
