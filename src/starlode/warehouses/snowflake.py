"""Snowflake as the warehouse: rows by one COPY, put or from where they lie, the rest as SQL, in transactions of rows alone.

What a transaction needs made is made by a second session, since making commits. A run holds the warehouse by a lease that each
of its transactions renews. Rows of a replaced table are taken out and put in, so that rights to it and views on it stay, and so
that readers see the old ones until the transaction ends.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from starlode.errors import Stopped, WarehouseError
from starlode.remembered import Remembered
from starlode.secret import Secret
from starlode.session import Reshape, Unfit
from starlode.snowflake import answers, copying
from starlode.snowflake.address import TAG, Address, connect, problem, tagged
from starlode.snowflake.dialect import ARRIVED, DIALECT, ROW, Arrival, letters, uncarried
from starlode.snowflake.driver import part
from starlode.snowflake.external import external
from starlode.snowflake.holding import hold, is_made
from starlode.snowflake.making import DROPPED, FILLED, STAY, Making, kept, run, show_anew, tidy
from starlode.snowflake.refusing import Refused, Unknown, told
from starlode.sql import staging
from starlode.warehouse import Misspelt, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Self

    import pyarrow as pa

    from starlode.session import Misfits
    from starlode.snowflake.external import External
    from starlode.snowflake.holding import Holder
    from starlode.sql.dialect import Dialect
    from starlode.table import Column, Table, Type

ROWS_AT_ONCE = 200
NUMBER = "select current_transaction()"
# Each remark is passed over whole, so that none of them hides another statement.
REMARKS = r"(?>[\s(]|--[^\n]*\n|/\*.*?\*/)*"
READS = re.compile(rf"{REMARKS}(select|with|values|show|describe|explain)\b", re.IGNORECASE | re.DOTALL)
OF_ACCOUNT = r"(?!session|account|user|role|warehouse)"
OF_ROWS = "insert|update|delete|copy"
WRITES = re.compile(rf"\s*({OF_ROWS}|begin|commit|rollback|(create|drop|alter)\s{OF_ACCOUNT})\b", re.IGNORECASE)
CHANGES = re.compile(rf"\s*({OF_ROWS})\b", re.IGNORECASE)
MAKES = re.compile(r'(create|drop|alter)\s[^(]*"\."')
HINT = "mend the values at the source; the extraction is landed and waits"


def _text(doc: str, shape: str, default: str = "") -> Any:
    return field(default=default, metadata={"doc": doc, "shape": shape})


@dataclass(frozen=True)
class Snowflake:
    """A database of a Snowflake account. Its address is a secret."""

    SCHEME: ClassVar[str] = "snowflake"

    url: Secret
    warehouse: str = _text("The warehouse that computes; without it, the user's own.", r"\w[\w$]*")
    role: str = _text("The role that a run has; without it, the user's own.", r"\w[\w$]*")
    login: str = _text("How one comes in: password, key, oauth or sso.", "password|key|oauth|sso", "password")
    key: str = _text("The file of a private key, for `login=key`.", r"[^?#\s]+")
    stage: str = _text(
        "An external stage on the landing's bucket, such as raw.landing, from which rows are loaded; without it, by PUT.",
        r"\w[\w$]*(\.\w[\w$]*){1,2}",
    )
    protocol: str = _text("https, or http for a double on this machine.", "https|http", "https")

    @classmethod
    def named(cls, target: str, folder: Path) -> Self:
        """The database of a URL such as snowflake://user@account/database?warehouse=load&role=loader."""
        url, _, asked = target.partition("?")
        if problem(url):
            raise Misspelt(
                "the target is no address of a Snowflake database",
                "write snowflake://user@account/database?warehouse=…&role=…, best as ${TARGET}",
            )
        chosen = settings(cls, asked)
        if "key" in chosen and not chosen["key"].startswith("~"):
            chosen["key"] = str(folder / chosen["key"])
        return cls(Secret(url), **chosen)

    @property
    def address(self) -> Address:
        return Address(self.url, self.warehouse, self.role, self.login, self.key, self.protocol)

    @property
    def dialect(self) -> Dialect:
        return replace(DIALECT, stage=self.stage)

    @property
    def exists(self) -> bool:
        connection = connect(self.address)
        try:
            return is_made(connection)
        finally:
            part(connection)

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> SnowflakeSession:  # noqa: ARG002
        """Open the database, which is there already.

        The client reads the landing and puts what it loads into a stage, unless the landing lies in one.
        """
        # Should the server end a transaction behind our back, what comes after it must not stay either.
        first = connect(self.address, commits=read_only)
        if read_only:
            return SnowflakeSession(first)
        second = None
        try:
            lies_in = external(first, self.stage) if self.stage else None
            second = connect(self.address)
            holder = hold(second, self.address)
            try:
                for connection in (second, first):
                    run(connection, STAY)
                run(second, copying.MAKE_STAGE)
                tidy(second)
            except BaseException:
                holder.leave(second)
                raise
        except BaseException:
            for connection in filter(None, (second, first)):
                part(connection)
            raise
        return SnowflakeSession(first, second, holder, lies_in)


WAREHOUSE = Snowflake


class SnowflakeSession:
    """An open connection to Snowflake, and for a run, a second one; without a lease it only reads."""

    def __init__(
        self, connection: Any, second: Any = None, holder: Holder | None = None, lies_in: External | None = None
    ) -> None:
        self._connection = connection
        self._lies_in = lies_in
        self._second = second
        self._holder = holder
        self._making: Making | None = None
        self._work: set[str] = set()
        # Who holds the lease is the only one who changes tables: what they have is asked once.
        self._columns: Remembered[tuple[Column, ...]] = Remembered()

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:  # noqa: ARG002
        return self._lies_in is not None and not uncarried(landed)

    def guard_landing(self, place: str) -> None:
        if self._lies_in is not None:
            self._lies_in.guard(place)

    @property
    def slices(self) -> int:
        return 1

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        if found := FILLED.fullmatch(sql):
            self._work.add(kept(found[1]))
        elif (found := DROPPED.fullmatch(sql)) and "." not in found[1] and kept(found[1]) not in self._work:
            return  # a work table that is left from another run is replaced when it is made
        elif MAKES.match(sql):
            self._columns.forget()
        if self._making is None or not self._making.takes(sql):
            self._run(sql, values)
            if self._making is None and CHANGES.match(sql):
                self._run("commit", ())
            if sql.startswith("create schema"):
                run(self._connection, STAY)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._run(sql, values)
        with told(sql):
            return [tuple(row) for row in cursor.fetchall()]

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        return answers.answer(self._run(sql, values), sql)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        listed = ", ".join(_bound(column, number) for number, column in enumerate(table.columns, 1))
        head = f"insert into {DIALECT.table(table)} ({DIALECT.names(table.names)})\nselect {listed}\n  from values "
        holes = "(" + ", ".join("?" for _ in table.columns) + ")"
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            self.execute(head + ",\n       ".join(holes for _ in part), [cell for row in part for cell in row])

    def describe(self, sql: str) -> tuple[Column, ...]:
        return self._seen(self._said(sql))

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:  # noqa: ARG002
        return columns

    def columns(self, table: Table) -> tuple[Column, ...]:
        if self._holder is None:
            return self._found(table)
        return self._columns.of(DIALECT.table(table), lambda: self._found(table))

    def misfits(self, column: Column, values: pa.Array[Any]) -> Misfits | None:
        return copying.misfits(column, values)

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        with self._staged(files, landed) as (place, names):
            # In one transaction, files of other columns may come after these.
            arrival = Arrival(place, names, f"{ARRIVED}_{len(self._work)}")
            self._work.add(kept(arrival.table))
            try:
                for statement in DIALECT.arriving(table, arrival, landed, fixed):
                    self.execute(statement)
            except Refused as refused:
                of = f" in `{letters(refused.column)}`" if refused.column else ""
                raise Unfit(f"{table} cannot hold all that is landed{of}", hint=HINT) from None

    def reshape(self, table: Table, change: Reshape) -> None:
        self._columns.forget()
        if self._making is not None:
            self._making.reshape(table, change)
            return
        for statement in staging.reshape(DIALECT, table, change):
            self.execute(statement)

    def lay(self, table: Table) -> None:
        """Nothing: only a new table is laid out."""

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        yield
        self._columns.forget()
        shown = select()
        self._columns.forget()
        if self._making is not None:
            self._making.show(view, shown)
        else:
            self.execute(staging.drop_view(DIALECT, view) if shown is None else show_anew(view, shown))

    def swap(self, table: Table, beside: Table) -> None:
        """Take the rows out and put the others in; rights to the table and views on it stay."""
        table = replace(table, columns=beside.columns)
        held = {column.name: column.type for column in self.columns(table)}
        if held:
            wanted = {column.name: column for column in beside.columns}
            change = Reshape(
                dropped=tuple(name for name in held if name not in wanted),
                renewed=tuple(c for c in beside.columns if c.name in held and held[c.name] != c.type),
                added=tuple(c for c in beside.columns if c.name not in held),
            )
            if not change.is_nothing:
                self.reshape(table, change)
            self.execute(staging.empty(DIALECT, table))
        else:
            self.execute(staging.create(DIALECT, table))
        names = DIALECT.names(beside.names)
        self.execute(f"insert into {DIALECT.table(table)} ({names})\nselect {names} from {DIALECT.table(beside)}")
        self.execute(staging.drop(DIALECT, beside))

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Nothing: each part of a table knows the least and the greatest of its values."""

    def learn(self, table: str) -> None:
        """Nothing: what is written is counted on the way."""

    def look_up(self, sql: str) -> None:
        self.execute(sql)

    def sign(self, run_id: str) -> None:
        for connection in filter(None, (self._connection, self._second)):
            run(connection, tagged(f"{TAG} {run_id}"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of the rows at once; what was made for it is tidied when it has ended, or by the next run."""
        self._run("begin", ())
        number = self.rows(NUMBER)
        self._making = Making(self._second, self._write, self._seen)
        try:
            if self._holder is not None:
                self._holder.renew(self._connection)
            yield
            is_untidy = self._making.settle()
            if self.rows(NUMBER) != number:
                raise Stopped(
                    "Snowflake has ended a transaction before its time: somebody has aborted it, or waited for it too long",
                    hint="run again: nothing of it was committed",
                )
            self._run("commit", ())
        except BaseException:
            making, self._making = self._making, None
            self._columns.forget()
            with suppress(
                WarehouseError
            ):  # what went wrong is what has to be told; a lost connection rolls back by itself
                self._run("rollback", ())
                if making.has_made:
                    tidy(self._second)
            raise
        self._making = None
        if is_untidy:
            tidy(self._second)

    def close(self) -> None:
        if self._holder is not None:
            with suppress(WarehouseError):  # a session that is lost ends by itself, and its lease with its time
                for name in self._work:
                    run(self._second, f"drop table if exists {name}")
                self._holder.leave(self._second)
            part(self._second)
        part(self._connection)

    def _staged(
        self, files: Sequence[str], landed: Mapping[str, Type]
    ) -> AbstractContextManager[tuple[str, tuple[str, ...]]]:
        """Where files lie in a stage and what they are called there, until the block ends."""
        if self._lies_in is None or uncarried(landed):
            return copying.staged(self._second, files, landed)
        return nullcontext((self._lies_in.name, self._lies_in.names(files)))

    def _found(self, table: Table) -> tuple[Column, ...]:
        try:
            found = self.describe(f"select * from {DIALECT.table(table)}")
        except Unknown:
            return ()
        own = tuple(column for column in found if DIALECT.quote(column.name) != ROW)
        return self._making.shown(table, own) if self._making else own

    def _said(self, sql: str) -> str:
        return self._making.said(sql) if self._making is not None else sql

    def _seen(self, sql: str) -> tuple[Column, ...]:
        return answers.described(self._connection, sql)

    def _write(self, sql: str) -> None:
        self._told(sql, ())

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        if not READS.match(sql) and not (self._holder is not None and WRITES.match(sql)):
            raise WarehouseError("a statement is not one that a session may run", where=" ".join(sql.split())[:200])
        return self._told(self._said(sql), values)

    def _told(self, sql: str, values: Sequence[Any]) -> Any:
        with told(sql):
            return self._connection.cursor().execute(sql, list(values) or None)


def _bound(column: Column, number: int) -> str:
    """A bound value as its column's type."""
    value = f"column{number}"
    return f"parse_json({value})" if column.type.kind == "json" else DIALECT.cast(value, column.type)
