"""How far a stream was read, so that no row that is committed late can be skipped.

Two ways, each safe by itself, and both kept in every position so that a run may take the other one:

- by commits: rows whose transaction is not older than the oldest one that was running at the last snapshot. It holds for
  every table, any cursor and any clock, and costs a look at each row on the server.
- by cursor: rows from a value on, and that value follows behind: it moves to the largest value of an earlier read only when
  every transaction that ran at that read's snapshot had ended before this one's. It can use an index and needs no right.

Why commits cannot skip. A row that is visible now and was not at the last snapshot was written by a transaction that was
still running then, or began later. Its number, and those of its subtransactions, which are given out after it, are not
below the oldest running number of that snapshot. A prepared transaction counts as running. VACUUM marks old rows and leaves
their numbers; where an age comes round after two billion transactions, everything is read again.

Why the cursor cannot skip, as far as new values are not below those that were there when their transaction began. Let H be
the largest value of a snapshot. A row below H that the snapshot did not show was written by one that ran at that time.
Those that still ran a little after the snapshot are kept by name; those that had ended by then are seen by every later
snapshot. H is read from only once none of the kept ones ran just before some later snapshot: all of them are then in what
that read gives, which still began at the earlier value. A transaction holds the lock on its own name from before it takes a
number until after all can see its rows, and one that is prepared is listed as such before that lock goes.

Values are not quite so in practice: a transaction takes its time a moment before it takes its name, and clocks go back in
autumn. So reading begins a little before the value, and the commits are asked again once a day: until then the horizon stays
where they were last asked. A row may be read twice, never not at all; the merge by key makes the second time harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from starlode.postgres.values import literal, quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

Way = Literal["commits", "cursor"]
TIMESTAMP, TIMESTAMPTZ = "timestamp without time zone", "timestamp with time zone"

# Which transactions run, told without any right: each holds the lock on its own virtual number. Numbers begin again with
# the server, and those that are prepared outlive it.
_RUNNING = """
select coalesce(array_agg(virtualtransaction order by 1), '{}')
  from pg_locks where locktype = 'virtualxid' and granted and pid <> pg_backend_pid()"""
_PREPARED = """
select coalesce(array_agg('prepared ' || transaction::text order by 1), '{}')
  from pg_prepared_xacts where database = current_database()"""
# The timeline changes when a server goes on from an earlier state: its numbers then name other transactions.
_SNAPSHOT = """
select pg_export_snapshot(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_is_in_recovery(),
       (select system_identifier::text from pg_control_system()) || '/' ||
       case when pg_is_in_recovery() then (select lpad(to_hex(timeline_id), 8, '0') from pg_control_checkpoint())
            else lower(left(pg_walfile_name(pg_current_wal_lsn()), 8)) end || '/' ||
       (select oid::text from pg_database where datname = current_database()),
       pg_postmaster_start_time()::text, extract(epoch from now())::bigint"""
PREPARED = "prepared"
# Ages of transactions are told in a circle of twice this size; some may be given out while a read goes on.
HALF = (1 << 31) - (1 << 27)
# How far to look back at least, for what is stamped before it begins, and for local times that come twice.
MARGINS = {TIMESTAMPTZ: "10 seconds", TIMESTAMP: "2 hours"}


@dataclass(frozen=True)
class Moment:
    """What a source looked like when a snapshot of it was taken, and which transactions ran just before and just after."""

    snapshot: str
    oldest: int
    newest: int
    is_standby: bool
    system: str
    server: str
    taken: int
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
    # The rows that reading by commits would give again, those that reading by cursor would, and when commits were asked.
    digest: str = ""
    tail: str = ""
    asked: int = 0
    columns: tuple[str, ...] = ()

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
            position.get("tail", ""),
            int(position.get("asked", 0)),
            tuple(position.get("columns") or ()),
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
            "tail": self.tail,
            "asked": self.asked,
            "columns": list(self.columns),
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


def take(connection: psycopg.Connection[Any]) -> Moment:
    """Export a snapshot from a transaction that begins here and lasts until the connection's transaction ends."""
    before = _running(connection)
    connection.execute("begin isolation level repeatable read read only")
    told = _one(connection, _SNAPSHOT)
    return Moment(*(*told, before, _running(connection)))


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


def advanced(mark: Mark | None, moment: Moment, cursor: Cursor | None, largest: str | None) -> Mark:
    """The mark after a read: the horizon is the snapshot's, the cursor follows once all that ran before has ended."""
    known = mark if mark is not None and mark.system == moment.system else Mark()
    new = Mark(server=moment.server, horizon=moment.oldest, system=moment.system, asked=moment.taken)
    if moment.is_standby:
        # The transactions of its primary are not shown here, so there is nothing that the cursor could follow but `lag`.
        return replace(new, cursor=largest, held=largest) if cursor is not None and cursor.lag else new
    if known.held is None or _have_ended(known, moment):
        return replace(new, cursor=known.held, held=largest, running=tuple(sorted(moment.after)))
    return replace(new, cursor=known.cursor, held=known.held, running=known.running, server=known.server)


def _have_ended(mark: Mark, moment: Moment) -> bool:
    """Whether all transactions that ran at a mark's snapshot had ended before this one; one that is prepared has not."""
    if any(number.startswith(PREPARED) for number in moment.before):
        return False
    return mark.server != moment.server or not moment.before & set(mark.running)


def _minus(value: str, cursor: Cursor) -> str:
    margin = MARGINS.get(cursor.type)
    typed = f"{value}::{cursor.type}"
    if margin:
        back = f"{literal(margin)}::interval"
        return f"({typed} - {f'greatest({back}, {literal(cursor.lag)}::interval)' if cursor.lag else back})"
    if not cursor.lag:
        return typed
    unit = "integer" if cursor.type == "date" else cursor.type
    return f"({typed} - {literal(cursor.lag)}::{unit})"


def _running(connection: psycopg.Connection[Any]) -> frozenset[str]:
    """Who runs now. One that is being prepared is in the second list before it leaves the first."""
    return frozenset(_one(connection, _RUNNING)[0]) | frozenset(_one(connection, _PREPARED)[0])


def _one(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    row = connection.execute(statement.encode()).fetchone()
    return tuple(row or ())
