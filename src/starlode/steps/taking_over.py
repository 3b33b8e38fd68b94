"""Letting a warehouse take editions of the star over: the target those that it lacks, a file that was lost all of them.

Rows are loaded in bulk from the landing. What changed goes and comes by identity; a table that comes whole is compared where it
stands, so that no row is touched which is what it should be. What should have been there is counted before it goes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.errors import WarehouseError
from starlode.landing import now
from starlode.session import Reshape
from starlode.sql import dimension as dimension_sql
from starlode.sql import edition as sql
from starlode.sql import staging
from starlode.sql.dimension import LOAD_KEY
from starlode.sql.ledger import EDITION, LINES
from starlode.star import STAR_SCHEMA
from starlode.steps.arrival import places_of
from starlode.table import widen
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlode.edition import Edition, Part
    from starlode.landing import LandedFile
    from starlode.session import Session
    from starlode.star import Dimension, Star
    from starlode.store import Store
    from starlode.table import Column, Layout, Table


def take_over(session: Session, landing: Store, editions: Sequence[Edition], held: int, star: Star) -> None:
    """Bring the star of a warehouse from the edition that it holds to the newest of these; the caller's transaction.

    A table that is not there is made anew from the edition that last held all of it.
    """
    newest = editions[-1]
    for edition in (e for e in editions[:-1] if e.number >= held):
        for part in edition.tables:
            if part.table.schema == STAR_SCHEMA and newest.part(part.table) is None:
                session.execute(staging.drop(session.dialect, part.table))
    for last in newest.tables:
        if last.table.schema == STAR_SCHEMA:
            begin = held + 1 if session.columns(last.table) else last.whole_in
            _take_table(session, landing, last, [edition for edition in editions if edition.number >= begin], star)
    if held != newest.number:
        note_edition(session, newest)


def take_whole(session: Session, landing: Store, editions: Sequence[Edition], star: Star) -> None:
    """Make every table of the newest of some editions, maps of keys included, where there is nothing yet."""
    for last in editions[-1].tables:
        _take_table(session, landing, last, [e for e in editions if e.number >= last.whole_in], star)


def add_lines(session: Session, landing: Store, edition: Edition) -> None:
    """Let what the ledger wrote until an edition take the place of what is there of the same runs."""
    dialect = session.dialect
    lines = replace(sql.lines_table(), columns=edition.lines[0].columns)
    session.execute(staging.drop(dialect, lines))
    session.execute(staging.create_scratch(dialect, lines))
    _load(session, landing, lines, edition.lines)
    for table in LINES:
        session.execute(sql.forget_told(dialect, table, lines))
        session.execute(sql.add_told(dialect, table, lines))
    session.execute(staging.drop(dialect, lines))


def note_edition(session: Session, edition: Edition) -> None:
    """Write down which edition a warehouse has."""
    session.insert(EDITION, [(edition.number, edition.run_id, edition.load_key, now())])


def _take_table(session: Session, landing: Store, last: Part, editions: Sequence[Edition], star: Star) -> None:
    parts = [found for edition in editions if (found := edition.part(last.table))]
    if not any(part.is_changed for part in parts):
        return
    layout = next((table.layout for table in star.tables if table.name == last.table.name), None)
    taking = _Taking(session, landing, last, layout)
    dimension = next((d for d in star.dimensions if d.table.name == last.table.name), None)
    _beside_its_view(session, dimension, last, lambda: taking.take(parts))


def _beside_its_view(session: Session, dimension: Dimension | None, part: Part, act: Callable[[], None]) -> None:
    """Change a dimension's table with the view of its current members put aside, where it has or gets one of other columns."""
    columns = part.table.columns
    held = session.columns(part.table)
    is_shown = dimension is not None and dimension.durable_column in (column.name for column in held)
    if dimension is None or not (is_shown or dimension.durable):
        act()
        return
    if held == columns and session.columns(dimension.current) == columns:
        act()
        return

    def current() -> str | None:
        if not dimension.durable:
            return None
        now = session.columns(dimension.table)
        return dimension_sql.current_members(session.dialect, dimension_sql.held_shape(dimension, now), now)

    with session.showing(dimension.current, current):
        act()


class _Taking:
    """One table on its way to what an edition says of it."""

    def __init__(self, session: Session, landing: Store, last: Part, layout: Layout | None) -> None:
        self._session = session
        self._landing = landing
        self._last = last
        self._table = replace(last.table, layout=layout)

    def take(self, parts: Sequence[Part]) -> None:
        """Take the parts of the editions in their order; those before one that holds all rows need not be taken."""
        session = self._session
        is_new = self._shape()
        first = max((i for i, part in enumerate(parts) if _is_whole(part, is_new=is_new)), default=0)
        for place, part in enumerate(parts[first:]):
            if _is_whole(part, is_new=is_new and not place):
                self._take_whole(part)
            elif part.changes:
                self._take_changes(part)
        if self._table.schema == STAR_SCHEMA:
            session.find_by(self._table, self._last.identity)
            session.find_by(self._table, (LOAD_KEY,), grows=True)

    def _shape(self) -> bool:
        """Bring the table to its columns; whether it is new."""
        session, table = self._session, self._table
        held = {column.name: column for column in session.columns(table)}
        if not held:
            session.execute(staging.create(session.dialect, table))
            return True
        change = _reshaping(held, table.columns)
        if not change.is_nothing:
            session.reshape(table, change)
        return False

    def _take_changes(self, part: Part) -> None:
        session, dialect, table = self._session, self._session.dialect, self._table
        came = self._loaded(sql.came_table(part.table), part.changes.came if part.changes else ())
        lost = replace(part.table, columns=tuple(c for c in part.table.columns if c.name in part.identity))
        went = self._loaded(sql.went_table(lost), part.changes.went if part.changes else ())
        # A row that comes anew must not be there either.
        session.execute(sql.add_identities(dialect, went, came))
        if part.table.schema == STAR_SCHEMA:
            self._guard_there(part, went)
            session.execute(sql.take_out(dialect, table, part.identity, went))
        self._add(came)
        for those in (went, came):
            session.execute(staging.drop(dialect, those))

    def _take_whole(self, part: Part) -> None:
        """Fill the table where it is empty; else let go what differs from what should be there, and add what is missing."""
        session, dialect, table = self._session, self._session.dialect, self._table
        if not session.rows(staging.count(dialect, table))[0][0]:
            _load(session, self._landing, replace(table, columns=part.table.columns), part.whole or ())
            return
        whole = self._loaded(sql.came_table(part.table), part.whole or ())
        session.execute(sql.take_out_differing(dialect, table, part.identity, whole))
        session.execute(sql.add_missing(dialect, table, part.identity, whole))
        if session.rows(staging.count(dialect, table))[0][0] != part.rows:
            # Somebody has put rows there twice.
            session.execute(staging.empty(dialect, table))
            self._add(whole)
        session.execute(staging.drop(dialect, whole))

    def _guard_there(self, part: Part, went: Table) -> None:
        """Refuse a table that lacks rows which change, or holds some that only come now: somebody has changed it."""
        found = self._session.rows(sql.count_among(self._session.dialect, self._table, part.identity, went))[0][0]
        wanted = part.changes.rows_went if part.changes else 0
        if found != wanted:
            told = f"of {counted(wanted, 'row that changes', 'rows that change')} now, {found:,} are there"
            raise WarehouseError(
                f"{self._table} in the target is not what was loaded there: {told}",
                hint=f"somebody has changed it; `starlode rebuild {self._table.name}` brings it to what it should be",
            )

    def _add(self, those: Table) -> None:
        known = {column.name for column in self._table.columns}
        kept = replace(those, columns=tuple(column for column in those.columns if column.name in known))
        self._session.execute(sql.add(self._session.dialect, self._table, kept))

    def _loaded(self, table: Table, files: tuple[LandedFile, ...]) -> Table:
        """Landed rows in a table that feeds this one and goes with the transaction."""
        session, dialect = self._session, self._session.dialect
        session.execute(staging.drop(dialect, table))
        session.execute(staging.create_scratch(dialect, table))
        _load(session, self._landing, table, files)
        session.learn(dialect.table(table))
        return table


def _load(session: Session, landing: Store, table: Table, files: tuple[LandedFile, ...]) -> None:
    """Add landed rows to a table that has their columns."""
    landed = {column.name: column.type for column in table.columns}
    for paths in places_of(landing, session, files, landed) if files else ():
        session.load(table, paths, landed, {})


def _is_whole(part: Part, *, is_new: bool) -> bool:
    """Whether all rows of a table have to be taken: a new one has none, and else changes are quicker."""
    return part.whole is not None and (is_new or part.changes is None)


def _reshaping(held: dict[str, Column], wanted: tuple[Column, ...]) -> Reshape:
    """What makes the columns of a table those that are wanted; a type that does more than widen begins without values."""
    names = {column.name for column in wanted}
    changed = [c for c in wanted if c.name in held and held[c.name].type != c.type]
    bent = [c for c in changed if widen(held[c.name].type, c.type) != c.type]
    return Reshape(
        dropped=tuple(sorted(held.keys() - names)),
        renewed=tuple(bent),
        added=tuple(c for c in wanted if c.name not in held),
        retyped=tuple(c for c in changed if c not in bent),
    )
