"""The embedded warehouse: one DuckDB file, opened by one run at a time.

DuckDB gives each process the whole file or nothing, so its own lock is the run's lock. Users' SELECTs run here too, which is
why the connection may read below the landing and nowhere else, loads no extension, and is locked against SET.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import pyarrow as pa

from starlode.embedded.binding import without_pandas
from starlode.embedded.refusing import not_opened, told
from starlode.embedded.words import DIALECT, type_of
from starlode.errors import WarehouseError
from starlode.sql import staging
from starlode.sql.ledger import LEDGER_SCHEMA, create_schema
from starlode.star import STAR_SCHEMA
from starlode.table import Column, Table, Type
from starlode.warehouse import Misspelt, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Self

    from starlode.session import Reshape
    from starlode.sql.dialect import Dialect

SCHEMAS = (LEDGER_SCHEMA, staging.STAGING_SCHEMA, STAR_SCHEMA)
LEAST_MEMORY = 256
# What a process holds beside DuckDB's own account: Python, Arrow, the programs themselves, and rows on their way.
PROCESS_MEMORY = 256
# The part of its own memory that DuckDB does not count, such as what it notes of written rows: a tenth.
UNCOUNTED = 10
UNITS = {
    f"{letter}{word}": base**power
    for word, base in (("B", 1000), ("iB", 1024))
    for power, letter in enumerate("KMGT", 1)
}
# DuckDB keeps which rows are deleted in memory, for each part of a table in which any is.
BYTES_A_ROW = 13
FEW_ROWS = 16
ROWS_AT_ONCE = 122_880
ROWS_SENT_AT_ONCE = 16_384
SWAPPING_SIDES = "build_side_probe_side"


@dataclass(frozen=True)
class DuckDB:
    """A DuckDB file. Beyond its share of the memory limit, which is the process's, work spills to a folder beside the file."""

    SCHEME: ClassVar[str] = "duckdb"

    path: Path
    memory: str = field(
        default="",
        metadata={
            "doc": "How much memory the process may take, such as 4GB: DuckDB gets what 256MB and a tenth leave of it, half "
            "of it at least, and spills beyond. Without it, DuckDB gets 256MB and 13 bytes for each row of the file.",
            "shape": r"\d+(\.\d+)?[KMGT]i?B",
        },
    )
    threads: int = field(
        default=0,
        metadata={"doc": "How many threads DuckDB uses; without it, one for each core.", "shape": r"[1-9]\d{0,3}"},
    )
    spill: str = field(
        default="",
        metadata={
            "doc": "The folder to which work goes that does not fit into the memory, relative to the project; without it, "
            "one beside the file.",
            "shape": r"[^\x00-\x1f]+",
        },
    )

    @classmethod
    def named(cls, target: str, folder: Path) -> Self:
        path, _, asked = target.partition(":")[2].partition("?")
        if not path.strip() or path == ":memory:" or not path.isprintable():
            raise Misspelt("the target names no file", "a warehouse is kept in a file: duckdb:warehouse.duckdb")
        if Path(path).stem.lower() in SCHEMAS:
            # DuckDB names a file by its stem, and could not tell it from the schema.
            stem = Path(path).stem.lower()
            raise Misspelt(
                f"a file of the name `{stem}` cannot hold the schema `{stem}`", "give it another name: warehouse.duckdb"
            )
        chosen = settings(cls, asked)
        if "spill" in chosen:
            chosen["spill"] = str(folder / str(chosen["spill"]))
        return cls(folder / path, **chosen)

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def connect(self, *, read_only: bool = False, landing: Path | None = None) -> DuckDBSession:
        if not read_only:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = duckdb.connect(str(self.path), read_only=read_only, config=self._config())
        except duckdb.Error as error:
            raise not_opened(self.path, error) from error
        connection.execute("set TimeZone = 'UTC'")
        if not self.memory:
            connection.execute(f"set memory_limit = '{_memory_for(connection)}MB'")
        if landing is not None:
            connection.execute(f"set allowed_directories = [{DIALECT.text(str(landing) + '/')}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set allowed_configs = ['disabled_optimizers']")
        connection.execute("set lock_configuration = true")
        return DuckDBSession(connection)

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{_share(self.memory) if self.memory else LEAST_MEMORY}MB",
            "temp_directory": self.spill or f"{self.path}.spill",
            "storage_compatibility_version": "v1.5.0",
            "preserve_insertion_order": False,
            # What a piece of work has freed is given back after it: a limit of DuckDB's memory is nearly one of the process.
            "allocator_flush_threshold": "1MB",
            "allocator_bulk_deallocation_flush_threshold": "8MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        }
        return config | ({"threads": self.threads} if self.threads else {})


WAREHOUSE = DuckDB


class DuckDBSession:
    """An open DuckDB file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return DIALECT

    def reads(self, files: Sequence[str], landed: Mapping[str, Type]) -> bool:  # noqa: ARG002
        return False

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._run(sql, values)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._run(sql, values).fetchall()

    def arrow(self, sql: str, values: Sequence[Any] = ()) -> pa.RecordBatchReader:
        with told(sql):
            return self._connection.sql(sql, params=list(values)).to_arrow_reader(ROWS_AT_ONCE)

    def insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        names = DIALECT.names(table.names)
        head = f"insert into {DIALECT.table(table)} ({names})"
        if len(rows) > FEW_ROWS:
            # One row at a time costs DuckDB a millisecond each; an Arrow table costs nothing.
            columns = zip(*rows, strict=True)
            self._connection.register("given", pa.table([pa.array(column) for column in columns], list(table.names)))
            self.execute(f"{head} select {names} from given")
            self._connection.unregister("given")
        elif rows:
            holes = ", ".join("(" + ", ".join("?" for _ in table.names) + ")" for _ in rows)
            self.execute(f"{head} values {holes}", [cell for row in rows for cell in row])

    def describe(self, sql: str) -> tuple[Column, ...]:
        described = self.rows(f"describe {sql}")
        return tuple(Column(row[0], type_of(row[1])) for row in described)

    def sized(self, columns: tuple[Column, ...], rows: str) -> tuple[Column, ...]:  # noqa: ARG002
        return columns

    def columns(self, table: Table) -> tuple[Column, ...]:
        # Asking the catalogue's own table takes five times as long, and grows with the number of tables.
        sql = f"from {DIALECT.table(table)}"
        with told(sql):
            try:
                held = self._connection.sql(sql)
            except duckdb.CatalogException:
                return ()
        return tuple(Column(name, type_of(str(word))) for name, word in zip(held.columns, held.types, strict=True))

    def load(self, table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]) -> None:
        self.execute(
            f"insert into {DIALECT.table(table)} ({DIALECT.names(table.names)})\n"
            f"select {', '.join(staging.values(DIALECT, table, landed, fixed))}\n  from {_parquet(files)}"
        )

    def misfits(self, column: Column, values: pa.Array[Any]) -> None:
        """None: whatever Parquet holds can be kept."""

    def reshape(self, table: Table, change: Reshape) -> None:
        for statement in staging.reshape(DIALECT, table, change):
            self.execute(statement)

    def lay(self, table: Table) -> None:
        """Nothing: rows lie in the order in which they came."""

    @contextmanager
    def showing(self, view: Table, select: Callable[[], str | None]) -> Iterator[None]:
        self.execute(staging.drop_view(DIALECT, view))
        yield
        shown = select()
        if shown is not None:
            self.execute(staging.create_view(DIALECT, view, shown))

    def swap(self, table: Table, beside: Table) -> None:
        if self.columns(table):
            self.execute(staging.drop(DIALECT, table))
        self.execute(staging.rename(DIALECT, beside, table.name))

    def find_by(self, table: Table, names: Sequence[str], *, grows: bool = False) -> None:
        """Nothing: each part of a table knows the least and the greatest of its values."""

    def learn(self, table: str) -> None:
        """Nothing: statistics are kept while a table is filled."""

    def look_up(self, sql: str) -> None:
        # A table that this transaction has filled counts as empty until it ends: DuckDB would keep all of its rows in memory,
        # and pass the few members by them. Where the statement fails, nothing can be set until the transaction is over.
        self.execute(f"set disabled_optimizers = '{SWAPPING_SIDES}'")
        self.execute(sql)
        self.execute("set disabled_optimizers = ''")

    def sign(self, run_id: str) -> None:
        """Nothing: a file keeps no list of queries."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin transaction")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    def close(self) -> None:
        self._connection.close()

    def _run(self, sql: str, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        with told(sql), without_pandas():
            return self._connection.execute(sql, list(values))


def described(tables: Collection[Table], select: str) -> tuple[Column, ...]:
    """The columns that a SELECT in the users' own words gives over tables of these columns, told by an engine in memory."""
    session = DuckDB(Path(":memory:"), threads=1).connect()
    try:
        for schema in {table.schema for table in tables}:
            session.execute(create_schema(DIALECT, schema))
        for table in tables:
            session.execute(staging.create(DIALECT, table))
        return session.describe(select)
    finally:
        session.close()


@contextmanager
def landed_rows(
    table: Table, files: Sequence[str], landed: Mapping[str, Type], fixed: Mapping[str, int]
) -> Iterator[pa.RecordBatchReader]:
    """The rows that a table takes from landed files, for warehouses that are filled by the client; JSON comes as text."""
    values = staging.values(DIALECT, table, landed, fixed)
    typed = (
        f"cast({value} as {'VARCHAR' if column.type.kind == 'json' else DIALECT.type(column.type)})"
        f" as {DIALECT.quote(column.name)}"
        for column, value in zip(table.columns, values, strict=True)
    )
    select = f"select {', '.join(typed)}\n  from {_parquet(files)}"
    config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "128MB"}
    with duckdb.connect(":memory:", config=config) as connection, told(select):
        connection.execute("set TimeZone = 'UTC'")
        try:
            yield connection.sql(select).to_arrow_reader(ROWS_SENT_AT_ONCE)
        except (pa.ArrowException, OSError):
            # The message of a value that cannot be cast quotes it.
            raise WarehouseError(
                f"a value of the landed files does not fit the types of {table}", where=files[0]
            ) from None


def _parquet(files: Sequence[str]) -> str:
    listed = ", ".join(DIALECT.text(file) for file in files)
    return f"read_parquet([{listed}], hive_partitioning => false)"


def _share(memory: str) -> int:
    """The megabytes of a process's memory that DuckDB may count; where little is given, half of it."""
    number = memory.rstrip("KMGTiB")
    megabytes = int(float(number) * UNITS[memory.removeprefix(number)] / UNITS["MB"])
    return max(megabytes - megabytes // UNCOUNTED - PROCESS_MEMORY, megabytes // 2, 1)


def _memory_for(connection: duckdb.DuckDBPyConnection) -> int:
    """The megabytes that are enough for the tables of a file, whichever of their rows change."""
    found = connection.execute("select coalesce(sum(estimated_size), 0) from duckdb_tables()").fetchone()
    rows = int(found[0]) if found else 0
    return LEAST_MEMORY + rows * BYTES_A_ROW // 1_000_000
