"""Keeping what a load takes out of a staging table, so that models know which of their rows to derive again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.session import Reshape
from starlode.sql import following as sql
from starlode.sql import staging

if TYPE_CHECKING:
    from starlode.table import Table
    from starlode.work import Work


@dataclass(frozen=True)
class Following:
    """A staging table whose rows are followed through one load; every model has taken in the loads up to `settled`."""

    work: Work
    table: Table
    load_key: int

    def goes(self, where: str, source: Table | None = None) -> None:
        """Keep the rows `h` that go now, as they stand in the table or in the part of it that was taken out."""
        dialect = self.work.session.dialect
        rows = dialect.table(source or self.table)
        self.work.session.execute(sql.keep_gone(dialect, self.table, rows, where, self.load_key))


def follow(work: Work, table: Table, load_key: int, settled: int) -> Following:
    """Go on following a table that has the columns of this load, or begin to; forget what no model asks for any more."""
    session, dialect = work.session, work.session.dialect
    gone = sql.gone_table(table)
    held = {column.name: column.type for column in session.columns(gone)}
    if not held:
        begin(work, table, load_key)
        return Following(work, table, load_key)
    change = Reshape(
        added=tuple(c for c in gone.columns if c.name not in held),
        retyped=tuple(c for c in gone.columns if c.name in held and held[c.name] != c.type),
    )
    if not change.is_nothing:
        session.reshape(gone, change)
    if session.rows(sql.count_settled(dialect, table, settled))[0][0]:
        session.execute(sql.forget_gone(dialect, table, settled))
        # A model that left the declaration before then, and comes back to it, has not taken them in.
        work.ledger.write_followed(replace(table, columns=()), settled - 1)
    return Following(work, table, load_key)


def begin(work: Work, table: Table, load_key: int) -> None:
    """Begin anew with a table that is filled as a whole: what it held before is not known row by row."""
    session, dialect = work.session, work.session.dialect
    gone = sql.gone_table(table)
    session.execute(staging.drop(dialect, gone))
    session.execute(staging.create(dialect, gone))
    work.ledger.write_followed(replace(table, columns=()), load_key)
