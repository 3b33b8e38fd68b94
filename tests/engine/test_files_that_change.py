"""However files change from day to day, staging is what a first load of the files as they are now would make of it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import starlode
from tests import projects
from tests.engine.test_any_order import QUICK
from tests.thorough import few

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlode.project import Project

KEYED = 'files: "*.csv", key: id, may_shrink: true, types: {since: integer, told_on: timestamp}'
PROJECT = f"""
name: shop
sources:
  shop:
    files: data
    streams:
      plain: {{{KEYED}}}
      dated: {{{KEYED}, since: since}}
      remembered: {{{KEYED}}}
      both: {{{KEYED}, since: since}}
dimensions:
  remembered: {{from: shop.remembered, key: id, history: [said], at: told_on, on_conflict: most_frequent}}
  both: {{from: shop.both, key: id, history: [said], at: told_on, on_conflict: most_frequent}}
"""
STREAMS = ("plain", "dated", "remembered", "both")

ALWAYS = [("K0", "9", "x")]

rows = st.lists(
    st.tuples(st.sampled_from(["K1", "K2", "K3"]), st.sampled_from(["", "1", "2", "3"]), st.sampled_from("xyz")),
    max_size=3,
)
days = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), rows, min_size=1), min_size=2, max_size=4)
Day = dict[str, list[tuple[str, str, str]]]


@pytest.mark.slow
@settings(QUICK, max_examples=few(20))
@given(told=days)
@example(
    told=[{"b": [("K1", "1", "x")]}, {"a": [("K1", "1", "x")], "c": [("K1", "1", "x")]}, {"b": [("K1", "1", "y")]}]
)
@example(told=[{"a": [("K1", "1", "x")], "b": [("K1", "2", "y")]}, {"b": [("K1", "", "z")]}, {"a": []}])
def test_files_that_change_end_as_a_first_load_of_them(told: list[Day]) -> None:
    with _folder() as lived, _folder() as fresh:
        starlode.run(_project(lived, {"always": ALWAYS}))
        for day in told:
            starlode.run(_project(lived, day))

        starlode.run(_project(fresh, {"always": ALWAYS} | {name: r for day in told for name, r in day.items()}))

        for stream in STREAMS:
            assert _staged(lived, stream) == _staged(fresh, stream)


def _staged(folder: Path, stream: str) -> list[tuple[Any, ...]]:
    return projects.rows(starlode.read(folder), f"select * exclude (_load) from staging.shop__{stream} order by id")


def _project(folder: Path, day: Mapping[str, list[tuple[str, str, str]]]) -> Project:
    """The project on a day; a moment is told anew each time, so that history keeps every row."""
    lines = {f"data/{name}.csv": ["id,since,said,told_on", *map(_line, told)] for name, told in day.items()}
    return projects.project(
        folder, {"starlode.yml": PROJECT, **{name: "\n".join(told) + "\n" for name, told in lines.items()}}
    )


def _line(row: tuple[str, str, str]) -> str:
    return ",".join((*row, f"2024-01-0{1 + 'xyz'.index(row[2])} 00:00:00"))


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(mkdtemp(prefix="starlode-"))
    yield path
    shutil.rmtree(path)
