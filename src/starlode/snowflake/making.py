"""What a transaction makes, changes the shape of, and lets go: told to a second session, because in the first it would end it.

Snowflake commits before each statement that makes, alters or drops something. So the session in which a transaction is open
only reads and writes rows, and a second one makes what it needs. What that has made is there at once and for everybody. So it
is written down before, in a table of our own, how it is taken back, and by the transaction itself, what is left to do after it:
what stands there when a transaction, or a run, has ended is done (`tidy`). Where a transaction makes anew what it has used
already, or what was there before, the name stands for another table until then.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from starlode.snowflake.dialect import DIALECT
from starlode.snowflake.holding import LOOSE
from starlode.snowflake.refusing import Unknown, told
from starlode.sql import staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlode.session import Reshape
    from starlode.table import Column, Table

_NAME = r'((?:"(?:[^"]|"")+"\.)?(?:"(?:[^"]|"")+"|\w+))'
FILLED = re.compile(rf"create or replace transient table {_NAME} as\n(.*)", re.DOTALL)
_MADE = re.compile(rf"(create (?:or replace )?(?:transient )?table)( if not exists)? {_NAME} (\(.*)", re.DOTALL)
DROPPED = re.compile(rf"drop table if exists {_NAME}")
_RENAMED = re.compile(rf"alter table {_NAME} rename to {_NAME}")
_OTHER = re.compile(r"(create|drop|alter)\s", re.IGNORECASE)
OLD = " (old)"
STAY = 'use schema "STARLODE_WORK"'
_WRITE = f"insert into {LOOSE} (number, said) values (?, ?)"
_FORGET, _FORGET_SOME = f"delete from {LOOSE}", f"delete from {LOOSE} where number between ? and ?"
_LEFT = f"select number, said from {LOOSE} order by number"


@dataclass
class Making:
    """The second session of a transaction, and what it has done for it.

    `write` runs a statement in the transaction as it is, `see` gives the columns of a SELECT there.
    """

    second: Any
    write: Callable[[str], None]
    see: Callable[[str], tuple[Column, ...]]
    # What tables are called that the transaction has made or let go: nothing for those that it has let go.
    _called: dict[str, str] = field(default_factory=dict)
    _leaving: list[str] = field(default_factory=list)
    _hidden: dict[str, set[str]] = field(default_factory=dict)
    _after: list[str] = field(default_factory=list)
    _undone: int = 0

    def takes(self, sql: str) -> bool:
        """Carry out a statement that would end the transaction; whether it is one."""
        if found := FILLED.fullmatch(sql):
            self._fill(found[1], found[2])
        elif found := _MADE.fullmatch(sql):
            self._make(found[3], found[1], found[4], if_missing=bool(found[2]))
        elif found := DROPPED.fullmatch(sql):
            self._drop(self._spelled(found[1]))
        elif found := _RENAMED.fullmatch(sql):
            name = self._spelled(found[1])
            # It has the new name here at once, and for everybody when the transaction has ended.
            self._called |= {found[2]: self._called.get(name, name), name: ""}
        elif _OTHER.match(sql):
            other(self.second, self.said(sql))
        else:
            return False
        return True

    def said(self, sql: str) -> str:
        """A statement with the tables that stand for others."""
        others = {name: place for name, place in self._called.items() if place not in ("", name)}
        if not others:
            return sql
        # Work tables are named with quotes too, and a column may be called as one is.
        work = {kept(name): place for name, place in others.items() if "." not in name}
        named = "|".join(map(re.escape, others))
        quoted = "|".join(map(re.escape, work)) or "(?!)"
        found = rf'(?<![\w".])({named})(?![\w".])|(?<=from )({quoted})|(?<=join )({quoted})|(?<=into )({quoted})'
        return re.sub(found, lambda match: (others | work)[match[0]], sql)

    def shown(self, table: Table, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The columns of a table as the transaction leaves them."""
        place = DIALECT.table(table)
        hidden = self._hidden.get(place, set())
        return tuple(c for c in columns if c.name not in hidden) if self._called.get(place, place) else ()

    def reshape(self, table: Table, change: Reshape) -> None:
        """Change the columns of a table that the transaction has not written to yet; what goes, goes after it."""
        place = DIALECT.table(table)
        hidden = self._hidden.setdefault(place, set())
        for name in change.dropped:
            self._after.append(f"alter table {place} drop column {DIALECT.quote(name)}")
            hidden.add(name)
        for column in change.added:
            self._add(place, column)
        renewing = (*change.renewed, *change.retyped)
        held = {c.name: c.type for c in self.see(self.said(f"select * from {place}"))} if renewing else {}
        for column in renewing:
            old = column.name + OLD
            self._undo(DIALECT.renamed(table, old, column.name))
            run(self.second, DIALECT.renamed(table, column.name, old))
            self._add(place, column)
            if column in change.retyped:
                value = DIALECT.convert(DIALECT.quote(old), held[column.name], column.type)
                self.write(self.said(f"update {place} set {DIALECT.quote(column.name)} = {value}"))
            self._after.append(f"alter table {place} drop column {DIALECT.quote(old)}")
            hidden.add(old)

    def show(self, view: Table, select: str | None) -> None:
        """Let a view show something else to whoever may read it; or let it go."""
        if select is None:
            self._after.append(staging.drop_view(DIALECT, view))
        else:
            run(self.second, show_anew(view, self.said(select)))

    def settle(self) -> bool:
        """Write down, as the transaction's last act, what is left to do after it; whether there is anything to tidy."""
        renamed = [
            f"alter table {place} rename to {name}"
            for name, place in self._called.items()
            if place not in ("", name) and "." in name
        ]
        after = [*self._after, *(f"drop table if exists {place}" for place in self._leaving), *renamed]
        if self._undone:
            self.write(_FORGET)
        if after:
            lines = ",\n  ".join(f"({number}, {DIALECT.text(said)})" for number, said in enumerate(after, 1))
            self.write(f"insert into {LOOSE} (number, said) values\n  {lines}")
        return bool(after)

    @property
    def has_made(self) -> bool:
        """Whether anything would have to be taken back."""
        return bool(self._undone)

    def _fill(self, name: str, select: str) -> None:
        """Make a work table that has the columns of a SELECT, and fill it in the transaction."""
        said = self.said(select)
        listed = ",\n  ".join(DIALECT.column(column) for column in self.see(said))
        self._make(name, "create or replace transient table", f"(\n  {listed}\n)", if_missing=False)
        self.write(f"insert into {self._called[name]}\n{said}")

    def _make(self, name: str, create: str, columns: str, *, if_missing: bool) -> None:
        if if_missing and self._is_there(name):
            return
        place = self._free(name) if name in self._called else name
        if "." in name:
            self._undo(f"drop table if exists {place}")
        run(self.second, f"{create} {place} {columns}")
        self._called[name] = place

    def _drop(self, name: str) -> None:
        place = self._called.get(name)
        if place is None and "." not in name:
            run(self.second, f"drop table if exists {name}")
        elif place or (place is None and self._is_there(name)):
            self._called[name] = ""
            self._leaving.append(place or name)

    def _spelled(self, name: str) -> str:
        """A name as the transaction has made it: with quotes or without them, it is the same."""
        return next((made for made in self._called if kept(made) == kept(name)), name)

    def _free(self, name: str) -> str:
        """Another name for a table whose own is taken."""
        place = self._called[name]
        if place:
            self._leaving.append(place)
        return f'{kept(name)[:-1]} ({len(self._leaving)})"'

    def _is_there(self, name: str) -> bool:
        try:
            return bool(self.see(f"select * from {self.said(name)}"))
        except Unknown:
            return False

    def _add(self, place: str, column: Column) -> None:
        self._undo(f"alter table {place} drop column {DIALECT.quote(column.name)}")
        run(self.second, f"alter table {place} add column {DIALECT.column(column)}")

    def _undo(self, sql: str) -> None:
        """Write down how the next act is taken back, before it is done; the last is taken back first."""
        self._undone += 1
        run(self.second, _WRITE, -self._undone, sql)


def tidy(connection: Any) -> None:
    """Do what ended transactions have left to do, or to take back; what was done and not yet forgotten does no harm."""
    with told(_LEFT):
        left = connection.cursor().execute(_LEFT).fetchall()
    for done in _at_once(left):
        for _, said in done:
            with suppress(Unknown):  # what is not there was done before
                run(connection, said)
        run(connection, _FORGET_SOME, done[0][0], done[-1][0])


def _at_once(left: Iterable[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """The lines that may be forgotten together: tables that go. After any other line, a name may be another table's."""
    for goes, lines in groupby(left, lambda line: DROPPED.fullmatch(line[1]) is not None):
        if goes:
            yield list(lines)
        else:
            yield from ([line] for line in lines)


def kept(name: str) -> str:
    """A name with the quotes that it is kept by."""
    return name if name.endswith('"') else f'"{name.upper()}"'


def other(connection: Any, sql: str) -> None:
    """Make, alter or drop something else than a table; a schema that is made would be the one to work in."""
    run(connection, sql)
    if sql.startswith("create schema"):
        run(connection, STAY)


def show_anew(view: Table, select: str) -> str:
    """Let a view show a SELECT, whether or not there is one; rights to it stay."""
    return f"create or replace view {DIALECT.table(view)} copy grants as\n{select}"


def run(connection: Any, sql: str, *values: Any) -> None:
    """Run a statement in a session."""
    with told(sql):
        connection.cursor().execute(sql, values or None)
