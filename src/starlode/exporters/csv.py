"""Star tables as CSV (UTF-8, RFC 4180 quoting, lines end in LF), one file each, for everything else.

NULL is an empty field and empty text is `""`, so that readers can tell them apart; decimals keep every digit, dates are
ISO, bytes hexadecimal, nested values JSON. Lines are put together column by column in Arrow, in bounded memory and in
the order of the key or grain, so the same star gives the same bytes.
"""

from __future__ import annotations

import gzip
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from starlode.delivery import chosen, file_name, mistake, order_of, place, present, whole, with_digits
from starlode.sql.export import rows_in_order_as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

    from starlode.session import Session
    from starlode.star import Star
    from starlode.table import Table

ROWS_AT_A_TIME = 32_768
TEXT = pa.large_string()
# What spreadsheets take for the beginning of a formula, in the full width too.
FORMULA = "^[=+\\-@\t\r\n＝＋－＠]"
# They stand inside numbers and moments, which are written without quotes.
UNFIT_DELIMITERS = '"\r\n .-+:'
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Csv:
    """One CSV file for each table, in the folder `to`."""

    to: str = field(metadata={"doc": "The folder for the files, inside the project's folder."})
    tables: tuple[str, ...] = field(
        default=(), metadata={"doc": "Which tables, such as dim_user or fact_songplay; all when left out."}
    )
    delimiter: str = field(default=",", metadata={"doc": "The one character between fields; `\\t` is a tab."})
    header: bool = field(default=True, metadata={"doc": "Whether the first line names the columns."})
    gzip: bool = field(default=False, metadata={"doc": "Whether the files are packed (`.csv.gz`)."})
    for_spreadsheets: bool = field(
        default=False,
        metadata={
            "doc": "Whether people open the files in a spreadsheet: text that it would run as a formula gets a `'` in "
            "front, and a mark at the beginning tells it that the file is UTF-8. This changes text: leave it off for "
            "programs."
        },
    )

    def __post_init__(self) -> None:
        divider = self._divider
        if len(divider) != 1 or divider.isalnum() or divider in UNFIT_DELIMITERS:
            raise mistake(f"`delimiter: {self.delimiter}` cannot divide fields", "use one of `,` `;` `|` or `\\t`")

    def export(self, star: Star, session: Session, folder: Path) -> tuple[Path, ...]:
        target = place(folder, self.to)
        form = _Form(self._divider, self.for_spreadsheets)
        written = []
        with ExitStack() as files:
            for named in chosen(star, self.tables).tables:
                table = present(session, named)
                written.append(target / file_name(table, ".csv.gz" if self.gzip else ".csv"))
                building = files.enter_context(whole(written[-1]))
                with _opened(building, self.gzip) as file:
                    self._write(star, session, table, form, file)
        return tuple(written)

    def _write(self, star: Star, session: Session, table: Table, form: _Form, file: IO[bytes]) -> None:
        if self.for_spreadsheets:
            file.write(BYTE_ORDER_MARK)
        if self.header:
            names = [pa.array([name], TEXT) for name in table.names]
            file.write(form.lines(names))
        asked = rows_in_order_as_text(session.dialect, table, order_of(star, table))
        with with_digits(session.arrow(asked), table) as rows:
            for batch in rows:
                for start in range(0, batch.num_rows, ROWS_AT_A_TIME):
                    file.write(form.lines(batch.slice(start, ROWS_AT_A_TIME).columns))

    @property
    def _divider(self) -> str:
        return "\t" if self.delimiter == "\\t" else self.delimiter


EXPORT = Csv


@dataclass(frozen=True)
class _Form:
    """How a value looks between two delimiters."""

    delimiter: str
    for_spreadsheets: bool

    def lines(self, columns: Sequence[pa.Array[Any]]) -> bytes:
        """The rows of some columns as the bytes of their lines."""
        fields = [self._field(column) for column in columns]
        between: Any = pa.scalar(self.delimiter, TEXT)
        joined: Any = pc.binary_join_element_wise(*fields, between, null_handling="replace", null_replacement="")
        return _bytes_of(_joined(joined, "\n"))

    def _field(self, column: pa.Array[Any]) -> pa.Array[Any]:
        kind = column.type
        if pa.types.is_dictionary(kind):
            return self._field(column.cast(kind.value_type))
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return self._quoted(column.cast(TEXT))
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return self._quoted(
                pa.array([None if value is None else value.hex() for value in column.to_pylist()], TEXT)
            )
        return _plain(column)

    def _quoted(self, text: pa.Array[Any]) -> pa.Array[Any]:
        if self.for_spreadsheets:
            text = _where(pc.match_substring_regex(text, FORMULA), _joined("'", text), text)
        needs = pc.match_substring_regex(text, f'^$|^ | $|[\r\n"\\x{{{ord(self.delimiter):x}}}]')
        return _where(needs, _joined('"', pc.replace_substring(text, '"', '""'), '"'), text)


@contextmanager
def _opened(path: Path, packed: bool) -> Iterator[IO[bytes]]:
    """The file to write to; a packed one names no file and no time, so that its bytes depend on the rows alone."""
    with path.open("wb") as file:
        if not packed:
            yield file
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as archive:
            yield archive  # type: ignore[misc]


def _plain(column: pa.Array[Any]) -> pa.Array[Any]:
    """Values whose text holds no letter that a CSV would have to quote."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return _decimal(column)
    if pa.types.is_timestamp(kind):
        at = column.cast(pa.timestamp("us", "UTC" if kind.tz else None))
        return pc.replace_substring(at.cast(TEXT), ".000000", "")
    if pa.types.is_time(kind):
        return pc.replace_substring(column.cast(TEXT), ".000000", "")
    return column.cast(TEXT)


def _decimal(column: pa.Array[Any]) -> pa.Array[Any]:
    """Decimals with all their digits; Arrow's own text of a small one is `1E-8`."""
    scale = column.type.scale
    if scale <= 0:
        return column.cast(TEXT)
    whole_number = column.cast(pa.decimal128(38, scale)).view(pa.decimal128(38, 0)).cast(TEXT)
    digits = pc.utf8_lpad(pc.utf8_ltrim(whole_number, "-"), scale + 1, "0")
    before, after = pc.utf8_slice_codeunits(digits, 0, -scale), pc.utf8_slice_codeunits(digits, -scale)
    sign = _where(pc.starts_with(whole_number, "-"), pa.scalar("-", TEXT), pa.scalar("", TEXT))
    return _joined(sign, before, ".", after)


def _joined(*parts: Any) -> pa.Array[Any]:
    texts = [pa.scalar(part, TEXT) if isinstance(part, str) else part for part in parts]
    joined: Any = pc.binary_join_element_wise(*texts, pa.scalar("", TEXT))
    return cast("pa.Array[Any]", joined)


def _where(claim: Any, then: Any, otherwise: Any) -> pa.Array[Any]:
    return cast("pa.Array[Any]", pc.if_else(claim, then, otherwise))


def _bytes_of(texts: Any) -> bytes:
    """The texts one after the other, as they lie in memory."""
    length = pc.sum(pc.binary_length(texts)).as_py() or 0
    buffer = texts.buffers()[2]
    return buffer.slice(0, length).to_pybytes() if buffer is not None else b""
