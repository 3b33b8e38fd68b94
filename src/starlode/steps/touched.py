"""Narrowing a build to what changed: which keys are touched, and which driving rows those are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.sql import staging
from starlode.sql import touched as sql
from starlode.sql.chain import links
from starlode.sql.reach import Unreached, reach
from starlode.sql.select import shown
from starlode.steps.spoken import Driven

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.sql.reach import Reach
    from starlode.step import Build
    from starlode.table import Column, Table
    from starlode.work import Work

# Where more of the driving rows are concerned, reading all of them costs no more than finding them.
MOSTLY = 0.4
FEW = 100_000


@dataclass(frozen=True)
class Touched:
    """A build that is narrowed: the keys are in one work table, the driving rows that they are read from in another."""

    reach: Reach
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    within: str

    @property
    def is_own(self) -> bool:
        """Whether a driving row belongs to one key, whatever the other streams say."""
        return self.reach.own is not None


def find_touched(
    step: Build, tree: exp.Query, places: Mapping[str, Table], columns: tuple[Column, ...], work: Work, also: str = ""
) -> Touched | None:
    """Note the keys that changes since the last build touch; None where the model is better read as a whole.

    `columns` are those of the key, as the SELECT gives them; `also` is a SELECT of keys that are touched by something else.
    """
    session, dialect = work.session, work.session.dialect
    drop_touched(work)
    if not step.since:
        return None
    names = tuple(column.name for column in columns)
    followed = work.ledger.followed()
    if not all(0 < followed.get(place.name, 0) < step.since for place in places.values()):
        return None
    try:
        found = reach(tree, places, names)
    except Unreached:
        return None
    driving = places[found.stream]
    is_one_row = found.is_one_row_of(() if _is_seen(driving) else work.project.stream(found.stream).key)
    within = sql.within(dialect)
    is_joined = any(cut.stream == found.stream for cut in found.cuts)
    if is_one_row and step.changed == (found.stream,) and not is_joined and not also:
        # The rows that are new are all that there is to read, and their load tells them.
        within = sql.newer(dialect, step.since)
    else:
        session.execute(sql.find_rows(dialect, found, places, frozenset(step.changed), step.since))
        session.learn(sql.WORK_IDS)
    session.execute(sql.find_keys(dialect, found, places, columns, step.since, within))
    if also:
        session.execute(sql.add_keys(dialect, also, columns))
    session.learn(sql.WORK_TOUCHED)
    if not is_one_row or also:
        session.execute(sql.add_rows(dialect, found, places, columns))
        session.learn(sql.WORK_IDS)
    rows = session.rows(sql.count_rows(dialect))[0][0]
    if rows > FEW and rows > MOSTLY * session.rows(staging.count(dialect, driving))[0][0]:
        drop_touched(work)
        return None
    return Touched(found, names, columns, within)


def drop_touched(work: Work) -> None:
    for name in sql.WORK_TABLES:
        work.session.execute(staging.drop_work(work.session.dialect, name))


def driven(tree: exp.Query, places: Mapping[str, Table], touched: Touched | None) -> Driven | None:
    """The driving stream of a SELECT with only the rows that are read again."""
    if touched is None:
        return None
    table = links(tree)[-1].source
    place = places[touched.reach.stream]
    return Driven(table, place, shown(tree, place), is_numbered=False, within=touched.within)  # type: ignore[arg-type]


def _is_seen(table: Table) -> bool:
    return table.name.endswith(staging.SEEN)
