"""Files that are cut short or damaged: no row of them is taken, what they gave before stays, and they are tried again."""

from __future__ import annotations

import gzip
from hashlib import blake2b
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import SourceError
from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "name: a\nsources: {app: {files: data, streams: {t: {files: '*', mode: MODE}}}}\n"
COUNT = "select count(*) from staging.app__t"


def packed(rows: int, *, cut: int = 0) -> bytes:
    text = "id,x\n" + "".join(
        f"{number},{blake2b(b'%d' % number, digest_size=8).hexdigest()}\n" for number in range(rows)
    )
    whole = gzip.compress(text.encode())
    return whole[: len(whole) - cut]


def opened(folder: Path, files: dict[str, bytes], mode: str = "incremental") -> starlode.Project:
    return projects.project(folder, {"starlode.yml": PROJECT.replace("MODE", mode), **files})


@pytest.mark.parametrize("rows", [100, 600_000])
def test_a_cut_file_keeps_the_rows_that_it_gave_before(rows: int, tmp_path: Path) -> None:
    project = opened(tmp_path, {"data/a.csv.gz": packed(100), "data/b.csv": b"id,x\n-1,0\n"})
    starlode.run(project)
    projects.write(tmp_path, {"data/a.csv.gz": packed(rows, cut=40)})

    ends = [starlode.run(project).exit_code for _ in range(2)]
    kept = projects.value(project, COUNT)
    projects.write(tmp_path, {"data/a.csv.gz": packed(50)})
    mended = starlode.run(project)

    assert (ends, kept) == ([1, 1], 101)
    assert (mended.exit_code, projects.value(project, COUNT)) == (0, 51)


@pytest.mark.parametrize("rows", [100, 600_000])
def test_a_new_file_that_is_cut_gives_no_row_and_no_mark(rows: int, tmp_path: Path) -> None:
    project = opened(tmp_path, {"data/a.csv.gz": packed(rows, cut=40), "data/b.csv": b"id,x\n-1,0\n"})

    ends = [starlode.run(project).exit_code for _ in range(2)]

    assert ends == [1, 1]
    assert projects.rows(project, "select distinct name from starlode.position") == [("b.csv",)]
    assert projects.value(project, COUNT) == 1
    assert projects.value(project, "select count(*) from starlode.finding where rule = 'unreadable file'") == 2


@pytest.mark.parametrize("name", ["a.csv.gz", "a.json.gz"])
def test_a_full_extract_without_a_broken_file_is_refused(name: str, tmp_path: Path) -> None:
    content = b'{"id":1,"x":2}\n' * 100 if "json" in name else b"id,x\n" + b"1,2\n" * 100
    project = opened(tmp_path, {f"data/{name}": gzip.compress(content), "data/b.csv": b"id,x\n-1,0\n"}, mode="full")
    starlode.run(project)
    projects.write(tmp_path, {f"data/{name}": gzip.compress(content)[:-10]})

    with pytest.raises(SourceError, match="is broken or cut short") as refused:
        starlode.run(project)

    assert "nothing was changed" in (refused.value.hint or "")
    assert projects.value(project, COUNT) == 101


def test_a_renamed_file_is_not_counted_twice(tmp_path: Path) -> None:
    project = opened(tmp_path, {"data/a.csv": b"id,x\n1,5\n2,6\n"})
    starlode.run(project)
    (tmp_path / "data/a.csv").rename(tmp_path / "data/b.csv")

    starlode.run(project)
    again = starlode.run(project)
    projects.write(tmp_path, {"data/b.csv": b"id,x\n1,5\n2,6\n3,7\n"})
    starlode.run(project)

    assert again.status == "unchanged"
    assert projects.rows(project, "select _file, id from staging.app__t order by 2") == [
        ("b.csv", 1),
        ("b.csv", 2),
        ("b.csv", 3),
    ]
