"""The bench's own promises: jobs take turns, a wrong result ends it, and the page names no path."""

from __future__ import annotations

import importlib
import subprocess
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
    yield {name: importlib.import_module(name) for name in ("timing", "page", "tree")}
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


def test_a_peer_that_fails_is_left_out_and_named(bench: dict[str, Any], tmp_path: Path) -> None:
    timing = bench["timing"]
    ours = timing.Job("ours", [sys.executable, "-c", "pass"], tmp_path)
    peer = timing.Job("peer", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path, is_peer=True)

    table = timing.race("beside a peer", [ours, peer], rounds=2)

    assert [row.name for row in table.rows] == ["ours"]
    assert table.left_out == ("peer",)
    assert "did not run here to a right result: peer." in bench["page"].shown(table)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel shows a tree of processes on Linux only")
def test_the_memory_of_a_tree_is_that_of_all_its_processes(timing: Any, tmp_path: Path) -> None:
    hold = "import time; x = bytearray(b'x') * 60_000_000; time.sleep(0.6)"
    both = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}; p.wait()"
    job = timing.Job("two", [sys.executable, "-c", both], tmp_path)

    sample = timing.race("trees", [job], rounds=1).rows[0].samples[0]

    assert sample.peak > 120_000_000


def test_a_tree_ends_with_its_processes(bench: dict[str, Any]) -> None:
    tree = bench["tree"]

    assert tree.descendants(2**30) == [2**30]
    assert tree.memory(2**30) == 0


def test_a_part_of_the_page_shows_ratios_and_no_path(bench: dict[str, Any]) -> None:
    timing = bench["timing"]
    rows = [
        timing.Row(name, (timing.Sample(wall, 1.0, 2**20),), ("rows 10",), 1000)
        for name, wall in (("ours", 2), ("peer", 8))
    ]
    table = timing.Table("Ten rows", tuple(rows))

    closing = list(bench["page"].against("peer", "ours", [table]))
    text = bench["page"].section([table], {"duckdb": "1.5.5"}, "How.", closing)

    assert "| peer | 8.00 s (8.00–8.00) | 1.00 s | 1 MiB | 125 | 4.00 |" in text
    assert "- 1,000 events, measured on the same events: 500 rows/s against 125, 4.0 times" in text
    assert "Verified for ours, peer: rows 10." in text
    assert str(BENCH.parent) not in text


def test_each_bench_writes_its_own_part_of_the_page(bench: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Top\n<!-- measured: one -->\nold\n<!-- end -->\nby hand\n<!-- measured: two -->\nkept\n<!-- end -->\n",
        "utf-8",
    )

    bench["page"].write(page, "one", "new \\1")

    assert page.read_text("utf-8") == (
        "# Top\n<!-- measured: one -->\n\nnew \\1\n\n<!-- end -->\nby hand\n"
        "<!-- measured: two -->\nkept\n<!-- end -->\n"
    )


def test_a_page_without_a_place_is_not_written(bench: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Top\n", "utf-8")

    with pytest.raises(SystemExit, match="needs one place"):
        bench["page"].write(page, "one", "new")

    assert page.read_text("utf-8") == "# Top\n"


def test_the_page_of_the_documentation_has_a_place_for_each_bench() -> None:
    text = (BENCH.parent / "docs" / "benchmarks.md").read_text("utf-8")

    assert [text.count(f"<!-- measured: {name} -->") for name in ("music", "postgres", "star")] == [1, 1, 1]


@pytest.mark.slow
def test_the_postgres_bench_runs_from_end_to_end(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: postgres -->\n<!-- end -->\n", "utf-8")
    sizes = ["--rows", "2000", "--narrow", "2000", "--back", "2000", "--streams", "2", "--peers", "scanner"]
    program = [sys.executable, str(BENCH / "postgres.py"), "--quick", *sizes, "--write", str(page)]

    done = subprocess.run(program, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    text = page.read_text("utf-8")
    assert text.count("| starlode run --only land |") == 2
    assert text.count("| starlode run --only load |") == 2
    assert "rows 2000; sum(amount)" in text
    assert str(BENCH.parent) not in text


@pytest.mark.slow
def test_the_star_bench_runs_from_end_to_end(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- measured: star -->\n<!-- end -->\n", "utf-8")
    sizes = ["--members", "2000", "--changes", "200", "--facts", "5000", "--late", "50", "--lines", "1000", "2000"]
    program = [sys.executable, str(BENCH / "star.py"), "--quick", *sizes, "--peers", "--write", str(page)]

    done = subprocess.run(program, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    text = page.read_text("utf-8")
    assert text.count("| starlode run, a fact of ") == 2
    assert "facts with a wrong key 0" in text
    assert "of 24,000 versions 0 are missing; 0 that it holds are wrong" in text
    assert str(BENCH.parent) not in text
