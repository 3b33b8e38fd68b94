"""Whatever a file holds, reading it gives a project or a ProjectError that can be shown, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from starlode.declaration import ProjectDeclaration
from starlode.declare import At, Broken, Reading, declared, described, value
from starlode.declare import settings as keys
from starlode.document import Items, Pairs, Place, Scalar, parse
from tests.project.conftest import LINES, WORDS, outcome

if TYPE_CHECKING:
    from starlode.errors import Mistake

TOKENS = [
    "select",
    "from",
    "app.songs",
    "a",
    "*",
    "(",
    ")",
    ",",
    "with",
    "as",
    "'",
    "--",
    ";",
    "1",
    "union",
    "all",
    "join",
    "on",
    "=",
    "case",
    "end",
    "over",
    "[",
    "]",
    "{",
    "unnest",
]
TOKENS += ['"', "pivot", "cast", "::", "$1", "?", "/*", "set", "attach", "describe", "lambda x: x", "\x00", "é"]
PLACE = Place("starlode.yml", 1, 1)

scalars = st.sampled_from(WORDS) | st.text(max_size=8)
trees: st.SearchStrategy[Any] = st.recursive(
    scalars.map(lambda text: Scalar(text, True, PLACE)),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: Items(tuple(items), PLACE))
        | st.lists(st.tuples(st.sampled_from(WORDS).map(lambda w: Scalar(w, True, PLACE)), inner), max_size=4).map(
            lambda pairs: Pairs(tuple(pairs), PLACE)
        )
    ),
    max_leaves=25,
)


@given(st.binary(max_size=60) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=80, deadline=None)
@example(b"[" * 5000)
@example(b"a: " * 5000)
@example(b"? ? ?")
@example(b"%YAML 9.9\n---\na")
@example(b"\xff\xfea\x00")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert outcome({"starlode.yml": content})


@given(st.integers(0, len(LINES) - 1), st.integers(0, 90), st.integers(0, 12), scalars)
@settings(max_examples=120, deadline=None)
def test_any_change_of_a_right_file_is_read_or_refused(line: int, column: int, length: int, put: str) -> None:
    text = LINES[line]
    broken = [*LINES[:line], text[:column] + put + text[column + length :], *LINES[line + 1 :]]

    told = outcome({"starlode.yml": "\n".join(broken).encode("utf-8", "surrogatepass")})

    assert told == "" or told.startswith("error: ")


@given(st.lists(st.sampled_from([*LINES, *WORDS, "  - a", "   b: c", "{", "]"]), max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_order_of_lines_is_read_or_refused(lines: list[str]) -> None:
    told = outcome({"starlode.yml": "\n".join(lines).encode()})

    assert told == "" or told.startswith("error: ")


@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=4), max_size=14).map(" ".join))
@settings(max_examples=150, deadline=None)
@example("select " + "(" * 3000 + "1" + ")" * 3000)
@example("select a from app.songs " + "union all select a from app.songs " * 1500)
def test_any_select_is_read_or_refused(text: str) -> None:
    told = outcome({"sql/song.sql": text.encode("utf-8", "surrogatepass")})

    assert told == "" or told.startswith("error: ")


@given(trees)
@settings(max_examples=200, deadline=None)
def test_any_nodes_become_a_declaration_or_mistakes(node: Any) -> None:
    mistakes: list[Mistake] = []

    found = declared(ProjectDeclaration, node, Reading({}, mistakes))

    assert (found is not None) or mistakes
    assert all(mistake.what and mistake.hint for mistake in mistakes)


@given(st.sampled_from(list(keys(ProjectDeclaration).values())), trees)
@settings(max_examples=200, deadline=None)
def test_a_value_that_is_lost_is_told(setting: Any, node: Any) -> None:
    mistakes: list[Mistake] = []

    found = value(setting.expects, node, At(setting.key, PLACE, setting.doc), Reading({}, mistakes))

    assert not isinstance(found, Broken) or mistakes
    assert described(setting.expects)


@given(st.text(alphabet="ab:-[]{},#'\"\n \t&*!|>%@`?${}~é\u2028\x85", max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_text_becomes_nodes_with_places_in_it_or_mistakes(text: str) -> None:
    mistakes: list[Mistake] = []

    node = parse(text, "starlode.yml", mistakes)

    lines = text.splitlines() or [""]
    places = [node.place] if node else []
    assert all(place.text == lines[min(place.line, len(lines)) - 1] or place.text == "" for place in places)
    assert all(mistake.line <= len(lines) + 1 for mistake in mistakes)
