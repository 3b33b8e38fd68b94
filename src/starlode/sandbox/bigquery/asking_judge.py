"""Statements on their way to the judge: what each names is looked up, and what is wrong with it is refused."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from starlode.sandbox.bigquery import telling
from starlode.sandbox.bigquery.keeping import quoted
from starlode.sandbox.bigquery.refused import INVALID_QUERY, Refused, unknown
from starlode.sandbox.bigquery.saying import parsed

if TYPE_CHECKING:
    from starlode.sandbox.bigquery.keeping import Project, Session

_IS_THERE = "select 1 from duckdb_tables() where temporary and table_name = $1"
_MADE_UP = re.compile(r"[0-9a-f]{12,}")
SCRIPT = Path(__file__).with_name("judge.py")


@dataclass
class Judged:
    """A judge that runs in another environment, by the Python of that one. It gets ready by itself; the first to ask waits."""

    python: Path
    _process: subprocess.Popen[str] = field(init=False, repr=False)
    _is_ready: bool = field(default=False, init=False, repr=False)
    _verdicts: dict[str, str] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            [str(self.python), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __call__(self, project: Project, session: Session | None, sql: str) -> None:
        """Refuse a statement that BigQuery's own parser would not take."""
        tables = _tables(project, session, parsed(sql))
        # What was right once is right again: names that are made up aside.
        known = _MADE_UP.sub("", json.dumps([sql, tables]))
        if known not in self._verdicts:
            self._verdicts[known] = self.wrong(sql, tables)
        wrong = self._verdicts[known]
        if wrong:
            raise Refused(INVALID_QUERY, wrong)

    def wrong(self, sql: str, tables: list[Any]) -> str:
        """What is wrong with a statement; nothing where all is well."""
        with self._lock:
            if not self._is_ready:
                self._read()
                self._is_ready = True
            return self._asked({"sql": sql, "tables": tables})

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.terminate()
        self._process.wait()

    def _asked(self, question: dict[str, Any]) -> str:
        stdin = self._process.stdin
        try:
            if stdin is not None:
                stdin.write(json.dumps(question) + "\n")
                stdin.flush()
        except BrokenPipeError:
            raise _ended() from None
        return self._read()

    def _read(self) -> str:
        stdout = self._process.stdout
        line = stdout.readline() if stdout is not None else ""
        if not line:
            raise _ended()
        answer: str = json.loads(line)
        return answer


def _ended() -> Refused:
    return unknown("any statement, since its judge has ended")


def _tables(project: Project, session: Session | None, tree: exp.Expr) -> list[Any]:
    """The tables that a statement names, each by its path, with its columns: none where there is no such table."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for table in tree.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            path = (table.db, table.name) if table.db else (table.name,)
            found[path] = [[told["name"], told["type"]] for told in _fields(project, session, path)]
    return [[list(path), columns] for path, columns in found.items()]


def _fields(project: Project, session: Session | None, path: tuple[str, ...]) -> list[dict[str, Any]]:
    try:
        if len(path) > 1:
            return project.fields(*path)
        # A table that is asked for in vain would end the transaction of newer DuckDBs.
        if session is None or not session.connection.execute(_IS_THERE, [path[0]]).fetchone():
            return []
        described = session.connection.execute(f"describe {quoted(path[0])}").fetchall()
        return [telling.field(name, word) for name, word, *_ in described]
    except (Refused, duckdb.Error):
        return []
