"""How far a stream was read, so that no row that is committed late can be skipped.

Two ways, each safe by itself, and both kept in every position so that a run may take the other one:

- by commits: rows whose transaction is not older than the oldest one that was running at the last snapshot. It holds for
  every table, any cursor and any clock, and costs a look at each row on the server.
- by cursor: rows from a value on, and that value follows behind: it moves to the largest value of an earlier read only when
  every transaction that ran at that read's snapshot had ended before this one's. It can use an index, needs no right and no
  clock, and relies on a cursor whose new values are larger than those that were there when the transaction began.

A row may be read twice, never not at all; the merge by key makes the second time harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from starlode.postgres.values import literal, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

Way = Literal["commits", "cursor"]

# Which transactions run, told without any right: each holds the lock on its own virtual number. Numbers begin again with
# the server, and those that are prepared outlive it.
_RUNNING = """
select coalesce(array_agg(l.virtualtransaction order by 1) filter (where l.pid <> pg_backend_pid()), '{}')
       || array(select 'prepared ' || p.transaction::text from pg_prepared_xacts as p where p.database = current_database())
  from pg_locks as l where l.locktype = 'virtualxid' and l.granted"""
_SNAPSHOT = """
select pg_export_snapshot(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_is_in_recovery(),
       (select system_identifier::text from pg_control_system()) || '/' ||
       (select oid::text from pg_database where datname = current_database()),
       pg_postmaster_start_time()::text, clock_timestamp()::text"""
PREPARED = "prepared"
# Numbers of transactions are compared in a circle of this size.
HALF = 1 << 31


@dataclass(frozen=True)
class Moment:
    """What a source looked like when a snapshot of it was taken, and which transactions ran just before and just after."""

    snapshot: str
    oldest: int
    newest: int
    is_standby: bool
    system: str
    server: str
    taken: str
    before: frozenset[str]
    after: frozenset[str]


@dataclass(frozen=True)
class Mark:
    """How far a stream was read."""

    cursor: str | None = None
    held: str | None = None
    running: tuple[str, ...] = ()
    server: str = ""
    horizon: int = 0
    system: str = ""
    rows: int = -1
    digest: str = ""

    @staticmethod
    def of(position: Mapping[str, Any]) -> Mark | None:
        """The mark that a position holds; None before the first read."""
        if not position.get("system"):
            return None
        return Mark(
            position.get("cursor"),
            position.get("held"),
            tuple(position.get("running") or ()),
            position.get("server", ""),
            int(position.get("horizon", 0)),
            position["system"],
            int(position.get("rows", -1)),
            position.get("digest", ""),
        )

    def as_position(self) -> dict[str, Any]:
        return {
            "cursor": self.cursor,
            "held": self.held,
            "running": list(self.running),
            "server": self.server,
            "horizon": self.horizon,
            "system": self.system,
            "rows": self.rows,
            "digest": self.digest,
        }

    def holds_at(self, moment: Moment) -> bool:
        """Whether the transactions of this mark can be compared with those of a moment."""
        return self.system == moment.system and 0 <= moment.newest - self.horizon < HALF


@dataclass(frozen=True)
class Cursor:
    """The column that grows, its type in the server's words, and how far to look back behind it."""

    column: str
    type: str
    lag: str = ""
    nulls: Literal["include", "skip", "fail"] = "include"
    relation: str = field(default="", compare=False)


def take(connection: psycopg.Connection[Any]) -> Moment:
    """Export a snapshot from a transaction that begins here and lasts until the connection's transaction ends."""
    before = frozenset(_one(connection, _RUNNING)[0])
    connection.execute("begin isolation level repeatable read read only")
    told = _one(connection, _SNAPSHOT)
    return Moment(*(*told, before, frozenset(_one(connection, _RUNNING)[0])))


def since_commits(mark: Mark) -> str:
    """The rows that a transaction wrote which had not ended, or not begun, at the mark."""
    # Both ages are counted from the same moment. Numbers of long ago come round again as negative ages.
    oldest = literal(str(mark.horizon % (1 << 32)))
    return f"(age(xmin) between 0 and age({oldest}::xid))"


def since_cursor(mark: Mark, cursor: Cursor) -> str:
    """The rows from the mark's cursor on."""
    if mark.cursor is None:
        return "true"
    name = quote(cursor.column)
    later = f"{name} >= {_minus(literal(mark.cursor), cursor)}"
    return f"({later} or {name} is null)" if cursor.nulls != "skip" else f"({later})"


def advanced(mark: Mark | None, moment: Moment, largest: str | None, rows: int, digest: str) -> Mark:
    """The mark after a read: the horizon is the snapshot's, the cursor follows once all that ran before has ended."""
    known = mark if mark is not None and mark.system == moment.system else Mark()
    cursor, held, running, server = known.cursor, known.held, known.running, known.server
    if held is None or _have_ended(known, moment):
        cursor, held, running, server = held, largest, tuple(sorted(moment.after)), moment.server
    return Mark(cursor, held, running, server, moment.oldest, moment.system, rows, digest)


def _have_ended(mark: Mark, moment: Moment) -> bool:
    """Whether all transactions that ran at a mark's snapshot had ended before this one; one that is prepared has not."""
    if any(number.startswith(PREPARED) for number in moment.before):
        return False
    return mark.server != moment.server or not moment.before & set(mark.running)


def _minus(value: str, cursor: Cursor) -> str:
    typed = f"{value}::{cursor.type}"
    if not cursor.lag:
        return typed
    unit = "interval" if "timestamp" in cursor.type else "integer" if cursor.type == "date" else cursor.type
    return f"({typed} - {literal(cursor.lag)}::{unit})"


def _one(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement.encode()).fetchone()
    return tuple(row or ())
