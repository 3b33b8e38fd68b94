"""Making an edition of the star: what changed in each table since the last one, found by the keys of its loads.

It is proved by number: what a table had, without what went and with what came, is what it has. Where that does not hold, or
cannot be told at all, the table is written as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.edition import Changes, Edition, Part, commit, folder_of, numbers, read_edition
from starlode.landing import now
from starlode.parts import PartWriter
from starlode.session import slices_of
from starlode.sql import edition as sql
from starlode.sql import ledger as ledger_sql
from starlode.sql.before import before_table
from starlode.sql.keys import key_map
from starlode.star import Fact
from starlode.work import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.landing import LandedFile
    from starlode.session import Session
    from starlode.star import Dimension, Star
    from starlode.step import Deliver
    from starlode.store import Store
    from starlode.table import Table
    from starlode.work import Work

# A table whose changes since it was last written whole are more than its rows, and more than these, is written whole again.
LEAST_DRIFT = 10_000


@dataclass(frozen=True)
class Made:
    """An edition that was made, and how many rows of its tables came, changed and went in it."""

    edition: Edition
    inserted: int
    updated: int
    deleted: int
    bytes: int


def is_owed(landing: Store, session: Session) -> bool:
    """Whether something was loaded or built since the last edition."""
    last = _newest(landing)
    found = session.rows(sql.newest_data_load(session.dialect))[0][0]
    return bool(found > (last.load_key if last else 0))


def make(step: Deliver, work: Work, load_key: int) -> Made:
    """Write what changed since the last edition, and last the manifest of the next one."""
    last = _newest(work.landing)
    maker = _Maker(step, work, last, (last.number if last else 0) + 1)
    counts, tables = [0, 0, 0], []
    for table, identity in tables_of(work):
        part, changed = maker.part(table, identity)
        counts = [total + more for total, more in zip(counts, changed, strict=True)]
        tables.append(part)
    lines = maker.lines(last.run_id if last else "")
    at = now().isoformat(timespec="microseconds")
    edition = Edition(maker.number, work.ledger.run_id, load_key, at, tuple(tables), lines)
    commit(work.landing, edition)
    size = sum(file.bytes for part in tables for file in part.files)
    inserted, updated, deleted = counts
    return Made(edition, inserted, updated, deleted, size)


def tables_of(work: Work) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """The tables of the star that are built, each with what tells its rows apart, and the maps of their keys."""
    star = work.project.star
    models: tuple[Dimension | Fact, ...] = (*star.dimensions, *star.facts)
    for model in models:
        held = replace(model.table, columns=work.session.columns(model.table))
        if held.columns:
            yield held, identity_of(model)
    for dimension in star.dimensions:
        pairs = key_map(dimension)
        held = replace(pairs, columns=work.session.columns(pairs))
        if held.columns:
            yield held, (dimension.key_column,)


def identity_of(model: Dimension | Fact) -> tuple[str, ...]:
    """What tells the rows of a model's table apart."""
    return model.grain if isinstance(model, Fact) else (model.key_column,)


class _Maker:
    """Writes the parts of one edition."""

    def __init__(self, step: Deliver, work: Work, last: Edition | None, number: int) -> None:
        self._step = step
        self._work = work
        self._last = last
        self._since = last.load_key if last else 0
        self.number = number
        session = work.session
        self._is_undone = bool(session.rows(sql.count_undone(session.dialect, self._since))[0][0])
        loads = session.rows(ledger_sql.newest_loads(session.dialect))
        self._digests = {name: digest for verb, name, digest, *_ in loads if verb == "build"}

    def part(self, table: Table, identity: tuple[str, ...]) -> tuple[Part, tuple[int, int, int]]:
        """A table's part, and how many of its rows came, changed and went."""
        session, dialect = self._work.session, self._work.session.dialect
        known = self._last.part(table) if self._last else None
        of = _model_of(table, self._work.project.star)
        rows = int(session.rows(sql.count(dialect, table, "true"))[0][0])
        base = Part(table, identity, rows, digest=self._digests.get(of, ""))
        if table.name != of:
            base = replace(base, highest=int(session.rows(sql.highest(dialect, table, identity[0]))[0][0]))
        if known is None or not self._can_be_told(base, known, of):
            return self._whole(base), (rows, 0, 0) if known is None and table.name == of else (0, 0, 0)
        base = replace(base, whole_in=known.whole_in, drift=known.drift)
        return self._changes(base, known) if table.name == of else self._pairs(base, known)

    def lines(self, run_id: str) -> tuple[LandedFile, ...]:
        """What the ledger was told by the runs since the last edition was made."""
        session, dialect = self._work.session, self._work.session.dialect
        found = (run for run, *_ in session.rows(sql.lines_of_runs(dialect, run_id)))
        runs = tuple(dict.fromkeys((*found, self._work.ledger.run_id)))
        return self._written(sql.lines_table(), sql.all_lines(dialect, runs), "came")

    def _can_be_told(self, base: Part, known: Part, of: str) -> bool:
        """Whether the loads tell what changed: not after an undo, nor where the declaration or the columns are others.

        A fact's rows get a new load with a value in a new column; members that were inferred may be called anew in place.
        """
        held = {column.name: column.type for column in base.table.columns}
        keeps = all(held.get(column.name) == column.type for column in known.table.columns)
        if len(held) > len(known.table.columns):
            keeps = keeps and any(fact.table.name == of for fact in self._work.project.star.facts)
        return keeps and base.digest == known.digest and not self._is_undone and of not in self._step.whole

    def _changes(self, base: Part, known: Part) -> tuple[Part, tuple[int, int, int]]:
        session, dialect, table, since = self._work.session, self._work.session.dialect, base.table, self._since
        came = int(session.rows(sql.count(dialect, table, sql.since(since)))[0][0])
        went = gone = 0
        if session.columns(before_table(table)):
            went, gone = session.rows(sql.count_went(dialect, table, base.identity, since))[0]
        if base.rows != known.rows - went + came:
            return self._whole(base), (0, 0, 0)
        if not came and not went:
            return base, (0, 0, 0)
        lost: tuple[LandedFile, ...] = ()
        if went:
            identities = replace(table, columns=tuple(c for c in table.columns if c.name in base.identity))
            lost = self._written(identities, sql.went(dialect, table, base.identity, since), "went")
        files = self._written(table, sql.rows(dialect, table, sql.since(since)), "came")
        part = replace(base, changes=Changes(files, lost, came, went), drift=base.drift + came + went)
        if part.drift > max(part.rows, LEAST_DRIFT):
            part = replace(self._whole(part), changes=part.changes)
        return part, (came - went + gone, went - gone, gone)

    def _pairs(self, base: Part, known: Part) -> tuple[Part, tuple[int, int, int]]:
        """The map of a dimension's keys, to which pairs are only added; those of new keys can be told."""
        session, dialect, key = self._work.session, self._work.session.dialect, base.identity[0]
        is_new = sql.above(dialect, key, known.highest)
        came = int(session.rows(sql.count(dialect, base.table, is_new))[0][0])
        if base.rows != known.rows + came:
            return self._whole(base), (0, 0, 0)
        if not came:
            return base, (0, 0, 0)
        files = self._written(base.table, sql.rows(dialect, base.table, is_new), "came")
        part = replace(base, changes=Changes(files, (), came, 0), drift=base.drift + came)
        return part, (0, 0, 0)

    def _whole(self, base: Part) -> Part:
        files = self._written(base.table, sql.rows(self._work.session.dialect, base.table), "whole")
        return replace(base, whole=files, whole_in=self.number, drift=0)

    def _written(self, table: Table, select: str, kind: str) -> tuple[LandedFile, ...]:
        """The rows of a SELECT as files of the edition."""
        work = self._work
        folder = folder_of(self.number, work.ledger.run_id, table, kind)
        with PartWriter(work.landing, folder, slices_of(work.target)) as parts:
            for batch in work.session.arrow(select):
                parts.write(batch)
                work.listen(Progress(self._step, parts.rows + batch.num_rows, 0))
        return tuple(parts.files)


def _newest(landing: Store) -> Edition | None:
    known = numbers(landing)
    return read_edition(landing, known[-1]) if known else None


def _model_of(table: Table, star: Star) -> str:
    """The table of the star that a table is or remembers the keys of."""
    return next((d.table.name for d in star.dimensions if key_map(d).name == table.name), table.name)
