"""Where a star differs from what its world makes of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.star.expected import plain
from tests.star.extracted import BEGINNING
from tests.star.history import FOR_EVER
from tests.star.worlds import dimension_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.star.lived import Expected
    from tests.star.streams import Row
    from tests.star.worlds import Dimension, Fact, World

Tables = dict[str, list[dict[str, Any]]]


def differences(world: World, tables: Tables, wanted: Expected) -> Iterator[str]:
    by_key = {d.name: {row[f"{d.name}_key"]: row for row in tables[f"dim_{d.name}"]} for d in world.dimensions}
    traits = {row["traits_key"]: row for row in tables["dim_traits"]}
    for dimension in world.dimensions:
        rows = [row for key, row in by_key[dimension.name].items() if key > 0]
        inferred = {row[dimension.key] for row in rows if row["is_inferred"]}
        if inferred != wanted.inferred[dimension.name]:
            yield f"dim_{dimension.name} has inferred {inferred} and must {wanted.inferred[dimension.name]}"
        found = [_version(dimension, row, by_key) for row in rows if not row["is_inferred"]]
        yield from _other(f"dim_{dimension.name}", found, _wanted_versions(dimension, wanted))
        yield from _spans(dimension, [row for row in rows if not row["is_inferred"]])
    combined = {(row["gift"], row["colour"]) for key, row in traits.items() if key > 0 and "gift" in row}
    if combined != wanted.traits:
        yield f"dim_traits has {combined} and must {wanted.traits}"
    for fact in world.facts:
        found = [_row(fact, row, world, by_key, traits) for row in tables[fact.table]]
        yield from _other(fact.table, found, [_plain(row) for row in wanted.facts.get(fact.name, ())])


def _version(dimension: Dimension, row: Row, by_key: Mapping[str, Mapping[int, Row]]) -> Row:
    """A row of a dimension as the model tells it."""
    names = (dimension.key, *dimension.attributes, *(f"previous_{name}" for name in dimension.previous))
    told = {name: row[name] for name in names}
    if dimension.history:
        told |= {name: row[name] for name in ("valid_from", "valid_to", "is_current")}
    told |= {"is_deleted": row["is_deleted"]} if dimension.deletes == "flag" else {}
    told |= {f"{other} of it": _pointed(by_key[other], other, row) for other in dimension.refers}
    return _plain(told)


def _wanted_versions(dimension: Dimension, wanted: Expected) -> list[Row]:
    found = []
    for natural, versions in wanted.members[dimension.name].items():
        for version in versions:
            told = {dimension.key: natural, **version.said}
            if dimension.history:
                told |= {"valid_from": version.valid_from, "valid_to": version.valid_to}
                told |= {"is_current": version.valid_to == FOR_EVER}
            told |= {"is_deleted": natural in wanted.deleted[dimension.name]} if dimension.deletes == "flag" else {}
            found.append(_plain(told))
    return found


def _pointed(members: Mapping[int, Row], role: str, row: Row) -> Any:
    """The member that a key stands for, and since when; a reserved key stands for itself."""
    key, own = row[f"{role}_key"], dimension_of(role)
    if key < 0:
        return (str(key),)
    held = members[key]
    natural = next(name for name in held if name not in (f"{own}_key", f"{own}_durable_key"))
    return held[natural], held.get("valid_from", BEGINNING)


def _row(fact: Fact, row: Row, world: World, by_key: Mapping[str, Mapping[int, Row]], traits: Mapping[int, Row]) -> Row:
    """A row of a fact with the members in place of their keys."""
    told = {name: cell for name, cell in row.items() if not name.endswith("_key")}
    for role in fact.dims:
        own = dimension_of(role)
        told[f"{role} of it"] = (row["date_key"],) if role == "date" else _pointed(by_key[own], role, row)
        if role == "date" and row["date_key"] < 0:
            told["date of it"] = (str(row["date_key"]),)
        durable = next((d.durable for d in world.dimensions if d.name == own), False)
        if durable and row[f"{role}_durable_key"] != by_key[own][row[f"{role}_key"]][f"{own}_durable_key"]:
            told["durable"] = "another member's"
    if fact.has_traits:
        member = traits[row["traits_key"]]
        told["traits of it"] = (member["gift"], member["colour"])
    return _plain(told)


def _spans(dimension: Dimension, rows: list[Row]) -> Iterator[str]:
    """No empty span and no overlap, a gap only where members are deleted, and one current version of each."""
    members: dict[Any, list[Row]] = {}
    for row in rows if dimension.history else ():
        members.setdefault(row[dimension.key], []).append(row)
    for natural, versions in members.items():
        versions.sort(key=lambda row: row["valid_from"])
        ends = [(a["valid_to"], b["valid_from"]) for a, b in pairwise(versions)]
        has_gap = any(a < b for a, b in ends) and dimension.deletes != "close"
        if has_gap or any(a > b for a, b in ends) or any(v["valid_from"] >= v["valid_to"] for v in versions):
            yield f"the versions of {dimension.name} {natural} do not follow each other: {ends}"
        current = sum(row["is_current"] for row in versions)
        if current > 1 or (current == 0 and dimension.deletes != "close"):
            yield f"{dimension.name} {natural} has {current} current versions"


def _other(name: str, found: list[Row], wanted: list[Row]) -> Iterator[str]:
    have, want = sorted(map(line, found)), sorted(map(line, wanted))
    if have != want:
        extra = [row for row in have if row not in want]
        missing = [row for row in want if row not in have]
        yield f"{name}\n  has  {extra[:5]}\n  must {missing[:5]}\n  ({len(have)} rows for {len(want)})"


def _plain(row: Row) -> Row:
    return {name: plain(cell) for name, cell in row.items()}


def line(row: Row) -> str:
    return repr(sorted((name, _bare(cell)) for name, cell in row.items()))


def _bare(cell: Any) -> Any:
    return tuple(map(plain, cell)) if isinstance(cell, tuple) else cell
