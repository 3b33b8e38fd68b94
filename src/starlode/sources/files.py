"""A folder or a bucket of JSON, CSV and Parquet files, read only when they are new or changed.

A position holds a mark for each file that was read: size, version (a time of change, or an object's tag) and digest. Looking
compares sizes and versions, and opens a file only when its version alone has changed; equal content is not read again. A file
that has another name now is read again in place of the old one, so a position keeps no mark for that. The place is never
written to.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from starlode.errors import SourceError
from starlode.formats import json_pack, json_text, parquet, raw, settings
from starlode.formats.csv_text import CsvReader
from starlode.formats.far import Opening
from starlode.formats.json_parse import expect
from starlode.formats.listing import find_files, find_objects
from starlode.formats.rows import nothing
from starlode.formats.settings import FileSettings, Format
from starlode.formats.shape import Shape
from starlode.source import Batch, Look, ReadAgain
from starlode.stores.objects import Objects, address
from starlode.table import DATE, TIMESTAMP, TIMESTAMPTZ

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from starlode.formats.raw import Entry
    from starlode.source import Stream
    from starlode.table import Column, Type

__all__ = ["FileSettings", "Files", "FilesLook", "problems"]

PACK_BYTES = 16 << 20

_EXTENSIONS: dict[str, Format] = {
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "parquet": "parquet",
    "pq": "parquet",
}


@dataclass(frozen=True)
class FilesLook(Look):
    """What a look found, with the files as they were found and the digests that are known already."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    before: frozenset[str] = frozenset()
    # Files that broke off after some of their rows were given out: the next read of this look leaves them out.
    broken: dict[str, str] = field(default_factory=dict, compare=False)

    def portions(self, most_bytes: int, most_units: int) -> tuple[Look, ...]:
        """New files can be read some at a time; what takes the place of other rows is read at once."""
        if self.mode == "full" or self.changed or self.gone:
            return (self,)
        shares: list[list[str]] = [[]]
        size = 0
        for name in self.units:
            size += self.entries[name].size
            if shares[-1] and (size > most_bytes or len(shares[-1]) == most_units):
                shares.append([])
                size = self.entries[name].size
            shares[-1].append(name)
        return tuple(
            replace(self, units=tuple(share), size=sum(self.entries[name].size for name in share)) for share in shares
        )


@dataclass(frozen=True)
class Files:
    """A folder or a bucket whose files are read as streams."""

    name: str
    files: str = field(
        metadata={
            "doc": "The folder that holds the files, relative to the project, or s3://bucket/prefix, gs:// or az://."
        }
    )
    folder: Path
    streams: tuple[Stream, ...]

    stream_settings: ClassVar[type[FileSettings]] = FileSettings

    @property
    def is_open(self) -> bool:
        return False

    def with_streams(self, streams: tuple[Stream, ...]) -> Files:
        return replace(self, streams=streams)

    def find(self) -> tuple[Stream, ...]:
        return self.streams

    def reached(self, position: Mapping[str, Any]) -> str:
        count = sum(mark is not None for mark in position.values())
        return f"{count:,} file{'' if count == 1 else 's'}"

    def open(self) -> AbstractContextManager[Files]:
        """The folder itself: its files are opened one by one."""
        return nullcontext(self)

    def look(self, stream: Stream, position: Mapping[str, Any], *, full: bool = False) -> FilesLook:
        """The files that are new, changed or gone, told by size and time of change, and by digest where in doubt."""
        position = {name: mark for name, mark in position.items() if mark is not None}
        begin = _beginning(stream, position) if not full else ""
        entries = self._entries(stream, begin)
        if not entries and not position:
            raise SourceError(
                f"no file matches `{stream.reads.files}` for {stream}",
                where=str(self._root),
                hint="check the pattern; `**/` goes into nested folders",
            )
        new = tuple(name for name in entries if name not in position)
        changed = tuple(name for name, entry in entries.items() if name in position and _changed(entry, position[name]))
        gone = tuple(name for name in position if name not in entries and name > begin)
        renamed = {} if full or stream.mode == "full" else _renamed([entries[name] for name in new], position, gone)
        gone = tuple(name for name in gone if name not in renamed.values())
        units = tuple(sorted((*new, *changed)))
        if full or (stream.mode == "full" and (units or gone)):
            units = tuple(entries)
        return FilesLook(
            mode="full" if full else stream.mode,
            units=units,
            changed=(*changed, *renamed.values()),
            gone=gone,
            size=sum(entries[name].size for name in units),
            reason=_reason(len(new) - len(renamed), len(changed), len(renamed), len(gone), full=full),
            entries=entries,
            known={mark[2]: name for name, mark in position.items() if not full and name not in renamed.values()},
            renamed=renamed,
            before=frozenset(position),
        )

    def read(self, stream: Stream, look: Look, columns: tuple[Column, ...]) -> Iterator[Batch]:
        """The rows of the files, by name; a batch that ends a file carries its mark, the last one all columns."""
        found = look if isinstance(look, FilesLook) else FilesLook(look.mode, entries=self._entries(stream))
        known = dict(found.known)
        settings: FileSettings = stream.reads
        shape = Shape(str(stream), {**_dated(settings.dates), **stream.types}, columns)
        _tell_changes(shape, look, found.renamed)
        held: Batch | None = None
        reader = _Reader(settings, shape, found, columns)
        for batch in reader.batches([found.entries[name] for name in look.units if name in found.entries]):
            _tell_twins(shape, batch, known)
            if held is not None:
                yield held
            # The old name keeps no mark: were the file to come back, it would be a new one.
            moved = {found.renamed[name]: None for name in batch.position if name in found.renamed}
            held = replace(batch, position={**batch.position, **moved})
        if held is not None:
            reader.csv.judge()
            yield replace(
                held, rows=shape.complete(held.rows), findings=(*held.findings, *shape.news(), *shape.totals())
            )

    @property
    def _root(self) -> Path | Objects:
        return self._objects or self.folder / self.files

    @cached_property
    def _objects(self) -> Objects | None:
        """The bucket, if the files lie in one."""
        found = address(self.files)
        return Objects(found, SourceError) if found else None

    def _entries(self, stream: Stream, after: str = "") -> dict[str, Entry]:
        """The files of a stream by name; only those that sort behind `after`."""
        if self._objects is not None:
            return find_objects(self._objects, stream.reads.files, after)
        found = find_files(self.folder / self.files, stream.reads.files)
        return {name: entry for name, entry in found.items() if name > after} if after else found


def problems(said: object) -> list[tuple[str, str]]:
    """What is wrong with a source or with the settings of a stream, as pairs of a setting's name and what to know about it."""
    if isinstance(said, Files) and "://" in said.files and address(said.files) is None:
        return [("files", "a bucket is written s3://bucket/prefix; gs:// and az:// work too")]
    return settings.problems(said)


class _Reader:
    """Reads files of mixed formats in order, small JSON files many at a time."""

    def __init__(self, settings: FileSettings, shape: Shape, look: FilesLook, columns: tuple[Column, ...]) -> None:
        self.csv = CsvReader(settings, shape)
        self._settings = settings
        self._shape = shape
        self._look = look
        self._columns = columns
        self._opening = Opening(())

    def batches(self, entries: Sequence[Entry]) -> Iterator[Batch]:
        """The rows of the files in their order."""
        with Opening(entries) as self._opening:
            yield from self._batches(entries)

    def _batches(self, entries: Sequence[Entry]) -> Iterator[Batch]:
        small: list[Entry] = []
        size = 0
        for entry in entries:
            if self._format(entry) == "json" and entry.size <= json_pack.SMALL:
                small.append(entry)
                size += entry.size
            else:
                yield from self._pack(small)
                yield from self._file(entry)
                small, size = [], 0
            if size >= PACK_BYTES:
                yield from self._pack(small)
                small, size = [], 0
        yield from self._pack(small)

    def _pack(self, entries: list[Entry]) -> Iterator[Batch]:
        if entries:
            expect(self._shape)
            batch, large = json_pack.read_pack(
                self._opening, entries, self._shape, self._settings.encoding, self._settings.dates
            )
            for reject in batch.rejects:
                if reject.rule == raw.UNREADABLE:
                    self._may_be_missing(reject.file)
            yield batch
            for entry in large:
                yield from self._file(entry)

    def _file(self, entry: Entry) -> Iterator[Batch]:
        with self._opening.raw(entry) as opened:
            given = False
            cause = self._look.broken.get(entry.name)
            try:
                for batch in () if cause else self._rows(opened):
                    yield batch
                    given = given or batch.rows.num_rows > 0
            except (OSError, pa.ArrowException) as error:
                cause = raw.reason(error)
            if cause is None:
                return
            opened.mark()
            self._may_be_missing(entry.name)
            if given:
                # Its first rows must not stay: without a mark, the next run would add them once more.
                self._look.broken[entry.name] = cause
                raise ReadAgain(self._columns)
            reject = raw.unreadable(entry, cause, self._shape)
            yield Batch(nothing(self._shape), {}, (reject,), self._shape.news(), opened.news())

    def _may_be_missing(self, name: str) -> None:
        """Refuse to leave a broken file out of a full extract, which would take the rows that it gave before."""
        if self._look.mode == "full" and name in self._look.before:
            raise SourceError(
                f"{name} is broken or cut short, and a full extract without it would lose the rows that it gave before",
                where=name,
                hint="bring the file back whole, or take it out of the folder if it shall go; nothing was changed",
            )

    def _rows(self, opened: raw.Raw) -> Iterator[Batch]:
        found, settings = self._format(opened.entry), self._settings
        if found == "json":
            expect(self._shape)
            return json_text.read_json(opened, self._shape, settings.encoding, settings.dates)
        if found == "parquet":
            return parquet.read_parquet(opened, self._shape, settings.dates)
        return self.csv.read(opened)

    def _format(self, entry: Entry) -> Format:
        if self._settings.format:
            return self._settings.format
        plain = entry.name.rsplit(".", 1)[0] if raw.codec(entry.name) else entry.name
        found = _EXTENSIONS.get(plain.rsplit(".", 1)[-1].lower())
        if found is None:
            raise SourceError(
                f"the format of {entry.name} cannot be told from its name",
                where=str(entry.place),
                hint="declare `format: json`, `csv` or `parquet`, or narrow the pattern",
            )
        return found


def _changed(entry: Entry, mark: list[Any]) -> bool:
    if entry.size != mark[0]:
        return True
    return bool(entry.version != mark[1] and raw.digest(entry) != mark[2])


def _beginning(stream: Stream, position: Mapping[str, Any]) -> str:
    """Behind which name new files are looked for: that of the last file, or of its folder, in which some may come late."""
    if not stream.reads.in_order or stream.mode == "full" or not position:
        return ""
    last = max(position)
    folder, slash, _ = last.rpartition("/")
    return f"{folder}/" if slash else last


def _renamed(new: list[Entry], position: Mapping[str, list[Any]], gone: tuple[str, ...]) -> dict[str, str]:
    """The new files that have the content of one that is gone, with its name; opens only those of the same size."""
    left = list(gone)
    found: dict[str, str] = {}
    for entry in new:
        alike = [name for name in left if position[name][0] == entry.size and entry.size]
        content = raw.digest(entry) if alike else ""
        old = next((name for name in alike if position[name][2] == content), None)
        if old is not None:
            left.remove(old)
            found[entry.name] = old
    return found


def _reason(new: int, changed: int, renamed: int, gone: int, *, full: bool) -> str:
    if full:
        return "asked to read everything"
    counts = ((new, "new"), (changed, "changed"), (renamed, "renamed"), (gone, "gone"))
    told = [f"{count:,} {what}" for count, what in counts if count]
    return f"files: {', '.join(told)}" if told else "nothing new"


def _dated(dates: Mapping[str, str]) -> dict[str, Type]:
    """The types that date formats imply."""
    return {
        column: TIMESTAMPTZ if "%z" in text else TIMESTAMP if any(p in text for p in ("%H", "%I", "%M", "%S")) else DATE
        for column, text in dates.items()
    }


def _tell_changes(shape: Shape, look: Look, renamed: Mapping[str, str]) -> None:
    for name in look.changed:
        if name not in renamed.values():
            shape.tell_of_file(
                "changed file", name, "warning", "it was read before with other content, and is read again"
            )
    for name, old in renamed.items():
        told = f"it has the content of {old}, which is gone: its rows take the place of those"
        shape.tell_of_file("renamed file", name, "warning", told)
    for name in look.gone:
        shape.tell_of_file("missing file", name, "note", "it was read before and is not there any more")


def _tell_twins(shape: Shape, batch: Batch, known: dict[str, str]) -> None:
    for name, (_, _, digest) in batch.position.items():
        twin = known.setdefault(digest, name)
        if twin != name:
            shape.tell_of_file(
                "same content", name, "warning", f"it has the same content as {twin}, and is read all the same"
            )


SOURCE = Files
