"""What guards the fast JSON parser: it refuses what it would misread, however that is written, and nothing else."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starlode.arrow import is_utf8
from starlode.formats.json_parse import known, parse
from starlode.formats.json_text import read_json
from starlode.formats.raw import Entry, Local, Raw
from starlode.formats.shape import Shape
from starlode.source import ReadAgain
from starlode.table import JSON, TEXT, Column, decimal
from tests.files.reading import read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlode.table import Type

PRICE = decimal(18, 2)
SPACES = ("", " ", "\t", "  ", "\r", " \t ")
KEYS = ("a", "é", "a/b", 'a"b', "a\\", "a.b*(c)", "😀 smile", "tab\there", "\x01", "nul")


def parsed(text: str, types: Mapping[str, Type]) -> list[dict[str, Any]]:
    """What the fast way makes of a block, with columns that are known already."""
    shape = Shape("shop.sales", {}, [Column(name, held) for name, held in types.items()])
    return parse(text.encode(), known(shape)).to_pylist()


def plain(key: str) -> str:
    """The key with no escape that is not needed."""
    return json.dumps(key, ensure_ascii=False)


def escaped(key: str) -> str:
    """The key with every character as an escape."""
    units = key.encode("utf-16-be").hex()
    return '"' + "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)) + '"'


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("before", [*SPACES, "\n", "\r\n"])
@pytest.mark.parametrize("after", ["", " ", "\n\t"])
def test_a_text_among_decimals_is_refused_with_any_space_around_the_colon(key: str, before: str, after: str) -> None:
    member = f'{plain(key)}{before}:{after}"1.50"'

    with pytest.raises(ValueError, match="a text stands among numbers"):
        parsed(f'{{{json.dumps(key)}:1.25}}\n{{"b":"x",{member}}}\n', {"b": TEXT, key: PRICE})


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("upper", [False, True])
def test_a_text_among_decimals_is_refused_behind_escapes(key: str, upper: bool) -> None:
    written = escaped(key)
    written = written.upper().replace("\\U", "\\u") if upper else written

    with pytest.raises(ValueError, match="a text stands among numbers"):
        parsed(f'{{{written}:"1.50"}}\n', {key: PRICE})


def test_a_text_is_refused_behind_a_slash_that_is_escaped_without_need() -> None:
    with pytest.raises(ValueError, match="a text stands among numbers"):
        parsed('{"a\\/b":"1.50"}\n', {"a/b": PRICE})


def test_a_text_is_found_among_many_columns_of_decimals() -> None:
    types = {f"column_{number}": PRICE for number in range(250)}

    with pytest.raises(ValueError, match="a text stands among numbers"):
        parsed('{"column_3":1,"column_249":"1.50"}\n', types)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.50,"b":"a"}',
        '{"b":"\\"a\\":\\"1.50\\"","a":1.50}',
        '{"b":"a\\":","a":1.50}',
        '{"b":":\\"","a" : 1.50}',
        '{"x\\"a":"2.50","a":1.50}',
        '{"b":"say \\\\","a":1.50}',
        '{"\\u0061":1.50,"b":"\\u0061"}',
    ],
)
def test_what_only_looks_like_a_text_among_decimals_is_no_reason_to_refuse(text: str) -> None:
    found = parsed(text, {"a": PRICE, "b": TEXT, 'x"a': TEXT})

    assert found == [{"a": Decimal("1.50"), "b": None, 'x"a': None} | json.loads(text) | {"a": Decimal("1.50")}]


def test_a_key_of_decimals_may_hold_texts_inside_of_nested_values() -> None:
    found = parsed('{"a":1.50,"deep":{"a":"x", "deep":[{"a" : "y"}]}}', {"a": PRICE, "deep": JSON})

    assert found == [{"a": Decimal("1.50"), "deep": '{"a":"x", "deep":[{"a" : "y"}]}'}]


@pytest.mark.parametrize("text", ['{"b":"x} null"}', '{"b":"}\\nnull"}', '{"b":"}null","a":1.5}'])
def test_a_text_that_reads_like_a_null_record_is_kept(text: str) -> None:
    found = read_blocks("json", f'{{"b":"first"}}\n{text}\n'.encode(), 1 << 20)

    assert found.rejects == []
    assert found.rows[1]["b"] == json.loads(text)["b"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("block", [40, 1 << 20])
def test_no_name_of_a_key_costs_its_rows(key: str, block: int) -> None:
    lines = [json.dumps({key: value, 'x"' + key: "t"}, ensure_ascii=False) for value in (1.5, 2.5, 3.5)]

    found = read_blocks("json", "\n".join(lines).encode(), block)

    assert found.rejects == []
    assert [row[key] for row in found.rows] == [Decimal("1.5"), Decimal("2.5"), Decimal("3.5")]


@pytest.mark.parametrize("block", [30, 1 << 20])
def test_a_text_of_a_nested_column_stays_json_behind_an_escaped_key(block: int) -> None:
    data = b'{"a":[1],"b":"pad pad"}\n{"\\u0061":"s","b":"pad"}\n{"a":{"\\u0061":"deep"}}\n{"a":"s"}\n'

    found = read_blocks("json", data, block)

    assert [row["a"] for row in found.rows] == ["[1]", '"s"', '{"\\u0061":"deep"}', '"s"']


@pytest.mark.parametrize("at", [0, 7, 399])
def test_a_column_that_grows_while_later_blocks_are_parsed_already_keeps_every_row(at: int) -> None:
    lines = [f'{{"n":{number}.25}}' for number in range(400)]
    lines[at] = '{"n":123456789012345678.125,"late":true}'

    found = read_blocks("json", "\n".join(lines).encode(), 64)

    assert found.rejects == []
    assert [row["n"] for row in found.rows] == [Decimal(json.loads(t, parse_float=str)["n"]) for t in lines]
    assert [row["_row"] for row in found.rows] == list(range(1, 401))
    assert [number for number, row in enumerate(found.rows) if row.get("late")] == [at]


@pytest.mark.parametrize("bad", [0, 150, 299])
def test_a_bad_line_is_named_by_its_number_whatever_is_parsed_ahead_of_it(bad: int) -> None:
    lines = [f'{{"n":{number}}}' for number in range(300)]
    lines[bad] = '{"n":}'

    found = read_blocks("json", "\n\n".join(lines).encode(), 50)

    assert [(reject.line, reject.raw) for reject in found.rejects] == [(2 * bad + 1, '{"n":}')]
    assert [row["_row"] for row in found.rows] == [number + 1 for number in range(300) if number != bad]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n \n"])
def test_a_file_without_records_has_its_mark(data: bytes) -> None:
    found = read_blocks("json", data, 8)

    assert found.rows == []
    assert list(found.position) == ["a.json"]


SPELLINGS: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([plain, json.dumps, escaped])
VALUE = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=99).map(lambda n: f'"{n}"'),
    st.sampled_from(["null", '""', '"null"', "0.10", "7"]),
)
LOOKALIKE = st.sampled_from(['"a":"1.5"', 'a":', "a", "} null", "\n null", ":", '\\"', '","a":"', "\\u0061"])


@st.composite
def lines_of_one_key(draw: st.DrawFn, key: str) -> list[str]:
    lines = []
    for value in draw(st.lists(VALUE, min_size=1, max_size=15)):
        space, write = st.sampled_from(SPACES), draw(SPELLINGS)
        members = [f"{write(key)}{draw(space)}:{draw(space)}{value}", f'"t":{json.dumps(draw(LOOKALIKE))}']
        lines.append("{" + ",".join(draw(st.permutations(members))) + "}")
    return lines


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(["a", "é", "a/b", 'q"', "😀"]), st.integers(1, 200))
def test_numbers_and_texts_of_one_column_are_what_the_standard_library_reads(
    data: st.DataObject, key: str, block: int
) -> None:
    lines = data.draw(lines_of_one_key(key))

    found = read_blocks("json", "\n".join(lines).encode(), block)

    assert found.rejects == []
    exact = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    raw = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
    is_text = any(isinstance(record[key], str) for record in exact)
    assert [row["t"] for row in found.rows] == [record["t"] for record in exact]
    assert [row.get(key) for row in found.rows] == [record[key] for record in (raw if is_text else exact)]


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=12), st.text(st.characters(), max_size=6).map(lambda t: t.encode("utf-8", "surrogatepass"))
    )
)
def test_what_is_utf8_is_what_the_standard_library_decodes(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not is_utf8(data)
    else:
        assert is_utf8(data)


def test_a_read_that_is_given_up_leaves_no_thread_behind(tmp_path: Path) -> None:
    lines = ['{"a":1.10}'] * 2000 + ['{"a":"2.50"}'] + ['{"a":1.10}'] * 200_000
    path = tmp_path / "a.json"
    path.write_text("\n".join(lines))
    found = path.stat()

    with Raw(Entry("a.json", Local(path), found.st_size, found.st_mtime_ns)) as opened, pytest.raises(ReadAgain):
        for _ in read_json(opened, Shape("shop.sales", {}), None, {}, 10_000):
            pass
    names = [thread.name for thread in threading.enumerate()]

    assert [name for name in names if name.startswith(("read ahead", "parse"))] == []
