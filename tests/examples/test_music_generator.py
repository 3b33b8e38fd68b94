"""The music example's generator: the same bytes each time, the quirks that the example is about, and a checked truth.

The example's own SELECTs run here on bare DuckDB over `read_json`, so what they say is proved apart from the tool.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

EXAMPLE = Path(__file__).parents[2] / "examples" / "music"
SONG = "num_songs,artist_id,artist_latitude,artist_longitude,artist_location,artist_name,song_id,title,duration,year"
EVENT = (
    "artist,auth,firstName,gender,itemInSession,lastName,length,level,location,method,page,registration,sessionId,song,"
    "status,ts,userAgent,userId"
)


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("music_generator", EXAMPLE / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def made(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("music")
    return folder, asdict(generator.generate(folder, events=8000, songs=100, seed=1))


@pytest.fixture(scope="module")
def data(made: tuple[Path, dict[str, Any]]) -> Path:
    return made[0]


@pytest.fixture(scope="module")
def truth(made: tuple[Path, dict[str, Any]]) -> dict[str, Any]:
    return made[1]


@pytest.fixture(scope="module")
def events(data: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line, parse_float=Decimal) for file in logs(data) for line in file.read_text("utf-8").split("\n")
    ]


@pytest.fixture(scope="module")
def songs(data: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8"), parse_float=Decimal) for file in sorted(data.rglob("TR*.json"))]


@pytest.fixture(scope="module")
def warehouse(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema app")
        connection.execute(f"create table app.songs as {exact(data / 'song_data', 'duration')}")
        connection.execute(f"create table app.events as {exact(data / 'log_data', 'length')}")
        for file in (EXAMPLE / "sql").glob("*.sql"):
            connection.execute(f"create table {file.stem} as {file.read_text('utf-8')}")
        yield connection


def exact(folder: Path, number: str) -> str:
    return f"""
        select * replace (cast({number} as decimal(12, 5)) as {number})
        from read_json('{folder}/**/*.json', sample_size = -1, format = 'newline_delimited')
    """


def logs(folder: Path) -> list[Path]:
    return sorted((folder / "log_data" / "2018" / "11").iterdir())


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*.json"))
    }


def test_the_same_seed_gives_the_same_bytes(generator: ModuleType, tmp_path: Path) -> None:
    one = generator.generate(tmp_path / "one", events=500, songs=20, seed=7)
    two = generator.generate(tmp_path / "two", events=500, songs=20, seed=7)

    assert one == two
    assert fingerprint(tmp_path / "one") == fingerprint(tmp_path / "two")


def test_the_bytes_of_a_seed_are_pinned_for_every_machine(generator: ModuleType, tmp_path: Path) -> None:
    generator.generate(tmp_path, events=500, songs=20, seed=7)

    whole = hashlib.sha256(json.dumps(fingerprint(tmp_path), sort_keys=True).encode()).hexdigest()
    assert whole[:16] == "3d09fec25d12e015"


def test_another_seed_gives_other_bytes(generator: ModuleType, tmp_path: Path) -> None:
    generator.generate(tmp_path / "one", events=500, songs=20, seed=7)
    generator.generate(tmp_path / "two", events=500, songs=20, seed=8)

    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "two")


@pytest.mark.parametrize(("many_events", "many_songs"), [(0, 0), (1, 1), (57, 3), (2000, 1500)])
def test_any_size_is_met_exactly(generator: ModuleType, tmp_path: Path, many_events: int, many_songs: int) -> None:
    generator.generate(tmp_path, events=many_events, songs=many_songs, seed=3)

    assert len({file.name for file in tmp_path.rglob("TR*.json")}) == many_songs
    assert (
        sum(len(file.read_text("utf-8").split("\n")) for file in logs(tmp_path) if file.stat().st_size) == many_events
    )


def test_the_command_line_writes_data_and_truth(truth: dict[str, Any], data: Path, tmp_path: Path) -> None:
    program, folder, file = EXAMPLE / "generate.py", tmp_path / "data", tmp_path / "truth.json"

    done = subprocess.run(
        [sys.executable, program, "--to", folder, "--truth", file], check=True, capture_output=True, text=True
    )

    assert "100 songs and 8,000 events" in done.stdout
    assert json.loads(file.read_text("utf-8")) == truth
    assert fingerprint(folder) == fingerprint(data)


def test_objects_have_the_fields_of_the_sources_in_order(
    songs: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    assert {",".join(song) for song in songs} == {SONG}
    assert {",".join(event) for event in events} == {EVENT}


def test_songs_lie_in_folders_named_by_letters_of_their_track(songs: list[dict[str, Any]], data: Path) -> None:
    files = list((data / "song_data").rglob("*.json"))

    assert len(files) == len(songs) == 100
    assert all(file.relative_to(data / "song_data").parts[:3] == tuple(file.name[2:5]) for file in files)
    assert all(len(file.stem) == 18 for file in files)


def test_logs_are_thirty_days_without_a_newline_at_the_end(data: Path) -> None:
    files = logs(data)

    assert [file.name for file in files] == [f"2018-11-{day:02d}-events.json" for day in range(1, 31)]
    assert all(file.read_bytes().endswith(b"}") for file in files)


def test_each_event_stands_in_the_file_of_its_day_in_order(data: Path) -> None:
    first = 1541030400000

    for day, file in enumerate(logs(data)):
        moments = [json.loads(line)["ts"] for line in file.read_text("utf-8").split("\n")]
        assert moments == sorted(moments)
        assert {(ts - first) // 86_400_000 for ts in moments} == {day}


def test_a_play_is_named_by_session_and_item(events: list[dict[str, Any]]) -> None:
    assert len({(event["sessionId"], event["itemInSession"]) for event in events}) == 8000


def test_a_user_is_seen_once_at_any_moment(events: list[dict[str, Any]]) -> None:
    seen = [(event["userId"], event["ts"]) for event in events if event["userId"]]

    assert len(seen) == len(set(seen))


def test_who_is_logged_out_has_no_name(events: list[dict[str, Any]]) -> None:
    out = [event for event in events if event["auth"] == "Logged Out"]

    assert out
    assert all(event["userId"] == "" for event in out)
    personal = ("firstName", "lastName", "gender", "location", "registration", "userAgent")
    assert {event[field] for event in out for field in personal} == {None}
    assert "NextSong" not in {event["page"] for event in out}


def test_only_plays_carry_a_song(events: list[dict[str, Any]]) -> None:
    songless = {(e["song"], e["artist"], e["length"]) for e in events if e["page"] != "NextSong"}

    assert songless == {(None, None, None)}
    assert all(e["song"] and e["artist"] and e["length"] > 0 for e in events if e["page"] == "NextSong")


def test_every_page_of_the_example_is_visited(events: list[dict[str, Any]]) -> None:
    pages = {event["page"] for event in events}

    assert pages >= {"NextSong", "Home", "Login", "Logout", "Settings", "Upgrade", "Submit Upgrade", "Help", "Error"}


def test_numbers_are_written_as_the_sources_write_them(data: Path) -> None:
    line = next(line for line in logs(data)[0].read_text("utf-8").split("\n") if '"page":"NextSong"' in line)
    event = json.loads(line, parse_float=str)

    assert event["registration"].endswith(".0")
    assert 1 <= len(event["length"].partition(".")[2]) <= 5
    assert isinstance(event["ts"], int)
    assert isinstance(event["userId"], str)


def test_names_need_escaping_and_unicode(events: list[dict[str, Any]], songs: list[dict[str, Any]]) -> None:
    shown = [str(event["song"]) + str(event["artist"]) for event in events] + [song["title"] for song in songs]

    assert all(any(mark in text for text in shown) for mark in ('"', "'", "&", "é"))


def test_songs_have_unknown_years_and_places(songs: list[dict[str, Any]]) -> None:
    assert {song["year"] > 0 for song in songs} == {True, False}
    assert {song["artist_latitude"] is None for song in songs} == {True, False}
    assert all((song["artist_latitude"] is None) == (song["artist_longitude"] is None) for song in songs)


@pytest.mark.parametrize("two", [("title", "artist_name"), ("title", "duration")])
def test_only_title_artist_and_duration_together_name_a_song(songs: list[dict[str, Any]], two: tuple[str, str]) -> None:
    assert len({tuple(song[field] for field in two) for song in songs}) < len(songs)
    assert len({(song["title"], song["artist_name"], song["duration"]) for song in songs}) == len(songs)


def test_an_artist_is_located_in_two_spellings(songs: list[dict[str, Any]], truth: dict[str, Any]) -> None:
    places: dict[str, list[str]] = {}
    for song in songs:
        places.setdefault(song["artist_id"], []).append(song["artist_location"])

    assert sum(len(set(seen)) > 1 for seen in places.values()) == truth["artists_with_two_locations"] >= 1


def test_the_truth_counts_the_log(truth: dict[str, Any], events: list[dict[str, Any]]) -> None:
    plays = [event for event in events if event["page"] == "NextSong"]

    assert truth["events"] == len(events)
    assert truth["plays"] == len(plays)
    assert truth["logged_out_events"] == sum(event["userId"] == "" for event in events)
    assert truth["users"] == len({event["userId"] for event in events} - {""})
    assert truth["sessions"] == len({event["sessionId"] for event in events})
    assert Decimal(truth["seconds"]) == sum(event["length"] for event in plays)


def test_the_examples_select_of_plays_agrees_with_the_truth(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = warehouse.execute(
        "select count(*), count(song_id), sum(seconds), sum(seconds) filter (where song_id is not null) from songplay"
    ).fetchone()

    expected = truth["plays"], truth["matched_plays"], Decimal(truth["seconds"]), Decimal(truth["matched_seconds"])
    assert found == expected


def test_some_plays_match_a_title_and_artist_in_another_length(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = warehouse.execute("""
        select count(*)
        from app.events as e
        semi join app.songs as s on s.title = e.song and s.artist_name = e.artist
        where not exists (
            from app.songs as s where s.title = e.song and s.artist_name = e.artist and s.duration = e.length
        )
    """).fetchone()

    assert found == (truth["plays_of_another_length"],)
    assert truth["plays_of_another_length"] > 0


def test_the_examples_select_of_users_shows_every_change_of_level(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = warehouse.execute("""
        with steps as (
            select user_id, level, lag(level) over (partition by user_id order by seen_at) as before from user
        )
        select count(distinct user_id), count(*) filter (where level <> before), count(distinct before || level)
        from steps
    """).fetchone()

    assert found == (truth["users"], truth["level_changes"], 4)


def test_the_examples_other_selects_give_the_catalogue(
    warehouse: duckdb.DuckDBPyConnection, truth: dict[str, Any]
) -> None:
    found = warehouse.execute("""
        select
            (select count(distinct song_id) from song),
            (select count(distinct artist_id) from artist),
            (select count(*) from song where year = 0),
            (select count(*) from shared_sessions)
    """).fetchone()

    assert found == (truth["songs"], truth["artists"], 0, 0)
