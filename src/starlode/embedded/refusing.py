"""Why DuckDB refused a statement, in words that quote no value of a cell."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from starlode.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Messages of these errors quote the value of a cell.
QUOTING = (
    duckdb.ConversionException,
    duckdb.ConstraintException,
    duckdb.OutOfRangeException,
    duckdb.InvalidInputException,
)


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Turns what DuckDB raises into what a user can act on."""
    try:
        yield
    except duckdb.Error as error:
        raise _refused(sql, error) from error
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # DuckDB's way of telling that somebody pressed Ctrl-C
            raise KeyboardInterrupt from error
        raise


def not_opened(path: Path, error: duckdb.Error) -> WarehouseError:
    holder = re.search(r"\(PID (\d+)\)", str(error))
    if holder:
        return WarehouseError(
            f"the warehouse is in use by process {holder[1]}",
            where=str(path),
            hint="wait until that run has ended; `run`, `rejects replay` and `sweep` wait with --wait SECONDS",
        )
    return WarehouseError(
        f"DuckDB cannot open the file: {_first_line(error)}",
        where=str(path),
        hint="if it is damaged, move the file away; `starlode run` builds it again from the landing",
    )


def _refused(sql: str, error: duckdb.Error) -> WarehouseError:
    what = _first_line(error)
    if "attached in read-only mode" in what:
        what = "the warehouse is open for reading only"
    elif isinstance(error, QUOTING):
        what = f"{type(error).__name__}: a value does not fit"
    statement = " ".join(sql.split())
    return WarehouseError(f"DuckDB refuses a statement: {what}", where=statement[:200])


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
