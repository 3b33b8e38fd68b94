"""What a stream of a PostgreSQL source holds that is new, asked of the server under the run's snapshot.

Looking moves no rows: the server counts, and where it must it adds up a digest of rows that were read before and may be
read again, so that an unchanged source is known for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from starlode.errors import SourceError
from starlode.finding import Finding
from starlode.postgres import catalog, watermark
from starlode.postgres.asking import ask
from starlode.postgres.pieces import Pieces, of_parts, of_query, relation_of
from starlode.postgres.values import literal, measure, measured, quote
from starlode.source import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from starlode.postgres.asking import Asked
    from starlode.postgres.catalog import Part
    from starlode.postgres.watermark import Mark, Moment, Way

LOST = "__starlode_lost"
NOTHING = "0/0"
DAY = 24 * 60 * 60
# Below this many pages (160 MB) a look at every row costs less than what an index could miss.
FEW_PAGES = 20_000


@dataclass(frozen=True, kw_only=True)
class PostgresLook(Look):
    """What there is to read, and the position that reading it reaches."""

    asked: Asked = field(compare=False)
    before: Mark | None = None
    where: str = "true"
    way: Way = "commits"
    largest: str | None = None
    # The snapshot under which it was found.
    snapshot: str = ""

    @property
    def follows_cursor(self) -> bool:
        """Whether the rows of a table are found by a cursor, not by going over all of it."""
        return self.way == "cursor" and self.asked.has_transactions


def look(
    connection: psycopg.Connection[Any], asked: Asked, mark: Mark | None, moment: Moment, full: bool
) -> PostgresLook:
    """What is new of a stream since a mark."""
    stream = asked.stream
    _refuse_standby(asked, moment)
    known = mark if mark is not None and mark.holds_at(moment) and not full else None
    found = PostgresLook(
        mode="full" if full or stream.since is None else stream.mode,
        units=(asked.place,),
        size=asked.relation.bytes if asked.relation else 0,
        reason="asked to read everything" if full else "not read before" if mark is None else "",
        notes=asked.notes,
        columns=tuple(column.column for column in asked.carried),
        asked=asked,
        before=known,
        where=asked.where,
        snapshot=moment.snapshot,
    )
    if known is None:
        if mark is not None and not full:
            found = replace(found, mode="full", reason=_why_anew(mark, moment))
        return with_largest(connection, found)
    return _news_of_whole(connection, found, known) if found.mode == "full" else _news(connection, found, known, moment)


def again(connection: psycopg.Connection[Any], found: PostgresLook, moment: Moment) -> PostgresLook:
    """A look as it is under a later snapshot: the same rows are wanted, but tables have grown meanwhile."""
    asked = ask(connection, found.asked.stream)
    columns = tuple(column.column for column in asked.carried)
    return with_largest(connection, replace(found, asked=asked, columns=columns, snapshot=moment.snapshot))


def selects(found: PostgresLook) -> Pieces:
    """The SELECTs that read what a look found."""
    asked = found.asked
    # Columns are known by their place: a reader may take names that differ in case for the same.
    columns = ", ".join(f"{column.expression} as c{place}" for place, column in enumerate(asked.carried))
    guards = "".join(
        f" when {column.guard} then {literal(f'{place}:')} || to_json(t.*)::text"
        for place, column in enumerate(asked.carried)
        if column.guard
    )
    lost = f", case{guards} end as {quote(LOST)}" if guards else ""
    if asked.relation is None or not asked.relation.is_in_parts or found.follows_cursor:
        return of_query(f"select {columns}{lost} from {asked.source} where {found.where}")

    def make(part: Part, pages: str) -> str:
        return f"select {columns}{lost} from {relation_of(part)} as t where {pages} and {found.where}"

    return of_parts(asked.relation.parts, make, asked.stream.reads.seconds)


def settle(connection: psycopg.Connection[Any], found: PostgresLook) -> PostgresLook:
    """The look with the digits of each numeric without precision counted over the rows that will be read."""
    asked = found.asked
    open_ones = [column for column in asked.carried if column.is_measured]
    if not open_ones:
        return found
    wanted = ", ".join(measure(column) for column in open_ones)
    row = _one(connection, f"select {wanted} from {asked.source} where {found.where}")
    digits = {column.column.name: row[2 * i : 2 * i + 2] for i, column in enumerate(open_ones)}
    carried = tuple(
        measured(column, *digits[column.column.name]) if column.is_measured else column for column in asked.carried
    )
    return replace(found, asked=replace(asked, carried=carried))


def position(connection: psycopg.Connection[Any], found: PostgresLook, moment: Moment, rows: int) -> Mapping[str, Any]:
    """The position that is reached once the rows of a look are kept."""
    asked, before = found.asked, found.before
    mark = replace(watermark.advanced(before, moment, asked.cursor, found.largest), rows=rows, columns=asked.shape)
    if found.follows_cursor and before is not None:
        if asked.stream.reads.changes is None:
            # What the cursor may have missed is found once the commits are asked again.
            mark = replace(mark, horizon=before.horizon, asked=before.asked, digest=before.digest)
    elif asked.has_transactions and moment.oldest < moment.newest:
        mark = replace(mark, digest=_digest(connection, asked, since(asked, mark, "commits")))
    elif not asked.has_transactions and asked.cursor is None:
        mark = replace(mark, digest=_digest(connection, asked, asked.where))
    if _may_follow(connection, asked) and (mark.cursor is not None or not asked.has_transactions):
        mark = replace(mark, tail=_digest(connection, asked, since(asked, mark, "cursor")))
    return mark.as_position()


def since(asked: Asked, mark: Mark, way: Way) -> str:
    """Which rows of a stream are new since a mark."""
    found = (
        watermark.since_commits(mark)
        if way == "commits" or asked.cursor is None
        else watermark.since_cursor(mark, asked.cursor)
    )
    return f"{found} and {asked.where}"


def _news(connection: psycopg.Connection[Any], found: PostgresLook, mark: Mark, moment: Moment) -> PostgresLook:
    """What an incremental stream has to give, found by commits or by its cursor."""
    asked = found.asked
    way = _way(connection, asked, mark, moment)
    where = since(asked, mark, way)
    if _has_unread_column(connection, asked, mark, where):
        return with_largest(connection, replace(found, reason="its columns changed"))
    digest = _digest(connection, asked, where)
    if digest.startswith("0/") or digest == (mark.digest if way == "commits" else mark.tail):
        return replace(found, units=(), reason="nothing new")
    reason = f"{int(digest.partition('/')[0]):,} rows to read, found by {way}"
    return with_largest(connection, replace(found, where=where, way=way, reason=reason))


def _news_of_whole(connection: psycopg.Connection[Any], found: PostgresLook, mark: Mark) -> PostgresLook:
    """A table that is read whole is unchanged when no row is new and their number is the same."""
    asked = found.asked
    if asked.shape != mark.columns:
        return replace(found, reason="its columns changed")
    if not asked.has_transactions:
        is_same = _digest(connection, asked, asked.where) == mark.digest
        return replace(found, units=(), reason="nothing new") if is_same else replace(found, reason="its rows changed")
    rows = _one(connection, f"select count(*) from {asked.source}")[0]
    digest = _digest(connection, asked, watermark.since_commits(mark))
    if rows == mark.rows and digest in (mark.digest, NOTHING):
        return replace(found, units=(), reason="nothing new")
    fresh = int(digest.partition("/")[0]) if digest != mark.digest else 0
    return replace(found, reason=f"{fresh:,} rows were written, {rows - mark.rows:+,} in number")


def _has_unread_column(connection: psycopg.Connection[Any], asked: Asked, mark: Mark, where: str) -> bool:
    """Whether rows that count as read hold something in a column that was not there when they were."""
    new = [c for c, short in zip(asked.carried, asked.shape, strict=True) if short not in mark.columns]
    if not new:
        return False
    held = " or ".join(f"{quote(column.column.name)} is distinct from null" for column in new)
    return bool(
        _one(connection, f"select exists (select from {asked.source} where ({held}) and ({where}) is not true)")[0]
    )


def _way(connection: psycopg.Connection[Any], asked: Asked, mark: Mark, moment: Moment) -> Way:
    """By commits, unless the table is large and has an index on its cursor, or is no table at all.

    What a cursor misses, as its values are not what they should be, is found by commits once a day.
    """
    if not asked.has_transactions:
        return "cursor"
    wanted: Way | None = asked.stream.reads.changes
    if asked.cursor is None or mark.cursor is None or moment.is_standby:
        return "commits"
    if wanted is not None:
        return wanted
    is_due = not 0 <= moment.taken - mark.asked < DAY
    return "commits" if is_due or not _may_follow(connection, asked) else "cursor"


def _may_follow(connection: psycopg.Connection[Any], asked: Asked) -> bool:
    """Whether the cursor is worth following, or has to be."""
    if asked.cursor is None or asked.relation is None or not asked.has_transactions:
        return asked.cursor is not None
    if asked.stream.reads.changes is not None:
        return bool(asked.stream.reads.changes == "cursor")
    return asked.relation.pages > FEW_PAGES and catalog.is_indexed(connection, asked.relation.oid, asked.cursor.column)


def _why_anew(mark: Mark, moment: Moment) -> str:
    if mark.system != moment.system:
        return "it is another server than the one that was read before, or went on from an earlier state"
    return "it was read so long ago, or so much later, that its transactions cannot be told apart"


def _refuse_standby(asked: Asked, moment: Moment) -> None:
    if moment.is_standby and asked.cursor is not None and not asked.has_transactions and not asked.stream.reads.lag:
        raise SourceError(
            f"{asked.stream} cannot be read incrementally from a standby: it does not show the primary's transactions",
            hint="declare `lag:`, the longest time that a transaction takes, or read a table, or the primary",
        )


def with_largest(connection: psycopg.Connection[Any], found: PostgresLook) -> PostgresLook:
    """The look with the largest cursor of the rows that it reads; one beyond the server's clock counts as now."""
    asked = found.asked
    cursor = asked.cursor
    if cursor is None:
        return found
    name = quote(cursor.column)
    nulls = f"count(*) filter (where {name} is null)" if cursor.nulls == "fail" else "0"
    largest, missing = _one(
        connection,
        f"select {_capped(f'max({name})', cursor.type)}::text, {nulls} from {asked.source} where {found.where}",
    )
    if missing:
        raise SourceError(
            f"{missing:,} rows of {asked.stream} have no `{cursor.column}`",
            where=asked.place,
            hint="`nulls: include` reads them at each run, `nulls: skip` leaves them out and says how many",
        )
    return replace(found, largest=largest)


def _capped(value: str, kind: str) -> str:
    """No later than the snapshot: what is stamped with a later time says nothing of rows that are still to come."""
    if kind == watermark.TIMESTAMPTZ:
        return f"least({value}, now())"
    # The zone that the application writes in is not known; the farthest one is 12 hours behind.
    if kind == watermark.TIMESTAMP:
        return f"least({value}, (now() at time zone 'UTC') - interval '12 hours')"
    return f"least({value}, (now() at time zone 'UTC' - interval '12 hours')::date)" if kind == "date" else value


def findings(connection: psycopg.Connection[Any], found: PostgresLook) -> tuple[Finding, ...]:
    """What to say of a read: how columns are carried, and how many rows were left out."""
    asked = found.asked
    where = str(asked.stream)
    told = [Finding("carried otherwise", where, "note", note) for note in asked.notes if found.before is None]
    if asked.cursor is not None and asked.cursor.nulls == "skip":
        name = quote(asked.cursor.column)
        count = _one(connection, f"select count(*) from {asked.source} where {name} is null")[0]
        message = f"{count:,} rows are left out, as their `{asked.cursor.column}` is NULL"
        told += [Finding("no cursor", where, "warning", message)] if count else []
    return tuple(told)


def _digest(connection: psycopg.Connection[Any], asked: Asked, where: str) -> str:
    """The number of some rows and a sum over their contents that asks for no order."""
    # A row by the name of its table alone would be a column of that name, if there is one.
    hashes = "coalesce(sum(hashtextextended((t.*)::text, 0)), 0)"
    count, total = _one(connection, f"select count(*), {hashes} from {asked.source} where {where}")
    return f"{count}/{total}"


def _one(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    return tuple(connection.execute(statement.encode()).fetchone() or ())
