"""Transactions as Snowflake has them, on a DuckDB that has others.

A statement that makes, alters or drops something commits what its session has begun. What other sessions make, or add, while
one has a transaction open is seen in it at once: it is done inside the DuckDB transaction, and again if that is rolled back. A
session that has said nothing for a time, and stands in others' way, has its transaction rolled back, as has one whose
transaction is aborted by its number: neither is told, and what it says next is outside of a transaction.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.transforms import stage

from starlode.sandbox.snowflake.lake import Lake, told_of_s3
from starlode.sandbox.snowflake.refused import DENIED, MISSING, UNKNOWN, as_refused, judge, refused

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that a transaction may stand in others' way while its session says nothing.
IDLE = 300.0
_NUMBER = re.compile(r"\s*select current_transaction\(\)\s*", re.IGNORECASE)
_SHOW = re.compile(r"\s*show transactions in account\s*", re.IGNORECASE)
_ABORT = re.compile(r"\s*select system\$abort_transaction\((\d+)\)\s*", re.IGNORECASE)
_FIRST = re.compile(r"\s*(\w+)")
_COPY_GRANTS = re.compile(r"(create or replace view .*?) copy grants as\n", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"\s*alter session set query_tag = '[^']*'\s*", re.IGNORECASE)
_REMOVE = re.compile(r"\s*remove @([\w.]+)/(\S+)", re.IGNORECASE)
_DROP_DATABASE = re.compile(r"\s*drop database (\w+)", re.IGNORECASE)
_PLACES = re.compile(r'(?<!distinct )\b(?:from|join|into|update)\s+("(?:[^"]|"")+")\.("(?:[^"]|"")+")', re.IGNORECASE)
_THERE = """
select 1 from duckdb_tables() where upper(database_name) = $1 and upper(schema_name) = $2 and upper(table_name) = $3
union all
select 1 from duckdb_views() where upper(database_name) = $1 and upper(schema_name) = $2 and upper(view_name) = $3"""
_NEW_DATABASE = re.compile(r"\s*create database (\w+)", re.IGNORECASE)
_NUMBERED = re.compile(r"\bidentity\s*\(1,\s*1\)", re.IGNORECASE)
# How rows lie says nothing to a DuckDB, and what notes it could not be noted in a transaction.
_CLUSTERED = re.compile(r"\)\s*cluster by \((?P<names>[^()]*)\)\s*$", re.IGNORECASE)
_TRANSIENT = re.compile(r"(create (?:or replace )?)transient ", re.IGNORECASE)
NUMBERS = "starlode_numbers"
_STAGE = re.compile(r"\s*create (or replace )?stage", re.IGNORECASE)
MAKING = ("create", "drop", "alter", "truncate")
WRITING = ("insert", "update", "delete", "copy")
CHANGING = (*MAKING, *WRITING)


@dataclass
class Open:
    """A transaction that has begun, when its session's last statement ended, and what others did meanwhile."""

    number: int
    said: float
    repeats: list[tuple[str, Any, Any]] = field(default_factory=list)


class World:
    """All sessions of the double, one statement at a time."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: dict[Any, Open] = {}
        self._begun = 0

    def carry(self, cursor: Any, sql: str, go: Callable[[str], Any]) -> Any:
        """Carry out a statement of a session."""
        with self._lock:
            try:
                return self._carried(cursor, sql, go)
            finally:
                if cursor._conn in self._open:
                    self._open[cursor._conn].said = time.monotonic()

    def _carried(self, cursor: Any, sql: str, go: Callable[[str], Any]) -> Any:
        judge(sql)
        if _TAG.fullmatch(sql):
            return go("select 'Statement executed successfully.' as status")
        conn, word = cursor._conn, _word(sql)
        if word in CHANGING and conn.only_reads:
            raise refused(DENIED, "SQL access control error:\nInsufficient privileges to operate on schema", "42501")
        if answer := self._asked(conn, sql):
            return go(answer)
        if word in ("begin", "commit", "rollback"):
            return self._bound(conn, word, go)
        if word in WRITING and not conn.commits_itself:
            self._bound(conn, "begin", conn._duck_conn.execute)
        if conn in self._open:
            if word not in MAKING:
                _look(conn, sql)
                return _plainly(conn, sql, go)
            self._end(conn, "commit")
        if found := _REMOVE.match(sql):
            return _remove(conn, found, go)
        if found := _DROP_DATABASE.match(sql):
            return go(f"select 'dropped' as {_detached(conn, found[1])}")
        others = self._standing(conn) if word in CHANGING and word != "copy" else []
        if others and (word in MAKING or word == "insert") and not _STAGE.match(sql):
            return self._inside(others[0], cursor, sql, go)
        return _plainly(conn, sql, go)

    def _asked(self, conn: Any, sql: str) -> str:
        """The answer to what is asked of transactions, as a SELECT; nothing where a statement asks something else."""
        if _NUMBER.fullmatch(sql):
            number = str(self._open[conn].number) if conn in self._open else "null"
            return f'select cast({number} as varchar) as "CURRENT_TRANSACTION()"'
        if _SHOW.fullmatch(sql):
            numbers = ", ".join(f"({held.number}, 'running')" for held in self._open.values())
            return f"select * from (values {numbers or '(0, null)'}) as t (id, state) where state is not null"
        if found := _ABORT.fullmatch(sql):
            for other in [c for c, held in self._open.items() if held.number == int(found[1])]:
                self._end(other, "rollback")
            return f"select 'Transaction {found[1]} is aborted.' as status"
        return ""

    def leave(self, conn: Any) -> None:
        """Roll back what a session that ends has begun."""
        with self._lock:
            if conn in self._open:
                self._end(conn, "rollback")

    def _bound(self, conn: Any, word: str, go: Callable[[str], Any]) -> Any:
        """Begin or end a transaction; one within another is the other."""
        if word == "begin" and conn not in self._open:
            self._standing(conn)
            self._begun += 1
            self._open[conn] = Open(self._begun, time.monotonic())
            return go("BEGIN")
        if word != "begin" and conn in self._open:
            self._end(conn, word)
        return go("select 'Statement executed successfully.' as status")

    def _end(self, conn: Any, word: str) -> None:
        ended = self._open.pop(conn)
        try:
            conn._duck_conn.execute(word)
        except duckdb.Error as error:
            with suppress(duckdb.Error):
                conn._duck_conn.execute("rollback")
            self._again(conn, ended)
            raise as_refused(error) from error
        if word == "rollback":
            self._again(conn, ended)

    def _again(self, conn: Any, ended: Open) -> None:
        """Do once more what others had done for good."""
        for sql, params, told in ended.repeats:
            with suppress(Exception):  # what was refused the first time is refused again
                FakeSnowflakeCursor.execute(_cursor(conn), sql, params, **told)
                _stay(conn)

    def _standing(self, conn: Any) -> list[Any]:
        """The sessions whose transactions stand in the way of another's; those that are idle are ended."""
        others = [c for c in self._open if c is not conn and c.database == conn.database]
        for other in others:
            if time.monotonic() - self._open[other].said > other.idle:
                self._end(other, "rollback")
        return [c for c in others if c in self._open]

    def _inside(self, other: Any, cursor: Any, sql: str, go: Callable[[str], Any]) -> Any:
        """Carry out a statement where another session's transaction sees it."""
        _look(other, sql)
        mine, cursor._duck_conn = cursor._duck_conn, other._duck_conn
        try:
            done = _plainly(cursor._conn, sql, go)
            self._open[other].repeats.append((_said(other, sql), cursor.given, cursor.told))
        finally:
            cursor._duck_conn = mine
            _stay(other)
        return done


def _stay(conn: Any) -> None:
    """Let a session's DuckDB look where the session looks, whatever was made there."""
    if conn.database and conn.schema_set:
        conn._duck_conn.execute(f"SET schema='{conn.database}.{conn._schema}'")


def _look(conn: Any, sql: str) -> None:
    """Refuse a statement that reads what is not there before a DuckDB does: its transaction would be good for nothing then."""
    named = {(a.strip('"').upper(), b.strip('"').replace('""', '"').upper()) for a, b in _PLACES.findall(sql)}
    for schema, name in named:
        found = conn._duck_conn.execute(_THERE, [conn.database, schema, name]).fetchall()
        if not found and schema != "INFORMATION_SCHEMA":
            raise refused(UNKNOWN, f"SQL compilation error:\nObject '{schema}.{name}' does not exist.", "02000")


def _plainly(conn: Any, sql: str, go: Callable[[str], Any]) -> Any:
    try:
        done = go(_said(conn, sql))
        if found := _NEW_DATABASE.match(sql):
            conn._duck_conn.execute(f"create sequence {found[1]}.main.{NUMBERS}")
        return done
    except duckdb.Error as error:
        raise as_refused(error) from error


def _said(conn: Any, sql: str) -> str:
    """A statement without what only the real service knows, and with one row of numbers for all tables of a database."""
    if _word(sql) != "create":
        return sql
    numbered = _NUMBERED.sub(f"default nextval('{conn.database}.main.{NUMBERS}')", _unclustered(sql))
    return _COPY_GRANTS.sub(r"\1 as\n", _TRANSIENT.sub(r"\1", numbered, count=1))


def _unclustered(sql: str) -> str:
    """A statement without the key by which its table is clustered, which has to be of columns that the table has."""
    found = _CLUSTERED.search(sql)
    if found is None:
        return sql
    columns = sql[: found.start()]
    for name in found["names"].split(","):
        if not re.search(rf"[(,]\s*{re.escape(name.strip())}\s", columns, re.IGNORECASE):
            raise refused(UNKNOWN, f"SQL compilation error: invalid identifier '{name.strip()}'", "42000")
    return f"{columns})"


def _remove(conn: Any, found: re.Match[str], go: Callable[[str], Any]) -> Any:
    name = ".".join(part.upper() for part in (conn.database, *found[1].split(".")))
    shutil.rmtree(stage.internal_dir(name, found[2]), ignore_errors=True)
    return go("select 'removed' as result")


def copied_from(others: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """How the files of a COPY are found where it names them: in the folder of an internal stage, or a bucket."""

    lake = Lake(told_of_s3())

    def found(source: str, files: list[str]) -> list[str]:
        if source.startswith("s3://"):
            return lake.brought(source, files)
        if not stage.is_internal(source):
            return others(source, files)
        paths = [Path(source) / file for file in files]
        for path in paths:
            if not path.exists():
                raise refused(MISSING, f"Remote file '{path.name}' was not found.", "22000")
        return [str(path) for path in paths]

    return found


def _detached(conn: Any, name: str) -> str:
    conn._duck_conn.execute(f"DETACH {name}")
    return name


def _cursor(conn: Any) -> Any:
    return FakeSnowflakeCursor(conn=conn, duck_conn=conn._duck_conn)


def _word(sql: str) -> str:
    found = _FIRST.match(sql)
    return found[1].lower() if found else ""
