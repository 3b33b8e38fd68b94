"""What a project may say about the files of a stream, and what is wrong with what it says."""

from __future__ import annotations

import codecs
import datetime
from collections.abc import Callable, Mapping  # noqa: TC003  the settings' types are read while a project is checked
from dataclasses import dataclass, field
from typing import Any, Literal

from starlode.formats.listing import escapes
from starlode.source import Mode  # noqa: TC001  the settings' types are read while a project is checked

Format = Literal["json", "csv", "parquet"]
Decimal = Literal[".", ","]
FORMATS = ("json", "csv", "parquet")


def _doc(text: str) -> dict[str, Any]:
    return {"doc": text}


@dataclass(frozen=True)
class FileSettings:
    """Which files a stream reads, and how they are to be understood."""

    files: str = field(
        metadata=_doc(
            "Pattern of the files below the source's folder; `*` stays in one folder, `**` goes into nested ones."
        )
    )
    format: Format | None = field(
        default=None, metadata=_doc("json, csv or parquet; taken from the file's extension when it is not given.")
    )
    delimiter: str | None = field(
        default=None,
        metadata=_doc("CSV: the character between fields; found among `,` `;` tab and `|` when not given."),
    )
    quote: str = field(
        default='"', metadata=_doc("CSV: the character around fields that hold a delimiter or a line break.")
    )
    encoding: str | None = field(
        default=None,
        metadata=_doc("Encoding of the text; when not given a byte order mark decides, then UTF-8, then Windows-1252."),
    )
    header: int = field(default=1, metadata=_doc("CSV: the line that holds the column names; 0 when there is none."))
    names: tuple[str, ...] = field(
        default=(), metadata=_doc("CSV: column names, instead of those in the header or where there is none.")
    )
    footer: int = field(
        default=0, metadata=_doc("CSV: how many lines at the end to leave out, such as a line of totals.")
    )
    decimal: Decimal = field(
        default=".", metadata=_doc("CSV: the character before the fraction of a number, `.` or `,`.")
    )
    thousands: str | None = field(
        default=None, metadata=_doc("CSV: the character between groups of three digits, when numbers have one.")
    )
    dates: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_doc("Format of a column's dates or times in strptime's words, such as `%d/%m/%Y`."),
    )
    nulls: tuple[str, ...] = field(
        default=("",), metadata=_doc("CSV: texts that mean NULL where they stand without quotes.")
    )

    in_order: bool = field(
        default=False,
        # It changes where files are looked for, and not how they are read.
        repr=False,
        metadata=_doc(
            "Whether later files have names that sort behind those of earlier ones, as dates do: "
            "then a run looks only from the folder of the last one on."
        ),
    )

    def usual_mode(self, _since: str | None) -> Mode:
        """How files are read when nothing is said: those that are new."""
        return "incremental"


def problems(settings: object) -> list[tuple[str, str]]:
    """What is wrong with the settings, as pairs of a setting's name and what to know about it."""
    if not isinstance(settings, FileSettings):
        return []
    return [(name, message) for name, is_wrong, message in _RULES if is_wrong(settings)] + [
        ("dates", f"`{text}` for `{column}` is not a date format")
        for column, text in settings.dates.items()
        if not _is_date_format(text)
    ]


def _is_single(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in "\r\n\0"


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


def _is_date_format(text: str) -> bool:
    moment = datetime.datetime(2024, 11, 25, 21, 5, 6, tzinfo=datetime.UTC)
    try:
        return "%" in text and datetime.datetime.strptime(moment.strftime(text), text).day == 25
    except ValueError:
        return False


_RULES: tuple[tuple[str, Callable[[FileSettings], bool], str], ...] = (
    ("files", lambda s: not s.files.strip("/"), "a pattern such as `*.csv` is needed"),
    ("files", lambda s: escapes(s.files), "the pattern leads out of the source's folder"),
    ("format", lambda s: s.format not in (None, *FORMATS), "must be json, csv or parquet"),
    ("delimiter", lambda s: s.delimiter is not None and not _is_single(s.delimiter), "must be one ASCII character"),
    ("quote", lambda s: not _is_single(s.quote), "must be one ASCII character"),
    ("quote", lambda s: s.quote == s.delimiter, "must not be the delimiter"),
    ("encoding", lambda s: s.encoding is not None and not _is_encoding(s.encoding), "there is no such encoding"),
    ("header", lambda s: s.header < 0, "must be the number of a line, or 0 for none"),
    ("footer", lambda s: s.footer < 0, "must not be negative"),
    ("names", lambda s: len(set(s.names)) < len(s.names), "a name stands there twice"),
    ("decimal", lambda s: s.decimal not in (".", ","), "must be `.` or `,`"),
    ("thousands", lambda s: s.thousands not in (None, ".", ",", " ", "'"), "must be `.`, `,`, a space or `'`"),
    ("thousands", lambda s: s.thousands == s.decimal, "must not be the decimal character"),
)
