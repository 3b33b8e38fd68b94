"""An act that is all or nothing, where a transaction may change rows but make no table.

BigQuery's transactions take no DDL on permanent tables, and nobody promises that they see a table that is newer than they. So:

- a table that an act makes, or gives other columns, gets a name of its own, and comes to its place when the act is over;
- what has to come to its place is written down by the transaction itself, so whoever opens the warehouse next finishes it;
- a transaction begins with the first change of rows, and where a table is made after that, it is rolled back and its changes
  are made again: the same statements on the same rows, as nobody else writes.

Rows of the ledger wait until somebody asks for them or the act ends.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from starlode.bigquery.finishing import Finish
from starlode.errors import StarlodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.bigquery.asking import Connection
    from starlode.bigquery.finishing import Finisher

MADE = " made "
_NAME = r"(?P<name>`[^`]+`(?:\.`[^`]+`)?|__starlode_\w+)"
MAKES = re.compile(rf"create (?P<temp>temp )?table (?:if not exists )?{_NAME}", re.IGNORECASE)
DROPS = re.compile(rf"drop table (?:if exists )?{_NAME}", re.IGNORECASE)
_RENAMES = re.compile(rf"alter table {_NAME} rename to `(?P<to>[^`]+)`", re.IGNORECASE)
# A work table that takes another name.
RENAMES_WORK = re.compile(r"alter table (?P<name>__starlode_\w+) rename to (?P<to>__starlode_\w+)", re.IGNORECASE)
SCHEMAS = re.compile(r"(create|drop) schema\b", re.IGNORECASE)
_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_TEXT_OR_NAME = re.compile(r"'(?:\\.|[^'\\])*'|`[^`]+`\.`[^`]+`")


@dataclass(frozen=True)
class Said:
    """A statement with the values that are bound to it."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass
class Act:
    """What was done since an act began, and where its tables are meanwhile."""

    connection: Connection
    finisher: Finisher
    # The temporary tables of the session.
    temporary: set[str]
    # Where each table stands that is elsewhere than its name says; None where it is gone.
    places: dict[str, str | None] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    shown: dict[str, str | None] = field(default_factory=dict)
    # Temporary tables of before the transaction, its changes of rows, and rows that wait.
    _prepared: list[Said] = field(default_factory=list)
    _changes: list[Said] = field(default_factory=list)
    _waiting: list[tuple[str, Said]] = field(default_factory=list)
    _dropped: set[str] = field(default_factory=set)
    _is_open: bool = False
    _is_remade: bool = False

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Carry out a statement that changes something."""
        if found := MAKES.match(sql):
            is_temporary = found["temp"] or "." not in found["name"]
            (self._make_temporary if is_temporary else self._make)(found["name"], sql, values)
        elif found := DROPS.match(sql):
            self._drop(found["name"])
        elif found := _RENAMES.match(sql):
            self.take_place(f"{found['name'].partition('.')[0]}.`{found['to']}`", found["name"])
        elif SCHEMAS.match(sql):
            self.outside()
            self.finisher.make_dataset(sql)
        elif _READS.match(sql):
            self.ask(sql, values)
        else:
            self._flush(sql)
            self._change(Said(self.placed(sql), tuple(values)))

    def wait(self, table: str, sql: str, values: Sequence[Any]) -> None:
        """Add rows to a table once somebody asks for it, or the act ends."""
        self._waiting.append((table, Said(sql, tuple(values))))

    def ask(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The rows of a SELECT, which sees what the act has done."""
        self._flush(sql)
        self._catch_up()
        return self.connection.run(self.placed(sql), values)

    def outside(self) -> None:
        """Leave the transaction, so that something can be done that none may hold; it is made again afterwards."""
        if self._is_open:
            self.connection.run("rollback transaction")
            self._is_open = False

    def place(self, name: str) -> str | None:
        """Where a table stands now; None where it is gone."""
        return self.places.get(name, name)

    def placed(self, sql: str) -> str:
        """A statement with each table where it stands."""
        return _TEXT_OR_NAME.sub(lambda found: self.places.get(found[0]) or found[0], sql)

    def take_place(self, name: str, beside: str) -> None:
        """Let one table take the place of another."""
        self.places[name] = self.place(beside)
        self.places[beside] = None

    def make(self, name: str, sql: str) -> str:
        """Make a table that is to stand where a name says; where it stands meanwhile."""
        self.outside()
        dataset, _, table = name.partition(".")
        stands = f"{dataset}.{table[:-1]}{MADE}{token_hex(6)}`"
        self.connection.run(sql.replace(name, stands, 1))
        self.made.append(stands)
        return stands

    def commit(self) -> None:
        """Let it be so: rows at once, tables in their places right after."""
        self._flush("")
        finishes = self._finishes()
        if finishes:
            self._change(Said(*self.finisher.note(finishes)))
        if self._changes:
            self._catch_up()
            self.connection.run("commit transaction")
            self._is_open = False
        self.finisher.finish(finishes)
        self.temporary -= self._dropped

    def roll_back(self) -> None:
        """Let nothing of it be."""
        with suppress(StarlodeError):  # what went wrong is what has to be told; a lost session rolls back by itself
            self.outside()
        for name in self.made:
            with suppress(StarlodeError):  # whoever comes next finds it and lets it go
                self.connection.run(f"drop table if exists {name}")
        self.temporary -= self._dropped

    def _make(self, name: str, sql: str, values: Sequence[Any]) -> None:  # noqa: ARG002
        if "if not exists" in sql.partition("(")[0] and self.finisher.exists(self.place(name)):
            return
        self.places[name] = self.make(name, sql)

    def _make_temporary(self, name: str, sql: str, values: Sequence[Any]) -> None:
        self._flush(sql)
        self._catch_up()
        bare = name.strip("`")
        said = Said(self.placed(made_anew(sql)), tuple(values))
        self._is_remade = self._is_remade or (self._is_open and bare in self.temporary)
        self.connection.run(said.sql, said.values)
        (self._changes if self._is_open else self._prepared).append(said)
        self.temporary.add(bare)
        self._dropped.discard(bare)

    def _drop(self, name: str) -> None:
        if "." not in name:
            # It may be needed once more where changes are made again, and goes with its session.
            self._dropped |= {name.strip("`")} & self.temporary
        elif self.place(name) in self.made or (self.place(name) and self.finisher.exists(name)):
            self.places[name] = None

    def _change(self, said: Said) -> None:
        self._catch_up()
        if not self._is_open:
            self._open()
        self.connection.run(said.sql, said.values)
        self._changes.append(said)

    def _flush(self, sql: str) -> None:
        """Let the rows come that a statement may ask for; all of them where none is named."""
        due = [said for table, said in self._waiting if not sql or table in sql]
        self._waiting = [(table, said) for table, said in self._waiting if sql and table not in sql]
        for said in due:
            self._change(Said(self.placed(said.sql), said.values))

    def _open(self) -> None:
        self.connection.run("begin transaction")
        self._is_open = True

    def _catch_up(self) -> None:
        """Make the changes again that were rolled back."""
        if self._is_open or not self._changes:
            return
        # What was temporary before the transaction is needed as it was then.
        for said in self._prepared if self._is_remade else ():
            self.connection.run(said.sql, said.values)
        self._open()
        for said in self._changes:
            self.connection.run(said.sql, said.values)

    def _finishes(self) -> list[Finish]:
        moves = [Finish("move", stands, name) for name, stands in self.places.items() if stands not in (None, name)]
        drops = [Finish("drop", name) for name, stands in self.places.items() if stands is None]
        kept = {finish.place for finish in moves}
        lost = [Finish("drop", name) for name in self.made if name not in kept]
        views = [Finish("show" if text else "hide", name, text or "") for name, text in self.shown.items()]
        return [*moves, *drops, *lost, *views]


def made_anew(sql: str) -> str:
    """A statement that makes a temporary table, whether or not there is one."""
    return re.sub(r"^create (temp )?table", "create or replace temp table", sql, flags=re.IGNORECASE)


def taken_over(name: str, other: str) -> str:
    """A statement that makes a work table of another one's rows: BigQuery renames no temporary table in a transaction."""
    return f"create table {other} as select * from {name}"
