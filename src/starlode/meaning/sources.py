"""Sources and their streams, as each kind of source wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from starlode import registry
from starlode.declare import settings
from starlode.environment import Word
from starlode.meaning import chosen, plain
from starlode.meaning.layouts import layout
from starlode.meaning.selects import take_text
from starlode.meaning.target import unseen
from starlode.nearest import hint
from starlode.source import Stream
from starlode.table import KINDS, MAX_PRECISION, Type, parse_type

if TYPE_CHECKING:
    from starlode.declare import Declared, Name, Reading
    from starlode.meaning.selects import Scope
    from starlode.source import Source

# Schemas of the warehouse that SELECTs and checks may name; a source of that name could not be told from them.
RESERVED = ("staging", "star", "starlode")


def sources(declared: Mapping[Name, Declared | None], scope: Scope) -> tuple[Source, ...]:
    """The sources of the project, in the order of the declaration."""
    _tell_reserved(declared, scope.reading)
    _tell_clashes(declared, scope.reading)
    return tuple(_source(name, said, scope) for name, said in declared.items() if said is not None)


def streams(declared: Mapping[Name, Any | None]) -> dict[str, tuple[str, ...] | None]:
    """The names of the streams of each source; None for a source that could not be read, or tells them when it is open."""
    return {str(name): _names(said) for name, said in declared.items()}


def _names(said: Any | None) -> tuple[str, ...] | None:
    if said is None or getattr(said, "tables", None):
        return None
    return tuple(plain(tuple(said.streams)))


def _source(name: Name, said: Any, scope: Scope) -> Source:
    kind_name = registry.source_told_by(said.told_by)
    kind = registry.member("sources", kind_name)
    read = {stream: one for stream, one in said.streams.items() if one is not None}
    each = tuple(_stream(name, stream, one, kind_name, scope) for stream, one in read.items())
    made: Source = kind(name=str(name), folder=scope.folder, streams=each, **chosen(said, kind))
    _tell_problems(kind_name, made, said, kind, scope.reading)
    return made


def _stream(source: Name, name: Name, said: Any, kind_name: str, scope: Scope) -> Stream:
    kind = registry.member("sources", kind_name)
    reading = scope.reading
    reads = kind.stream_settings(**_with_texts(chosen(said, kind.stream_settings), said, kind, scope))
    _tell_problems(kind_name, reads, said, kind.stream_settings, reading)
    made = Stream(
        source=str(source),
        name=str(name),
        reads=reads,
        key=plain(said.key),
        since=plain(said.since),
        mode=plain(said.mode) or reads.usual_mode(plain(said.since)),
        contract=plain(said.contract),
        types=_types(said.types, reading),
        max_rejects=said.max_rejects,
        may_shrink=said.may_shrink,
        is_of_moments=getattr(kind, "SHOWS_MOMENTS", False),
        layout=layout(said.layout),
    )
    _tell_problems(kind_name, made, said, type(said), reading)
    return made


def _with_texts(read: dict[str, Any], said: Any, kind: Any, scope: Scope) -> dict[str, Any]:
    """The settings with the text of each file that one names, beside its name."""
    for of in fields(kind.stream_settings):
        if of.metadata.get("file") and read[of.name] is not None:
            read[f"{of.name}_file"] = read[of.name]
            read[of.name] = take_text(getattr(said, of.name), scope) or ""
    return read


def _tell_problems(kind_name: str, made: Any, said: Any, shape: type, reading: Reading) -> None:
    for setting, what in registry.problems(kind_name, made):
        _tell_problem(setting, what, said, shape, reading)


def _tell_problem(setting: str, what: str, said: Any, shape: type, reading: Reading) -> None:
    known = settings(shape)[setting]
    place = unseen(said.places.get(setting, said.place))
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
