"""What is left to do when a transaction has ended: tables and views come to their places, from a list that it wrote itself.

Each thing can be done twice. Whoever opens the warehouse for writing does first what a run that died has left, and lets go the
tables of acts that never came to an end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from starlode.bigquery.address import has_dataset, tables_of
from starlode.sql.ledger import LEDGER_SCHEMA
from starlode.sql.staging import STAGING_SCHEMA
from starlode.star import STAR_SCHEMA
from starlode.table import INTEGER, TEXT, Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.bigquery.asking import Connection
    from starlode.bigquery.dialect import BigQueryDialect

UNFINISHED = Table(
    LEDGER_SCHEMA,
    "unfinished",
    (Column("number", INTEGER), Column("act", TEXT), Column("place", TEXT), Column("other", TEXT)),
)
_MAKES_DATASET = re.compile(r"create schema if not exists `?(\w+)`?$", re.IGNORECASE)
_LEFT = re.compile(r".* made [0-9a-f]{12}")


@dataclass(frozen=True)
class Finish:
    """One thing that is left to do: move a table, drop one, show a SELECT in a view, or hide the view."""

    act: Literal["move", "drop", "show", "hide"]
    place: str
    other: str = ""


class Finisher:
    """Does what is left to do."""

    def __init__(self, connection: Connection, dialect: BigQueryDialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def note(self, finishes: Sequence[Finish]) -> tuple[str, tuple[Any, ...]]:
        """The statement by which a transaction writes down what is left, and its values."""
        names = self._dialect.names(UNFINISHED.names)
        holes = ", ".join(
            "(" + ", ".join(self._dialect.hole(4 * row + place) for place in range(1, 5)) + ")"
            for row in range(len(finishes))
        )
        values = tuple(cell for n, f in enumerate(finishes) for cell in (n, f.act, f.place, f.other))
        return f"insert into {self._dialect.table(UNFINISHED)} ({names})\nvalues {holes}", values

    def finish(self, finishes: Sequence[Finish]) -> None:
        """Do what is left, and forget it."""
        for finish in finishes:
            getattr(self, f"_{finish.act}")(finish)
        if finishes:
            self._connection.run(f"delete from {self._dialect.table(UNFINISHED)} where true")

    def catch_up(self) -> None:
        """Do what a run has left that died, and let the tables go that it made in vain."""
        names = self._dialect.names(UNFINISHED.names[1:])
        asked = f"select {names} from {self._dialect.table(UNFINISHED)} order by `number`"
        self.finish([Finish(*row.values()) for row in self._connection.run(asked)])
        for schema in (LEDGER_SCHEMA, STAGING_SCHEMA, STAR_SCHEMA):
            dataset = self._dialect.schema(schema)
            for name in tables_of(self._connection.client, self._connection.address.place(dataset)):
                if _LEFT.fullmatch(name):
                    self._connection.run(f"drop table if exists {dataset}.`{name}`")

    def make_dataset(self, sql: str) -> None:
        """Make a dataset, or drop one; one that is there is not asked for, as that takes the right to make some."""
        found = _MAKES_DATASET.match(sql)
        if found and has_dataset(self._connection.client, self._connection.address.place(found[1])):
            return
        self._connection.run(sql)

    def exists(self, name: str | None) -> bool:
        """Whether there is a table, or a view, of a quoted name."""
        return name is not None and self._connection.table(name) is not None

    def _move(self, finish: Finish) -> None:
        """Bring a table to its place; readers see the old one until the new one is there."""
        if not self.exists(finish.place):
            return
        dataset, _, name = finish.other.partition(".")
        if self.exists(finish.other):
            if dataset == self._dialect.schema(STAR_SCHEMA):
                self._connection.run(f"create or replace table {finish.other} copy {finish.place}")
                self._connection.run(f"drop table {finish.place}")
                return
            self._connection.run(f"drop table {finish.other}")
        self._connection.run(f"alter table {finish.place} rename to {name}")

    def _drop(self, finish: Finish) -> None:
        self._connection.run(f"drop table if exists {finish.place}")

    def _show(self, finish: Finish) -> None:
        self._connection.run(f"create or replace view {finish.place} as\n{finish.other}")

    def _hide(self, finish: Finish) -> None:
        self._connection.run(f"drop view if exists {finish.place}")
