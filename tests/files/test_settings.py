"""Settings of a stream of files: documented, and checked before anything is read."""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

import pyarrow as pa
import pytest

from starlode.arrow import arrow_field, arrow_type, columns_of, from_arrow
from starlode.formats.settings import FileSettings, problems
from starlode.sources.files import Files
from starlode.table import JSON, KINDS, Column, Type, decimal


def test_every_setting_says_what_it_is_for() -> None:
    fields = dataclasses.fields(Files.stream_settings)

    assert all(field.metadata["doc"].endswith(".") for field in fields)
    assert set(get_type_hints(FileSettings)) == {field.name for field in fields}


def test_plain_settings_have_no_problems() -> None:
    assert problems(FileSettings("**/*.csv", delimiter=";", encoding="cp1252", dates={"at": "%d/%m/%Y"})) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("files", ""),
        ("files", "../x"),
        ("format", "xml"),
        ("delimiter", ",,"),
        ("delimiter", "§"),
        ("quote", ""),
        ("encoding", "utf-9"),
        ("encoding", "base64"),
        ("header", -1),
        ("footer", -1),
        ("names", ("a", "a")),
        ("decimal", ";"),
        ("thousands", "_"),
        ("thousands", "."),
        ("dates", {"at": "day"}),
        ("dates", {"at": "%Y-%q"}),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: Any) -> None:
    wrong = problems(dataclasses.replace(FileSettings("*.csv"), **{name: value}))

    assert [problem[0] for problem in wrong] == [name]
    assert wrong[0][1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "decimal"])
def test_a_type_goes_to_arrow_and_comes_back(kind: Any) -> None:
    column = Column("a", Type(kind))

    assert columns_of(pa.schema([arrow_field(column)])) == (column,)


def test_a_decimal_goes_to_arrow_and_comes_back() -> None:
    assert from_arrow(arrow_type(decimal(20, 3))) == decimal(20, 3)


def test_json_is_text_that_its_field_tells_apart() -> None:
    assert arrow_type(JSON) == pa.utf8()
    assert from_arrow(pa.utf8(), {b"starlode": b"json"}) == JSON


def test_an_arrow_type_that_nothing_holds_is_an_error() -> None:
    with pytest.raises(ValueError, match="duration"):
        from_arrow(pa.duration("s"))
