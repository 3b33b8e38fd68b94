"""What a world's star must hold after each run: a model in plain Python, told as the page on the star tells it, without SQL.

It remembers what a source ever told and when members left it. History by moments is derived anew from that each time, so that
the order of arrival cannot matter; history by load time, and members that are gone, are what was held before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.star.extracted import BEGINNING
from tests.star.history import FOR_EVER, Version
from tests.star.worlds import KEYS, dimension_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.star.extracted import Absence, Told
    from tests.star.streams import Row
    from tests.star.worlds import Dimension, Fact, World

UNKNOWN, NOT_APPLICABLE, NOT_YET = ("-1",), ("-2",), ("-3",)
Key = tuple[Any, ...]
Members = dict[Any, list[Version]]


@dataclass
class Remembered:
    """What a dimension holds of a member that load time orders: its versions, and its first and previous values."""

    versions: list[Version] = field(default_factory=list)
    first: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)


@dataclass
class Known:
    """Everything that is known after a run."""

    told: dict[str, Told]
    held: dict[str, dict[Any, Remembered]] = field(default_factory=dict)
    inferred: dict[str, set[Any]] = field(default_factory=dict)
    traits: set[tuple[Any, Any]] = field(default_factory=set)
    facts: dict[str, list[Row]] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """The star: versions of members by dimension, who of them is deleted or only inferred, rows of facts, traits."""

    members: Mapping[str, Members]
    deleted: Mapping[str, set[Any]]
    inferred: Mapping[str, set[Any]]
    facts: Mapping[str, list[Row]]
    traits: set[tuple[Any, Any]]
    # The fact whose build is refused, as a member of its has not come; it stays as it was.
    refused: str


def build(world: World, known: Known, built_at: Mapping[str, datetime]) -> Expected:
    """The star that a build makes of what is known; remembers what a later one will need to know of this one."""
    members: dict[str, Members] = {}
    for dimension in world.dimensions:
        members[dimension.name] = _members(dimension, known, built_at[dimension.name])
    for dimension in world.dimensions:
        if dimension.refers:
            members[dimension.name] = _referring(dimension, members, known)
    refused = ""
    for fact in world.facts:
        if _lacks_members(fact, members, known):
            refused = fact.name
        else:
            known.facts[fact.name] = _fact(fact, members, known)
    deleted = {
        d.name: {key[0] for key, told in _away(d, known).items() if not told[-1].is_back} for d in world.dimensions
    }
    inferred = {name: known.inferred.get(name, set()) - members[name].keys() for name in members}
    known.inferred = {name: set(keys) for name, keys in inferred.items()}
    return Expected(members, deleted, inferred, dict(known.facts), set(known.traits), refused)


# Dimensions


def _members(dimension: Dimension, known: Known, now: datetime) -> Members:
    if dimension.reads_seen:
        return _by_moments(dimension, known)
    held = known.held.setdefault(dimension.name, {})
    for key, row in known.told[dimension.stream].current.items():
        _remember(dimension, held.setdefault(key[0], Remembered()), row, now)
    if dimension.deletes == "close":
        for key, told in _away(dimension, known).items():
            member = held.get(key[0])
            if not told[-1].is_back and member and member.versions[-1].valid_to == FOR_EVER:
                member.versions[-1] = _ended(member.versions[-1], now)
    return {key: [_showing(dimension, member, v) for v in member.versions] for key, member in held.items()}


def _by_moments(dimension: Dimension, known: Known) -> Members:
    told: dict[Any, dict[datetime, Row]] = {}
    for (key, moment), row in known.told[dimension.stream].seen.items():
        # Without a moment nothing makes a version, and is the oldest of what makes none.
        if row["moment"] is not None or not dimension.history:
            told.setdefault(key[0], {})[moment] = row
    found: Members = {}
    for key, moments in told.items():
        absences = _away(dimension, known).get((key,), []) if dimension.deletes == "close" else []
        rows, ends = _lived(moments, absences)
        found[key] = _chain(dimension, rows, ends)
    return found


def _lived(moments: dict[datetime, Row], absences: list[Absence]) -> tuple[list[tuple[datetime, Row]], list[datetime]]:
    """What came true of a member, in its order, and where its lives ended."""
    rows = sorted(moments.items(), key=lambda told: told[0])
    ends: list[datetime] = []
    known = [absence for absence in absences if absence.since is not None]
    for number, absence in enumerate(known):
        since = absence.since or BEGINNING
        following = (known[number + 1].since if number + 1 < len(known) else None) or FOR_EVER
        if not absence.is_back:
            end = max(since, rows[0][0] + timedelta(microseconds=1))
            ends.append(end)
            rows = [(at, row) for at, row in rows if at < end]
        elif any(since <= at < following for at, _ in rows):
            ends.append(since)
    return rows, ends


def _chain(dimension: Dimension, rows: list[tuple[datetime, Row]], ends: list[datetime]) -> list[Version]:
    """The versions of a member: each holds until the next, or until the life that it belongs to ends."""
    last = rows[-1][1]
    shown = {name: last[name] for name in dimension.attributes if name not in dimension.history}
    for name in dimension.fixed:
        shown[name] = next((row[name] for _, row in rows if row[name] is not None), None)
    for name in dimension.previous:
        others = [row[name] for _, row in rows if row[name] is not None and row[name] != last[name]]
        shown[f"previous_{name}"] = others[-1] if others else None
    if not dimension.history:
        return [Version(BEGINNING, FOR_EVER, shown)]
    begins: list[tuple[datetime, Row, datetime]] = []
    for at, row in rows:
        until = min((end for end in ends if end > at), default=FOR_EVER)
        is_repeat = begins and begins[-1][2] == until
        if not is_repeat or any(row[name] != begins[-1][1][name] for name in dimension.history):
            begins.append((at, row, until))
    following = [*(at for at, *_ in begins[1:]), FOR_EVER]
    return [
        Version(at, min(until, after), shown | {name: row[name] for name in dimension.history})
        for (at, row, until), after in zip(begins, following, strict=True)
    ]


def _remember(dimension: Dimension, member: Remembered, row: Row, now: datetime) -> None:
    """Let what is told now be the present of a member; what was before it stays known as far as it is declared."""
    last = member.versions[-1] if member.versions else None
    for name in dimension.fixed:
        if member.first.get(name) is None:
            member.first[name] = row[name]
    for name in dimension.previous:
        told = [version.said[name] for version in member.versions]
        others = [cell for cell in (member.before.get(name), *told) if cell is not None and cell != row[name]]
        member.before[name] = others[-1] if others else None
    said = {name: row[name] for name in dimension.attributes}
    if not dimension.history:
        member.versions = [Version(BEGINNING, FOR_EVER, said)]
        return
    if last is None or last.valid_to != FOR_EVER:
        member.versions.append(Version(now, FOR_EVER, said))
    elif any(last.said[name] != row[name] for name in dimension.history):
        member.versions[-1] = _ended(last, now)
        member.versions.append(Version(now, FOR_EVER, said))
    overwritten = {name: cell for name, cell in said.items() if name not in dimension.history}
    member.versions = [Version(v.valid_from, v.valid_to, {**v.said, **overwritten}) for v in member.versions]


def _showing(dimension: Dimension, member: Remembered, version: Version) -> Version:
    lived = {name: member.first[name] for name in dimension.fixed}
    lived |= {f"previous_{name}": member.before[name] for name in dimension.previous}
    return Version(version.valid_from, version.valid_to, {**version.said, **lived})


def _ended(version: Version, now: datetime) -> Version:
    return Version(version.valid_from, now, version.said)


def _referring(dimension: Dimension, members: Mapping[str, Members], known: Known) -> Members:
    """The versions of a dimension that refers to another, cut where a member that they refer to gets a version."""
    found: Members = {}
    ((other, column),) = dimension.refers.items()
    for key, versions in members[dimension.name].items():
        found[key] = []
        for version in versions:
            natural = version.said[column]
            if natural is not None and natural not in members[other]:
                known.inferred.setdefault(other, set()).add(natural)
            theirs = members[other].get(natural, [])
            cuts = [v.valid_from for v in theirs[1:] if version.valid_from < v.valid_from < version.valid_to]
            cuts = cuts if dimension.history else []
            for begin, end in pairwise([version.valid_from, *cuts, version.valid_to]):
                points = _point(natural, begin if dimension.history else FOR_EVER, theirs)
                found[key].append(Version(begin, end, {**version.said, f"{other} of it": points}))
    return found


# Facts


def _told_of(fact: Fact, known: Known) -> list[Row]:
    told = known.told[fact.stream]
    return [*told.current.values()] or told.rows


def _lacks_members(fact: Fact, members: Mapping[str, Members], known: Known) -> bool:
    """Whether a fact that takes nobody who has not come names such a member."""
    if fact.late != "fail":
        return False
    named = ((dimension_of(role), row[column]) for row in _told_of(fact, known) for role, column in fact.dims.items())
    return any(natural is not None and natural not in members[dimension] for dimension, natural in named)


def _fact(fact: Fact, members: Mapping[str, Members], known: Known) -> list[Row]:
    rows = _told_of(fact, known)
    made = _laid_out(fact, rows) if fact.kind == "daily" else [dict(row) for row in rows]
    for row in made:
        for role, column in fact.dims.items():
            row[f"{role} of it"] = _pointing(fact, role, row[column], row, members, known)
        if fact.has_traits:
            row["traits of it"] = (row["gift"], row["colour"])
            known.traits.add((row["gift"], row["colour"]))
    for row in made:
        row |= _added(fact, row, made)
    return made


def _laid_out(fact: Fact, states: Iterable[Row]) -> list[Row]:
    """The last state of each account and day, carried forward to the last day of all."""
    days: dict[tuple[Any, Any], Row] = {}
    told = sorted((row for row in states if row[fact.at] is not None), key=lambda row: row[fact.at])
    for row in told:
        days[row["account_id"], row[fact.at].date()] = row
    found = []
    for account in {account for account, _ in days}:
        day, state = min(day for held, day in days if held == account), None
        while day <= told[-1][fact.at].date():
            state = days.get((account, day), state)
            found.append({**(state or {}), "day": day})
            day += timedelta(days=1)
    return found


def _pointing(fact: Fact, role: str, natural: Any, row: Row, members: Mapping[str, Members], known: Known) -> Any:
    if natural is None:
        return NOT_APPLICABLE if fact.dims[role] in fact.not_applicable else UNKNOWN
    if role == "date":
        return (int(f"{natural:%Y%m%d}"),)
    dimension = dimension_of(role)
    if natural not in members[dimension] and fact.late != "infer":
        return UNKNOWN if fact.late == "unknown" else NOT_YET
    if natural not in members[dimension]:
        known.inferred.setdefault(dimension, set()).add(natural)
    at = fact.at or next(iter(fact.milestones), "")
    moment = row.get(at) or FOR_EVER
    if fact.kind == "daily":
        moment = datetime.combine(row["day"], datetime.max.time())
    return _point(natural, moment, members[dimension].get(natural, []))


def _point(natural: Any, moment: datetime, versions: list[Version]) -> Any:
    """The member, and since when its version holds: the last that began by then, or else its first."""
    if natural is None:
        return UNKNOWN
    begins = [version.valid_from for version in versions] or [BEGINNING]
    return natural, max((begin for begin in begins if begin <= moment), default=begins[0])


def _added(fact: Fact, row: Row, rows: list[Row]) -> Row:
    """What the kind of a fact adds."""
    if fact.kind == "factless":
        return {f"{fact.name}_count": 1}
    if fact.kind == "bridge":
        of, to = fact.grain
        sharing = [other for other in rows if other[of] == row[of]]
        share, unit = 10**12 // len(sharing), 10**12
        is_first = row[to] == min(other[to] for other in sharing)
        return {"weight": Decimal(unit - share * (len(sharing) - 1) if is_first else share) / unit}
    first, found = row.get(next(iter(fact.milestones), "")), {}
    for name in fact.milestones[1:]:
        lasted = row[name] - first if first is not None and row[name] is not None else None
        found[f"days_to_{name}"] = None if lasted is None else _days(lasted)
    return found


def _days(lasted: timedelta) -> Decimal:
    exact = Decimal(lasted // timedelta(microseconds=1)) / Decimal(86_400_000_000)
    return exact.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _away(dimension: Dimension, known: Known) -> dict[Key, list[Absence]]:
    assert len(KEYS[dimension.stream]) == 1
    return known.told[dimension.stream].away
