"""Statements that let the versions of a deleted member end, and begin again with its return.

A life is the time from one end to the next. Rows get the end of the life that they fall into, as `until`: no version lasts
longer, and rows of two lives are never repeats of each other. For history by load time, what the dimension holds shows
where lives ended before, and a new one ends now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.deletes import BACK, MOMENT, is_away
from starlode.sql.dialect import HIGH_DATE, counted
from starlode.sql.dimension import (
    IS_CURRENT,
    IS_DELETED,
    IS_INFERRED,
    LOAD_KEY,
    UNTIL,
    VALID_FROM,
    VALID_TO,
    WORK_CHAIN,
    WORK_ENDS,
    WORK_LIVES,
    WORK_SEEN,
)
from starlode.table import TIMESTAMP

if TYPE_CHECKING:
    from starlode.sql.deletes import Away
    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape


def read_ends(dialect: Dialect, shape: Shape, rows: str, away: Away) -> str:
    """The ends of lives that the rows of a work table tell of, as `ends`.

    The end of a key that is away now overrules what was told for later, but a member has lived for a moment at least. An
    earlier end holds if the key was told of again before the next: that was its return.
    """
    q, own = dialect.quote, dialect.own
    ends, begins, following, is_last = own("ends"), own("begins"), own("following"), own("is_last")
    keys, seen_at = dialect.names(shape.keys), own("seen_at")
    moment = f"x.{q(MOMENT)}"
    passed = ", ".join(f"x.{q(column)} as {q(name)}" for column, name in zip(away[1], shape.keys, strict=True))
    life = f"over (partition by {dialect.names(away[1], 'x')} order by {moment})"
    joined = " and ".join(f"t.{q(name)} = f.{q(name)}" for name in shape.keys)
    again = " and ".join(f"r.{q(name)} = t.{q(name)}" for name in shape.keys)
    at_least = dialect.next_moment(f"f.{begins}")
    return (
        f"{dialect.create_work} {WORK_ENDS} as\n"
        f"with told as (\n"
        f"        select {passed}, {moment} as {ends}, x.{q(BACK)} is null as {is_last},\n"
        f"               coalesce(lead({moment}) {life}, {dialect.moment(HIGH_DATE)}) as {following}\n"
        f"          from {dialect.table(away[0])} as x where {moment} is not null),\n"
        f"     begun as (select {keys}, min({seen_at}) as {begins} from {rows} group by {keys})\n"
        f"select {dialect.names(shape.keys, 't')}, t.{is_last},\n"
        f"       case when t.{is_last} then greatest(t.{ends}, {at_least}) else t.{ends} end as {ends}\n"
        f"  from told as t join begun as f on {joined}\n"
        f" where t.{is_last} or exists (select 1 from {rows} as r\n"
        f"                               where {again} and r.{seen_at} >= t.{ends} and r.{seen_at} < t.{following})"
    )


def add_away(dialect: Dialect, shape: Shape, moment: str, away: Away) -> str:
    """Add the versions of members that are away now and still current to those that are looked at."""
    q = dialect.quote
    names = (*shape.keys, *(c.name for c in shape.attributes))
    table = dialect.table(shape.dimension.table)
    member = " and ".join(f"m.{q(name)} = d.{q(name)}" for name in shape.keys)
    looked_at = " and ".join(f"w.{q(name)} = d.{q(name)}" for name in shape.keys)
    is_gone = is_away(dialect, away, shape.dimension, "d")
    return (
        f"insert into {WORK_SEEN} ({dialect.names(names)}, {dialect.own('seen_at')})\n"
        f"select {dialect.names(names, 'd')}, d.{q(VALID_FROM)}\n  from {table} as d\n"
        f" where d.{q(shape.dimension.key_column)} > 0 and not d.{IS_INFERRED}\n   and {is_gone}\n"
        f"   and d.{VALID_FROM} <= cast({dialect.text(moment)} as {dialect.type(TIMESTAMP)})\n"
        f"   and exists (select 1 from {table} as m where {member} and m.{IS_CURRENT})\n"
        f"   and not exists (select 1 from {WORK_CHAIN} as w where {looked_at})"
    )


def read_ends_now(dialect: Dialect, shape: Shape, moment: str, away: Away) -> str:
    """The ends of lives in a dimension whose history is that of its loads, as `ends`: where it has gaps, and now."""
    q, own = dialect.quote, dialect.own
    d = dialect.table(shape.dimension.table)
    same = " and ".join(f"n.{q(name)} = d.{q(name)}" for name in shape.keys)
    looked_at = " and ".join(f"w.{q(name)} = d.{q(name)}" for name in shape.keys)
    now = f"cast({dialect.text(moment)} as {dialect.type(TIMESTAMP)})"
    last = dialect.next_moment(f"max(s.{own('seen_at')})")
    is_gone = is_away(dialect, away, shape.dimension, "s")
    return (
        f"{dialect.create_work} {WORK_ENDS} as\n"
        f"select {dialect.names(shape.keys, 'd')}, false as {own('is_last')}, d.{VALID_TO} as {own('ends')}\n"
        f"  from {d} as d\n"
        f" where d.{q(shape.dimension.key_column)} > 0 and d.{VALID_TO} < {dialect.moment(HIGH_DATE)}\n"
        f"   and exists (select 1 from {WORK_SEEN} as w where {looked_at})\n"
        f"   and not exists (select 1 from {d} as n where {same} and n.{VALID_FROM} = d.{VALID_TO})\n"
        f"union all\n"
        f"select {dialect.names(shape.keys, 's')}, true, greatest({now}, {last})\n"
        f"  from {WORK_SEEN} as s\n where {is_gone}\n group by {dialect.names(shape.keys, 's')}"
    )


def cut_lives(dialect: Dialect, shape: Shape, rows: str) -> str:
    """The rows of a work table with the end of their life, as `lives`; what was told for after the last one is left out."""
    q, own = dialect.quote, dialect.own
    ends, after, is_last, seen_at = own("ends"), own("after"), own("is_last"), f"r.{own('seen_at')}"
    keys = dialect.names(shape.keys)
    same = " and ".join(f"e.{q(name)} = r.{q(name)}" for name in shape.keys)
    spans = f"select *, lag({ends}) over (partition by {keys} order by {ends}) as {after} from {WORK_ENDS}"
    return (
        f"{dialect.create_work} {WORK_LIVES} as\n"
        f"select r.*, coalesce(e.{ends}, {dialect.moment(HIGH_DATE)}) as {own(UNTIL)}\n"
        f"  from {rows} as r\n"
        f"  left join ({spans}) as e\n"
        f"    on {same} and (e.{after} is null or {seen_at} >= e.{after}) and {seen_at} < e.{ends}\n"
        f" where not exists (select 1 from {WORK_ENDS} as e\n"
        f"                    where {same} and e.{is_last} and {seen_at} >= e.{ends})"
    )


def count_flags(dialect: Dialect, shape: Shape, away: Away) -> str:
    """How many rows of members are deleted now and were not before, and the other way round."""
    was, is_now = dialect.own("was"), dialect.own("is_now")
    return (
        f"select {counted(f'{is_now} and not {was}')}, {counted(f'{was} and not {is_now}')}\n"
        f"  from (select coalesce(d.{IS_DELETED}, false) as {was}, {is_away(dialect, away, shape.dimension, 'd')} as {is_now}\n"
        f"          from {dialect.table(shape.dimension.table)} as d\n"
        f"         where d.{dialect.quote(shape.dimension.key_column)} > 0) as flags"
    )


def count_flagged_anew(dialect: Dialect, shape: Shape, away: Away) -> str:
    """How many rows say what is not so any more."""
    return f"select count(*) from {dialect.table(shape.dimension.table)} as d\n where {is_flagged_anew(dialect, shape, away)}"


def is_flagged_anew(dialect: Dialect, shape: Shape, away: Away) -> str:
    """The condition of rows `d` whose mark says what is not so any more."""
    is_now = is_away(dialect, away, shape.dimension, "d")
    return f"d.{dialect.quote(shape.dimension.key_column)} > 0 and coalesce(d.{IS_DELETED}, false) <> {is_now}"


def flag_deleted(dialect: Dialect, shape: Shape, away: Away, load_key: int) -> str:
    """Let every version of a member say whether it is deleted."""
    return (
        f"update {dialect.table(shape.dimension.table)} as d\n"
        f"   set {IS_DELETED} = not coalesce({IS_DELETED}, false), {LOAD_KEY} = {load_key}\n"
        f" where {is_flagged_anew(dialect, shape, away)}"
    )
