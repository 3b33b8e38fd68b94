"""Keys that leave their stream: noted by the load that misses them, and what a dimension makes of it.

Only a read of the whole, or a file that changed, shows that a key is gone; an increment never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.finding import Finding
from starlode.session import Reshape
from starlode.sql import deletes as sql
from starlode.sql import dimension as dimension_sql
from starlode.sql import lives, select, staging
from starlode.steps.before import keep_before
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.project import Project
    from starlode.session import Session
    from starlode.sql.deletes import Away
    from starlode.sql.dimension import Shape
    from starlode.star import Dimension
    from starlode.step import Build
    from starlode.steps.arrival import Batch
    from starlode.table import Table
    from starlode.work import Work


def note_gone(work: Work, batch: Batch, held: Table, where: str) -> None:
    """Note the keys of the held rows `h` that a condition keeps: they leave the stream now."""
    if batch.keeps_deleted:
        _note(work, batch, sql.keys_where(work.session.dialect, batch.stream.key, held, where))


def note_missing(work: Work, batch: Batch, old: Table, new: Table) -> None:
    """Note the keys that were held and that a full extract does not tell any more."""
    types = ({c.name: c.type for c in table.columns if c.name in batch.stream.key} for table in (old, new))
    if batch.keeps_deleted and next(types) == next(types):
        _note(work, batch, sql.keys_missing(work.session.dialect, batch.stream.key, old, new))


def note_back(work: Work, batch: Batch, moments: tuple[str, ...]) -> None:
    """Note which keys a load brings back; one that comes as of a moment before it went has never been away."""
    session, dialect, stream = work.session, work.session.dialect, batch.stream
    if not session.columns(sql.deleted_table(stream)):
        return
    if not batch.keeps_deleted:
        # Kept on without its newest rows, it would be taken for whole once a dimension asks for it again.
        session.execute(staging.drop(dialect, sql.deleted_table(stream)))
        return
    tables = (ready(work, batch), staging.staging_table(stream))
    if not session.rows(sql.count_away(dialect, tables[0]))[0][0]:
        return
    told = tuple(name for name in moments if name in {column.name for column in batch.columns})
    if told:
        session.execute(sql.forget_deleted(dialect, stream, tables, told, batch.load_key))
    session.execute(sql.end_deleted(dialect, stream, tables, batch.load_key))


def away(project: Project, session: Session, dimension: Dimension) -> Away | None:
    """Where the keys that left a dimension's stream are noted, if any ever did, and the columns that hold them."""
    if dimension.deletes == "ignore" or dimension.select is None:
        return None
    tree = select.parse(dimension.select)
    driving = select.driving(tree)
    stream = project.stream(f"{driving.db}.{driving.name}") if driving else None
    columns = sql.columns_of_key(dimension, tree, stream.key) if stream else None
    if stream is None or columns is None:
        raise DataError(
            f"`deletes: {dimension.deletes}` of {dimension.table.name} needs the key of the stream that its rows come from",
            where=dimension.select.file,
            hint="pass the stream's key through the SELECT as it is, and name it in the `key` of both",
        )
    deleted = sql.deleted_table(stream)
    held = {column.name.lower(): column.name for column in session.columns(deleted)}
    return (deleted, tuple(held[name.lower()] for name in columns)) if held else None


def left_since(dimension: Dimension, step: Build, work: Work) -> str:
    """A SELECT of the keys that left their stream or came back since the last build, where that ends versions."""
    gone = away(work.project, work.session, dimension) if dimension.deletes == "close" and dimension.at else None
    return sql.moved_since(work.session.dialect, gone, dimension, step.since) if gone and step.since else ""


def ended(work: Work, shape: Shape, rows: str) -> str:
    """The work table of the rows whose lives end, as their members were deleted; the rows themselves where none was."""
    gone = away(work.project, work.session, shape.dimension)
    if gone is None or shape.dimension.deletes != "close":
        return rows
    _drop(work)
    work.session.execute(lives.read_ends(work.session.dialect, shape, rows, gone))
    return _cut(work, shape, rows)


def ended_now(work: Work, shape: Shape, moment: str) -> str:
    """The same for history by load time, where what is deleted now ends now."""
    rows, dialect, gone = (
        dimension_sql.WORK_SEEN,
        work.session.dialect,
        away(work.project, work.session, shape.dimension),
    )
    if gone is None or shape.dimension.deletes != "close":
        return rows
    _drop(work)
    work.session.execute(lives.add_away(dialect, shape, moment, gone))
    work.session.execute(lives.read_ends_now(dialect, shape, moment, gone))
    return _cut(work, shape, rows)


def marks_of(work: Work, shape: Shape) -> tuple[str, tuple[Finding, ...]]:
    """Whether a row `w` is of a member that is deleted, and what to tell of rows whose mark is about to change."""
    session, dialect, gone = work.session, work.session.dialect, _flagged(work, shape)
    if gone is None:
        return "false", ()
    is_deleted = sql.is_away(dialect, gone, shape.dimension, "w")
    set_now, unset = session.rows(lives.count_flags(dialect, shape, gone))[0]
    if set_now + unset == 0 and not work.is_on_paper:
        return is_deleted, ()
    told = f"{counted(set_now, 'row')} marked as deleted, {counted(unset, 'row')} as back"
    return is_deleted, (Finding("deleted", shape.dimension.table.name, "note", told, found=str(set_now)),)


def mark(work: Work, shape: Shape, load_key: int) -> int:
    """Mark the members that are deleted, and those no more that are back; how many rows that changes which nothing else did."""
    session, dialect, gone = work.session, work.session.dialect, _flagged(work, shape)
    count = int(session.rows(lives.count_flagged_anew(dialect, shape, gone))[0][0]) if gone else 0
    if gone and (count or work.is_on_paper):
        keep_before(work, shape.dimension.table, "d", lives.is_flagged_anew(dialect, shape, gone), load_key)
        session.execute(lives.flag_deleted(dialect, shape, gone, load_key))
    return count


def _flagged(work: Work, shape: Shape) -> Away | None:
    """Where the keys that left are noted, for a dimension that marks its deleted members."""
    return away(work.project, work.session, shape.dimension) if shape.dimension.deletes == "flag" else None


def _note(work: Work, batch: Batch, gone: str) -> None:
    work.session.execute(sql.add_deleted(work.session.dialect, ready(work, batch), gone, batch.load_key))


def ready(work: Work, batch: Batch) -> Table:
    """The table of the keys that left a stream, made or brought to the columns of its key."""
    session, dialect = work.session, work.session.dialect
    table = sql.deleted_table(batch.stream, batch.columns)
    held = {column.name: column for column in session.columns(table)}
    if set(held) != set(table.names):
        # Under another key, nothing is what it was.
        session.execute(staging.drop(dialect, table))
        session.execute(staging.create(dialect, table))
        return table
    change = Reshape(retyped=tuple(column for column in table.columns if held[column.name] != column))
    if not change.is_nothing:
        session.reshape(table, change)
    return table


def _cut(work: Work, shape: Shape, rows: str) -> str:
    work.session.learn(dimension_sql.WORK_ENDS)
    work.session.execute(lives.cut_lives(work.session.dialect, shape, rows))
    work.session.learn(dimension_sql.WORK_LIVES)
    return dimension_sql.WORK_LIVES


def _drop(work: Work) -> None:
    for name in (dimension_sql.WORK_ENDS, dimension_sql.WORK_LIVES):
        work.session.execute(staging.drop_work(work.session.dialect, name))
