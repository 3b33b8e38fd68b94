"""What holds for any rows: the size of blocks changes nothing, and what was written arrives to the last digit."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.reading import read_blocks

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NUMBER = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9), max_value=10**9).map(str),
    st.sampled_from(["1.10", "-0.0", "1e5", "2.5E-3", "0"]),
)
NESTED = st.recursive(st.one_of(NUMBER, TEXT.map(json.dumps), st.just("null")), lambda inner: st.one_of(
    st.lists(inner, max_size=3).map(lambda values: "[" + ", ".join(values) + "]"),
    st.dictionaries(TEXT, inner, max_size=3).map(
        lambda values: "{" + ",".join(f"{json.dumps(key)}: {value}" for key, value in values.items()) + "}"
    ),
), max_leaves=6)  # fmt: skip
STRING = TEXT.map(json.dumps)
RECORD = st.fixed_dictionaries(
    {}, optional={"n": NUMBER, "s": STRING, "mixed": st.one_of(NUMBER, STRING), "deep": NESTED}
)
SEPARATOR = st.sampled_from(["\n", "\r\n", "\n\n", " \n"])


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=12), SEPARATOR, st.integers(1, 400))
def test_json_records_arrive_as_they_were_written_whatever_the_blocks(
    records: list[dict[str, str]], separator: str, block: int
) -> None:
    lines = ["{" + ",".join(f'"{key}": {text}' for key, text in record.items()) + "}" for record in records]

    found = read_blocks("json", separator.join(lines).encode(), block)

    assert found.rejects == []
    assert [row["_row"] for row in found.rows] == list(range(1, len(records) + 1))
    for record, row in zip(records, found.rows, strict=True):
        if "n" in record:
            assert float(row["n"]) == float(record["n"])
        if "s" in record:
            assert row["s"] == json.loads(record["s"])
        if found.types.get("mixed") == "text" and "mixed" in record:
            text = record["mixed"]
            assert row["mixed"] == (json.loads(text) if text.startswith('"') else text)
        if found.types.get("deep") == "json" and record.get("deep", "null") != "null":
            assert row["deep"] == record["deep"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, NUMBER), min_size=1, max_size=12), st.integers(1, 200), st.booleans())
def test_csv_records_arrive_as_they_were_written_whatever_the_blocks(
    rows: list[tuple[str, str, str]], block: int, quoted: bool
) -> None:
    text = io.StringIO()
    if not quoted:  # the standard library writes a bare carriage return without quotes, where it ends a record
        rows = [(a.replace("\r", ""), b.replace("\r", ""), n) for a, b, n in rows]
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(["a", "b", "keep"])
    writer.writerows([("t" + a, "t" + b, "x" + n) for a, b, n in rows])

    found = read_blocks("csv", text.getvalue().encode(), block)

    assert found.rejects == []
    assert [(row["a"], row["b"], row["keep"]) for row in found.rows] == [
        ("t" + a, "t" + b, "x" + n) for a, b, n in rows
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(NUMBER, min_size=1, max_size=20), st.integers(1, 100))
def test_numbers_of_csv_are_exact_or_text(numbers: list[str], block: int) -> None:
    data = ("k,v\n" + "".join(f"x,{number}\n" for number in numbers)).encode()

    found = read_blocks("csv", data, block)

    for number, row in zip(numbers, found.rows, strict=True):
        exact = row["v"] == number if found.types["v"] == "text" else Decimal(row["v"]) == Decimal(number)
        assert exact


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120), st.integers(1, 60))
def test_any_bytes_end_in_rows_or_rejects(data: bytes, block: int) -> None:
    for kind in ("json", "csv"):
        found = read_blocks(kind, data, block)

        assert len(found.batches) >= 1
        assert all(reject.line >= 1 for reject in found.rejects)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(['"', ",", "\n", "a", "1", '""', '","']), max_size=30), st.integers(1, 30))
def test_the_size_of_blocks_does_not_decide_what_is_rejected(parts: list[str], block: int) -> None:
    data = ("h1,h2\n" + "".join(parts)).encode()

    small, large = read_blocks("csv", data, block), read_blocks("csv", data, 1 << 20)

    assert [reject.raw for reject in small.rejects] == [reject.raw for reject in large.rejects]
    assert [(row["_row"], row.get("h1"), row.get("h2")) for row in small.rows] == [
        (row["_row"], row.get("h1"), row.get("h2")) for row in large.rows
    ]
