"""Makes the music example's data: a catalogue of songs, one JSON object a file, and a month of listening logs.

The same seed and sizes give the same bytes on every machine: all chance comes from `Random.random`. Events are made
session by session and written hour by hour, so memory holds the sessions under way and not the month. What the
data must come to (plays, matches, seconds) is counted while it is made, for tests to compare with.
"""
# ruff: noqa: SIM905  lists of words read better as text

from __future__ import annotations

import argparse
import json
from bisect import bisect_left
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Roll = Callable[[], float]

FIRST_DAY = 1541030400000  # 2018-11-01T00:00:00Z in epoch milliseconds
HOUR = 3_600_000
END = FIRST_DAY + 30 * 24 * HOUR
TICKS = 100_000  # durations have five decimals
DAYS, SIZE, SONGS = 1, 8_000, 100  # of the demonstration

HOURS = (5, 4, 3, 3, 3, 4, 5, 6, 7, 8, 8, 9, 9, 9, 10, 11, 12, 11, 10, 9, 9, 8, 7, 6)
WEEKDAYS = (11, 11, 11, 10, 10, 8, 7)  # from Monday; 2018-11-01 was a Thursday

FIRST_NAMES = (
    "Ada|Aïcha|Björn|Chloë|Dmitri|Elif|Fiadh|Gørild|Hana|Iñigo|Jacqueline|Kwame|Lena|Mohammad|Núria|Oğuz|Priya|Renée|"
    "Søren|Tegan|Ülkü|Viktória|Wyatt|Xiomara|Yūki|Zoé"
).split("|")
LAST_NAMES = (
    "O'Brien|Núñez|Lynch|Müller|D'Angelo|Frye|Kovač|Jónsdóttir|Smith|Levine|Nguyễn|Koch|Łukasik|Mensah|Cuevas|Østergård|"
    "Harrell|da Silva|Ñíguez|Reyes"
).split("|")
NOUNS = (
    "Harbour|Rain|Telescope|Orchard|Motorway|Señorita|Lantern|Café|Winter|Étude|Machine|Garden|Mirror|Wolf|Paper Boat|"
    "Über-Ich|Satellite|Kite|Sunday|Smoke|River|Naïve Heart|Candle|Staircase|Kingdom|Postcard"
).split("|")
ADJECTIVES = (
    "Blue|Broken|Electric|Late|Golden|Quiet|Velvet|Distant|Crooked|Paper|Hollow|Last|Slow|Northern|Tiny|Endless|Déjà-Vu|"
    "Borrowed|Silver|Restless"
).split("|")
ARTISTS = ("The {a} {n}s", "{f} {l}", "{f} & the {n}s", "DJ {n}", '{f} "{n}" {l}', "{a}/{n}", "{l} + {l2}")
TITLES = (
    "{a} {n}",
    "{n} & {n2}",
    "Don't {n} Me",
    'The "{a}" {n}',
    "{n} (Live)",
    "¿Dónde Está {n}?",
    "{a} {n} / {n2} [Album Version]",
    "{f}'s {n}",
)
PLACES = (
    "San Francisco-Oakland-Hayward, CA|New York-Newark-Jersey City, NY-NJ-PA|Portland-South Portland, ME|Cañon City, CO"
    "|Winston-Salem, NC|Lake Havasu City-Kingman, AZ|Española, NM|Chicago-Naperville-Elgin, IL-IN-WI|Tampa, FL"
).split("|")
HOMES = (
    ("London, England", "London"),
    ("München", "Munich, Germany"),
    ("Brooklyn, NY", "Brooklyn, New York"),
    ("São Paulo", "Sao Paulo"),
)
AGENTS = (
    '"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/36.0.1985.143 Safari/537.36"',
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_4) AppleWebKit/537.77.4 (KHTML, like Gecko) Version/7.0.5"',
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
    '"Mozilla/5.0 (iPhone; CPU iPhone OS 7_1_2 like Mac OS X) AppleWebKit/537.51.2 (KHTML, like Gecko)"',
)
PAGES = ("Home",) * 6 + ("Settings", "Help", "Error", "Logout", "Logout", "Offer", "Offer", "Offer")
PLAYED = 0.86  # the share of plays among the pages of somebody who is logged in
REPLIES = {"Login": ("PUT", 307), "Logout": ("PUT", 307), "Error": ("GET", 404)}
REPLIES |= {"Submit Upgrade": ("PUT", 307), "Submit Downgrade": ("PUT", 307)}

LEVELS = {"Submit Upgrade": "paid", "Submit Downgrade": "free"}

T = TypeVar("T")


@dataclass(frozen=True)
class Truth:
    """What a right reading of the data comes to. Seconds are exact decimals, as text."""

    songs: int
    artists: int
    artists_with_two_locations: int
    events: int
    logged_out_events: int
    plays: int
    matched_plays: int
    plays_of_another_length: int
    seconds: str
    matched_seconds: str
    users: int
    level_changes: int
    sessions: int


def generate(to: Path, *, events: int = 8000, songs: int = 100, seed: int = 1) -> Truth:
    """Write `song_data` and `log_data` below a folder, and say what they come to."""
    roll = Random(seed).random
    catalogue = tuple(_catalogue(roll, songs))
    for song in catalogue:
        _write_song(to / "song_data", song)
    tracks = _tracks(roll, catalogue)
    month = _Month(roll, tracks, _users(roll, events))
    month.write(to / "log_data" / "2018" / "11", events)
    return _truth(catalogue, month, events)


class _Artist(NamedTuple):
    id: str
    name: str
    location: str
    other_location: str
    latitude: float | None
    longitude: float | None


class _Song(NamedTuple):
    track_id: str
    song_id: str
    artist: _Artist
    location: str
    title: str
    ticks: int
    year: int


def _catalogue(roll: Roll, songs: int) -> Iterator[_Song]:
    """Songs whose (title, artist, duration) are unique, though no two of the three are."""
    artists: list[_Artist] = []
    seen: set[tuple[str, str, int]] = set()
    before: _Song | None = None
    firsts = 1 + min(songs // 1000, 25)
    for number in range(songs):
        quirk = number % 25
        artist, title = _artist(roll, artists, quirk in (1, 2, 5)), _words(roll, TITLES)
        ticks = 45 * TICKS + int(roll() * roll() * 600 * TICKS)
        if before and quirk in (3, 4, 5):
            title = before.title
        if before and quirk == 4:
            ticks = before.ticks  # one title and one duration, by two artists
        while (title, artist.name, ticks) in seen:
            ticks += 1
        seen.add((title, artist.name, ticks))
        letters = _letter(roll, firsts) + _letter(roll, 3) + _letter(roll, 26) + _letter(roll, 26) + _letter(roll, 26)
        before = _Song(
            f"TR{letters}128F{_scatter(number, 28):07X}",
            f"SO{letters[::-1]}12A8C{_scatter(number, 24):06X}",
            artist,
            artist.other_location if number % 50 == 2 else artist.location,
            title,
            ticks,
            0 if roll() < 0.4 else 1960 + int(roll() * 58),
        )
        yield before


def _artist(roll: Roll, artists: list[_Artist], same: bool) -> _Artist:
    if artists and (same or roll() < 0.25):
        return artists[-1] if same else _pick(roll, artists)
    number = len(artists)
    name = _words(roll, ARTISTS)
    if any(name == artist.name for artist in artists[-200:]) or number >= 200:
        name = f"{name} {number}"
    home = _pick(roll, HOMES) if roll() < 0.8 else ("", "")
    place = (round(roll() * 140 - 60, 5), round(roll() * 300 - 150, 5)) if roll() < 0.4 else (None, None)
    artists.append(
        _Artist(f"AR{_letter(roll, 26)}{number % 10000:04d}1187B{_scatter(number, 24):06X}", name, *home, *place)
    )
    return artists[-1]


def _words(roll: Roll, patterns: Sequence[str]) -> str:
    return _pick(roll, patterns).format(
        a=_pick(roll, ADJECTIVES),
        n=_pick(roll, NOUNS),
        n2=_pick(roll, NOUNS),
        f=_pick(roll, FIRST_NAMES),
        l=_pick(roll, LAST_NAMES),
        l2=_pick(roll, LAST_NAMES),
    )


def _pick(roll: Roll, among: Sequence[T]) -> T:
    return among[int(roll() * len(among))]


def _letter(roll: Roll, of: int) -> str:
    return chr(ord("A") + int(roll() * of))


def _scatter(number: int, bits: int) -> int:
    """Another number for each number: an odd factor is invertible below a power of two."""
    return (number * 0x9E3779B1 + 0x85EBCA) % (1 << bits)


def _write_song(root: Path, song: _Song) -> None:
    folder = root.joinpath(*song.track_id[2:5])
    folder.mkdir(parents=True, exist_ok=True)
    shown = {
        "num_songs": 1,
        "artist_id": song.artist.id,
        "artist_latitude": song.artist.latitude,
        "artist_longitude": song.artist.longitude,
        "artist_location": song.location,
        "artist_name": song.artist.name,
        "song_id": song.song_id,
        "title": song.title,
        "duration": 0,
        "year": song.year,
    }
    text = json.dumps(shown).replace('"duration": 0', f'"duration": {_seconds(song.ticks)}')
    (folder / f"{song.track_id}.json").write_text(text, encoding="utf-8")


def _seconds(ticks: int) -> str:
    """Seconds as JSON writers print a float: no zeros at the end, but at least one decimal."""
    whole, part = divmod(ticks, TICKS)
    return f"{whole}.{part:05d}".rstrip("0").ljust(len(str(whole)) + 2, "0")


class _Track(NamedTuple):
    artist: str  # JSON texts, ready to be written
    title: str
    length: str
    ticks: int
    matches: bool
    nearly: bool


def _tracks(roll: Roll, catalogue: Sequence[_Song]) -> list[_Track]:
    """What listeners play: the catalogue, other recordings of its songs, and songs that it does not know."""
    known = {(song.title, song.artist.name, song.ticks) for song in catalogue}
    played = [(song.title, song.artist.name, song.ticks) for song in catalogue]
    for song in catalogue[::8]:
        played.append((song.title, song.artist.name, song.ticks + 1 + int(roll() * 40 * TICKS)))
    for number in range(len(catalogue) // 2 + 3):
        name = f"{_words(roll, ARTISTS)} {number or 'Trio'}"
        played.append((_words(roll, TITLES), name, 60 * TICKS + int(roll() * 300 * TICKS)))
    titled = {(title, artist) for title, artist, _ in known}
    tracks = [
        _Track(
            '{"artist":' + _json(artist) + ',"auth":"Logged In"',
            _json(title),
            _seconds(ticks),
            ticks,
            (title, artist, ticks) in known,
            (title, artist, ticks) not in known and (title, artist) in titled,
        )
        for title, artist, ticks in played
    ]
    for here in range(len(tracks) - 1, 0, -1):
        there = int(roll() * (here + 1))
        tracks[here], tracks[there] = tracks[there], tracks[here]
    return tracks


def _json(value: str | None) -> str:
    return json.dumps(value, ensure_ascii=False)


class _User:
    """A listener, the level that they are on, and the level that the log last showed."""

    __slots__ = ("busy_until", "level", "names", "place", "shown", "tail")

    def __init__(self, roll: Roll, number: int) -> None:
        first, last, gender = _pick(roll, FIRST_NAMES), _pick(roll, LAST_NAMES), _pick(roll, "FM")
        registered = FIRST_DAY - 1 - int(roll() * 90 * 24 * HOUR)
        self.names = (f',"firstName":{_json(first)},"gender":"{gender}","itemInSession":', f',"lastName":{_json(last)}')
        self.place = (_json(_pick(roll, PLACES)), f',"registration":{registered}.0')
        self.tail = f',"userAgent":{_json(_pick(roll, AGENTS))},"userId":"{number}"}}'
        self.level = "paid" if roll() < 0.25 else "free"
        self.shown = ""
        self.busy_until = 0


def _users(roll: Roll, events: int) -> list[_User]:
    many = max(10, min(events // 80, 10_000 + events // 1000))
    return [_User(roll, number) for number in range(2, many + 2)]


class _Month:
    """Thirty days of sessions. Events wait in `pending` until the hour that they fall into is written."""

    def __init__(self, roll: Roll, tracks: Sequence[_Track], users: Sequence[_User]) -> None:
        self.roll = roll
        self.tracks = tracks
        self.users = users
        self.pending: list[tuple[int, str]] = []
        self.made = self.sessions = self.logged_out = self.level_changes = 0
        self.plays = [0] * len(tracks)

    def write(self, folder: Path, events: int) -> None:
        """Daily files with exactly `events` events, each ordered by time, without a newline at the end."""
        folder.mkdir(parents=True, exist_ok=True)
        weights = [WEEKDAYS[(day + 3) % 7] * hour for day in range(30) for hour in HOURS]
        total, reached = sum(weights), 0
        for day in range(30):
            with (folder / f"2018-11-{day + 1:02d}-events.json").open("w", encoding="utf-8", newline="\n") as file:
                for hour in range(day * 24, day * 24 + 24):
                    reached += weights[hour]
                    self._listen(FIRST_DAY + hour * HOUR, events * reached // total, events)
                    self._flush(file, FIRST_DAY + (hour + 1) * HOUR)

    def _listen(self, hour: int, quota: int, events: int) -> None:
        """Start sessions in this hour until the quota is made in all; nobody has two sessions at a time."""
        while self.made < quota:
            start = hour + int(self.roll() * HOUR)
            at = int(self.roll() * self.roll() * len(self.users))
            user = next((user for user in self.users[at : at + 50] if user.busy_until < start), None)
            if user:
                self._visit(user, start, events - self.made)

    def _flush(self, file: TextIO, until: int) -> None:
        self.pending.sort(key=itemgetter(0))
        ready = bisect_left(self.pending, until, key=itemgetter(0))
        if ready:
            file.write("\n" * (file.tell() > 0) + "\n".join([line for _, line in self.pending[:ready]]))
            del self.pending[:ready]

    def _visit(self, user: _User, start: int, room: int) -> None:
        """One session: perhaps a login, then plays and other pages; a play is written from texts made beforehand."""
        roll, tracks, add = self.roll, self.tracks, self.pending.append
        self.sessions += 1
        head, tail = user.names[0], user.tail
        name, middle = user.names[1] + ',"length":', self._middle(user)
        ts, item, length = start, 0, min(room, 1 + int(60 * roll() * roll() * roll()))
        pages = ["Home", "Login"] if roll() < 0.15 else []
        out = bool(pages)
        while item < length and ts < END:
            if pages or roll() > PLAYED:
                pages = pages or self._wish(user)
                page = pages.pop(0)
                add((ts, self._page(user, page, out, item, ts)))
                ts += 1 + int(roll() * 60_000)
                out = page == "Logout" or (out and page != "Login")
                if page in LEVELS:
                    user.level = LEVELS[page]
                    middle = self._middle(user)
            else:
                at = int(roll() * roll() * len(tracks))
                artist, song, seconds, ticks, _, _ = tracks[at]
                add((ts, f'{artist}{head}{item}{name}{seconds}{middle}{song},"status":200,"ts":{ts}{tail}'))
                self.plays[at] += 1
                ts += ticks * 1000 // TICKS
                if user.shown != user.level:
                    self._show(user)
            item += 1
        user.busy_until = ts
        self.made += item

    def _middle(self, user: _User) -> str:
        place, registered = user.place
        return (
            f',"level":"{user.level}","location":{place},"method":"PUT","page":"NextSong"{registered}'
            f',"sessionId":{self.sessions},"song":'
        )

    def _wish(self, user: _User) -> list[str]:
        """The pages that a listener goes to next."""
        page = _pick(self.roll, PAGES)
        if page == "Logout":
            return ["Logout", "Home", "Login"]
        if page == "Offer" and user.level == "free":
            return ["Upgrade", "Submit Upgrade"][: 1 + (self.roll() < 0.35)]
        if page == "Offer":
            return ["Downgrade", "Submit Downgrade"][: 1 + (self.roll() < 0.15)]
        return [page]

    def _page(self, user: _User, page: str, out: bool, item: int, ts: int) -> str:
        method, status = REPLIES.get(page, ("GET", 200))
        fixed = f'"method":"{method}","page":"{page}"'
        end = f',"sessionId":{self.sessions},"song":null,"status":{status},"ts":{ts}'
        if out:
            self.logged_out += 1
            return (
                f'{{"artist":null,"auth":"Logged Out","firstName":null,"gender":null,"itemInSession":{item},'
                f'"lastName":null,"length":null,"level":"{user.level}","location":null,{fixed},"registration":null{end}'
                ',"userAgent":null,"userId":""}'
            )
        self._show(user)
        (head, name), (place, registered) = user.names, user.place
        return (
            f'{{"artist":null,"auth":"Logged In"{head}{item}{name},"length":null,"level":"{user.level}",'
            f'"location":{place},{fixed}{registered}{end}{user.tail}'
        )

    def _show(self, user: _User) -> None:
        """The log shows the user's level with this event."""
        self.level_changes += user.shown not in ("", user.level)
        user.shown = user.level


def _truth(catalogue: Sequence[_Song], month: _Month, events: int) -> Truth:
    plays = list(zip(month.tracks, month.plays, strict=True))
    places: dict[str, set[str]] = {}
    for song in catalogue:
        places.setdefault(song.artist.id, set()).add(song.location)
    return Truth(
        songs=len(catalogue),
        artists=len(places),
        artists_with_two_locations=sum(len(seen) > 1 for seen in places.values()),
        events=events,
        logged_out_events=month.logged_out,
        plays=sum(month.plays),
        matched_plays=sum(many for track, many in plays if track.matches),
        plays_of_another_length=sum(many for track, many in plays if track.nearly),
        seconds=_exact(sum(track.ticks * many for track, many in plays)),
        matched_seconds=_exact(sum(track.ticks * many for track, many in plays if track.matches)),
        users=sum(bool(user.shown) for user in month.users),
        level_changes=month.level_changes,
        sessions=month.sessions,
    )


def _exact(ticks: int) -> str:
    return f"{ticks // TICKS}.{ticks % TICKS:05d}"


def play(day: int, place: str, *, size: int = SIZE, seed: int = 1) -> dict[str, int | str]:
    """The one day of the demonstration: the data of a month, and what a right star of it comes to."""
    if day != DAYS:
        raise ValueError(day)
    return asdict(generate(Path(place), events=size, songs=SONGS, seed=seed))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line: `python generate.py --events 8000 --songs 100 --seed 1 --to data`."""
    parser = argparse.ArgumentParser(description="Make song metadata and a month of listening logs.")
    parser.add_argument("--events", type=int, default=SIZE, help="lines in the logs (default: %(default)s)")
    parser.add_argument("--songs", type=int, default=SONGS, help="files in the catalogue (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes (default: %(default)s)")
    parser.add_argument("--to", type=Path, required=True, help="the folder to write song_data and log_data into")
    parser.add_argument("--truth", type=Path, help="a JSON file to write what the data comes to into")
    asked = parser.parse_args(arguments)
    if asked.events < 0 or asked.songs < 0:
        parser.error("--events and --songs cannot be negative")
    truth = generate(asked.to, events=asked.events, songs=asked.songs, seed=asked.seed)
    if asked.truth:
        asked.truth.write_text(json.dumps(asdict(truth), indent=2) + "\n", encoding="utf-8")
    print(f"{truth.songs:,} songs and {truth.events:,} events in {asked.to}")


if __name__ == "__main__":
    main()
