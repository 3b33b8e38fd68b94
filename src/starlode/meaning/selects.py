"""What a declaration takes its rows from: a stream, or a `.sql` file beside the project file.

Each file is read and parsed here with no warehouse in reach, so that a wrong name is told at its place in the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE
from starlode.document import Page
from starlode.environment import Word
from starlode.nearest import hint, listing, nearest
from starlode.sql import select as sql
from starlode.star import STAR_SCHEMA, Select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from starlode.declare import Reading
    from starlode.document import Place

FEW = 200
_STREAM = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
_TOKEN = re.compile(r"<Token .*?text: (.*?), line: .*>", re.DOTALL)


@dataclass(frozen=True)
class Scope:
    """What a SELECT may name: streams by source (None where they could not be read), and tables of the star.

    It is broken when the sources could not be read at all; then no name is called unknown.
    """

    folder: Path
    streams: Mapping[str, tuple[str, ...] | None]
    reading: Reading
    tables: Iterable[str] = ()
    is_broken: bool = False


@dataclass(frozen=True)
class Taken:
    """A SELECT with what it is called in messages, and its columns where they are known without a warehouse."""

    select: Select
    label: str
    columns: tuple[str, ...] | None = None


def take(said: Word, scope: Scope) -> Taken | None:
    """The SELECT that a `from` names; None when there is none, which is told."""
    if said.endswith(".sql"):
        return take_file(said, scope)
    found = _STREAM.fullmatch(said)
    if not found:
        what = f"`{said.written}` is neither a stream nor a file"
        scope.reading.mistake(said.place, what, "write source.stream, or the path of a file that ends in .sql")
        return None
    if not knows_stream(said, scope):
        return None
    return Taken(Select(_all_of(found[1], found[2]), PROJECT_FILE), said.written)


def take_file(said: Word, scope: Scope) -> Taken | None:
    """The SELECT in a file of the project."""
    text = take_text(said, scope)
    if text is None:
        return None
    select = Select(text, said.written)
    page = Page(said.written, tuple(text.split("\n")))
    try:
        tree = sql.parse(select)
        columns = sql.outputs(tree) or None
    except sql.SelectMistake as mistake:
        place = page.place(mistake.line, mistake.column, mistake.width)
        scope.reading.mistake(place, _readable(mistake.what, place), "the file holds one SELECT, in DuckDB's SQL")
        return None
    except RecursionError:
        scope.reading.mistake(page.place(0, 0), "the SELECT is nested too deeply", "split it with WITH")
        return None
    names = [_known_name(name, page, scope) for name in sql.reads(tree)]
    bare = [_told_bare(name, page, scope) for name in sql.unqualified(tree)]
    unlike = _told_doubles(columns or (), page, scope)
    return Taken(select, said.written, columns) if all(names) and unlike and not bare else None


def knows_stream(said: Word, scope: Scope) -> bool:
    """Whether the project has a stream; told when it has not, and left alone when the source itself is broken."""
    source, _, stream = said.partition(".")
    streams = scope.streams.get(source, None if scope.is_broken else ())
    if streams is None or stream in streams:
        return True
    if said != said.written:
        listed = hint(said.written, _all_streams(scope), "streams")
        scope.reading.mistake(said.place, f"`{said.written}` is no stream of the project", listed)
    elif source not in scope.streams:
        scope.reading.mistake(said.place, f"there is no source `{source}`", hint(source, scope.streams, "sources"))
    else:
        what = f"source `{source}` has no stream `{stream}`"
        scope.reading.mistake(said.place, what, hint(stream, streams, f"streams of {source}"))
    return False


def _known_name(name: sql.StreamName, page: Page, scope: Scope) -> bool:
    place = page.place(name.line, name.column, name.width)
    if name.source != STAR_SCHEMA:
        return knows_stream(Word(str(name), place), scope)
    if name.stream in scope.tables:
        return True
    if not scope.tables:
        what = "a SELECT for the star reads streams, not the star itself"
        scope.reading.mistake(place, what, f"streams: {listing(_all_streams(scope))}")
        return False
    scope.reading.mistake(place, f"there is no table `{name}`", hint(name.stream, scope.tables, "tables of the star"))
    return False


def _told_bare(name: sql.StreamName, page: Page, scope: Scope) -> bool:
    streams = list(_all_streams(scope))
    same = [full for full in streams if full.endswith(f".{name.stream}")]
    meant = same[0] if same else nearest(name.stream, streams)
    question = f"did you mean `{meant}`?  " if meant else ""
    place = page.place(name.line, name.column, name.width)
    scope.reading.mistake(place, f"`{name.stream}` does not say its source", f"{question}write source.stream")
    return True


def _told_doubles(columns: tuple[str, ...], page: Page, scope: Scope) -> bool:
    lower = [column.lower() for column in columns]
    doubled = dict.fromkeys(column for index, column in enumerate(lower) if column in lower[:index])
    for column in doubled:
        scope.reading.mistake(page.place(0, 0), f"the SELECT gives the column `{column}` twice", "rename one with AS")
    return not doubled


def _all_streams(scope: Scope) -> Iterable[str]:
    return (f"{source}.{stream}" for source, streams in scope.streams.items() for stream in streams or ())


def _all_of(source: str, stream: str) -> str:
    """Every column of a stream, quoted where one of its names is a word of SQL."""
    plain = f"select * from {source}.{stream}"
    try:
        sql.parse(Select(plain, PROJECT_FILE))
    except sql.SelectMistake:
        return f'select * from "{source}"."{stream}"'
    return plain


def take_text(said: Word, scope: Scope, endings: tuple[str, ...] = (".sql",)) -> str | None:
    """The text of a file of the project; None when it cannot be had, which is told with the files that could be meant."""
    told = scope.reading.mistake
    if not said.isprintable():
        told(said.place, f"`{said.written}` is no path", "a path has no control characters")
        return None
    try:
        path = (scope.folder / said).resolve()
        if not path.is_relative_to(scope.folder.resolve()):
            told(said.place, f"`{said.written}` lies outside the project's folder", f"keep it beside {PROJECT_FILE}")
            return None
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        told(
            said.place, f"there is no file `{said.written}`", hint(said.written, _files(scope.folder, endings), "files")
        )
    except UnicodeDecodeError:
        told(said.place, f"`{said.written}` is not UTF-8", "save it as UTF-8")
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its links go in a circle"
        told(said.place, f"`{said.written}` cannot be read: {reason}", "look at the path and its permissions")
    return None


def _files(folder: Path, endings: tuple[str, ...]) -> tuple[str, ...]:
    """The files of some kind near the project file; data folders may be deep, so the search is not."""
    patterns = (f"{above}*{ending}" for ending in endings for above in ("", "*/", "*/*/"))
    near = (path for pattern in patterns for path in sorted(folder.glob(pattern)))
    return tuple(path.relative_to(folder).as_posix() for path in islice(near, FEW))


def _readable(what: str, place: Place) -> str:
    """sqlglot's sentence without its tokens' insides, and with the word that it stumbled over."""
    word = place.text[place.column - 1 : place.column - 1 + place.width]
    plain = _TOKEN.sub(r"`\1`", what).replace("Invalid expression / Unexpected token", f"unexpected `{word}`")
    plain = plain.replace("but got `SENTINEL`", "but the SELECT ends")
    return plain[:1].lower() + plain[1:]
