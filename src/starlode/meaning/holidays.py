"""The holidays of a calendar, from a file of the project: a CSV with the columns date and name, or YAML of the same."""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING

from starlode.document import Items, Page, Pairs, Scalar, parse
from starlode.meaning.selects import take_text
from starlode.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlode.declare import Reading
    from starlode.document import Place
    from starlode.environment import Word
    from starlode.meaning.selects import Scope

COLUMNS = ("date", "name")
ENDINGS = (".csv", ".yml", ".yaml")
Said = tuple[str, str, "Place"]


def holidays(said: Word, scope: Scope) -> tuple[tuple[str, str], ...]:
    """Each date that has a holiday with its name, or its names; what cannot be read is told at its line."""
    reading = scope.reading
    if not said.lower().endswith(ENDINGS):
        what = f"`{said.written}` is no file of holidays"
        reading.mistake(said.place, what, "a CSV with the columns date and name, or a YAML file")
        return ()
    text = take_text(said, scope, ENDINGS)
    if text is None:
        return ()
    read = _csv if said.lower().endswith(".csv") else _yaml
    before = len(reading.mistakes)
    found: dict[str, list[str]] = {}
    for day, name, place in read(text, str(said), reading):
        if _is_right(day, name, place, reading) and name not in found.setdefault(day, []):
            found[day].append(name)
    if not found and len(reading.mistakes) == before:
        reading.mistake(said.place, f"`{said.written}` names no holiday", "a line for each: 2026-12-25,Christmas Day")
    return tuple((day, ", ".join(names)) for day, names in sorted(found.items()))


def _csv(text: str, file: str, reading: Reading) -> Iterator[Said]:
    """The rows below a header that may name the columns in any order, with commas, semicolons or tabs between them."""
    lines = text.splitlines()
    page = Page(file, tuple(lines))
    if not lines:
        return
    mark = max(",;\t", key=lines[0].count)
    rows = csv.reader(lines, delimiter=mark, strict=True)
    header = [name.strip().lower() for name in next(rows)]
    if not _is_header(header, page.place(1, 1), reading):
        return
    line = rows.line_num + 1
    try:
        for row in rows:
            place = page.place(line, 1)
            if len(row) == len(COLUMNS):
                cells = dict(zip(header, row, strict=True))
                yield cells["date"].strip(), cells["name"].strip(), place
            elif row:
                reading.mistake(place, f"a line of {len(row)} fields", "a date and a name; quote a name with a comma")
            line = rows.line_num + 1
    except csv.Error as error:
        reading.mistake(page.place(rows.line_num, 1), f"the line cannot be read: {error}", "close the quotes")


def _is_header(header: list[str], place: Place, reading: Reading) -> bool:
    if sorted(header) == sorted(COLUMNS):
        return True
    strange = [name for name in header if name not in COLUMNS]
    what = f"unknown column `{strange[0]}`" if strange else "the columns must be date and name"
    meant = hint(strange[0], COLUMNS, "columns") if strange else "begin the file with the line: date,name"
    reading.mistake(place, what, f"{meant}; a file holds the holidays of one calendar")
    return False


def _yaml(text: str, file: str, reading: Reading) -> Iterator[Said]:
    """The pairs of dates and names; a date may have a list of names, or stand twice."""
    node = parse(text, file, reading.mistakes)
    if node is None:
        return
    if not isinstance(node, Pairs):
        reading.mistake(node.place, "the file must hold dates with names", "as in `2026-12-25: Christmas Day`")
        return
    for key, value in node.pairs:
        names: Iterable[object] = value.items if isinstance(value, Items) else (value,)
        for name in names:
            if isinstance(name, Scalar):
                yield key.value, name.value, key.place
            else:
                reading.mistake(key.place, f"`{key.value}` has no name", "as in `2026-12-25: Christmas Day`")


def _is_right(day: str, name: str, place: Place, reading: Reading) -> bool:
    try:
        is_date = date.fromisoformat(day).isoformat() == day
    except ValueError:
        is_date = False
    if not is_date:
        reading.mistake(place, f"`{day}` is no date", "write year, month and day, as in 2026-12-25")
    elif not name or not name.isprintable():
        reading.mistake(place, f"the holiday on {day} has no name that can be shown", "write the name after the date")
        return False
    return is_date
