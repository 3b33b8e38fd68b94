"""Loaders to be tortured. One of your own needs two methods: bring the target up to date, and show what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import psycopg

import starlode
from tests.postgres.torture.compare import Row, source_rows
from tests.postgres.torture.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Loader(Protocol):
    """Something that copies the tortured tables."""

    def load(self) -> None:
        """Bring the target up to date with the source, as far as this loader can."""

    def rows(self, table: Table) -> Iterable[Row]:
        """What the target holds: id, version, writer, note, the amount as text, the moment in microseconds or the number."""


class Naive:
    """Reads what is larger than the largest value that it has, as most incremental loaders do, and is as fair as it can be.

    It looks as far back as the table's `lag` says; a table without a cursor is followed by its key.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.held: dict[str, dict[int, Row]] = {table.name: {} for table in TABLES}

    def load(self) -> None:
        with psycopg.connect(self.url) as connection:
            for table in TABLES:
                self._load(connection, table)

    def rows(self, table: Table) -> Iterable[Row]:
        return self.held[table.name].values()

    def _load(self, connection: psycopg.Connection[Any], table: Table) -> None:
        held = self.held[table.name]
        cursor = table.cursor or "id"
        shown = f"(extract(epoch from {cursor}) * 1000000)::bigint" if table.kind == "timestamptz" else cursor
        if not table.cursor:
            shown = "null::bigint"
        column = -1 if table.cursor else 0
        reached = max((row[column] for row in held.values() if row[column] is not None), default=None)
        where = (
            "true" if reached is None else f"{shown if table.cursor else cursor} > {reached - table.lag * 1_000_000}"
        )
        query = f"select id, version, writer, note, amount::text, {shown} from {table.place} where {where}"
        held.update({row[0]: row for row in connection.execute(query.encode())})


class Copy:
    """Reads everything again each time: slow, and never wrong."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.held: dict[str, list[Row]] = {}

    def load(self) -> None:
        self.held = {table.name: source_rows(self.url, table) for table in TABLES}

    def rows(self, table: Table) -> Iterable[Row]:
        return self.held[table.name]


class Starlode:
    """Starlode itself, with a DuckDB file as the target; `changes` is how it finds what is new."""

    def __init__(self, url: str, folder: Path, changes: str = "") -> None:
        streams = "\n".join(f"      {table.name}: {_stream(table, changes)}" for table in TABLES)
        text = f"name: torture\nsources:\n  live:\n    url: ${{LIVE_URL}}\n    streams:\n{streams}\n"
        (folder / "starlode.yml").write_text(text, "utf-8")
        self.project = starlode.read(folder, {"LIVE_URL": url})

    def load(self) -> None:
        starlode.run(self.project)

    def rows(self, table: Table) -> Iterable[Row]:
        cursor = table.cursor or "null"
        shown = f"epoch_us({cursor})" if table.cursor and table.kind == "timestamptz" else cursor
        question = f"select id, version, writer, note, amount::varchar, {shown} from staging.live__{table.name}"
        return [tuple(row.values()) for row in starlode.query(self.project, question).to_pylist()]


def _stream(table: Table, changes: str) -> str:
    settings = {"table": table.place, "key": "id", "since": table.cursor or "xmin"}
    if table.lag:
        settings |= {"lag": f"{table.lag} s"}
    if changes and table.cursor:
        settings |= {"changes": changes}
    return "{" + ", ".join(f"{name}: {value}" for name, value in settings.items()) + "}"
