"""What a look finds: new, changed, touched and gone files, quickly, and never outside the folder."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from starlode.errors import SourceError
from starlode.formats.listing import escapes, find_files
from starlode.sources.files import FilesLook
from tests.files.reading import files_of, look, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with two small files."""
    (tmp_path / "a.json").write_text('{"n":1}')
    (tmp_path / "b.json").write_text('{"n":2}')
    return tmp_path


def test_files_that_were_read_are_not_new(shop: Path) -> None:
    position = read(shop).position

    found = look(shop, position)

    assert (found.units, found.size, found.reason) == ((), 0, "nothing new")


def test_a_position_is_size_time_and_digest_of_the_raw_bytes(shop: Path) -> None:
    first, second = read(shop).position, read(shop).position

    known = (shop / "a.json").stat()
    assert first["a.json"][:2] == [known.st_size, known.st_mtime_ns]
    assert len(first["a.json"][2]) == 32
    assert first == second


def test_only_new_files_are_units_in_the_order_of_their_names(shop: Path) -> None:
    position = read(shop).position
    for name in ("d.json", "c.json"):
        (shop / name).write_text('{"n":3}')

    found = look(shop, position)

    assert found.units == ("c.json", "d.json")
    assert found.size == 14


def test_a_touched_file_is_not_read_again(shop: Path) -> None:
    position = read(shop).position
    os.utime(shop / "a.json", ns=(1, 1))

    found = look(shop, position)

    assert found.units == ()


@pytest.mark.parametrize("text", ['{"n":9}', '{"n":10}'])
def test_a_file_with_new_content_is_read_again_and_reported(shop: Path, text: str) -> None:
    position = read(shop).position
    (shop / "a.json").write_text(text)
    os.utime(shop / "a.json", ns=(1, 1))

    found = look(shop, position)
    result = read(shop, position=position)

    assert (found.units, found.changed) == (("a.json",), ("a.json",))
    assert result.told("changed file")[0].where == "shop.sales a.json"


def test_a_file_that_is_gone_is_told_and_does_not_make_others_be_read(shop: Path) -> None:
    position = read(shop).position
    (shop / "a.json").unlink()

    found = look(shop, position)

    assert (found.units, found.gone) == ((), ("a.json",))
    assert found.reason == "files: 1 gone"


def test_known_content_under_a_new_name_is_read_and_told(shop: Path) -> None:
    position = read(shop).position
    (shop / "c.json").write_bytes((shop / "a.json").read_bytes())

    result = read(shop, position=position)

    assert [row["_file"] for row in result.rows] == ["c.json"]
    assert "a.json" in result.told("same content")[0].message


@pytest.mark.parametrize("change", [lambda f: (f / "c.json").write_text("{}"), lambda f: (f / "a.json").unlink()])
def test_a_full_stream_reads_all_files_when_any_is_new_or_gone(shop: Path, change: Callable[[Path], object]) -> None:
    position = read(shop).position
    change(shop)

    found = look(shop, position, mode="full")

    assert found.units == tuple(sorted(path.name for path in shop.iterdir()))


def test_a_full_stream_reads_nothing_when_nothing_changed(shop: Path) -> None:
    position = read(shop).position

    assert look(shop, position, mode="full").units == ()


def test_everything_is_read_when_asked(shop: Path) -> None:
    position = read(shop).position

    found = look(shop, position, full=True)

    assert (found.mode, found.units) == ("full", ("a.json", "b.json"))


def test_no_file_at_all_is_an_error_with_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        look(tmp_path, {}, "*.csv")

    assert "*.csv" in refused.value.what
    assert refused.value.where == str(tmp_path)


def test_a_missing_folder_is_an_error_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as refused:
        look(tmp_path / "x" / "y", {})

    assert str(tmp_path) in str(refused.value.hint)


def test_an_extension_without_a_format_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_text("a\n1\n")

    with pytest.raises(SourceError, match=r"a\.dat") as refused:
        read(tmp_path)

    assert "format" in str(refused.value.hint)
    assert read(tmp_path, format="csv").values == [{"a": 1}]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.json", ["a.json"]),
        ("**/*.json", ["a.json", "x/b.json", "x/y/c.json"]),
        ("x/**/*.json", ["x/b.json", "x/y/c.json"]),
        ("**/y/*", ["x/y/c.json", "x/y/d.csv"]),
        ("x/*/c.json", ["x/y/c.json"]),
        ("x/**", ["x/b.json", "x/y/c.json", "x/y/d.csv"]),
        ("**/[cd].*", ["x/y/c.json", "x/y/d.csv"]),
        ("x/y/?.csv", ["x/y/d.csv"]),
        ("**/.hidden.json", ["x/.hidden.json"]),
    ],
)
def test_patterns_name_files_in_nested_folders(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    for name in ("a.json", "x/b.json", "x/.hidden.json", "x/y/c.json", "x/y/d.csv", "x/.git/e.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")

    assert list(find_files(tmp_path, pattern)) == expected


def test_only_regular_files_count(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "a.csv").write_text("a\n1\n")

    assert list(find_files(tmp_path, "*.csv")) == ["a.csv"]


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*", "a/../../b", "C:/x", "..\\x"])
def test_a_pattern_that_leads_out_of_the_folder_is_refused(tmp_path: Path, pattern: str) -> None:
    assert escapes(pattern)
    with pytest.raises(SourceError):
        find_files(tmp_path, pattern)


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "x").mkdir(parents=True)
    (root / "x" / "a.csv").write_text("a\n1\n")
    (root / "b.csv").symlink_to(root / "x" / "a.csv")
    (tmp_path / "secret.csv").write_text("s\n1\n")

    inside = read(root, "*.csv")
    (root / "c.csv").symlink_to(tmp_path / "secret.csv")

    assert [row["_file"] for row in inside.rows] == ["b.csv"]
    with pytest.raises(SourceError, match=r"c\.csv"):
        look(root, {}, "*.csv")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.csv").write_text("a\n1\n")
    (tmp_path / "x" / "again").symlink_to(tmp_path)

    assert list(find_files(tmp_path, "**/*.csv")) == ["x/a.csv"]


def test_a_file_that_becomes_a_link_after_the_look_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.csv").write_text("a\n1\n")
    (tmp_path / "secret.csv").write_text("s\n1\n")
    source, stream = files_of(tmp_path / "root")
    found = source.look(stream, {})
    (tmp_path / "root" / "a.csv").unlink()
    (tmp_path / "root" / "a.csv").symlink_to(tmp_path / "secret.csv")

    with pytest.raises(SourceError):
        list(source.read(stream, found, ()))


def test_a_file_that_grows_while_it_is_read_is_refused_and_not_marked(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("".join(f'{{"n":{number}}}\n' for number in range(4_000_000)))
    source, stream = files_of(tmp_path)
    batches = source.read(stream, source.look(stream, {}), ())

    first = next(batches)
    with path.open("a") as more:
        more.write('{"n":1}\n')

    assert first.position == {}
    with pytest.raises(SourceError, match="changed while it was read"):
        list(batches)


def test_a_thousand_unchanged_files_are_looked_at_in_a_moment(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number}.json").write_text(f'{{"n":{number}}}')
    position = read(tmp_path).position

    started = time.perf_counter()
    found = look(tmp_path, position)
    took = time.perf_counter() - started

    assert isinstance(found, FilesLook)
    assert found.units == ()
    assert took < 0.5


def test_inputs_are_never_written(tmp_path: Path) -> None:
    texts = {"a.json": '{"n":1}', "b.csv": "n\n1\n2,3\n", "c.ndjson": '{"n":1}\n{"n":', "d.json.gz": "broken"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o444)
    tmp_path.chmod(0o555)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    result = read(tmp_path)

    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    tmp_path.chmod(0o755)
    assert len(result.rows) == 3
    assert after == before
    assert {name: (tmp_path / name).read_text() for name in texts} == texts


def test_the_same_content_beside_the_old_file_is_a_warning(shop: Path) -> None:
    position = read(shop).position
    (shop / "c.json").write_bytes((shop / "a.json").read_bytes())

    told = read(shop, position=position).told("same content")

    assert [(finding.where, finding.severity) for finding in told] == [("shop.sales c.json", "warning")]


def test_a_renamed_file_takes_the_place_of_the_old_one(shop: Path) -> None:
    position = read(shop).position
    (shop / "a.json").rename(shop / "c.json")

    found = look(shop, position)
    result = read(shop, position=position)
    after = look(shop, position | result.position)

    assert (found.units, found.changed, found.gone) == (("c.json",), ("a.json",), ())
    assert found.reason == "files: 1 renamed"
    assert result.position["a.json"] is None
    assert [(finding.where, finding.severity) for finding in result.told("renamed file")] == [
        ("shop.sales c.json", "warning")
    ]
    assert result.told("same content") == result.told("changed file") == result.told("missing file") == []
    assert (after.units, after.gone, after.reason) == ((), (), "nothing new")


def test_of_two_files_with_the_content_of_one_that_is_gone_one_is_the_renamed_one(shop: Path) -> None:
    position = read(shop).position
    content = (shop / "a.json").read_bytes()
    (shop / "a.json").unlink()
    for name in ("c.json", "d.json"):
        (shop / name).write_bytes(content)

    found = look(shop, position)
    result = read(shop, position=position)

    assert (found.units, found.changed) == (("c.json", "d.json"), ("a.json",))
    assert found.reason == "files: 1 new, 1 renamed"
    assert len(result.told("renamed file")) == len(result.told("same content")) == 1


def test_a_file_of_the_same_size_and_other_content_is_not_renamed(shop: Path) -> None:
    position = read(shop).position
    (shop / "a.json").unlink()
    (shop / "c.json").write_text('{"n":9}')

    found = look(shop, position)

    assert (found.units, found.changed, found.gone) == (("c.json",), (), ("a.json",))
