"""Sources and their streams, as each kind of source wants them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlode import registry
from starlode.declare import settings
from starlode.environment import Word
from starlode.meaning import chosen, plain
from starlode.nearest import hint
from starlode.source import Stream
from starlode.table import KINDS, MAX_PRECISION, Type, parse_type

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.declare import Declared, Name, Reading
    from starlode.source import Source

# Schemas of the warehouse that SELECTs and checks may name; a source of that name could not be told from them.
RESERVED = ("staging", "star", "starlode")


def sources(declared: Mapping[Name, Declared | None], folder: Path, reading: Reading) -> tuple[Source, ...]:
    """The sources of the project, in the order of the declaration."""
    _tell_reserved(declared, reading)
    _tell_clashes(declared, reading)
    return tuple(_source(name, said, folder, reading) for name, said in declared.items() if said is not None)


def streams(declared: Mapping[Name, Any]) -> dict[str, tuple[str, ...] | None]:
    """The names of the streams of each source; None for a source that could not be read."""
    return {str(name): None if said is None else tuple(plain(tuple(said.streams))) for name, said in declared.items()}


def _source(name: Name, said: Any, folder: Path, reading: Reading) -> Source:
    kind = registry.member("sources", said.told_by)
    read = {stream: one for stream, one in said.streams.items() if one is not None}
    each = tuple(_stream(name, stream, one, said.told_by, reading) for stream, one in read.items())
    made: Source = kind(name=str(name), folder=folder, streams=each, **chosen(said, kind))
    return made


def _stream(source: Name, name: Name, said: Any, kind_name: str, reading: Reading) -> Stream:
    kind = registry.member("sources", kind_name)
    reads = kind.stream_settings(**chosen(said, kind.stream_settings))
    for setting, what in registry.problems(kind_name, reads):
        _tell_problem(setting, what, said, kind, reading)
    return Stream(
        source=str(source),
        name=str(name),
        reads=reads,
        key=plain(said.key),
        since=plain(said.since),
        mode=plain(said.mode),
        contract=plain(said.contract),
        types=_types(said.types, reading),
        max_rejects=said.max_rejects,
        may_shrink=said.may_shrink,
    )


def _tell_problem(setting: str, what: str, said: Any, kind: Any, reading: Reading) -> None:
    known = settings(kind.stream_settings)[setting]
    place = said.places.get(setting, said.place)
    if _is_filled_in(getattr(said, known.field)):
        what = "the source refuses what the variable holds"
    reading.mistake(place, f"`{setting}`: {what}", known.doc)


def _is_filled_in(said: Any) -> bool:
    """Whether a part of a value came from a variable."""
    if isinstance(said, Mapping):
        return any(_is_filled_in(part) for part in said.values())
    if isinstance(said, tuple):
        return any(_is_filled_in(part) for part in said)
    return isinstance(said, Word) and said != said.written


def _types(said: Mapping[Word, Word], reading: Reading) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for column, spelled in said.items():
        try:
            found[str(column)] = parse_type(spelled)
        except ValueError as error:
            is_range = "out of range" in str(error)
            what = f"`{spelled.written}` is {'out of range' if is_range else 'no type'}"
            reading.mistake(spelled.place, what, _advice(spelled, is_range))
    return found


def _advice(spelled: Word, is_range: bool) -> str:
    if is_range:
        return f"a decimal has at most {MAX_PRECISION} digits, and no more after the point than in all"
    if spelled.startswith("decimal(") and ")" not in spelled:
        return "put a type with a comma in quotes"
    return hint(spelled.written, KINDS, "types")


def _tell_reserved(declared: Mapping[Name, Any], reading: Reading) -> None:
    for name in declared:
        if name in RESERVED:
            reading.mistake(name.place, f"a source cannot be named `{name}`", "the warehouse has a schema of that name")


def _tell_clashes(declared: Mapping[Name, Any], reading: Reading) -> None:
    """Streams share the schema `staging`, where source and stream are joined by two underscores."""
    taken: dict[str, str] = {}
    for source, said in declared.items():
        for stream in said.streams if said is not None else ():
            table = f"{source}__{stream}"
            if table in taken:
                what = f"`{source}.{stream}` and `{taken[table]}` would both be staging.{table}"
                reading.mistake(stream.place, what, "rename one of them")
            taken.setdefault(table, f"{source}.{stream}")
