"""The bench's own promises: jobs take turns, a wrong result ends it, and the page names no path."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def bench() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(BENCH))
    yield {name: importlib.import_module(name) for name in ("timing", "page")}
    sys.path.remove(str(BENCH))


@pytest.fixture
def timing(bench: dict[str, Any]) -> Any:
    return bench["timing"]


def note(name: str, folder: Path) -> list[str | Path]:
    """A command that adds its name to a diary."""
    return [sys.executable, "-c", f"open({str(folder / 'diary')!r}, 'a').write({name!r})"]


def database(folder: Path) -> Path:
    with duckdb.connect(folder / "made.duckdb") as connection:
        connection.execute("create table made as select 1.5 as amount union all select 2.5")
    return folder / "made.duckdb"


def test_jobs_take_turns(timing: Any, tmp_path: Path) -> None:
    jobs = [timing.Job(name, note(name, tmp_path), tmp_path) for name in "ab"]

    table = timing.race("turns", jobs, rounds=3)

    assert (tmp_path / "diary").read_text() == "ababab"
    assert [len(row.samples) for row in table.rows] == [3, 3]


def test_a_sample_holds_time_and_memory_of_the_whole_process(timing: Any, tmp_path: Path) -> None:
    job = timing.Job("hungry", [sys.executable, "-c", "x = bytearray(b'x') * 80_000_000; sum(range(10**6))"], tmp_path)

    sample = timing.race("sizes", [job], rounds=1).rows[0].samples[0]

    assert sample.peak > 80_000_000
    assert sample.cpu > 0
    assert 0 < sample.wall < 60


def test_a_ratio_is_the_median_of_the_rounds_ratios(timing: Any) -> None:
    reference = timing.Row("one", tuple(timing.Sample(wall, 0, 0) for wall in (1, 2, 10)))
    row = timing.Row("two", tuple(timing.Sample(wall, 0, 0) for wall in (2, 6, 10)))

    assert row.ratio(reference) == 2


def test_what_was_prepared_is_there_before_each_round(timing: Any, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    job = timing.Job("once", [sys.executable, "-c", "import os; os.remove('mark')"], tmp_path, prepare=mark.touch)

    table = timing.race("prepared", [job], rounds=2)

    assert len(table.rows[0].samples) == 2


def test_a_right_result_is_told_in_words(timing: Any, tmp_path: Path) -> None:
    claim = timing.Claim("sum(amount)", "select sum(amount) from made", "4.0")
    job = timing.Job("job", [sys.executable, "-c", "pass"], tmp_path, database=database(tmp_path), claims=[claim])

    table = timing.race("right", [job], rounds=1)

    assert table.rows[0].verified == ("sum(amount) 4.0",)


def test_a_wrong_result_ends_the_bench(timing: Any, tmp_path: Path) -> None:
    claim = timing.Claim("rows", "select count(*) from made", "3")
    job = timing.Job("job", [sys.executable, "-c", "pass"], tmp_path, database=database(tmp_path), claims=[claim])

    with pytest.raises(timing.WrongResult, match="job: rows must be 3 and is 2"):
        timing.race("wrong", [job], rounds=1)


def test_a_job_that_fails_ends_the_bench_with_its_last_words(timing: Any, tmp_path: Path) -> None:
    job = timing.Job("job", [sys.executable, "-c", "raise SystemExit('no space')"], tmp_path)

    with pytest.raises(timing.WrongResult, match="exit code 1:\nno space"):
        timing.race("failing", [job], rounds=1)


def test_the_page_shows_ratios_and_no_path(bench: dict[str, Any]) -> None:
    timing = bench["timing"]
    rows = [
        timing.Row(name, (timing.Sample(wall, 1.0, 2**20),), ("rows 10",), 1000)
        for name, wall in (("ours", 2), ("peer", 8))
    ]
    table = timing.Table("Ten rows", tuple(rows))

    text = bench["page"].page([table], {"duckdb": "1.5.5"}, 1, load="ours", peer="peer")

    assert "| peer | 8.00 s (8.00–8.00) | 1.00 s | 1 MiB | 125 | 4.00 |" in text
    assert "- 1,000 events, measured on the same events: 500 rows/s against 125, 4.0 times" in text
    assert "Verified for ours, peer: rows 10." in text
    assert str(BENCH.parent) not in text
