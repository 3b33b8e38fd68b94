"""Carrying COPY and UNLOAD out: rows between S3 and the session of the client, in the client's transaction."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from starlode.sandbox.redshift import wire
from starlode.sandbox.redshift.copying import parse_copy, parse_unload
from starlode.sandbox.redshift.lake import Misread, parquet_rows
from starlode.sandbox.redshift.preparing import ERRORS
from starlode.sandbox.redshift.refused import LOADING, Refused
from starlode.sandbox.redshift.wire import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlode.sandbox.redshift.backend import Answer, Backend
    from starlode.sandbox.redshift.copying import Copy
    from starlode.sandbox.redshift.lake import Lake

_COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod), a.attidentity
  from pg_attribute as a where a.attrelid = '{table}'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum"""
ARROW = {
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
NUMERIC = 1700


@dataclass(frozen=True)
class Errors:
    """Where errors of loads are written down, outside of the transaction that failed."""

    url: str

    def write(self, session: int, told: Misread) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                f"insert into {ERRORS} (session_id, start_time, file_name, line_number, column_name, column_type, "
                "column_length, error_code, error_message) values (%s, now(), %s, %s, %s, %s, %s, 1, %s)".encode(),
                (session, told.file, told.line, told.column, told.kind, told.length, told.message),
            )


def copy(sql: str, backend: Backend, lake: Lake, errors: Errors) -> list[Message]:
    """Add the rows of files to a table; raises Refused, and writes down where the files and the table disagree."""
    asked = parse_copy(sql)
    lake.assume(asked.role)
    columns = _columns(asked, backend)
    files = lake.named(asked.url, is_manifest=asked.is_manifest)
    names = ", ".join('"' + name.replace('"', '""') + '"' for name, _ in columns)
    said = f"copy {asked.table} ({names}) from stdin with (format csv)"
    try:
        # All files are looked through first, so that nothing is on its way when one of them does not fit.
        rows = [part for url in files for part in _rows(asked, lake.read(url), url, columns)]
        answer = backend.ask(said, rows)
        if answer.error is not None:
            raise _misread(answer.error)
    except Misread as told:
        session = backend.ask("select pg_backend_pid()") if backend.status != wire.FAILED else None
        errors.write(int(session.rows[0][0] or 0) if session else 0, told)
        raise Refused(LOADING, f"Spectrum Scan Error. File '{told.file}': {told.message}") from told
    count = answer.tag.rpartition(" ")[2]
    notice = f"Load into table completed, {count} record(s) loaded successfully."
    return [
        Message(b"N", b"SINFO\0C00000\0M" + wire.text(notice) + b"\0"),
        Message(b"C", wire.text(answer.tag)),
    ]


def unload(sql: str, said: Callable[[str], str], backend: Backend, lake: Lake) -> list[Message]:
    """Write the rows of a query to a file."""
    asked = parse_unload(sql)
    lake.assume(asked.role)
    answer = backend.ask(said(asked.query))
    if answer.error is not None:
        return [answer.error]
    written = io.BytesIO()
    pq.write_table(_table(answer), written)
    lake.write(f"{asked.prefix}000.parquet", written.getvalue())
    return [Message(b"C", wire.text("UNLOAD"))]


def _columns(asked: Copy, backend: Backend) -> tuple[tuple[str, str], ...]:
    """The columns that the files fill, by their place."""
    answer = backend.ask(_COLUMNS.format(table=asked.table.replace("'", "''")))
    if answer.error is not None:
        raise Refused(LOADING, wire.fields(answer.error.body).get(b"M", ""))
    held = {str(name): str(kind) for name, kind, identity in answer.rows if not identity}
    if not asked.columns:
        return tuple(held.items())
    names = [name.strip('"').replace('""', '"') for name in asked.columns]
    missing = [name for name in names if name not in held]
    if missing:
        raise Refused("42703", f'column "{missing[0]}" of the table does not exist')
    return tuple((name, held[name]) for name in names)


def _rows(asked: Copy, content: bytes, url: str, columns: tuple[tuple[str, str], ...]) -> Iterator[bytes]:
    if asked.format == "parquet":
        return parquet_rows(content, url, columns)
    return iter([gzip.decompress(content) if asked.is_gzipped else content])


def _misread(error: Message) -> Misread:
    told = wire.fields(error.body)
    return Misread("", 0, told.get(b"c", ""), "", "", told.get(b"M", ""))


def _table(answer: Answer) -> pa.Table:
    arrays: list[Any] = []
    for place, (_, kind, modifier) in enumerate(answer.kinds):
        cells = pa.array([row[place] for row in answer.rows], pa.string())
        arrays.append(_typed(cells, kind, modifier))
    return pa.table(arrays, names=[name for name, *_ in answer.kinds])


def _typed(cells: Any, kind: int, modifier: int) -> Any:
    if kind == NUMERIC:
        precision, scale = ((modifier - 4) >> 16, (modifier - 4) & 0x7FF) if modifier >= 0 else (38, 10)
        return cells.cast(pa.decimal128(precision, scale))
    if kind == 16:
        return pa.array([None if cell is None else cell == "t" for cell in cells.to_pylist()], pa.bool_())
    if kind == 1184:
        stripped = [None if cell is None else cell.removesuffix("+00") for cell in cells.to_pylist()]
        return pa.array(stripped, pa.string()).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    return cells.cast(ARROW.get(kind, pa.string()))
