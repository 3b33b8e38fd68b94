"""Members that leave a complete extract and come back: at every moment the history says what was true then."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import starlode
from starlode.landing import numbers, read_manifest
from tests import projects
from tests.thorough import few

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: shop
sources:
  shop:
    files: data
    streams:
      customers:
        {files: customers.csv, key: customer_id, mode: full, may_shrink: true, types: {changed_at: timestamp, city: text}}
dimensions:
  customer: {from: shop.customers, key: customer_id, history: [city], at: changed_at, deletes: close}
  marked: {from: shop.customers, key: customer_id, history: [city], at: changed_at, deletes: flag}
  account:
    {from: shop.customers, key: customer_id, history: [city], at: changed_at, deletes: close, dims: {marked: customer_id}}
"""
# Rows of before any extraction, and of after all of them: whoever returns has never been away, or begins again.
MOMENTS = [datetime(2024, 1, day) for day in (1, 2, 3)] + [datetime(2100, 1, day) for day in (1, 2, 3)]
QUICK = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
Snapshot = dict[str, tuple[str, datetime]]
Ends = list[tuple[datetime, bool]]

snapshots = st.lists(
    st.dictionaries(
        st.sampled_from(["C1", "C2"]),
        st.tuples(st.sampled_from(["Paris", "Rome"]), st.sampled_from(MOMENTS)),
        max_size=2,
    ),
    min_size=2,
    max_size=4,
).map(lambda told: [one for one, other in zip(told, [None, *told], strict=False) if one != other])


@settings(QUICK, max_examples=few(8))
@given(told=snapshots, loads=st.lists(st.booleans(), min_size=4, max_size=4))
def test_at_every_moment_the_history_says_what_was_true(told: list[Snapshot], loads: list[bool]) -> None:
    """Some extractions are only landed, and loaded together with the next one."""
    with _folder() as folder:
        for number, snapshot in enumerate(told):
            project = _laid(folder, snapshot)
            starlode.run(project, only=None if loads[number] or number + 1 == len(told) else "land")

        assert starlode.check(project) == ()
        _holds(project, told)
        before = projects.star(project)
        projects.lose(project)
        starlode.run(project)
        assert projects.star(project) == before


def _holds(project: starlode.Project, told: list[Snapshot]) -> None:
    stream = project.stream("shop.customers")
    moments = [
        datetime.fromisoformat(read_manifest(project.landing, stream, number).created_at)
        for number in numbers(project.landing, stream)
    ]
    found = projects.rows(
        project,
        "select customer_id, city, valid_from, valid_to, is_current from star.dim_customer where customer_key > 0",
    )
    flags = dict(projects.rows(project, "select customer_id, is_deleted from star.dim_marked where marked_key > 0"))
    for key in ("C1", "C2"):
        rows, ends = _life(key, told, moments)
        versions = [version for version in found if version[0] == key]
        is_away = bool(ends) and ends[-1][1]
        assert flags.get(key, False) == is_away
        assert any(is_current for *_, is_current in versions) == (bool(rows) and not is_away)
        for moment in {
            probe for at in (*rows, *moments) for probe in (at, at + timedelta(hours=1), at - timedelta(hours=1))
        }:
            seen = [city for _, city, begins, until, _ in versions if begins <= moment < until]
            assert seen == _true_at(moment, rows, ends)


def _life(key: str, told: list[Snapshot], moments: list[datetime]) -> tuple[dict[datetime, str], Ends]:
    """What a source told of a customer by its moment, and when they left it; the last may still be away."""
    rows: dict[datetime, str] = {}
    ends: Ends = []
    is_there = False
    for snapshot, moment in zip(told, moments, strict=True):
        if key in snapshot:
            city, at = snapshot[key]
            rows[at] = city
            if ends and ends[-1][1]:
                end = ends.pop()[0]
                ends += [(end, False)] if at >= end else []
        elif is_there:
            ends.append((moment, True))
        is_there = key in snapshot
    return rows, ends


def _true_at(moment: datetime, rows: dict[datetime, str], ends: Ends) -> list[str]:
    """The city of a moment, or none before the first row and between an end and the next row."""
    if not rows:
        return []
    begun = [at for at in rows if at <= moment]
    if ends and ends[-1][1]:
        last = max(ends[-1][0], min(rows) + timedelta(microseconds=1))
        if moment >= last:
            return []
    gone = [
        end
        for number, (end, _) in enumerate(ends)
        if end <= moment
        and any(at >= end and (number + 1 == len(ends) or at < ends[number + 1][0]) for at in rows)
        and not any(end <= at <= moment for at in rows)
    ]
    return [] if gone or not begun else [rows[max(begun)]]


def _laid(folder: Path, snapshot: Snapshot) -> starlode.Project:
    lines = [f"{key},{city},{at}" for key, (city, at) in snapshot.items()]
    text = "\n".join(["customer_id,city,changed_at", "C0,Oslo,2024-01-01 00:00:00", *lines])
    return projects.project(folder, {"data/customers.csv": text + "\n"})


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(mkdtemp(prefix="starlode-"))
    try:
        yield projects.write(path, {"starlode.yml": PROJECT})
    finally:
        shutil.rmtree(path)
