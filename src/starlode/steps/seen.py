"""What was ever seen of a keyed stream, kept beside its current state for dimensions with history.

It only grows: neither a file that is overwritten nor a full read takes away what was true when it was read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.finding import Finding
from starlode.session import Reshape
from starlode.sql import staging
from starlode.steps.arrival import load_files
from starlode.steps.following import begin, follow
from starlode.table import widen
from starlode.words import counted

if TYPE_CHECKING:
    from starlode.source import Stream
    from starlode.steps.arrival import Batch
    from starlode.steps.following import Following
    from starlode.table import Column, Table
    from starlode.work import Work


def keep_seen(work: Work, batch: Batch, identity: tuple[str, ...], settled: int) -> None:
    """Append every row of the batch to what was ever seen of the stream.

    Of a file that was read before, a row that is said again takes the old one's place, and what it no longer says stays: a
    file that is overwritten with today's state would take the history with it otherwise.
    """
    held = work.session.columns(staging.seen_table(batch.stream))
    seen = _open_seen(work, batch, held)
    followed = follow(work, seen, batch.load_key, settled)
    load_files(work, batch, seen)
    if held and (batch.manifest.replaces or batch.stream.is_of_moments):
        files = None if batch.stream.is_of_moments else batch.manifest.replaces
        _take_out(work, batch, followed, (identity, files))


def keep_changed(work: Work, batch: Batch, identity: tuple[str, ...], settled: int) -> None:
    """Append what a full extract added or changed; what it says again was seen before."""
    session, dialect = work.session, work.session.dialect
    seen = _open_seen(work, batch, session.columns(staging.seen_table(batch.stream)))
    followed = follow(work, seen, batch.load_key, settled)
    current = staging.staging_table(batch.stream, batch.columns)
    session.execute(staging.add_loaded(dialect, current, replace(seen, columns=current.columns), batch.load_key))
    _take_out(work, batch, followed, (identity, None))


def _open_seen(work: Work, batch: Batch, held: tuple[Column, ...]) -> Table:
    """What was ever seen of the stream, with the columns that hold the batch too."""
    session, dialect = work.session, work.session.dialect
    seen = staging.seen_table(batch.stream, _holding(batch, held))
    known = {column.name: column.type for column in held}
    if not held:
        session.execute(staging.create(dialect, seen))
        session.find_by(seen, (staging.LOAD_COLUMN,), grows=True)
    change = Reshape(
        added=tuple(c for c in seen.columns if held and c.name not in known),
        retyped=tuple(c for c in seen.columns if c.name in known and known[c.name] != c.type),
    )
    if not change.is_nothing:
        session.reshape(seen, change)
    return seen


def _take_out(
    work: Work, batch: Batch, followed: Following, said: tuple[tuple[str, ...], tuple[str, ...] | None]
) -> None:
    """Forget the earlier rows that the newest load says again, of some files or of all."""
    session, dialect = work.session, work.session.dialect
    identity, files = said
    followed.goes(staging.is_said_again(dialect, followed.table, identity, files, batch.load_key))
    session.execute(staging.delete_said_again(dialect, followed.table, identity, files, batch.load_key))


def replace_seen(work: Work, batch: Batch, identity: tuple[str, ...]) -> tuple[Finding, ...]:
    """Build what was seen anew from a full extract, and keep what it does not say again: it was true when it was read.

    Rows that the stream, as it is declared now, could not hold are left out and told.
    """
    session, dialect, stream = work.session, work.session.dialect, batch.stream
    old = staging.seen_table(stream)
    held = session.columns(old)
    new = staging.seen_table(stream, _holding(batch, held))
    beside = staging.beside(new)
    session.execute(staging.create(dialect, beside))
    load_files(work, batch, beside)
    unfit = 0
    if held:
        kept = replace(old, columns=held)
        changed = None if stream.mode == "full" or stream.is_of_moments else batch.manifest.replaces
        said_again = staging.said_again(dialect, beside, identity, changed)
        unfit = session.rows(staging.count_unfit(dialect, kept, beside, said_again, stream.key))[0][0]
        session.execute(staging.keep_unsaid(dialect, kept, beside, said_again, stream.key))
    session.swap(new, beside)
    begin(work, new, batch.load_key)
    return _unfit(batch, unfit)


def identity(batch: Batch, moments: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell one state of a member from the next: its key and its moment, or else all of them."""
    names = tuple(column.name for column in batch.columns)
    since = (batch.stream.since,) if batch.stream.since else ()
    when = moments if moments and set(moments) <= set(names) else since
    return (*batch.stream.key, *when) if when else names


def _holding(batch: Batch, held: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns that hold the batch and what was seen before it; a type that is declared holds whatever was seen."""
    known = {column.name: column for column in held}
    names = {column.name for column in batch.columns}
    columns = tuple(_wider(batch.stream, known.get(column.name), column) for column in batch.columns)
    return (*columns, *(column for column in held if column.name not in names))


def _wider(stream: Stream, held: Column | None, column: Column) -> Column:
    if held is None or column.name in stream.types:
        return column
    return replace(column, type=widen(held.type, column.type) or column.type)


def _unfit(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = (
        f"{counted(count, 'row')} of its history cannot be read as the stream is declared now and left it; "
        "the landing keeps them"
    )
    return (Finding("history left out", str(batch.stream), "warning", message, found=str(count)),)
