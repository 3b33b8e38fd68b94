"""Redshift as the warehouse: rows by COPY from the landing's bucket, everything else as SQL in transactions.

Each extraction is one COPY of an explicit list of files, in the transaction that writes its line of the ledger. A run holds the
warehouse by a lock of a connection of its own. Rows of a replaced table are taken out and put in, so that rights to it and
views on it stay.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from starlode.errors import WarehouseError
from starlode.redshift import answers, copying, unloading
from starlode.redshift.address import Address, connect, problem
from starlode.redshift.copying import Manifest
from starlode.redshift.dialect import DIALECT, ROW
from starlode.redshift.driver import part
from starlode.redshift.holding import hold, is_made
from starlode.redshift.refusing import told
from starlode.redshift.slices import slices
from starlode.remembered import Remembered
from starlode.secret import Secret
from starlode.session import Reshape
from starlode.sql import staging
from starlode.table import Column, Type
from starlode.warehouse import Misspelt, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    import pyarrow as pa

    from starlode.redshift.holding import Holder
    from starlode.session import Misfits
    from starlode.sql.dialect import Dialect
    from starlode.table import Table

# A text gets twice the bytes that it needs today, and no less than these.
LEAST_WIDTH, HEAD_ROOM = 256, 2
ROWS_AT_ONCE = 200
CUT = "…"
# By what the server's own list of queries knows those of a session.
OWN_GROUP, NO_GROUP = "select current_setting('query_group')", ("unset", "default", "", None)
# Work tables, which go with their session at the latest.
_WORK_MADE = re.compile(r'create temp table "?(__starlode_\w+)"?|alter table \S+ rename to "?(__starlode_\w+)"?')
_WORK_DROPPED = re.compile(r'drop table if exists "?(__starlode_\w+)"?')
_COLUMNS = """
select a.attname, a.atttypid, a.atttypmod
  from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped
 order by a.attnum"""


def _text(doc: str, shape: str, default: str = "") -> Any:
    return field(default=default, metadata={"doc": doc, "shape": shape})


@dataclass(frozen=True)
class Redshift:
    """A database of a Redshift cluster, or of a serverless workgroup. Its address is a secret."""

    SCHEME: ClassVar[str] = "redshift"

    url: Secret
    iam_role: str = _text(
        "The role that Redshift reads the landing as; without it, the cluster's default.",
        r"arn:[\w+=,.@:/-]+",
        "default",
    )
    unload: str = _text(
        "A prefix such as s3://bucket/prefix by which large answers are read back; without it, through the connection.",
        r"s3://[^?#\s]+",
    )
    slices: int = field(
        default=0,
        metadata={
            "doc": "How many files are read at once; without it, as many as the cluster has slices.",
            "shape": r"[1-9]\d{0,3}",
        },
    )
    sslmode: str = _text(
        "How TLS is verified: verify-full, verify-ca, or disable.", "verify-full|verify-ca|disable", "verify-full"
    )
    login: str = _text("How one comes in: password, or iam for a login that IAM gives.", "password|iam", "password")
    cluster: str = _text("The cluster's name, for a login by IAM.", r"[a-z][a-z0-9-]*")
    workgroup: str = _text("The serverless workgroup, for a login by IAM.", r"[a-z0-9-]+")
    region: str = _text("The region, for a login by IAM.", r"[a-z0-9-]+")
    profile: str = _text("The profile of the AWS files, for a login by IAM.", r"[\w.-]+")

    @classmethod
    def named(cls, target: str, folder: Path) -> Self:  # noqa: ARG003
        """The database of a URL such as redshift://user:password@host:5439/dev?iam_role=arn:…."""
        url, _, asked = target.partition("?")
        if problem(url):
            raise Misspelt(
                "the target is no address of a Redshift database",
                "write redshift://user:password@host:5439/database?iam_role=arn:…, best as ${TARGET}",
            )
        return cls(Secret(url), **settings(cls, asked))

    @property
    def address(self) -> Address:
        by_iam = self.login.startswith("iam")
        return Address(self.url, self.sslmode, by_iam, self.cluster, self.workgroup, self.region, self.profile)

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    @property
    def exists(self) -> bool:
        connection = connect(self.address)
        try:
            return is_made(connection)
        finally:
            part(connection)

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> RedshiftSession:  # noqa: ARG002
        """Open the database, which is there already. Redshift reads the landing, not the client."""
        connection = connect(self.address)
        try:
            if read_only:
                connection.cursor().execute("begin read only")
                return RedshiftSession(connection, self, None)
            count = self.slices or slices(connection, self.address)
            return RedshiftSession(connection, self, hold(connection, self.address), count)
        except BaseException:
            part(connection)
            raise


WAREHOUSE = Redshift


class RedshiftSession:
    """An open connection to Redshift; without a lock it only reads."""

    def __init__(self, connection: Any, warehouse: Redshift, holder: Holder | None, slices: int = 1) -> None:
        self._connection = connection
        self._slices = slices
        self._role = warehouse.iam_role
        self._unload = warehouse.unload
        self._holder = holder
        self._is_alone = holder is not None
        self._explained: tuple[Any, ...] = ()
        self._columns: Remembered[tuple[Column, ...]] = Remembered()
        # The work tables that this session has made, those among them that may still be there.
        self._made: set[str] = set()
        self._there: set[str] = set()

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:  # noqa: ARG002
        return True

    def guard_landing(self, place: str) -> None:
        copying.guard(place)

    @property
    def slices(self) -> int:
        return self._slices

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        if found := _WORK_DROPPED.fullmatch(sql):
            if found[1] not in self._there:
                return
            self._there.discard(found[1])
        elif found := _WORK_MADE.match(sql):
            self._made.add(found[1] or found[2])
            self._there.add(found[1] or found[2])
        self._columns.heed(sql)
        self._run(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._run(sql, values)
        with told(sql):
            return [tuple(row) for row in cursor.fetchall()]

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        if self._unload and not values:
            read = unloading.unloaded(self._connection, DIALECT, sql, self._unload, self._role)
            if read is not None:
                return read
        return answers.answer(self._connection, sql, values, is_alone=self._is_alone)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        head = f"insert into {DIALECT.table(table)} ({DIALECT.names(table.names)})\nvalues "
        for start in range(0, len(rows), ROWS_AT_ONCE):
            part = rows[start : start + ROWS_AT_ONCE]
            holes = (_hole(column, i) for i, column in enumerate((*table.columns,) * len(part), 1))
            listed = ",\n       ".join("(" + ", ".join(next(holes) for _ in table.columns) + ")" for _ in part)
            self.execute(head + listed, [_kept(cell) for row in part for cell in row])

    def describe(self, sql: str) -> tuple[Column, ...]:
        # How wide the texts of a SELECT may become says nothing of how wide they are.
        found = (column for column, *_ in answers.described(self._connection, sql))
        return tuple(replace(column, type=replace(column.type, width=0)) for column in found)

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:
        texts = [column for column in columns if column.type.kind == "text"]
        if not texts:
            return columns
        longest = ", ".join(f"max(octet_length({DIALECT.quote(column.name)}))" for column in texts)
        found = self.rows(f"select {longest} from {rows}")[0]
        widths = {column.name: _room(int(held or 0)) for column, held in zip(texts, found, strict=True)}
        return tuple(replace(c, type=Type("text", width=widths[c.name])) if c.name in widths else c for c in columns)

    def columns(self, table: Table) -> tuple[Column, ...]:
        return self._columns.of(DIALECT.table(table), lambda: self._found(table))

    def _found(self, table: Table) -> tuple[Column, ...]:
        found = self.rows(_COLUMNS, (table.schema, table.name))
        kept = ((name, oid, modifier) for name, oid, modifier in found if DIALECT.quote(name) != ROW)
        return tuple(Column(name, answers.kind_of(oid, modifier)) for name, oid, modifier in kept)

    def misfits(self, column: Column, values: pa.Array[Any]) -> Misfits | None:
        return copying.misfits(column, values)

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        with Manifest(files, landed) as manifest:
            *making, copy, filling, clearing = DIALECT.arriving(table, manifest, self._role, landed, fixed)
            for statement in making:
                self.execute(statement)
            self._copy(table, copy)
        self.execute(filling)
        self.execute(clearing)

    def reshape(self, table: Table, change: Reshape) -> None:
        for statement in staging.reshape(DIALECT, table, change):
            self.execute(statement)

    def lay(self, table: Table) -> None:
        """Nothing: only a new table is laid out."""

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        self.execute(staging.drop_view(DIALECT, view))
        yield
        shown = select()
        if shown is not None:
            self.execute(staging.create_view(DIALECT, view, shown))

    def swap(self, table: Table, beside: Table) -> None:
        """Take the rows out and put the others in, where there is a table; rights to it and views on it stay."""
        held = {column.name: column.type for column in self.columns(table)}
        if not held:
            self.execute(staging.rename(DIALECT, beside, table.name))
            return
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

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Nothing: each block of a table knows the least and the greatest of its values."""

    def learn(self, table: str) -> None:
        """Nothing: a table that a SELECT or a COPY fills is looked through on the way."""

    def look_up(self, sql: str) -> None:
        self.execute(sql)

    def sign(self, run_id: str) -> None:
        # A group that the user was given may lead to a queue, and stays.
        if self.rows(OWN_GROUP)[0][0] in NO_GROUP:
            self.execute(f"set query_group to {DIALECT.text(f'starlode {run_id}')}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin")
        self._is_alone = False
        try:
            yield
            if self._holder is not None:
                self._holder.prove()
            self.execute("commit")
        except BaseException:
            with suppress(
                WarehouseError
            ):  # what went wrong is what has to be told; a lost connection rolls back by itself
                self._roll_back()
            raise
        finally:
            self._is_alone = self._holder is not None

    def close(self) -> None:
        with suppress(Exception):  # a connection that is lost is closed
            part(self._connection)
        if self._holder is not None:
            self._holder.close()

    def _copy(self, table: Table, sql: str) -> None:
        """Run a COPY; what Redshift wrote down of rows that it could not load is told as such."""
        try:
            self.execute(sql)
        except WarehouseError:
            errors: list[tuple[Any, ...]] = []
            with suppress(WarehouseError):
                self._roll_back()
                errors = self.rows(copying.LAST_ERRORS)
            # What stands there of an earlier load does not explain this one.
            if not errors or errors[0] == self._explained:
                raise
            self._explained = errors[0]
            column, file = (str(cell or "").strip() for cell in errors[0][:2])
            raise copying.unfit(table, column, file) from None

    def _roll_back(self) -> None:
        """Let all be as it was before the transaction, work tables too."""
        self._columns.forget()
        self._there = set(self._made)
        self.execute("rollback")

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        cursor = self._connection.cursor()
        cursor.paramstyle = "numeric"
        with told(sql):
            cursor.execute(sql, list(values) or None)
        return cursor


def _hole(column: Column, number: int) -> str:
    hole = DIALECT.hole(number)
    return f"json_parse({hole})" if column.type.kind == "json" else hole


def _room(longest: int) -> int:
    """How many bytes a column gets whose longest text has so many."""
    wanted = LEAST_WIDTH
    while wanted < longest * HEAD_ROOM:
        wanted *= 2
    return min(wanted, copying.MOST_BYTES)


def _kept(cell: Any) -> Any:
    """A value as a column can keep it: the raw text of a rejected row may hold NUL, or be too long."""
    if not isinstance(cell, str):
        return cell
    text = cell.replace("\x00", "\u2400")
    if len(text.encode()) <= copying.MOST_BYTES:
        return text
    return text.encode()[: copying.MOST_BYTES - len(CUT.encode())].decode(errors="ignore") + CUT
