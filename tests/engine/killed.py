"""A run that kills its own process at a chosen moment: `python -m tests.engine.killed FOLDER KIND NUMBER [RUN]`.

With RUN, that one is undone instead. KIND is `event`, `statement` or `file`; with `count`, nobody is killed and the numbers of
moments are printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import starlode
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlode.session import Session
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
      prices: {files: "prices.csv", key: song_id, mode: full}
      accounts: {files: "accounts*.csv", key: user_id, since: moved_on, types: {user_id: text, moved_on: timestamp}}
dimensions:
  time: {calendar: 2018..2018, grain: hour}
  user: {from: sql/user.sql, key: user_id, history: [level], at: seen_at}
  song: {from: app.songs, key: song_id}
  price: {from: app.prices, key: song_id}
  account: {from: app.accounts, key: user_id, history: [city], at: moved_on}
facts:
  play:
    from: sql/play.sql
    grain: [play_id]
    at: played_at
    dims: {time: played_at, user: user_id, song: song_id, account: user_id}
    measures: {seconds: sum}
exports:
  csv: out
"""
USER = "select user_id, level, epoch_ms(ts) as seen_at from app.events where user_id <> ''"
PLAY = "select play_id, epoch_ms(ts) as played_at, user_id, song_id, seconds from app.events where user_id <> ''"
FIRST = 1541000000000
ACCOUNTS = "user_id,city,moved_on\n"


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


def mortal(session: Session, killer: Killer) -> Session:
    """A real session that tells of each statement before it is run."""
    kind: Any = type(session)

    class MortalSession(kind):  # type: ignore[misc]
        def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
            killer.moment("statement")
            super().execute(sql, values)

        def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
            killer.moment("statement")
            super().insert(table, rows)

    session.__class__ = MortalSession
    return session


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

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> Session:
        return mortal(self.warehouse.connect(read_only=read_only, landing=landing), self.killer)


def lay(folder: Path) -> Path:
    """A small project with three files of events and as many songs."""
    files = {
        "starlode.yml": PROJECT,
        "sql/user.sql": USER,
        "sql/play.sql": PLAY,
        "data/prices.csv": "song_id,price\nS0,0.99\nS1,1.99\nS2,2.99\n",
        "data/accounts1.csv": f"{ACCOUNTS}1,Paris,2018-10-01 00:00:00\n2,Rome,2018-10-01 00:00:00\n",
        "data/accounts2.csv": f"{ACCOUNTS}1,Lyon,2018-10-31 16:00:00\n3,Oslo,2018-10-01 00:00:00\n",
    }
    for number in range(3):
        files[f"data/songs/{number}.json"] = json.dumps({"song_id": f"S{number}", "title": f"Song {number}"})
        files[f"data/events/{number}.json"] = "\n".join(json.dumps(_event(number * 100 + i)) for i in range(100))
    return projects.write(folder, files)


def later(folder: Path) -> Path:
    """The next day: files changed, a song left its file, rows are late, a price went, and accounts moved."""
    mended = [_event(i) | ({"level": "paid", "seconds": 7.5} if i == 5 else {}) for i in range(99)]
    late = [_event(i) | {"ts": FIRST - i * 60_000} for i in range(300, 340)]
    moved = "1,Metz,2018-10-31 16:00:00\n1,Nice,2018-10-31 15:35:00\n4,Bonn,2018-11-01 00:00:00\n"
    files = {
        "data/events/0.json": "\n".join(map(json.dumps, mended)),
        "data/events/3.json": "\n".join(map(json.dumps, late)),
        "data/songs/1.json": json.dumps({"song_id": "S1", "title": "Song 1, remastered"}),
        "data/songs/2.json": json.dumps({"song_id": "S3", "title": "Song 3", "year": 2018}),
        "data/prices.csv": "song_id,price\nS0,0.99\nS1,0.49\nS3,3.99\n",
        "data/accounts2.csv": ACCOUNTS + moved,
    }
    return projects.write(folder, files)


def main(folder: str, kind: str, number: str, undone: str = "") -> None:
    killer = Killer(kind, int(number))
    project = starlode.read(folder)
    sys.addaudithook(killer.audited)
    project = replace(
        project,
        warehouse=Mortal(project.warehouse, killer),
        target=Mortal(project.target, killer) if project.target else None,
    )
    if undone:
        starlode.undo(project, undone, listen=lambda _: killer.moment("event"))
    else:
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
