"""What every source must do, asked of each file in `sources/`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from starlode import registry
from starlode.source import FILE_COLUMN, ROW_COLUMN, Source, Stream
from tests import projects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = {"a.jsonl": '{"id": 1, "word": "one"}\n{"id": 2, "word": "two"}\n', "b.jsonl": '{"id": 3, "word": "three"}\n'}


def _files(folder: Path, _: pytest.FixtureRequest) -> Source:
    kind = registry.member("sources", "files")
    projects.write(folder / "data", ROWS)
    stream = Stream("place", "words", kind.stream_settings(files="*.jsonl"))
    made: Source = kind("place", "data", folder, (stream,))
    return made


def _postgres(folder: Path, request: pytest.FixtureRequest) -> Source:
    kind = registry.member("sources", "postgres")
    url = request.getfixturevalue("postgres")
    with psycopg.connect(url) as connection:
        connection.execute("create table words (id bigint primary key, word text)")
        connection.execute("insert into words values (1, 'one'), (2, 'two'), (3, 'three')")
    stream = Stream("place", "words", kind.stream_settings(table="public.words"), mode="full")
    made: Source = kind("place", folder, (stream,), url)
    return made


MAKERS: dict[str, Callable[[Path, pytest.FixtureRequest], Source]] = {"files": _files, "postgres": _postgres}


@pytest.fixture(params=registry.names("sources"))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return MAKERS[request.param](tmp_path, request)


def test_a_source_names_itself_and_its_streams(source: Source) -> None:
    assert source.name == "place"
    assert [str(stream) for stream in source.streams] == ["place.words"]


def test_looking_finds_everything_at_first(source: Source) -> None:
    with source.open() as reader:
        look = reader.look(source.streams[0], {})

    assert look.units
    assert look.size > 0
    assert look.reason


def test_reading_gives_every_row_once(source: Source) -> None:
    read = _read(source)

    assert sorted(zip(read["id"], read["word"], strict=True)) == [(1, "one"), (2, "two"), (3, "three")]


def test_a_row_of_a_file_tells_its_place(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    read = _read(_files(tmp_path, request))

    assert len(set(zip(read[FILE_COLUMN], read[ROW_COLUMN], strict=True))) == 3


def test_reading_twice_gives_the_same(source: Source) -> None:
    assert _read(source) == _read(source)


def test_after_the_position_is_kept_nothing_is_new(source: Source) -> None:
    position = _position(source)

    with source.open() as reader:
        look = reader.look(source.streams[0], position)

    assert look.units == ()
    assert look.reason == "nothing new"


def test_a_position_is_kept_as_json(source: Source) -> None:
    position = _position(source)

    assert json.loads(json.dumps(position)) == position


def test_a_full_look_finds_everything_again(source: Source) -> None:
    position = _position(source)

    with source.open() as reader:
        look = reader.look(source.streams[0], position, full=True)
        at_first = reader.look(source.streams[0], {})

    assert look.mode == "full"
    assert look.units == at_first.units


def test_looking_and_reading_write_nothing(source: Source, tmp_path: Path) -> None:
    before = _digests(tmp_path)

    _read(source)

    assert _digests(tmp_path) == before


def _read(source: Source) -> dict[str, list[Any]]:
    stream = source.streams[0]
    read: dict[str, list[Any]] = {}
    with source.open() as reader:
        for batch in reader.read(stream, reader.look(stream, {}), ()):
            for name, values in batch.rows.to_pydict().items():
                read.setdefault(name, []).extend(values)
    return read


def _position(source: Source) -> dict[str, Any]:
    stream = source.streams[0]
    position: dict[str, Any] = {}
    with source.open() as reader:
        for batch in reader.read(stream, reader.look(stream, {}), ()):
            position |= batch.position
    return position


def _digests(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }
