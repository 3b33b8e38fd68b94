"""PostgreSQL as the warehouse: one connection, one lock, everything in transactions.

A run holds the database by an advisory lock of its session. Rows come from the landing by binary COPY inside the transaction
that writes their line of the ledger. Texts are compared by their bytes, as in the users' own SQL, whatever the database's
locale is.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar

from starlode.errors import WarehouseError
from starlode.postgres import answers, sending, standing
from starlode.postgres.address import Address, connect, driver, problem
from starlode.postgres.functions import FUNCTIONS, TRY_CAST
from starlode.postgres.holding import hold
from starlode.postgres.making import connect_making, database_exists, refuse_encoding
from starlode.postgres.refusing import told
from starlode.postgres.values import quote
from starlode.postgres.words import said
from starlode.secret import Secret
from starlode.session import Misfits, Reshape
from starlode.sql import staging
from starlode.sql.dialect import Dialect
from starlode.table import Column, Type
from starlode.warehouse import Misspelt
from starlode.warehouses.duckdb import landed_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    import psycopg
    import pyarrow as pa
    from sqlglot import exp

    from starlode.table import Table

WORDS: Mapping[str, str] = {
    "boolean": "boolean",
    "integer": "bigint",
    "decimal": "numeric",
    "double": "double precision",
    "text": "text",
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "binary": "bytea",
    "json": "jsonb",
}
COLLATION = ' collate "C"'
# How long the name of an application is that the server shows whole.
LONGEST_NAME = 63
# What a session needs to be; what the target's `options` say of the others wins.
FIXED = {
    "standard_conforming_strings": "on",
    "datestyle": "ISO, YMD",
    "extra_float_digits": "1",
    "search_path": "public",
}
USUAL = {
    "work_mem": "64MB",
    "temp_buffers": "32MB",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "client_connection_check_interval": "2s",
}
_COLUMNS = """
select a.attname, a.atttypid::int, a.atttypmod
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
 order by a.attnum"""


@dataclass(frozen=True)
class PostgresDialect(Dialect):
    """PostgreSQL's words."""

    def cast(self, expression: str, of: Type) -> str:
        return super().cast(expression, of) + (COLLATION if of.kind == "text" else "")

    def column(self, column: Column) -> str:
        return f"{super().column(column)}{_collation(column)}"

    def shown(self, name: str) -> str:
        small = name.lower()
        return self.quote(name) if name == small else f"{self.quote(name)} as {self.quote(small)}"

    def say(self, tree: exp.Expr, *, pretty: bool = False) -> str:
        return super().say(tree.copy().transform(said), pretty=pretty)

    def retype(self, table: Table, column: Column) -> tuple[str, ...]:
        name, word = self.quote(column.name), self.type(column.type)
        value = f"cast({name} as text)" if column.type.kind == "json" else name
        alter = f"alter table {self.table(table)} alter column {name} set data type"
        return (f"{alter} {word}{_collation(column)} using cast({value} as {word})",)

    def renew(self, column: Column) -> tuple[str, ...]:
        name, word = self.quote(column.name), self.type(column.type)
        return (f"alter column {name} set data type {word}{_collation(column)} using cast(null as {word})",)

    def numbers(self, count: int) -> str:
        return f"select i as n from generate_series(0, {count - 1}) as r(i)"

    def repeated(self, rows: str, below: str, number: str) -> str:
        return f"select *, generate_series(0, {below} - 1) as {number} from {rows}"

    def quotient(self, left: str, right: str) -> str:
        return f"({left}) / ({right})"

    def microseconds(self, first: str, last: str) -> str:
        return f"cast(extract(epoch from {last} - {first}) * 1000000 as bigint)"

    def agree(self, left: str, right: str) -> str:
        # An array of one tells NULL from NULL no more than any value from itself, and it can be hashed.
        return f"array[{left}] = array[{right}]"

    def fingerprint(self, values: list[tuple[str, Type]]) -> str:
        return f"hashtextextended(row({', '.join(expression for expression, _ in values)})::text, 0)"

    def try_cast(self, expression: str, of: Type) -> str:
        return f"{TRY_CAST}(cast({expression} as text), cast(null as {self.types[of.kind]}))"

    def json_object(self, cells: Mapping[str, str]) -> str:
        # Two arrays, because a function takes no more than a hundred arguments.
        names, values = ", ".join(map(self.text, cells)), ", ".join(cells.values())
        return f"json_object(array[{names}]::text[], array[{values}]::text[])"

    @property
    def preparations(self) -> tuple[str, ...]:
        return FUNCTIONS


DIALECT = PostgresDialect(
    sqlglot="postgres",
    types=WORDS,
    max_name=63,
    row_id="ctid",
    create_work="create temp table",
    create_scratch="create unlogged table",
)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL database. Its address is a secret; what can be shown of it is host, port, database and user."""

    SCHEME: ClassVar[str] = "postgres"

    url: Secret

    @classmethod
    def named(cls, target: str, folder: Path) -> Self:  # noqa: ARG003
        """The database of a URL; `postgresql:` alone leaves all to libpq's environment."""
        rest = target.partition(":")[2]
        url = f"postgresql:{rest}" if rest else ""
        if (rest and not rest.startswith("//")) or problem(url):
            raise Misspelt(
                "the target is no address of a PostgreSQL database",
                "write postgresql://user:password@host:port/database, best as ${TARGET}, or `postgresql:` alone for the "
                "PG* variables, the service file and the password file",
            )
        return cls(Secret(url))

    @property
    def address(self) -> Address:
        return Address(self.url)

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    @property
    def exists(self) -> bool:
        return database_exists(self.address)

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> PostgresSession:  # noqa: ARG002
        """Open the database, made first where it is missing and written to. The client reads the landing, not the server."""
        address = self.address
        connection = connect(address, WarehouseError, FIXED) if read_only else connect_making(address, FIXED)
        try:
            refuse_encoding(connection, address)
            _settle(connection, read_only=read_only)
            if not read_only:
                hold(connection, address)
        except BaseException:
            connection.close()
            raise
        return PostgresSession(connection)


WAREHOUSE = Postgres


class PostgresSession:
    """An open connection to a PostgreSQL database."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:  # noqa: ARG002
        return False

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._run(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with told(sql):
            return self._run(sql, values).fetchall()

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        with told(sql):
            return answers.answer(self._connection, sql, values)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        copy = f"copy {DIALECT.table(table)} ({DIALECT.names(table.names)}) from stdin"
        with told(copy), self._connection.cursor() as cursor, cursor.copy(copy.encode()) as sent:
            for row in rows:
                sent.write_row([_without_nul(cell) for cell in row])

    def describe(self, sql: str) -> tuple[Column, ...]:
        with told(sql):
            return tuple(column for column, *_ in answers.described(self._connection, sql))

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:  # noqa: ARG002
        return columns

    def columns(self, table: Table) -> tuple[Column, ...]:
        found = self.rows(_COLUMNS, (table.schema, table.name))
        return tuple(Column(name, answers.type_of(oid, modifier)) for name, oid, modifier in found)

    def misfits(self, column: Column, values: pa.Array[Any]) -> Misfits | None:
        return sending.misfits(column, values)

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        copy = f"copy {DIALECT.table(table)} ({DIALECT.names(table.names)}) from stdin with (format binary)"
        try:
            with landed_rows(table, files, landed, fixed) as rows, told(copy):
                sending.send(self._connection, copy, table, rows)
        except WarehouseError:
            with landed_rows(table, files, landed, fixed) as rows:
                unfit = sending.unfit(table, rows)
            if unfit is None:
                raise
            raise unfit from None

    def reshape(self, table: Table, change: Reshape) -> None:
        place = DIALECT.table(table)
        retyped = [column.name for column in (*change.retyped, *change.renewed)]
        aside = standing.views_on(self._connection, place, retyped) if retyped else ()
        for view in reversed(aside):
            self.execute(view.drop)
        for statement in staging.reshape(DIALECT, table, change):
            self.execute(statement)
        for view in aside:
            for statement in view.make(self._connection.info.user):
                self.execute(statement)

    def lay(self, table: Table) -> None:
        """Nothing: rows lie where there is room for them."""

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        ours, *reading = standing.views_from(self._connection, DIALECT.table(view)) or (standing.bare_view(view),)
        for held in reversed((ours, *reading)):
            self.execute(held.drop)
        yield
        shown = select()
        again = (ours.showing(shown, self.describe(shown)), *reading) if shown is not None else reading
        for held in again:
            for statement in held.make(self._connection.info.user):
                self.execute(statement)

    def swap(self, table: Table, beside: Table) -> None:
        """Rename where nobody but us can see the table; else fill it anew in place, which no reader has to wait for."""
        held = {column.name: column.type for column in self.columns(table)}
        if held and not standing.is_bare(self._connection, DIALECT.table(table)):
            self._refill(table, beside, held)
            return
        if held:
            self.execute(staging.drop(DIALECT, table))
        self.execute(staging.rename(DIALECT, beside, table.name))

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        name = standing.INDEX_MARK + blake2b(f"{table} {names}".encode(), digest_size=8).hexdigest()
        how = "using brin " if grows else ""
        self.execute(
            f"create index if not exists {quote(name)} on {DIALECT.table(table)} {how}({DIALECT.names(list(names))})"
        )

    def learn(self, table: str) -> None:
        self.execute(f"analyze {table}")

    def look_up(self, sql: str) -> None:
        self.execute(sql)

    def sign(self, run_id: str) -> None:
        # What the target calls itself, or `starlode`, stays in front.
        own = (self._connection.info.parameter_status("application_name") or "")[: LONGEST_NAME - len(run_id) - 1]
        self.rows("select set_config('application_name', $1, false)", (f"{own} {run_id}",))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin")
        try:
            yield
        except BaseException:
            with suppress(
                WarehouseError
            ):  # what went wrong is what has to be told; a lost connection rolls back by itself
                self.execute("rollback")
            raise
        self.execute("commit")

    def close(self) -> None:
        # A connection that only ends is noticed by the server a moment later, and the next run may come before that.
        with suppress(WarehouseError):
            self.execute("select pg_advisory_unlock_all()")
        self._connection.close()

    def _refill(self, table: Table, beside: Table, held: Mapping[str, Type]) -> None:
        wanted = {column.name: column for column in beside.columns}
        change = Reshape(
            dropped=tuple(name for name in held if name not in wanted),
            renewed=tuple(c for c in beside.columns if c.name in held and held[c.name] != c.type),
            added=tuple(c for c in beside.columns if c.name not in held),
        )
        self.execute(staging.empty(DIALECT, table))
        if not change.is_nothing:
            self.reshape(replace(table, columns=beside.columns), change)
        names = DIALECT.names(beside.names)
        self.execute(f"insert into {DIALECT.table(table)} ({names})\nselect {names} from {DIALECT.table(beside)}")
        self.execute(staging.drop(DIALECT, beside))

    def _run(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
        from psycopg import RawCursor

        with told(sql):
            # Statements that stand alone: with values or not, the server takes one at a time.
            return RawCursor(self._connection).execute(sql.encode(), list(values) or None)


def _settle(connection: psycopg.Connection[Any], *, read_only: bool) -> None:
    """Set the session up, but for what the target's own `options` say."""
    from psycopg.types.string import TextLoader

    connection.prepare_threshold = None
    for word in ("json", "jsonb"):
        connection.adapters.register_loader(word, TextLoader)
    asked = connection.execute("select name from pg_settings where source = 'client' and name = any(%s)", ([*USUAL],))
    own = {name for (name,) in asked}
    opened = driver(WarehouseError)
    for name, value in USUAL.items():
        if name not in own:
            with suppress(opened.Error):  # not every system can watch a client
                connection.execute("select set_config(%s, %s, false)", (name, value))
    if read_only:
        connection.execute("set default_transaction_read_only = on")
        connection.execute("begin isolation level repeatable read")


def _collation(column: Column) -> str:
    return COLLATION if column.type.kind == "text" else ""


def _without_nul(cell: Any) -> Any:
    # The raw text of a rejected row may hold it; the picture of NUL stands in its place.
    return cell.replace("\x00", "\u2400") if isinstance(cell, str) else cell
