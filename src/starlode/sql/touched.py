"""Statements that find what the changes of streams touch in a model: driving rows first, then the keys that they stand for.

A key (of a dimension) or a value of the grain (of a fact) is touched when a row that it came from, or comes from now, has
changed. All driving rows of the touched keys are then read again, so that what is derived of a key is the same as in a build
of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from starlode.sql.driving import numbered
from starlode.sql.following import changed_rows, rows_before, rows_gone
from starlode.sql.select import DRIVING, settle, shown, standing
from starlode.sql.staging import LOAD_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sql.dialect import Dialect
    from starlode.sql.reach import Reach
    from starlode.table import Column, Table

WORK_IDS = "__starlode_ids"
WORK_TOUCHED = "__starlode_touched"
WORK_TABLES = (WORK_IDS, WORK_TOUCHED)


def newer(dialect: Dialect, since: int) -> str:
    """The condition of driving rows that are new since a load."""
    return f"{dialect.quote(LOAD_COLUMN)} > {since}"


def within(dialect: Dialect) -> str:
    """The condition of driving rows that are read again."""
    return f"{dialect.row_id} in (select {dialect.own('number')} from {WORK_IDS})"


def find_rows(dialect: Dialect, reach: Reach, places: Mapping[str, Table], changed: frozenset[str], since: int) -> str:
    """The numbers of the driving rows that are new since a load, or belong to rows of other streams that changed."""
    q, driving, number = dialect.quote, places[reach.stream], dialect.own("number")
    found = [
        f"select {dialect.row_id} as {number} from {dialect.table(driving)} where {q(LOAD_COLUMN)} > {since}",
    ]
    for cut in reach.cuts:
        if cut.stream in changed:
            place = places[cut.stream]
            texts = {
                reach.spot: numbered(dialect, driving, _seen(reach, driving)),
                cut.spot: changed_rows(dialect, place, _seen(reach, place), since),
            }
            found.append(
                f"select {q(DRIVING)} as {number} from (\n{_said(dialect, cut.tree, places, texts)}\n  ) as cut"
            )
    listed = "\nunion all\n".join(found)
    return f"{dialect.create_work} {WORK_IDS} as\nselect distinct {number} from (\n{listed}\n  ) as found"


def find_keys(
    dialect: Dialect, reach: Reach, places: Mapping[str, Table], columns: tuple[Column, ...], since: int, rows: str
) -> str:
    """The keys of driving rows that a condition names, and of those that were there before."""
    driving = places[reach.stream]
    names = ", ".join(dialect.shown(name) for name in _seen(reach, driving))
    now = numbered(dialect, driving, _seen(reach, driving), rows)
    gone = f"select *, null as {dialect.quote(DRIVING)} from (\n{rows_gone(dialect, driving, names, since)}) as gone"
    if reach.own is not None:
        tree = _own(reach)
        texts = [_said(dialect, tree, places, {reach.spot: text}) for text in (now, gone)]
    else:
        old = f"{dialect.quote(LOAD_COLUMN)} <= {since} and {rows}"
        before = {
            number: rows_before(dialect, places[stream], _seen(reach, places[stream]), since)
            for number, stream in reach.spots.items()
        } | {reach.spot: f"{numbered(dialect, driving, _seen(reach, driving), old)}\nunion all\n{gone}"}
        texts = [_said(dialect, reach.base, places, spots) for spots in ({reach.spot: now}, before)]
    typed = ", ".join(f"{dialect.cast(dialect.quote(c.name), c.type)} as {dialect.quote(c.name)}" for c in columns)
    given = (*(c.name for c in columns), DRIVING)
    listed = "\nunion all\n".join(f"select {typed} from {dialect.named_rows(text, 'said', given)}" for text in texts)
    return f"{dialect.create_work} {WORK_TOUCHED} as\nselect distinct * from (\n{listed}\n  ) as found"


def add_keys(dialect: Dialect, select: str, columns: tuple[Column, ...]) -> str:
    """Take in the keys that a SELECT gives."""
    q = dialect.quote
    typed = ", ".join(f"{dialect.cast(f'a.{q(c.name)}', c.type)} as {q(c.name)}" for c in columns)
    return (
        f"insert into {WORK_TOUCHED} ({dialect.names(tuple(c.name for c in columns))})\n"
        f"select {typed} from (\n{select}\n  ) as a\n"
        f"{dialect.minus}\nselect {dialect.names(tuple(c.name for c in columns))} from {WORK_TOUCHED}"
    )


def add_rows(dialect: Dialect, reach: Reach, places: Mapping[str, Table], columns: tuple[Column, ...]) -> str:
    """Read again every driving row of a touched key."""
    q, driving, number = dialect.quote, places[reach.stream], dialect.own("number")
    tree = _own(reach) if reach.own is not None else reach.base
    text = _said(dialect, tree, places, {reach.spot: numbered(dialect, driving, _seen(reach, driving))})
    typed = [dialect.cast(f"k.{q(c.name)}", c.type) for c in columns]
    return (
        f"insert into {WORK_IDS} ({number})\n"
        f"select distinct k.{q(DRIVING)}\n  from {dialect.named_rows(text, 'k', (*(c.name for c in columns), DRIVING))}\n"
        f" where {dialect.among(typed, tuple(c.name for c in columns), WORK_TOUCHED)}\n"
        f"   and k.{q(DRIVING)} not in (select {number} from {WORK_IDS})"
    )


def only_touched(dialect: Dialect, select: str, columns: tuple[Column, ...]) -> str:
    """The rows of a SELECT whose key is touched."""
    q = dialect.quote
    same = " and ".join(dialect.agree(f"t.{q(c.name)}", f"s.{q(c.name)}") for c in columns)
    return f"select * from (\n{select}\n  ) as s\n where exists (select 1 from {WORK_TOUCHED} as t where {same})"


def count_rows(dialect: Dialect) -> str:
    """How many keys are touched."""
    return f"select count(*) from {dialect.quote(WORK_TOUCHED)}"


def is_touched(dialect: Dialect, names: tuple[str, ...], alias: str) -> str:
    """The condition of rows of a model whose key is touched."""
    return dialect.among([f"{alias}.{dialect.quote(name)}" for name in names], names, WORK_TOUCHED)


def _own(reach: Reach) -> exp.Select:
    """The keys of the driving rows, said by the driving stream alone, with the number of the row."""
    given = [exp.alias_(e.copy(), name, quoted=True) for name, e in (reach.own or {}).items()]
    number = exp.column(DRIVING, table=reach.driving.alias_or_name, quoted=True)
    return exp.select(*given, number).from_(reach.driving.copy())


def _seen(reach: Reach, place: Table) -> tuple[str, ...]:
    return shown(reach.tree, place)


def _said(dialect: Dialect, tree: exp.Select, places: Mapping[str, Table], spots: Mapping[int, str]) -> str:
    return dialect.say(settle(standing(tree, spots), places, dialect), pretty=True)
