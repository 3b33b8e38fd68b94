"""Statements for loading a stream again: which extractions it was made of, and what to clear away when that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.ledger import FOLLOWED, LOAD, POSITION, SCHEMA_CHANGE, undone

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Table


def loads_of(dialect: Dialect, stream: str, without: tuple[str, ...]) -> str:
    """The extractions that a stream was loaded from, each with its last load, in their order; those of some runs aside."""
    runs = "".join(f", {dialect.text(run)}" for run in without)
    return (
        f"select max(load_key), manifest from {dialect.table(LOAD)}\n"
        f" where verb = 'load' and object = {dialect.text(stream)}\n"
        f"   and run_id not in ({undone(dialect)}) and run_id not in (''{runs})\n"
        f" group by manifest order by 1"
    )


def follow_as(dialect: Dialect, aside: Table, real: Table) -> tuple[str, str]:
    """Statements that let a table be followed since the load from which the one in its place was."""
    followed = dialect.table(FOLLOWED)
    return (
        f"delete from {followed} where object = {dialect.text(real.name)}",
        f"update {followed} set object = {dialect.text(real.name)} where object = {dialect.text(aside.name)}",
    )


def last_load_before(dialect: Dialect) -> str:
    """The last load before a moment; 0 where there is none."""
    return (
        f"select coalesce(max(load_key), 0) from {dialect.table(LOAD)} where {dialect.quote('at')} < {dialect.hole(1)}"
    )


def forget_aside(dialect: Dialect, stream: str, tables: tuple[str, ...]) -> tuple[str, ...]:
    """Statements that clear away what the ledger kept of a stream aside, whose tables have taken their place."""
    name, listed = dialect.text(stream), ", ".join(dialect.text(table) for table in tables)
    return (
        f"delete from {dialect.table(POSITION)} where stream = {name}",
        f"delete from {dialect.table(SCHEMA_CHANGE)} where stream = {name}",
        f"delete from {dialect.table(FOLLOWED)} where object in ({listed})",
    )
