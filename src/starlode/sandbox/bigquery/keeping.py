"""What the double keeps of a project: datasets are schemas of a DuckDB in memory, sessions are connections to it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb

from starlode.sandbox.bigquery import telling
from starlode.sandbox.bigquery.refused import DUPLICATE, INVALID_QUERY, NOT_FOUND, PRECONDITION, Refused
from starlode.sandbox.bigquery.saying import MACROS

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES_OF_A_CELL = 8


@dataclass
class Session:
    """A session: a connection with temporary tables and, at times, a transaction."""

    connection: duckdb.DuckDBPyConnection
    in_transaction: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass
class Project:
    """A project with its datasets."""

    name: str
    location: str = "EU"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    # What BigQuery knows of a table beside its rows: its description, when it goes, and a mark of its state.
    notes: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    # What is said of columns, by their table.
    descriptions: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    # How tables are divided and clustered.
    lying: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _database: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)

    def __post_init__(self) -> None:
        self._database.execute("set TimeZone = 'UTC'")
        self._database.execute("set threads = 1")
        for macro in MACROS:
            self._database.execute(macro)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own."""
        connection = self._database.cursor()
        connection.execute("set TimeZone = 'UTC'")
        return connection

    def begin_session(self) -> str:
        name = uuid4().hex
        self.sessions[name] = Session(self.cursor())
        return name

    def session(self, name: str) -> Session:
        if name not in self.sessions:
            raise Refused(INVALID_QUERY, f"Session {name} was not found or has ended")
        return self.sessions[name]

    def end_session(self, name: str) -> None:
        """End a session; its transaction is rolled back."""
        session = self.session(name)
        with session.lock:
            if session.in_transaction:
                with suppress(duckdb.Error):
                    session.connection.execute("rollback")
            session.connection.close()
            del self.sessions[name]

    def datasets(self) -> list[str]:
        asked = "select schema_name from duckdb_schemas() where not internal and schema_name <> 'main'"
        return [name for (name,) in self.cursor().execute(asked).fetchall()]

    def guard_dataset(self, dataset: str) -> None:
        if dataset not in self.datasets():
            raise Refused(NOT_FOUND, f"Not found: Dataset {self.name}:{dataset}")

    def make_dataset(self, dataset: str) -> None:
        if dataset in self.datasets():
            raise Refused(DUPLICATE, f"Already Exists: Dataset {self.name}:{dataset}")
        self.cursor().execute(f"create schema {quoted(dataset)}")

    def tables(self, dataset: str) -> list[str]:
        self.guard_dataset(dataset)
        asked = (
            "select table_name from duckdb_tables() where schema_name = $1 "
            "union all select view_name from duckdb_views() where schema_name = $1 order by 1"
        )
        return [name for (name,) in self.cursor().execute(asked, [dataset]).fetchall()]

    def fields(self, dataset: str, table: str) -> list[dict[str, Any]]:
        """The columns of a table; raises Refused where there is none."""
        try:
            asked = f"select * from {quoted(dataset)}.{quoted(table)} limit 0"
            found = self.cursor().execute(asked).description or ()
        except duckdb.CatalogException:
            self.guard_dataset(dataset)
            raise Refused(NOT_FOUND, f"Not found: Table {self.name}:{dataset}.{table}") from None
        told = self.descriptions.get((dataset, table), {})
        return [telling.field(name, str(word), told.get(name), is_declared=True) for name, word, *_ in found]

    def resource(self, dataset: str, table: str) -> dict[str, Any]:
        """A table as the interface tells it."""
        fields = self.fields(dataset, table)
        rows = self.count(dataset, table)
        note = self.notes.setdefault((dataset, table), {"etag": uuid4().hex})
        now = str(int(time.time() * 1000))
        return (
            {
                "kind": "bigquery#table",
                "id": f"{self.name}:{dataset}.{table}",
                "tableReference": self.reference(dataset, table),
                "schema": {"fields": fields},
                "numRows": str(rows),
                "numBytes": str(rows * len(fields) * BYTES_OF_A_CELL),
                "type": "TABLE",
                "location": self.location,
                "creationTime": now,
                "lastModifiedTime": now,
            }
            | note
            | self.lying.get((dataset, table), {})
        )

    def change(self, dataset: str, table: str, told: dict[str, Any], etag: str | None) -> dict[str, Any]:
        """Change what is noted of a table, if it is as its reader saw it."""
        with self.lock:
            held = self.resource(dataset, table)
            if etag is not None and etag != held["etag"]:
                raise Refused(PRECONDITION, "Precondition check failed.")
            self.notes[(dataset, table)] |= {"description": told.get("description"), "etag": uuid4().hex}
            return self.resource(dataset, table)

    def make_table(self, told: dict[str, Any]) -> dict[str, Any]:
        reference = told["tableReference"]
        dataset, table = reference["datasetId"], reference["tableId"]
        self.guard_dataset(dataset)
        if table in self.tables(dataset):
            raise Refused(DUPLICATE, f"Already Exists: Table {self.name}:{dataset}.{table}")
        fields = told.get("schema", {}).get("fields", [])
        listed = ", ".join(f"{quoted(f['name'])} {telling.kept(f)}" for f in fields)
        self.cursor().execute(f"create table {quoted(dataset)}.{quoted(table)} ({listed})")
        kept = {"expirationTime": told["expirationTime"]} if "expirationTime" in told else {}
        self.notes[(dataset, table)] = {"etag": uuid4().hex} | kept
        return self.resource(dataset, table)

    def drop_table(self, dataset: str, table: str) -> None:
        self.fields(dataset, table)
        self.cursor().execute(f"drop table {quoted(dataset)}.{quoted(table)}")
        self.notes.pop((dataset, table), None)

    def count(self, dataset: str, table: str) -> int:
        found = self.cursor().execute(f"select count(*) from {quoted(dataset)}.{quoted(table)}").fetchone()
        return int(found[0]) if found else 0

    def reference(self, dataset: str, table: str) -> dict[str, str]:
        return {"projectId": self.name, "datasetId": dataset, "tableId": table}

    def weights(self, named: Iterator[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """How many bytes each of some tables holds, those aside that are not there."""
        found = {}
        for dataset, table in sorted(set(named)):
            with suppress(Refused, duckdb.Error):
                held = self.count(dataset, table) * len(self.fields(dataset, table)) * BYTES_OF_A_CELL
                found[dataset, table] = held
        return found


def quoted(name: str) -> str:
    """A name as DuckDB takes it literally."""
    return '"' + name.replace('"', '""') + '"'
