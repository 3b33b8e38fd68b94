"""A run that kills its own process at a chosen moment: `python -m tests.engine.killed FOLDER KIND NUMBER`.

KIND is `event`, `statement` or `file`; with `count`, nobody is killed and the numbers of moments are printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import starlode
from starlode.warehouses.duckdb import DuckDBSession
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlode.sql.dialect import Dialect
    from starlode.table import Table
    from starlode.warehouse import Warehouse

PROJECT = """
name: music
sources:
  app:
    files: data
    streams:
      songs: {files: "songs/*.json", key: song_id}
      events: {files: "events/*.json"}
dimensions:
  time: {calendar: 2018..2018, grain: hour}
  user: {from: sql/user.sql, key: user_id, history: [level], at: seen_at}
  song: {from: app.songs, key: song_id}
facts:
  play:
    from: sql/play.sql
    grain: [play_id]
    at: played_at
    dims: {time: played_at, user: user_id, song: song_id}
    measures: {seconds: sum}
exports:
  csv: out
"""
USER = "select user_id, level, epoch_ms(ts) as seen_at from app.events where user_id <> ''"
PLAY = "select play_id, epoch_ms(ts) as played_at, user_id, song_id, seconds from app.events where user_id <> ''"
FIRST = 1541000000000


class Killer:
    """Counts moments by kind, and ends the process at the chosen one."""

    def __init__(self, kind: str, number: int) -> None:
        self.kind = kind
        self.number = number
        self.counts = {"event": 0, "statement": 0, "file": 0}

    def moment(self, kind: str) -> None:
        self.counts[kind] += 1
        if kind == self.kind and self.counts[kind] == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.link", "os.remove", "os.mkdir") and "landing" in str(arguments[0]):
            self.moment("file")


class MortalSession(DuckDBSession):
    """A real session that tells of each statement before it is run."""

    killer: Killer

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.killer.moment("statement")
        super().execute(sql, values)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        self.killer.moment("statement")
        super().insert(table, rows)


@dataclass(frozen=True)
class Mortal:
    """A real warehouse whose sessions tell of each statement."""

    warehouse: Warehouse
    killer: Killer

    @property
    def dialect(self) -> Dialect:
        return self.warehouse.dialect

    @property
    def exists(self) -> bool:
        return self.warehouse.exists

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> MortalSession:
        session = self.warehouse.connect(read_only=read_only, landing=landing)
        session.__class__ = MortalSession
        session.killer = self.killer  # type: ignore[attr-defined]
        return session  # type: ignore[return-value]


def lay(folder: Path) -> Path:
    """A small project with three files of events and as many songs."""
    files = {"starlode.yml": PROJECT, "sql/user.sql": USER, "sql/play.sql": PLAY}
    for number in range(3):
        files[f"data/songs/{number}.json"] = json.dumps({"song_id": f"S{number}", "title": f"Song {number}"})
        files[f"data/events/{number}.json"] = "\n".join(json.dumps(_event(number * 100 + i)) for i in range(100))
    return projects.write(folder, files)


def main(folder: str, kind: str, number: str) -> None:
    killer = Killer(kind, int(number))
    project = starlode.read(folder)
    sys.addaudithook(killer.audited)
    project = replace(project, warehouse=Mortal(project.warehouse, killer))
    starlode.run(project, listen=lambda _: killer.moment("event"))
    sys.stdout.write(json.dumps(killer.counts))


def _event(number: int) -> dict[str, Any]:
    return {
        "play_id": number,
        "user_id": str(number % 7),
        "level": "paid" if number % 30 > 20 else "free",
        "ts": FIRST + number * 60_000,
        "song_id": f"S{number % 4}" if number % 5 else None,
        "seconds": 100 + number / 100,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
