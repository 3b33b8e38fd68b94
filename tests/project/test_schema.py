"""The JSON Schema and the reader take the same keys, because both look at the same fields."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from starlode.declaration import ProjectDeclaration, export_shape, source_shape
from starlode.declare import Declared, settings
from starlode.errors import ProjectError
from starlode.project import read
from starlode.schema import json_schema
from tests.project.conftest import LINES, WORDS, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.project.conftest import Write

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
BROKEN = [
    "nam: shop",
    "name: My Shop",
    "name: [shop]",
    "name: shop\nfacts: []",
    "name: shop\nsources: {app: {streams: {s: '*.csv'}}}",
    "name: shop\nsources: {app: {files: d, streams: {s: {key: a}}}}",
    "name: shop\nsources: {app: {files: d, streams: {s: {files: a, mode: sometimes}}}}",
    "name: shop\nsources: {app: {files: d, streams: {s: {files: a, max_rejects: -1}}}}",
    "name: shop\nsources: {app: {files: d, streams: {s: {files: a, may_shrink: 7}}}}",
    "name: shop\nsources: {App: {files: d, streams: {s: a}}}",
    "name: shop\ndimensions: {d: {key: a}}",
    "name: shop\ndimensions: {d: {calendar: 2018..2019, key: a}}",
    "name: shop\nfacts: {f: {from: a.b, grain: a, measures: {x: total}}}",
    "name: shop\nchecks: {c: {table: dim_d}}",
    "name: shop\nexports: {parqet: out}",
    "name: shop\nexports: {parquet: {tables: dim_d}}",
    "name: shop\nchecks: {}",
]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Each part of a schema that lists keys."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def shapes(of: type[Declared]) -> set[type[Declared]]:
    """The shape and all those that it leads to, found in the subclasses that reading uses."""
    return {of, *(deeper for shape in of.__subclasses__() for deeper in shapes(shape))}


def test_it_is_a_valid_schema_of_the_draft_that_it_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_it_has_a_description_for_every_key_and_no_room_for_others() -> None:
    found = list(objects(SCHEMA))

    assert len(found) > 10
    assert all(part["additionalProperties"] is False for part in found)
    assert all(key["description"].endswith(".") for part in found for key in part["properties"].values())


def test_the_keys_of_the_schema_are_those_of_the_reader() -> None:
    in_schema = {frozenset(part["properties"]) for part in objects(SCHEMA)}
    in_reader = {
        frozenset(settings(shape))
        for shape in shapes(Declared)
        if shape is ProjectDeclaration or shape.__name__ in SCHEMA["$defs"]
    }

    assert in_schema == in_reader


@pytest.mark.parametrize("name", sorted(set(SCHEMA["$defs"]) - {"variable"}))
def test_a_key_of_the_schema_is_known_to_the_reader_and_another_is_not(name: str) -> None:
    shape = next(shape for shape in shapes(Declared) if shape.__name__ == name)
    keys = set(SCHEMA["$defs"][name]["properties"])

    assert keys == set(settings(shape))
    assert "no_such_key" not in keys


def test_sources_and_exporters_are_in_the_schema_with_all_their_settings() -> None:
    defined = SCHEMA["$defs"]

    assert set(defined["files_source"]["properties"]) == set(settings(source_shape("files")))
    assert {"files", "delimiter", "key", "types"} <= set(defined["files_stream"]["properties"])
    assert set(defined["csv_export"]["properties"]) == set(settings(export_shape("csv")))


def test_the_music_example_is_valid(music: dict[str, str]) -> None:
    assert list(VALIDATOR.iter_errors(yaml.safe_load(music["starlode.yml"]))) == []


def test_a_text_may_look_like_something_else_in_yaml(write: Write) -> None:
    text = "name: shop\nsources: {a: {files: 2018, streams: {s: {files: 12, key: no}}}}\n"

    assert VALIDATOR.is_valid(yaml.safe_load(text))
    assert read(write({"starlode.yml": text}), {}).streams[0].key == ("no",)


def test_a_variable_may_stand_where_a_word_of_a_list_does() -> None:
    text = "name: ${N}\nsources: {a: {files: x, streams: {s: {files: y, mode: '${M}', max_rejects: '${R:-1}'}}}}"

    assert VALIDATOR.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("text", BROKEN)
def test_what_the_schema_refuses_the_reader_refuses_too(text: str, write: Write) -> None:
    folder = write({"starlode.yml": text})

    with pytest.raises(ProjectError):
        read(folder, {})

    assert not VALIDATOR.is_valid(yaml.safe_load(text))


@given(st.integers(0, len(LINES) - 1), st.integers(0, 60), st.integers(0, 6), st.sampled_from([*",:{}[]ab1 ", *WORDS]))
@hypothesis.settings(max_examples=200, deadline=None)
def test_a_change_that_the_reader_takes_the_schema_takes_too(line: int, column: int, length: int, put: str) -> None:
    text = LINES[line]
    changed = "\n".join([*LINES[:line], text[:column] + put + text[column + length :], *LINES[line + 1 :]])

    told = outcome({"starlode.yml": changed.encode()})

    assert told or VALIDATOR.is_valid(yaml.safe_load(changed))


@pytest.mark.parametrize(
    "file", sorted(Path(__file__).parents[1].glob("examples/*/starlode.yml")), ids=lambda file: str(file.parent.name)
)
def test_the_examples_are_valid(file: Path) -> None:
    assert list(VALIDATOR.iter_errors(yaml.safe_load(file.read_text(encoding="utf-8")))) == []
