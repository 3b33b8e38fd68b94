"""Statements that lay states out by days: for each key and day the last state, carried forward over days without one.

States are what the SELECT of a daily fact gives. The days of a key begin with its first state and end, for all keys, with the
last day of which any state speaks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.star import DAY
from starlode.table import TIMESTAMP

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Fact
    from starlode.table import Column

WORK_STATES = "__starlode_states"


def set_aside(rows: str) -> str:
    """Let the rows that were read be called states, so that their days can take their name."""
    return f"alter table {rows} rename to {WORK_STATES}"


def span(dialect: Dialect, fact: Fact) -> str:
    """The first and the last day of all states."""
    day = _day(dialect, fact)
    return f"select min({day}), max({day}) from {WORK_STATES}"


def count_states(dialect: Dialect, fact: Fact) -> str:
    """How many states have no moment, and on how many days of their keys there are any."""
    keys, day, at = dialect.names(fact.given_grain), _day(dialect, fact), dialect.quote(fact.at or "")
    return (
        f"select (select count(*) from {WORK_STATES} where {at} is null),\n"
        f"       (select count(*) from (select distinct {keys}, {day} from {WORK_STATES} where {at} is not null) as days)"
    )


def torn_states(dialect: Dialect, fact: Fact, given: tuple[Column, ...], limit: int) -> str:
    """The keys with states that disagree at one moment: (key as JSON, the moment's column, states)."""
    q, keys, at = dialect.quote, dialect.names(fact.given_grain), dialect.quote(fact.at or "")
    kinds = {column.name: column.type for column in given}
    key = dialect.json_object({name: dialect.json_value(q(name), kinds[name]) for name in fact.given_grain})
    return (
        f"select {key}, {dialect.text(fact.at or '')}, count(*)\n"
        f"  from (select distinct {dialect.names(tuple(kinds))} from {WORK_STATES} where {at} is not null) as states\n"
        f" group by {keys}, {at} having count(*) > 1\n order by {keys} limit {limit}"
    )


def lay_out(dialect: Dialect, fact: Fact, names: tuple[str, ...], into: str) -> str:
    """The rows of each key and day. Between states of one moment the values decide, and not the order of the rows."""
    q, own = dialect.quote, dialect.own
    keys, listed, at = dialect.names(fact.given_grain), dialect.names(names), q(fact.at or "")
    day, place, days, number = own("day"), own("place"), own("days"), own("number")
    rest = "".join(f", {q(name)} nulls last" for name in names if name not in (*fact.given_grain, fact.at))
    until = (
        f"coalesce(lead({day}) over (partition by {keys} order by {day}),\n"
        f"                        (select max({day}) from states) + 1)"
    )
    return (
        f"{dialect.create_work} {into} as\n"
        f"with states as (\n"
        f"        select {listed}, {_day(dialect, fact)} as {day},\n"
        f"               row_number() over (partition by {keys}, {_day(dialect, fact)}\n"
        f"                                  order by {at} desc{rest}) as {place}\n"
        f"          from {WORK_STATES} where {at} is not null),\n"
        f"     lasting as (\n"
        f"        select {listed}, {day},\n"
        f"               {dialect.whole_days(day, until)} as {days}\n"
        f"          from states where {place} = 1),\n"
        f"     laid as (\n{dialect.repeated('lasting', days, number)})\n"
        f"select cast({dialect.later(day, number, 'day')} as date) as {q(DAY)}, {listed}\n"
        f"  from laid"
    )


def _day(dialect: Dialect, fact: Fact) -> str:
    return f"cast({dialect.cast(dialect.quote(fact.at or ''), TIMESTAMP)} as date)"
