"""What a stream of a PostgreSQL source holds that is new, asked of the server under the run's snapshot.

Looking moves no rows: the server counts, and where it must it adds up a digest of rows that were read before and may be
read again, so that an unchanged source is known for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from starlode.errors import SourceError
from starlode.finding import Finding
from starlode.nearest import hint
from starlode.postgres import catalog, watermark
from starlode.postgres.pieces import Pieces, of_parts, of_query, relation_of
from starlode.postgres.values import Carried, carry, literal, measure, measured, quote
from starlode.source import Look

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from starlode.postgres.catalog import Field, Part, Relation
    from starlode.postgres.watermark import Mark, Moment, Way
    from starlode.source import Stream

Nulls = Literal["include", "skip", "fail"]
LOST = "__starlode_lost"
# Below this many pages (160 MB) a look at every row costs less than what an index could miss.
FEW_PAGES = 20_000


@dataclass(frozen=True)
class Asked:
    """A stream as the server knows it: where its rows are, and how each column is carried."""

    stream: Stream
    source: str
    relation: Relation | None
    carried: tuple[Carried, ...]
    cursor: watermark.Cursor | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"{column.column.name}: {column.note}" for column in self.carried if column.note)


@dataclass(frozen=True, kw_only=True)
class PostgresLook(Look):
    """What there is to read, and the position that reading it reaches."""

    asked: Asked = field(compare=False)
    before: Mark | None = None
    where: str = "true"
    is_indexed: bool = False
    largest: str | None = None


def ask(connection: psycopg.Connection[Any], stream: Stream) -> Asked:
    """Find a stream in the catalog; raises SourceError where it cannot be read as declared."""
    reads = stream.reads
    if reads.query:
        relation, fields = None, catalog.fields_of_query(connection, reads.query)
        source = f"({reads.query}\n) as t"
    else:
        source = quoted(reads.table)
        relation = catalog.relation(connection, source)
        if relation is None:
            raise _no_table(connection, stream)
        fields = relation.fields
        source += " as t"
    _refuse_missing(stream, fields)
    carried = tuple(_carry(stream, found) for found in fields)
    return Asked(stream, source, relation, carried, _cursor(stream, fields))


def look(
    connection: psycopg.Connection[Any], asked: Asked, mark: Mark | None, moment: Moment, full: bool
) -> PostgresLook:
    """What is new of a stream since a mark."""
    stream = asked.stream
    known = mark if mark is not None and mark.holds_at(moment) and not full else None
    unit = stream.reads.table or stream.reads.query_file
    found = PostgresLook(
        mode="full" if full or stream.since is None else stream.mode,
        units=(unit,),
        size=asked.relation.bytes if asked.relation else 0,
        reason="asked to read everything" if full else "not read before" if mark is None else "",
        notes=asked.notes,
        columns=tuple(column.column for column in asked.carried),
        asked=asked,
        before=known,
    )
    if known is None:
        if mark is not None and not full:
            found = replace(found, mode="full", reason="it is another server than the one that was read before")
        return _with_largest(connection, found)
    return _news_of_whole(connection, found, known) if found.mode == "full" else _news(connection, found, known, moment)


def selects(found: PostgresLook) -> Pieces:
    """The SELECTs that read what a look found."""
    asked = found.asked
    columns = ", ".join(f"{column.expression} as {quote(column.column.name)}" for column in asked.carried)
    guards = "".join(
        f" when {column.guard} then {literal(f'{place}:')} || to_json(t)::text"
        for place, column in enumerate(asked.carried)
        if column.guard
    )
    lost = f", case{guards} end as {quote(LOST)}" if guards else ""
    if asked.relation is None or not asked.relation.has_transactions or found.is_indexed:
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
    asked = found.asked
    mark = watermark.advanced(found.before, moment, found.largest, rows, "")
    if asked.relation is None or not asked.relation.has_transactions:
        is_tail = found.mode == "incremental" and mark.cursor is not None
        tail = _since(asked, mark, "cursor") if is_tail else "true"
        mark = replace(mark, digest=_digest(connection, asked, tail))
    elif found.is_indexed:
        mark = replace(mark, digest=_digest(connection, asked, _since(asked, mark, "cursor")))
    elif found.mode == "incremental" and moment.oldest < moment.newest:
        mark = replace(mark, digest=_digest(connection, asked, watermark.since_commits(mark)))
    return mark.as_position()


def quoted(name: str) -> str:
    """A name such as `public.orders` or `public."Order Lines"` with each of its parts quoted."""
    return ".".join(quote(part) for part in parts_of(name))


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a name, each taken as it is written; quotes hold one that has a dot."""
    parts, rest = [], name.strip()
    while rest:
        if rest.startswith('"'):
            end = 1
            while (end := rest.find('"', end)) >= 0 and rest[end + 1 : end + 2] == '"':
                end += 2
            end = len(rest) if end < 0 else end
            parts.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 1 :].removeprefix(".")
        else:
            part, _, rest = rest.partition(".")
            parts.append(part)
    return tuple(parts)


def _news(connection: psycopg.Connection[Any], found: PostgresLook, mark: Mark, moment: Moment) -> PostgresLook:
    """What an incremental stream has to give, found by commits or by its cursor."""
    asked = found.asked
    way = _way(connection, asked, mark, moment)
    where = _since(asked, mark, way)
    if asked.cursor is not None and asked.cursor.nulls == "skip":
        where = f"{where} and {quote(asked.cursor.column)} is not null"
    digest = _digest(connection, asked, where)
    if digest.startswith("0/") or digest == mark.digest:
        return replace(found, units=(), reason="nothing new")
    has_index = way == "cursor" and asked.relation is not None
    reason = f"{int(digest.partition('/')[0]):,} rows to read, found by {way}"
    return _with_largest(connection, replace(found, where=where, is_indexed=has_index, reason=reason))


def _news_of_whole(connection: psycopg.Connection[Any], found: PostgresLook, mark: Mark) -> PostgresLook:
    """A table that is read whole is unchanged when no row is new and their number is the same."""
    asked = found.asked
    if asked.relation is not None and asked.relation.has_transactions:
        new = f"count(*) filter (where {watermark.since_commits(mark)})"
        rows, fresh = _one(connection, f"select count(*), {new} from {asked.source}")
        if fresh == 0 and rows == mark.rows:
            return replace(found, units=(), reason="nothing new")
        return replace(found, reason=f"{fresh:,} rows were written, {rows - mark.rows + 0:+,} in number")
    if mark.digest and _digest(connection, asked, "true") == mark.digest:
        return replace(found, units=(), reason="nothing new")
    return replace(found, reason="its rows changed")


def _way(connection: psycopg.Connection[Any], asked: Asked, mark: Mark, moment: Moment) -> Way:
    """By commits, unless the table is large and has an index on its cursor, or is no table at all."""
    relation, cursor = asked.relation, asked.cursor
    if relation is None or not relation.has_transactions:
        if moment.is_standby and not asked.stream.reads.lag:
            raise SourceError(
                f"{asked.stream} cannot be read incrementally from a standby: it does not show the primary's transactions",
                hint="declare `lag:`, the longest time that a transaction takes, or read a table, or the primary",
            )
        return "cursor"
    wanted: Way | None = asked.stream.reads.changes
    if cursor is None or mark.cursor is None or moment.is_standby:
        return "commits"
    if wanted is not None:
        return wanted
    is_large = relation.pages > FEW_PAGES
    return "cursor" if is_large and catalog.is_indexed(connection, relation.oid, cursor.column) else "commits"


def _since(asked: Asked, mark: Mark, way: Way) -> str:
    if way == "commits" or asked.cursor is None:
        return watermark.since_commits(mark)
    return watermark.since_cursor(mark, asked.cursor)


def _with_largest(connection: psycopg.Connection[Any], found: PostgresLook) -> PostgresLook:
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
            where=asked.stream.reads.table or asked.stream.reads.query_file,
            hint="`nulls: include` reads them at each run, `nulls: skip` leaves them out and says how many",
        )
    return replace(found, largest=largest)


def _capped(value: str, kind: str) -> str:
    if kind == "timestamp with time zone":
        return f"least({value}, clock_timestamp())"
    if kind.startswith("timestamp"):
        # The zone that the application writes in is not known; the farthest one is 14 hours ahead.
        return f"least({value}, (clock_timestamp() at time zone 'UTC') + interval '14 hours')"
    return value


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
    hashes = "coalesce(sum(hashtextextended(t::text, 0)), 0)"
    count, total = _one(connection, f"select count(*), {hashes} from {asked.source} where {where}")
    return f"{count}/{total}"


def _carry(stream: Stream, found: Field) -> Carried:
    try:
        return carry(found, stream.types.get(found.name))
    except ValueError as error:
        raise SourceError(
            f"column `{found.name}` of {stream}: {error}",
            hint="read it with a query that casts it, and mends what does not fit",
        ) from error


def _cursor(stream: Stream, fields: tuple[Field, ...]) -> watermark.Cursor | None:
    if stream.since is None or stream.reads.is_by_transaction(stream.since):
        return None
    held = next(field for field in fields if field.name == stream.since)
    kind = held.declared.split("(")[0].strip() if held.schema == "pg_catalog" else held.type
    kind = {"timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone"}.get(held.type, kind)
    return watermark.Cursor(held.name, kind, stream.reads.lag, stream.reads.nulls)


def _refuse_missing(stream: Stream, fields: tuple[Field, ...]) -> None:
    names = [found.name for found in fields]
    asked = [*stream.key, *stream.types]
    if stream.since and not stream.reads.is_by_transaction(stream.since):
        asked.append(stream.since)
    for name in asked:
        if name not in names:
            raise SourceError(f"{stream} has no column `{name}`", hint=hint(name, tuple(names), "columns"))


def _no_table(connection: psycopg.Connection[Any], stream: Stream) -> SourceError:
    *schema, table = parts_of(stream.reads.table)
    known = [name for name, _, _ in catalog.tables_of(connection, schema[0] if schema else "public")]
    return SourceError(
        f"there is no table `{stream.reads.table}` for {stream}, or this user may not see it",
        hint=hint(table, tuple(known), "tables that this user may read"),
    )


def _one(connection: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    return tuple(connection.execute(statement.encode()).fetchone() or ())
