"""JSON values and layouts: what arrives, exactly, and what is rejected."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from starlode.formats.json_text import read_json
from starlode.formats.raw import Entry, Local, Raw
from starlode.formats.shape import Shape
from starlode.source import ReadAgain, Stream
from starlode.table import DATE, INTEGER, TEXT, TIMESTAMPTZ, Column, decimal
from tests.files.reading import collect, files_of, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.files.reading import Result


def read_text(folder: Path, text: str | bytes, block: int = 16 << 20) -> Result:
    """One file read as a large one, in blocks of a chosen size."""
    path = folder / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with Raw(Entry("a.json", Local(path), path.stat().st_size, path.stat().st_mtime_ns)) as opened:
        return collect(list(read_json(opened, Shape("shop.sales", {}), None, {}, block)))


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}\n{"a":2}\n{"a":3}\n',
        '{"a":1}\n{"a":2}\n{"a":3}',
        '\n\n{"a":1}\r\n\r\n{"a":2}\r\n{"a":3}\r\n\n',
        '{"a":1}{"a":2} {"a":3}',
        '[{"a":1},{"a":2},{"a":3}]',
        '[\n  {"a":1},\n  {"a":2},\n  {"a":3}\n]\n',
        '{\n  "a": 1\n}\n{\n  "a": 2\n}\n{\n  "a": 3\n}\n',
        '\ufeff{"a":1}\n{"a":2}\n{"a":3}\n',
    ],
)
@pytest.mark.parametrize("block", [7, 1 << 20])
def test_every_layout_gives_the_same_rows(tmp_path: Path, text: str, block: int) -> None:
    found = read_text(tmp_path, text, block)

    assert [(row["a"], row["_row"]) for row in found.rows] == [(1, 1), (2, 2), (3, 3)]
    assert found.rejects == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig", "cp1252"])
def test_an_encoding_is_found_or_declared(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_bytes('{"a":"Café"}\n'.encode(encoding))
    declared = encoding if encoding == "utf-16-be" else None

    found = read(tmp_path, encoding=declared)

    assert found.values == [{"a": "Café"}]


def test_numbers_arrive_with_all_their_digits(tmp_path: Path) -> None:
    found = read_text(
        tmp_path, '{"a":12345678901234567.89,"b":9223372036854775807,"c":1.10}\n{"b":18446744073709551616}'
    )

    assert found.values[0] == {
        "a": Decimal("12345678901234567.89"),
        "b": Decimal(9223372036854775807),
        "c": Decimal("1.10"),
    }
    assert found.types["a"] == "decimal(28,2)"
    assert found.types["b"] == "decimal(28,0)"


def test_integers_beyond_38_digits_are_kept_as_text_and_told(tmp_path: Path) -> None:
    digits = "1" + "0" * 41

    found = read_text(tmp_path, f'{{"a":{digits}}}')

    assert found.values == [{"a": digits}]
    assert found.told("long integers")


def test_fractions_beyond_38_digits_become_double_and_that_is_a_warning(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1e-300}\n{"a":0.5}')

    assert found.values == [{"a": 1e-300}, {"a": 0.5}]
    assert found.told("rounded numbers")[0].severity == "warning"


def test_strings_stay_text_whatever_they_look_like(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":"2024-01-01","b":"1.5","c":"true"}')

    assert found.values == [{"a": "2024-01-01", "b": "1.5", "c": "true"}]


def test_numbers_among_strings_keep_their_text(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":"x"}\n{"a":1.10}\n{"a":true}\n{"a":null}\n{"a":""}')

    assert [row["a"] for row in found.rows] == ["x", "1.10", "true", None, ""]


def test_a_string_in_a_later_block_of_decimals_asks_for_a_new_read_that_keeps_every_text(tmp_path: Path) -> None:
    lines = ['{"a":1.10}'] * 20 + ['{"a":"2.50"}']
    (tmp_path / "a.json").write_text("\n".join(lines))

    with pytest.raises(ReadAgain) as asked:
        read_text(tmp_path, "\n".join(lines), 30)

    assert asked.value.columns == (Column("a", TEXT),)


def test_a_new_read_with_text_gives_raw_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1.10}\n{"a":-0.0}\n{"a":1e5}')

    found = read(tmp_path, columns=(Column("a", TEXT),))

    assert [row["a"] for row in found.rows] == ["1.10", "-0.0", "1e5"]


def test_nested_values_are_the_json_text_as_it_was_written(tmp_path: Path) -> None:
    found = read_text(
        tmp_path, '{"a": {"b": 1.10, "c":[1, {"d":"x\\"}"}]}}\n{"a": [1,2.50]}\n{"a": null}\n{"a": "s"}\n{"a": 7.0}'
    )

    assert [row["a"] for row in found.rows] == [
        '{"b": 1.10, "c":[1, {"d":"x\\"}"}]}',
        "[1,2.50]",
        None,
        '"s"',
        "7.0",
    ]
    assert found.types["a"] == "json"
    assert found.batches[0].rows.schema.field("a").metadata == {b"starlode": b"json"}


def test_a_key_that_is_written_with_escapes_is_the_same_key(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":"x"}\n{"\\u0061":1.10}')

    assert [row["a"] for row in found.rows] == ["x", "1.10"]


def test_an_absent_key_is_null_and_a_new_one_is_a_new_column(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1}\n{"b":true}\n{}', 9)

    assert [row.get("b") for row in found.rows] == [None, True, None]


def test_a_column_that_is_always_null_is_text_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1,"b":null}')

    found = read(tmp_path)

    assert found.values == [{"a": 1, "b": None}]
    assert found.types["b"] == "text"


def test_a_column_that_is_null_at_first_gets_the_type_of_its_first_value(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1,"b":null}\n' * 50 + '{"a":1,"b":2}\n', 100)

    assert found.rows[-1]["b"] == 2
    assert found.types["b"] == "integer"


@pytest.mark.parametrize(
    "bad",
    [
        '{"a":1,}',
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":1e400}',
        '{"a":01}',
        '{"a":',
        '{"a":"x',
        "5",
        "null",
        '"text"',
        "[1]",
        '{"a":"\\ud800"}',
        '{"a":1}}',
        "{'a':1}",
        "x",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_line_is_rejected_and_its_neighbours_are_kept(tmp_path: Path, bad: str, first: bool) -> None:
    lines = ['{"a":1}', bad, '{"a":3}'] if not first else ['{"b":1}', '{"a":1}', bad, '{"a":3}']

    found = read_text(tmp_path, "\n".join(lines))

    assert [row["a"] for row in found.rows if row["a"] is not None][-1] == 3
    assert [reject.line for reject in found.rejects] == [lines.index(bad) + 1]
    assert found.rejects[0].file == "a.json"
    assert found.rejects[0].raw in bad


def test_an_array_that_is_cut_short_between_its_values_is_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, '[{"a":1},\n{"a":2}')

    assert [row["a"] for row in found.rows] == [1, 2]
    assert [(reject.line, reject.reason) for reject in found.rejects] == [(2, "the array has no end")]


def test_a_string_among_decimals_is_seen_behind_an_escaped_key(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1.10}\n{"\\u0061":"2.5"}')

    assert [row["a"] for row in found.rows] == ["1.10", "2.5"]


def test_a_null_record_behind_another_one_is_rejected(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1}null\n{"a":2}\n')

    assert [row["a"] for row in found.rows] == [1, 2]
    assert len(found.rejects) == 1


def test_bytes_that_are_not_utf8_reject_their_line_only(tmp_path: Path) -> None:
    found = read_text(tmp_path, b'{"a":"\xc3\xa9"}\n{"a":"\xff"}\n{"a":"z"}')

    assert [row["a"] for row in found.rows] == ["é", "z"]
    assert found.rejects[0].raw == '{"a":"\\xff"}'


def test_deep_nesting_is_rejected_and_does_not_end_the_process(tmp_path: Path) -> None:
    deep = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"

    found = read_text(tmp_path, '{"a":[1]}\n' + deep + '\n{"a":[2]}')

    assert [row["a"] for row in found.rows] == ["[1]", "[2]"]
    assert found.rejects[0].reason == "nested too deeply"


def test_a_declared_type_wins_and_what_does_not_fit_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n":"5","d":"2024-02-30"}\n{"n":6,"d":"2024-02-29"}\n{"n":"x","d":null}')

    found = read(tmp_path, types={"n": INTEGER, "d": DATE})

    assert [row["n"] for row in found.rows] == [6]
    assert [(reject.line, reject.column, reject.rule) for reject in found.rejects] == [
        (1, "d", "type"),
        (3, "n", "type"),
    ]
    assert found.rejects[0].raw == '{"n":"5","d":"2024-02-30"}'


def test_a_declared_text_keeps_the_text_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"n":1.10}\n{"n":"x"}\n{"n":{"a":1}}')

    found = read(tmp_path, types={"n": TEXT})

    assert [row["n"] for row in found.rows] == ["1.10", "x", '{"a":1}']


def test_declared_moments_keep_their_zone_and_microseconds(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"t":"2024-01-02T10:11:12.123456+02:00","p":1.5}')

    found = read(tmp_path, types={"t": TIMESTAMPTZ, "p": decimal(10, 2)})

    assert found.rows[0]["t"].isoformat() == "2024-01-02T08:11:12.123456+00:00"
    assert found.types["p"] == "decimal(10,2)"


def test_keys_that_differ_in_case_or_clash_with_ours_are_made_distinct_and_told(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"Name":1,"name":2,"_file":"x"}')

    assert found.values == [{"Name": 1, "name_2": 2, "_file_2": "x"}]
    assert len(found.told("renamed column")) == 2


def test_known_columns_keep_their_types_from_run_to_run(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1,"b":5}')

    found = read(tmp_path, columns=(Column("a", decimal(18, 2)), Column("b", TEXT), Column("c", INTEGER)))

    assert found.values == [{"a": Decimal("1.00"), "b": "5", "c": None}]


def test_many_small_files_are_one_batch_and_each_row_knows_its_file(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}.json").write_text(
            f'{{"n":{number}}}' if number % 3 else f'{{"n":{number}}}\n{{"n":-1}}'
        )

    found = read(tmp_path, "*.json")

    assert len(found.batches) == 1
    assert {(row["_file"], row["n"]) for row in found.rows if row["n"] >= 0} == {
        (f"{n:03}.json", n) for n in range(300)
    }
    assert [row["_row"] for row in found.rows if row["n"] == -1] == [2] * 100
    assert len(found.position) == 300


@pytest.mark.parametrize("broken", ['{"n":1', '{"n":', '{"n":1}}', "", "[", '[{"n":7}]', '{"n":"', '{"n":[', "null"])
def test_a_broken_small_file_does_not_reach_into_its_neighbours(tmp_path: Path, broken: str) -> None:
    for name, text in (("a", '{"n":1,"m":[1]}'), ("b", broken), ("c", '{"n":3,"m":[3]}')):
        (tmp_path / f"{name}.json").write_text(text)

    found = read(tmp_path)

    assert [row["n"] for row in found.rows if row["_file"] == "a.json"] == [1]
    assert [row["m"] for row in found.rows if row["_file"] == "c.json"] == ["[3]"]
    assert {reject.file for reject in found.rejects} <= {"b.json"}
    assert set(found.position) == {"a.json", "b.json", "c.json"}


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
@pytest.mark.parametrize("count", [3, 20_000])
def test_compressed_files_are_read(tmp_path: Path, codec: str, count: int) -> None:
    text = "\n".join(f'{{"a":{number},"b":"{number % 97:060}"}}' for number in range(count)).encode()
    path = tmp_path / ("a.json.gz" if codec == "gzip" else "a.json.zst")
    path.write_bytes(gzip.compress(text) if codec == "gzip" else pa.Codec("zstd").compress(text, asbytes=True))

    found = read(tmp_path)

    assert [row["a"] for row in found.rows] == list(range(count))
    assert found.bytes_read == path.stat().st_size


@pytest.mark.parametrize("count", [3, 200_000])
def test_a_compressed_file_that_is_cut_short_is_one_reject_and_the_others_go_on(tmp_path: Path, count: int) -> None:
    text = "\n".join(f'{{"a":"{hash(number)}"}}' for number in range(count)).encode()
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(text)[:-20])
    (tmp_path / "b.json").write_text('{"a":"kept"}')

    found = read(tmp_path)

    assert found.rows[-1]["a"] == "kept"
    assert [(reject.file, reject.line, reject.rule) for reject in found.rejects] == [
        ("a.json.gz", 0, "unreadable file")
    ]
    assert found.told("unreadable file")[0].severity == "failure"


def test_the_mark_of_a_file_comes_with_its_last_batch_only(tmp_path: Path) -> None:
    found = read_text(tmp_path, '{"a":1}\n' * 100, 80)

    assert len(found.batches) > 5
    assert [bool(batch.position) for batch in found.batches] == [False] * (len(found.batches) - 1) + [True]


def test_a_read_of_a_large_stream_ends_with_all_columns(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":1}')
    (tmp_path / "b.json").write_text(json.dumps({"b": None, "pad": "x" * 70_000}))
    source, stream = files_of(tmp_path)

    batches = list(source.read(stream, source.look(stream, {}), ()))

    assert set(batches[-1].rows.schema.names) == {"a", "b", "pad", "_file", "_row"}
    assert isinstance(stream, Stream)
