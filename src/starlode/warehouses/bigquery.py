"""BigQuery as the warehouse: rows by one load job for each extraction, everything else as SQL in transactions of one session.

A run holds the warehouse by a lease. What a transaction may not do, making tables, is done around it, and comes to its place
when the transaction has ended (`bigquery/acting.py`).
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from starlode.bigquery import acting, answers, arriving
from starlode.bigquery.acting import Act
from starlode.bigquery.address import GIGABYTE, Address, lies, read_address
from starlode.bigquery.arriving import Arrival
from starlode.bigquery.asking import Connection
from starlode.bigquery.dialect import ROW, BigQueryDialect, dialect
from starlode.bigquery.finishing import UNFINISHED, Finisher
from starlode.bigquery.holding import hold, is_made
from starlode.bigquery.weighing import BigQueryScale
from starlode.errors import StarlodeError, WarehouseError
from starlode.session import Reshape
from starlode.sql import staging
from starlode.sql.ledger import LEDGER_SCHEMA, create_schema, create_table
from starlode.warehouse import Misspelt, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    import pyarrow as pa

    from starlode.bigquery.holding import Holder
    from starlode.session import Misfits
    from starlode.table import Column, Table, Type

# A statement takes at most ten thousand values.
VALUES_AT_ONCE = 9_000
ROWS_AT_ONCE = 500
# One SELECT, as plain as ours are; of others BigQuery says what they are.
_SELECT = re.compile(r"\s*(select|with)\b[^;]*", re.IGNORECASE)
_WORK = re.compile(r"^select \* from `?(__starlode_[^`\s]+)`?$")


@dataclass(frozen=True)
class BigQuery:
    """A project of Google Cloud, and the datasets in it whose names begin alike. Who asks is told by the environment."""

    SCHEME: ClassVar[str] = "bigquery"

    project: str
    dataset: str = ""
    location: str = field(
        default="",
        metadata={"doc": "Where the datasets lie, such as EU or europe-west1.", "shape": r"[A-Za-z][A-Za-z0-9-]+"},
    )
    maximum_gb: int = field(
        default=0,
        metadata={"doc": "How many gigabytes a run may be billed for; without it, any.", "shape": r"[1-9]\d{0,8}"},
    )
    load: str = field(
        default="",
        metadata={
            "doc": "Whether landed files are always uploaded; without it, load jobs read gs://.",
            "shape": "upload",
        },
    )

    @classmethod
    def named(cls, target: str, folder: Path) -> Self:  # noqa: ARG003
        """The warehouse of an address such as bigquery://project/dataset?location=EU."""
        path, _, asked = target.partition(":")[2].partition("?")
        found = read_address(path)
        if found is None:
            raise Misspelt(
                "the target names no project of BigQuery",
                "write bigquery://project?location=EU, or bigquery://project/sales?location=EU for datasets that begin "
                "with `sales_`",
            )
        return cls(*found, **settings(cls, asked))

    @property
    def address(self) -> Address:
        return Address(self.project, self.dataset, self.location)

    @property
    def dialect(self) -> BigQueryDialect:
        return dialect(self.address.prefix)

    @property
    def most_bytes(self) -> int:
        return self.maximum_gb * GIGABYTE

    def scale(self) -> BigQueryScale:
        return BigQueryScale(Connection(self.address))

    @property
    def exists(self) -> bool:
        connection = Connection(self.address)
        try:
            return is_made(connection.client, self.address, self.dialect)
        finally:
            connection.close()

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> BigQuerySession:  # noqa: ARG002
        """Open the warehouse; the client reads the landing."""
        connection = Connection(self.address, self.maximum_gb)
        if read_only:
            return BigQuerySession(connection, self.dialect, None, uploads=True)
        holder = None
        try:
            Finisher(connection, self.dialect).make_dataset(create_schema(self.dialect, LEDGER_SCHEMA))
            connection.begin_session()
            holder = hold(connection, self.dialect)
            connection.run(create_table(self.dialect, UNFINISHED))
            Finisher(connection, self.dialect).catch_up()
        except BaseException:
            _part(connection, holder)
            raise
        return BigQuerySession(connection, self.dialect, holder, uploads=bool(self.load))


WAREHOUSE = BigQuery


class BigQuerySession:
    """An open warehouse of BigQuery; without a lease it only reads."""

    def __init__(
        self, connection: Connection, dialect: BigQueryDialect, holder: Holder | None, *, uploads: bool
    ) -> None:
        self._connection = connection
        self._uploads = uploads
        self._dialect = dialect
        self._holder = holder
        self._finisher = Finisher(connection, dialect)
        self._act: Act | None = None
        self._temporary: set[str] = set()
        self._arrived: set[str] = set()
        # The decimals of the work tables, which BigQuery forgets.
        self._digits: dict[str, Mapping[str, Type]] = {}

    @property
    def dialect(self) -> BigQueryDialect:
        return self._dialect

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:
        return not self._uploads and arriving.reads(files, landed)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._guard_writing()
        if found := acting.RENAMES_WORK.fullmatch(sql):
            self._rename(found["name"], found["to"])
            return
        if (found := acting.MAKES.match(sql)) and "." not in found["name"]:
            self._digits[found["name"].strip("`")] = answers.digits_said(sql)
        if self._act is not None:
            self._act.execute(sql, values)
        elif (found := acting.MAKES.match(sql)) and (found["temp"] or "." not in found["name"]):
            self._connection.run(acting.made_anew(sql), values)
            self._temporary.add(found["name"].strip("`"))
        elif (found := acting.DROPS.match(sql)) and "." not in found["name"]:
            # It goes with its session: to drop it takes as long as to make it.
            self._temporary.discard(found["name"].strip("`"))
        elif acting.SCHEMAS.match(sql):
            self._finisher.make_dataset(sql)
        else:
            self._connection.run(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self._ask(sql, values)]

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        return answers.answer(self._ask(sql, values))

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        self._guard_writing()
        d, width = self._dialect, len(table.columns)
        at_once = max(1, min(ROWS_AT_ONCE, VALUES_AT_ONCE // max(1, width)))
        head = f"insert into {d.table(table)} ({d.names(table.names)})\nvalues "
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            listed = ",\n       ".join(
                "(" + ", ".join(d.cast(d.hole(width * n + i), c.type) for i, c in enumerate(table.columns, 1)) + ")"
                for n in range(len(part))
            )
            values = [cell for row in part for cell in row]
            if self._act is not None:
                self._act.wait(d.table(table), head + listed, values)
            else:
                self._connection.run(head + listed, values)

    def describe(self, sql: str) -> tuple[Column, ...]:
        placed = self._act.placed(sql) if self._act is not None else sql
        found = answers.columns_of(self._connection.weighed(placed).schema or ())
        work = _WORK.search(sql)
        told = {**(self._digits.get(work[1], {}) if work else {}), **answers.digits_said(sql)}
        return tuple(replace(c, type=told[c.name]) if _is_open(c, told) else c for c in found)

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:  # noqa: ARG002
        return columns

    def columns(self, table: Table) -> tuple[Column, ...]:
        name = self._dialect.table(table)
        if "." not in name:
            is_there = name.strip("`") in self._temporary
            return self._own(self.describe(f"select * from {name}")) if is_there else ()
        if self._act is not None and name in self._act.shown:
            select = self._act.shown[name]
            return self.describe(select) if select else ()
        place = self._act.place(name) if self._act is not None else name
        found = self._connection.table(place) if place else None
        return self._own(answers.columns_of(found.schema)) if found is not None else ()

    def misfits(self, column: Column, values: pa.Array[Any]) -> Misfits | None:
        return arriving.misfits(column, values)

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        arrival = Arrival(self._dialect.schema(table.schema), tuple(files), landed, fixed)
        if arrival.place not in self._arrived:
            if self._act is not None:
                self._act.outside()
            arriving.bring(self._connection, arrival)
            self._arrived.add(arrival.place)
        self.execute(self._dialect.arriving(table, arrival.place, landed, fixed))

    def reshape(self, table: Table, change: Reshape) -> None:
        """Make the table anew with other columns, and let it take the place of the old one."""
        with self._acting() as act:
            d, name = self._dialect, self._dialect.table(table)
            held = {column.name: column for column in self.columns(table)}
            renewed = {column.name: column for column in change.renewed}
            retyped = {column.name: column for column in change.retyped}
            stays = [c for c in held.values() if c.name not in change.dropped]
            columns = tuple(renewed.get(c.name) or retyped.get(c.name) or c for c in stays) + change.added
            kept = [c for c in columns if c.name in held and c.name not in renewed]
            names = d.names([c.name for c in kept])
            values = ", ".join(d.convert(d.quote(c.name), held[c.name].type, c.type) for c in kept)
            stands = act.make(name, staging.create(d, replace(table, columns=columns)))
            act.execute(f"insert into {stands} ({names})\nselect {values} from {name}")
            act.places[name] = stands

    def lay(self, table: Table) -> None:
        """Make a table anew that lies otherwise than its layout says."""
        place = self._act.place(self._dialect.table(table)) if self._act is not None else self._dialect.table(table)
        found = self._connection.table(place) if place else None
        if found is not None and table.layout is not None and lies(found) != self._dialect.lies(table.layout):
            self.reshape(table, Reshape())

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        with self._acting() as act:
            yield
            act.shown[self._dialect.table(view)] = select()

    def swap(self, table: Table, beside: Table) -> None:
        with self._acting() as act:
            act.take_place(self._dialect.table(table), self._dialect.table(beside))

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Nothing: BigQuery finds rows by the order in which it keeps them."""

    def learn(self, table: str) -> None:
        """Nothing: a table that a statement fills is looked through on the way."""

    def look_up(self, sql: str) -> None:
        self.execute(sql)

    def sign(self, run_id: str) -> None:
        self._connection.run_id = run_id

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._acting():
            yield
            if self._holder is not None:
                self._holder.prove()

    def close(self) -> None:
        _part(self._connection, self._holder)

    @contextmanager
    def _acting(self) -> Iterator[Act]:
        """The act that is under way, or one of its own."""
        if self._act is not None:
            yield self._act
            return
        self._guard_writing()
        self._act = act = Act(self._connection, self._finisher, self._temporary)
        try:
            yield act
            act.commit()
        except BaseException:
            act.roll_back()
            raise
        finally:
            self._act = None

    def _rename(self, name: str, other: str) -> None:
        """Give a work table another name."""
        self.execute(acting.taken_over(name, other))
        self._digits[other] = self._digits.pop(name, {})
        self.execute(f"drop table {name}")

    def _ask(self, sql: str, values: Sequence[Any]) -> Any:
        if self._act is not None:
            return self._act.ask(sql, values)
        self._guard_reading(sql, values)
        return self._connection.run(sql, values)

    def _guard_reading(self, sql: str, values: Sequence[Any]) -> None:
        """Refuse what would change something where nobody holds the warehouse: BigQuery has no sessions that only read."""
        if self._holder is not None or _SELECT.fullmatch(sql):
            return
        if self._connection.weighed(sql, values).statement_type != "SELECT":
            self._guard_writing()

    def _guard_writing(self) -> None:
        if self._holder is None:
            raise WarehouseError("the warehouse is open for reading only")

    def _own(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        return tuple(c for c in columns if self._dialect.quote(c.name) != ROW)


def _is_open(column: Column, told: Mapping[str, Type]) -> bool:
    return column.type.kind == "decimal" and column.name in told


def _part(connection: Connection, holder: Holder | None) -> None:
    """Give everything back; a session that is lost ends by itself."""
    with suppress(StarlodeError):
        connection.end_session()
    if holder is not None:
        holder.close()
    connection.close()
