"""What a stream is at the server: its relation or query, its columns and how each is carried, and its cursor.

Whatever cannot be read as it is declared is refused here, before a row is counted.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from starlode.errors import SourceError
from starlode.nearest import hint, listing
from starlode.postgres import catalog, watermark
from starlode.postgres.address import driver
from starlode.postgres.values import Carried, carry, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from starlode.postgres.catalog import Field, Relation
    from starlode.source import Stream


@dataclass(frozen=True)
class Asked:
    """A stream as the server knows it: where its rows are, and how each column is carried."""

    stream: Stream
    source: str
    relation: Relation | None
    carried: tuple[Carried, ...]
    cursor: watermark.Cursor | None = None
    # A short name for each column and its type, by which a later run knows whether they are the same.
    shape: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """What the stream holds of its relation: all, or only rows with a cursor."""
        is_cut = self.cursor is not None and self.cursor.nulls == "skip"
        return f"{quote(self.cursor.column)} is not null" if self.cursor is not None and is_cut else "true"

    @property
    def has_transactions(self) -> bool:
        return self.relation is not None and self.relation.has_transactions

    @property
    def place(self) -> str:
        return str(self.stream.reads.table or self.stream.reads.query_file)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"{column.column.name}: {column.note}" for column in self.carried if column.note)


def ask(connection: psycopg.Connection[Any], stream: Stream) -> Asked:
    """Find a stream in the catalog; raises SourceError where it cannot be read as declared."""
    reads = stream.reads
    source = _selected(reads)
    if reads.table is None:
        relation, fields = None, _fields_of_query(connection, stream, source)
    else:
        relation = catalog.relation(connection, source)
        if relation is None:
            raise _no_table(connection, stream)
        fields = relation.fields
    _refuse_clashes(stream, fields)
    _refuse_missing(stream, fields)
    _refuse_unknowable(stream, relation)
    carried = tuple(_carry(stream, found) for found in fields)
    return Asked(stream, f"{source} as t", relation, carried, _cursor(stream, fields), tuple(map(_short, fields)))


def hold(connection: psycopg.Connection[Any], streams: Iterable[Stream]) -> None:
    """Keep what streams read as it is from now on; what cannot be held is told when it is looked at."""
    errors = driver(SourceError)
    for stream in streams:
        with suppress(errors.Error), connection.transaction():
            catalog.hold(connection, _selected(stream.reads))


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


def _selected(reads: Any) -> str:
    """A table's name or a query in parentheses; a comment at its end would hide what follows on its line."""
    return f"({reads.query.rstrip().removesuffix(';')}\n)" if reads.table is None else quoted(reads.table)


def _fields_of_query(connection: psycopg.Connection[Any], stream: Stream, query: str) -> tuple[Field, ...]:
    """The columns of a query; a mistake in it is told with its line."""
    errors = driver(SourceError)
    try:
        fields = catalog.fields_of_query(connection, query)
    except errors.Error as error:
        if str(error.sqlstate)[:2] not in ("42", "0A"):
            raise
        place = int(error.diag.statement_position or 0) - len(catalog.BEFORE_QUERY) - 1
        line = query.count("\n", 0, max(0, min(place, len(query) - 2))) + 1
        where = f"{stream.reads.query_file}:{line}"
        raise SourceError(f"PostgreSQL refuses the query: {error.diag.message_primary}", where=where) from None
    return fields


def _cursor(stream: Stream, fields: tuple[Field, ...]) -> watermark.Cursor | None:
    if stream.since is None or stream.mode == "full" or stream.reads.is_by_transaction(stream.since):
        return None
    held = next(field for field in fields if field.name == stream.since)
    own = quote(held.type) if held.schema == "pg_catalog" else f"{quote(held.schema)}.{quote(held.type)}"
    kind = {"timestamptz": watermark.TIMESTAMPTZ, "timestamp": watermark.TIMESTAMP, "date": "date"}.get(held.type, own)
    return watermark.Cursor(held.name, kind, stream.reads.lag, stream.reads.nulls)


def _carry(stream: Stream, found: Field) -> Carried:
    try:
        return carry(found, stream.types.get(found.name))
    except ValueError as error:
        raise SourceError(
            f"column `{found.name}` of {stream}: {error}",
            hint="read it with a query that casts it, and mends what does not fit",
        ) from error


def _short(field: Field) -> str:
    return blake2b(f"{field.name} {field.declared}".encode(), digest_size=4).hexdigest()


def _refuse_unknowable(stream: Stream, relation: Relation | None) -> None:
    """Say at once what can never be read as declared."""
    if relation is not None and not relation.fields:
        raise SourceError(f"{stream} has no columns", where=stream.reads.table, hint="leave it out")
    is_by_transaction = stream.since is not None and stream.reads.is_by_transaction(stream.since)
    if is_by_transaction and (relation is None or not relation.has_transactions):
        raise SourceError(
            f"{stream} cannot be read by `since: {stream.since}`: only the rows of tables tell who wrote them",
            where=stream.reads.table or stream.reads.query_file,
            hint="name a column that grows, or read the table",
        )


def _refuse_clashes(stream: Stream, fields: tuple[Field, ...]) -> None:
    """Parquet tells names by case, and most of those who read it do not."""
    folded = [found.name.lower() for found in fields]
    alike = [f"`{found.name}`" for found in fields if folded.count(found.name.lower()) > 1]
    if alike:
        raise SourceError(
            f"columns of {stream} have the same name, or differ in case only: {listing(alike)}",
            where=stream.reads.table or stream.reads.query_file,
            hint="read it with a query that gives each a name of its own with `as`",
        )


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
