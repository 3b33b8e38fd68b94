"""Variables come from the environment and `.env`, and what they hold is never shown."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from starlode.document import Place, Scalar
from starlode.environment import assignments, fill
from starlode.errors import Mistake, ProjectError
from starlode.project import read

if TYPE_CHECKING:
    from tests.project.conftest import Told, Write

CANARY = "hunter2_canary"


def filled(text: str, **known: str) -> str | None:
    return fill(Scalar(text, True, Place("starlode.yml", 1, 1, len(text), text)), known, [])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b ", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A=b # why", "b"),
        ("A=b#c", "b#c"),
        ("A= # nothing", ""),
        ("A='b # c'", "b # c"),
        ("A='b\\n' # why", "b\\n"),
        ('A="b\\n\\"c\\""', 'b\n"c"'),
        ("A=b=c", "b=c"),
        ("A=${B}", "${B}"),
        ("A=it's", "it's"),
    ],
)
def test_a_line_of_the_file_sets_a_variable(line: str, value: str) -> None:
    mistakes: list[Mistake] = []

    found = assignments(f"# a comment\n\n{line}\r\n", mistakes)

    assert found == {"A": value}
    assert mistakes == []


@pytest.mark.parametrize("line", ["A", "1A=b", "A b=c", "A='b", 'A="b', "A='b' c", "=b"])
def test_a_line_that_sets_nothing_is_told_without_its_text(line: str) -> None:
    mistakes: list[Mistake] = []

    found = assignments(f"OK=1\n{line}\n", mistakes)

    assert found == {"OK": "1"}
    assert [(mistake.file, mistake.line, mistake.text) for mistake in mistakes] == [(".env", 2, "")]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${A}", "1"),
        ("x${A}y${A}", "x1y1"),
        ("${B:-two}", "two"),
        ("${B:-}", ""),
        ("${A:-two}", "1"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY}", ""),
        ("$${A}", "${A}"),
        ("$A and $ and {A}", "$A and $ and {A}"),
        ("${NESTED}", "${A}"),
        ("${B}", None),
        ("${", None),
        ("${A:-${B}}", None),
    ],
)
def test_variables_are_filled_in_once(text: str, result: str | None) -> None:
    assert filled(text, A="1", EMPTY="", NESTED="${A}") == result


def test_the_environment_wins_over_the_file(write: Write) -> None:
    folder = write({"starlode.yml": "name: ${NAME}\nlanding: ${PLACE}\n", ".env": "NAME=from_file\nPLACE=there\n"})

    project = read(folder, {"NAME": "from_environment"})

    assert (project.name, project.landing.folder) == ("from_environment", folder / "there")


def test_the_environment_of_the_process_is_taken_unless_another_is_given(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARLODE_TEST_NAME", "shop")
    folder = write({"starlode.yml": "name: ${STARLODE_TEST_NAME}\n"})

    assert read(folder).name == "shop"
    assert "STARLODE_TEST_NAME" in os.environ


def test_every_missing_variable_of_a_text_is_told_at_its_place(told: Told) -> None:
    text = told({"starlode.yml": "name: shop\nlanding: ${ONE}/${TWO}\n"})

    assert "error: variable `ONE` is not set\n  --> starlode.yml:2:10" in text
    assert "error: variable `TWO` is not set\n  --> starlode.yml:2:17" in text


def test_a_variable_may_give_a_word_of_a_list_a_number_or_a_boolean(write: Write) -> None:
    text = "name: shop\nsources:\n  app:\n    files: data\n    streams:\n      s:\n        files: '*.csv'\n"
    text += "        mode: ${MODE}\n        max_rejects: ${N:-3}\n        may_shrink: ${B}\n"

    (stream,) = read(write({"starlode.yml": text}), {"MODE": "full", "B": "true"}).streams

    assert (stream.mode, stream.max_rejects, stream.may_shrink) == ("full", 3, True)


def test_a_variable_may_name_a_column(write: Write) -> None:
    text = "name: shop\nsources: {app: {files: d, streams: {s: {files: x, types: {'${COLUMN}': text}}}}}\n"

    (stream,) = read(write({"starlode.yml": text}), {"COLUMN": "code"}).streams

    assert list(stream.types) == ["code"]


def test_a_file_that_is_not_utf8_is_told_without_its_text(write: Write) -> None:
    folder = write({"starlode.yml": "name: shop\n"})
    (folder / ".env").write_bytes(b"A=\xff\n")

    with pytest.raises(ProjectError) as caught:
        read(folder, {})

    assert str(caught.value) == "error: the file is not UTF-8\n  --> .env\nhint: save it as UTF-8"


EVERYWHERE = """\
name: V
landing: V
target: V
sources:
  app: {files: V, streams: {s: {files: V, key: V, since: V, mode: V, contract: V, types: {a: V},
    max_rejects: V, may_shrink: V, delimiter: V, dates: {a: V}}}}
dimensions:
  date: {calendar: V, grain: V}
  user: {from: V, key: [V, V], history: V, at: V, on_conflict: V}
  song: {from: sql/song.sql, key: V, history: [V], at: V}
facts:
  play: {from: V, grain: V, at: V, dims: {user: [V, V, a], song: [V, V], date: [V, b]}, measures: {a: V}, late: V}
  take: {from: sql/song.sql, grain: V, at: V, dims: {user: V, song: {main: V}}, measures: [V]}
checks:
  one: {table: V, not_null: V}
  two: {table: dim_song, unique: [V, song_id]}
  three: {table: V, range: {a: V}, severity: V}
  four: {no_rows: V}
exports:
  parquet: {to: V, tables: V}
"""


@pytest.mark.parametrize(
    "value",
    [CANARY, f"app.{CANARY}", f"{CANARY}.sql", f"{CANARY}:x", f"s3://{CANARY}", f"9..{CANARY}", f"../{CANARY}.sql"],
)
def test_what_a_variable_holds_is_in_no_message(music: dict[str, str], told: Told, value: str) -> None:
    text = told({**music, "starlode.yml": EVERYWHERE.replace("V", "'${SECRET}'")}, SECRET=value)

    assert CANARY not in text
    assert text.count("error: ") > 10


def test_what_a_variable_holds_is_in_no_message_about_a_select(music: dict[str, str], told: Told) -> None:
    file = f"{CANARY}.sql"
    broken = music["starlode.yml"].replace("sql/song.sql, key: song_id", "'${FILE}', key: nothing")
    wrong = told({**music, "starlode.yml": broken, file: "select a from app.songs"}, FILE=file)
    unread = told({**music, "starlode.yml": broken, file: "select from"}, FILE=file)

    assert "unknown column `nothing`" in wrong
    assert "--> ${FILE}:1:" in unread
    assert CANARY not in json.dumps([wrong, unread])


def test_lines_of_the_file_are_in_no_message(told: Told) -> None:
    lines = [f"{CANARY}", f"A='{CANARY}", f"B={CANARY}", f"B={CANARY}", f"export {CANARY}"]

    text: Any = told({"starlode.yml": "name: ${C}\n", ".env": "\n".join(lines)})

    assert CANARY not in text
    assert text.count("error: ") == 5
