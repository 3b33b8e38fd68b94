"""A small project in a folder of its own, to read whole or to break in one place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from starlode.declaration import ProjectDeclaration
from starlode.declare import settings
from starlode.errors import ProjectError
from starlode.project import read

Write = Callable[[Mapping[str, str]], Path]
Told = Callable[..., str]

MUSIC = {
    "starlode.yml": """\
name: music
sources:
  app:
    files: data
    streams:
      songs: {files: "song_data/**/*.json", key: song_id}
      events: {files: "log_data/**/*.json"}
dimensions:
  time: {calendar: 2018..2019, grain: hour}
  user: {from: sql/user.sql, key: user_id, history: [level], at: seen_at}
  song: {from: sql/song.sql, key: song_id}
  artist: {from: sql/artist.sql, key: artist_id}
facts:
  songplay:
    from: sql/songplay.sql
    grain: [songplay_id]
    at: played_at
    dims: {time: played_at, user: user_id, song: song_id, artist: artist_id}
    measures: {plays: sum, seconds: sum}
checks:
  known_levels: {table: dim_user, accepted: {level: [free, paid]}}
exports:
  parquet: out/star
  diagram: out/star.svg
""",
    "sql/user.sql": "select user_id, level, gender, seen_at from app.events\n",
    "sql/song.sql": "select song_id, title, duration from app.songs\n",
    "sql/artist.sql": "select artist_id, artist_name as name from app.songs\n",
    "sql/songplay.sql": (
        "select e.songplay_id, e.played_at, e.user_id, s.song_id, s.artist_id, 1 as plays, e.length as seconds\n"
        "  from app.events as e left join app.songs as s on s.title = e.song\n"
    ),
}


# Pieces of project files, to put together at random.
WORDS = [
    *settings(ProjectDeclaration),
    "files",
    "streams",
    "from",
    "key",
    "calendar",
    "dims",
    "at",
    "app",
    "app.songs",
    "sql/user.sql",
    "${A}",
]
WORDS += ["table", "not_null", "range", "accepted", "dim_user", "1..2", "", "~", "no", "to", "tables", "*a", "&a", "!t"]
LINES = MUSIC["starlode.yml"].splitlines()


def outcome(files: dict[str, bytes]) -> str:
    """What is told of a project, or an empty text when it is right."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**{name: text.encode() for name, text in MUSIC.items()}, **files}.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            read(folder, {})
        except ProjectError as error:
            return str(error)
    return ""


@pytest.fixture
def music() -> dict[str, str]:
    """The files of the music example, small."""
    return dict(MUSIC)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files by name into an empty folder, and give the folder."""

    def written(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        return tmp_path

    return written


@pytest.fixture
def told(write: Write) -> Told:
    """What is told of a project made of these files, as people see it."""

    def text(files: Mapping[str, str], **environment: str) -> str:
        folder = write(files)
        with pytest.raises(ProjectError) as caught:
            read(folder, environment)
        return str(caught.value)

    return text
