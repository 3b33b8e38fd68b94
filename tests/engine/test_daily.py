"""A daily fact says of each key and day what a reader of all states would say, however the states came."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import starlode
from tests import projects
from tests.thorough import few

pytestmark = pytest.mark.usefixtures("every_warehouse")

PROJECT = """
name: bank
sources:
  bank:
    files: data
    streams:
      states: {files: "states/*.jsonl", key: state_id, types: {at: timestamp, amount: integer, account: text}}
dimensions:
  date: {calendar: 2024..2024}
facts:
  balance:
    from: bank.states
    kind: daily
    grain: account
    at: at
    dims: {date: day}
    measures: {amount: last}
"""
START = datetime(2024, 1, 1)
Days = dict[tuple[str, date], int]


@dataclass(frozen=True)
class State:
    """A balance that holds from a moment on."""

    state_id: int
    account: str
    hour: int
    amount: int

    @property
    def at(self) -> datetime:
        return START + timedelta(hours=self.hour)


@st.composite
def batches(draw: st.DrawFn) -> list[list[State]]:
    """States in any order, some of them corrected by a later batch; no account has two at one moment."""
    places = st.tuples(st.sampled_from("ABC"), st.integers(0, 240))
    told = draw(st.lists(st.tuples(places, st.integers(0, 3)), unique_by=lambda one: one[0], min_size=1, max_size=14))
    states = [State(number, account, hour, amount) for number, ((account, hour), amount) in enumerate(told)]
    corrected = [State(s.state_id, s.account, s.hour, s.amount + 10) for s in states if draw(st.booleans())]
    cut = draw(st.integers(1, len(states)))
    return [batch for batch in (states[:cut], states[cut:], corrected) if batch]


def expected(states: list[State]) -> Days:
    """The days as one would write them down by hand."""
    last = max(state.at.date() for state in states)
    found: Days = {}
    for state in sorted(states, key=lambda s: s.at):
        day = state.at.date()
        while day <= last:
            found[state.account, day] = state.amount
            day += timedelta(days=1)
    return found


@settings(
    max_examples=few(10),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(told=batches())
def test_each_day_holds_its_last_state(told: list[list[State]]) -> None:
    folder = Path(mkdtemp())
    known: dict[int, State] = {}
    try:
        project = projects.project(folder, {"starlode.yml": PROJECT})
        for number, batch in enumerate(told):
            projects.write(folder, {f"data/states/{number}.jsonl": "".join(map(_line, batch))})
            known |= {state.state_id: state for state in batch}

            starlode.run(project)

            rows = projects.rows(project, "select account, day, amount from star.fact_balance")
            assert {(account, day): amount for account, day, amount in rows} == expected([*known.values()])
            assert len(rows) == len(expected([*known.values()]))
    finally:
        shutil.rmtree(folder)


def _line(state: State) -> str:
    row = {"state_id": state.state_id, "account": state.account, "at": str(state.at), "amount": state.amount}
    return json.dumps(row) + "\n"
