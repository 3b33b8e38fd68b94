"""Every kind of mistake with the whole text that is told of it, as `mistakes.md` has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from starlode.errors import ProjectError
from starlode.project import read

if TYPE_CHECKING:
    from tests.project.conftest import Told, Write

SECTIONS = re.split(r"^## ", (Path(__file__).parent / "mistakes.md").read_text(encoding="utf-8"), flags=re.M)[1:]
BLOCK = re.compile(r"^```(\S+)\n(.*?)^```$", re.M | re.S)


def changed(text: str, diff: str) -> str:
    """The text with each line that a diff takes out replaced by those that follow it."""
    for old, new in re.findall(r"^-(.*\n)((?:\+.*\n)*)", diff, flags=re.M):
        assert old in text
        text = text.replace(old, re.sub(r"^\+", "", new, flags=re.M), 1)
    return text


@pytest.mark.parametrize("section", SECTIONS, ids=[section.partition("\n")[0] for section in SECTIONS])
def test_a_mistake_is_told_with_its_place_and_a_hint(section: str, music: dict[str, str], told: Told) -> None:
    blocks = dict(BLOCK.findall(section))
    expected = blocks.pop("told")
    diff = blocks.pop("diff", "")

    text = told({**music, "starlode.yml": changed(music["starlode.yml"], diff), **blocks})

    assert text + "\n" == expected
    assert text.count("\nhint: ") == text.count("error: ")


def test_no_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        read(tmp_path, {})

    hint = "hint: `starlode init` writes one; or name the project's folder"
    assert str(caught.value) == f"error: there is no project file here\n  --> {tmp_path}/starlode.yml\n{hint}"


def test_a_file_of_nearly_the_right_name_is_found(write: Write) -> None:
    folder = write({"starlode.yaml": "name: shop\n"})

    with pytest.raises(ProjectError) as caught:
        read(folder, {})

    assert str(caught.value).endswith("hint: did you mean `starlode.yaml`?")


def test_a_control_character_is_told_and_not_sent_to_the_terminal(told: Told) -> None:
    text = told({"starlode.yml": "name: shop\nlanding: a\x1b[31mb\n"})

    assert text == (
        "error: the character U+001B is not allowed in YAML\n"
        "  --> starlode.yml:2:11\n"
        "   |\n"
        " 2 | landing: a?[31mb\n"
        "   |           ^\n"
        "hint: remove it, or write it as an escape in double quotes"
    )


def test_an_escaped_control_character_is_not_sent_to_the_terminal_either(told: Told) -> None:
    text = told({"starlode.yml": 'name: shop\nlanding: "a\\e[31mb"\ntarget: "\\e[31m:x"\n'})

    assert "\x1b" not in text
    assert "error: `a?[31mb` is no path" in text


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "starlode.yml").write_bytes("name: shop\nlanding: L\xe4den\n".encode("latin-1"))

    with pytest.raises(ProjectError) as caught:
        read(tmp_path, {})

    assert str(caught.value) == "error: the file is not UTF-8\n  --> starlode.yml:2:1\nhint: save it as UTF-8"


def test_a_very_long_line_is_shown_as_far_as_it_fits(told: Told) -> None:
    text = told({"starlode.yml": f"name: shop\nfacts: {{{'a: {x: y}, ' * 300}b: 1}}\n"})

    assert all(len(line) < 300 for line in text.splitlines())


def test_a_project_with_ten_mistakes_shows_ten_in_the_order_of_the_file(music: dict[str, str], told: Told) -> None:
    broken = music["starlode.yml"]
    pairs = {
        "name: music": "name: Music",
        "song_id}": "song_id, mod: full}",
        "2018..2019": "2019..2018",
        "history: [level]": "history: [levle]",
        "sql/song.sql": "sql/sogn.sql",
        "key: artist_id": "key: artits_id",
        "grain: [songplay_id]": "grain: songplay",
        "user: user_id": "usr: user_id",
        "plays: sum": "plays: total",
        "table: dim_user": "table: dim_users",
    }
    for right, wrong in pairs.items():
        broken = broken.replace(right, wrong, 1)

    text = told({**music, "starlode.yml": broken})

    lines = [int(line) for line in re.findall(r"--> starlode\.yml:(\d+):", text)]
    assert lines == [1, 6, 9, 10, 11, 12, 16, 18, 19, 21]
    assert text.count("error: ") == 10


def test_a_broken_source_does_not_make_its_streams_unknown(music: dict[str, str], told: Told) -> None:
    text = told({**music, "starlode.yml": music["starlode.yml"].replace("files: data", "flies: data")})

    assert text.count("error: ") == 1
    assert "unknown key `flies`" in text


def test_a_broken_dimension_is_still_known_to_facts_and_checks(music: dict[str, str], told: Told) -> None:
    text = told({**music, "starlode.yml": music["starlode.yml"].replace("key: user_id, ", "")})

    assert text.count("error: ") == 1
    assert "`dimensions.user` needs the key `key`" in text


def test_a_link_that_leads_out_of_the_folder_is_refused(
    music: dict[str, str], write: Write, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "song.sql"
    outside.write_text(music.pop("sql/song.sql"), encoding="utf-8")
    folder = write(music)
    (folder / "sql" / "song.sql").symlink_to(outside)

    with pytest.raises(ProjectError) as caught:
        read(folder, {})

    assert "`sql/song.sql` lies outside the project's folder" in str(caught.value)


def test_a_folder_in_place_of_a_select_is_told(music: dict[str, str], write: Write) -> None:
    del music["sql/song.sql"]
    folder = write(music)
    (folder / "sql" / "song.sql").mkdir()

    with pytest.raises(ProjectError) as caught:
        read(folder, {})

    assert "`sql/song.sql` cannot be read: Is a directory" in str(caught.value)
