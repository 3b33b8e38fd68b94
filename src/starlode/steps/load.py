"""Load: landed extractions become the current state of a stream in staging.

Each extraction is one transaction with its positions, rejects, schema changes and counts. What was loaded is counted and
summed again in the warehouse and held against the manifest, so a file that went astray on the way cannot pass.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from starlode.contract import Alignment, Landed, align
from starlode.errors import DataError, StarlodeError
from starlode.finding import Finding, Reject
from starlode.landing import Manifest, read_manifest
from starlode.parts import EXACT, read_rejects, rows_of_files
from starlode.session import Reshape, Unfit
from starlode.sql import following as following_sql
from starlode.sql import merge, staging
from starlode.sql.dialect import OWN
from starlode.step import Load, Outcome
from starlode.steps.arrival import Batch, load_files, sums_of
from starlode.steps.deletes import note_back, note_gone, note_missing
from starlode.steps.doubt import settle
from starlode.steps.following import Following, begin, follow
from starlode.steps.given import guard_names
from starlode.steps.recall import recall
from starlode.steps.seen import identity, keep_changed, keep_seen, replace_seen
from starlode.steps.sieve import sieved
from starlode.words import counted
from starlode.work import Progress, Work

if TYPE_CHECKING:
    from starlode.source import Stream
    from starlode.table import Column, Table

MERGE, DIFFERENCE = f"{OWN}merge", f"{OWN}difference"
SHRINKS_BELOW = 0.5
# A full extract that changes a larger part of its table takes its place as a whole.
MOSTLY = 0.5


def load(step: Load, work: Work) -> Outcome:
    """Load the extractions in their order, from the last full one on: what a full extract replaces is not loaded first.

    Only a stream whose history or whose deletions are kept takes in those before it too, as far as they can be loaded.
    """
    manifests = [read_manifest(work.landing, step.stream, number) for number in step.numbers]
    # An empty extract is refused for what it would empty, so the first load begins before it.
    is_first = not work.session.columns(staging.staging_table(step.stream))
    full = [i for i, m in enumerate(manifests) if m.mode == "full" and (m.rows or not is_first)]
    needed = full[-1] if full else 0
    _guard_changed(step, work, manifests[needed:])
    total, left_out = Outcome(), Outcome()
    for place, manifest in enumerate(manifests):
        if place < needed and not (step.keeps_seen or step.keeps_deleted):
            continue
        try:
            outcome = _load_whole(step, work, manifest, left_out.findings)
        except StarlodeError as error:
            if place >= needed:
                raise
            left_out = _add(left_out, Outcome(findings=(_left_out(manifest, error),)))
            continue
        left_out = Outcome()
        total = _add(total, outcome)
        work.listen(Progress(step, total.rows_in, total.bytes))
    return total


def _load_whole(step: Load, work: Work, manifest: Manifest, findings: tuple[Finding, ...]) -> Outcome:
    """Load an extraction in a transaction of its own, with what is to be said of those before it."""
    try:
        return _recorded(step, work, manifest, Outcome(findings=findings))
    except Unfit:
        # What was begun is undone. The rows that do fit are loaded instead of it.
        with sieved(work, step.stream, manifest) as fit:
            left_out = manifest.rows - fit.rows
            if not left_out:
                raise
            return _recorded(step, work, fit, Outcome(rows_in=left_out, rejected=left_out, findings=findings))


def _recorded(step: Load, work: Work, manifest: Manifest, before: Outcome) -> Outcome:
    """Load an extraction and write it down, with what became of other rows of it before."""
    with work.ledger.recorded(step) as entry:
        entry.manifest = manifest.number
        entry.outcome = _add(before, load_extraction(step, work, manifest, entry.load_key))
    return entry.outcome


def load_extraction(step: Load, work: Work, manifest: Manifest, load_key: int) -> Outcome:
    """Bring one extraction into staging; the caller holds the transaction."""
    session, stream = work.session, step.stream
    # Before the load, which may reject rows of the same files anew.
    read = None if manifest.mode == "full" else manifest.position.keys()
    work.ledger.resolve_rejects(str(stream), read, frozenset(manifest.forgets))
    held = session.columns(staging.staging_table(stream))
    own = tuple(column for column in held if column.name not in staging.TECHNICAL_NAMES)
    undecided = _without_values(work, stream, own)
    aligned = align(stream, own, Landed(_stream_columns(manifest), manifest.empty, manifest.mode == "full"), undecided)
    if not aligned.columns:
        _write_down(work, Batch(stream, manifest, (), load_key), aligned)
        return Outcome(findings=manifest.findings)
    stream = stream.spelled(aligned.columns)
    built = following_sql.gone_table(staging.seen_table(stream)).name
    guard_names(session.dialect, str(stream), (built, *(column.name for column in aligned.columns)))
    batch = Batch(stream, manifest, aligned.columns, load_key, step.keeps_deleted)
    if manifest.mode == "full":
        outcome, findings = _take_all(step, work, batch, held)
    else:
        outcome, findings = _take_news(step, work, batch, aligned, own)
    table = staging.staging_table(stream)
    session.find_by(table, stream.key or (staging.LOAD_COLUMN,), grows=not stream.key)
    if stream.key:
        session.find_by(table, (staging.LOAD_COLUMN,), grows=True)
    note_back(work, batch, step.moments)
    _write_down(work, batch, aligned)
    findings = (*manifest.findings, *aligned.findings, *outcome.findings, *findings, *settle(work, batch))
    return replace(outcome, bytes=manifest.bytes, findings=findings)


def _take_news(
    step: Load, work: Work, batch: Batch, aligned: Alignment, own: tuple[Column, ...]
) -> tuple[Outcome, tuple[Finding, ...]]:
    """Bring an extraction of what is new into the tables of its stream."""
    _evolve(work, batch, aligned, own)
    table = staging.staging_table(batch.stream, batch.columns)
    followed = follow(work, table, batch.load_key, step.settled)
    outcome = _bring(work, batch, table, followed if own else None)
    if step.keeps_seen:
        keep_seen(work, batch, identity(batch, step.moments), step.settled)
    else:
        _forget_seen(work, batch)
    return outcome, ()


def _take_all(step: Load, work: Work, batch: Batch, held: tuple[Column, ...]) -> tuple[Outcome, tuple[Finding, ...]]:
    """Let a full extract take the place of what is held: by the rows that differ, or as a whole."""
    seen = frozenset(work.session.columns(staging.seen_table(batch.stream)))
    outcome, is_settled = _replace(work, batch, held, step)
    if not step.keeps_seen:
        _forget_seen(work, batch)
    elif is_settled and batch.stream.is_of_moments and seen.issuperset(batch.columns):
        keep_changed(work, batch, identity(batch, step.moments), step.settled)
    else:
        return outcome, replace_seen(work, batch, identity(batch, step.moments))
    return outcome, ()


def _forget_seen(work: Work, batch: Batch) -> None:
    """Kept on without its newest rows, it would be taken for whole once a dimension asks for history again."""
    seen = staging.seen_table(batch.stream)
    if work.session.columns(seen):
        work.session.execute(staging.drop(work.session.dialect, seen))
        work.session.execute(staging.drop(work.session.dialect, following_sql.gone_table(seen)))


def _without_values(work: Work, stream: Stream, own: tuple[Column, ...]) -> frozenset[str]:
    """The undecided columns, as far as the held table bears them out: a value that is held keeps its type."""
    undecided = work.ledger.undecided(str(stream))
    held = tuple(column.name for column in own if column.name in undecided)
    if not held:
        return undecided
    counts = work.session.rows(staging.count_values(work.session.dialect, staging.staging_table(stream), held))[0]
    return undecided - {name for name, count in zip(held, counts, strict=True) if count}


def _evolve(work: Work, batch: Batch, aligned: Alignment, own: tuple[Column, ...]) -> None:
    """Bring the staging table to the columns that the contract agreed to."""
    session, dialect = work.session, work.session.dialect
    table = staging.staging_table(batch.stream, batch.columns)
    if not own:
        session.execute(staging.create(dialect, table))
        return
    change = Reshape(added=aligned.added, retyped=aligned.retyped)
    if not change.is_nothing:
        session.reshape(table, change)


def _bring(work: Work, batch: Batch, held: Table, followed: Following | None) -> Outcome:
    """Add a batch to a table: appended, or merged by key. A table that is not followed is new."""
    if followed is None and batch.stream.key and batch.stream.is_of_moments:
        return _fill(work, batch, held)
    for name in batch.manifest.replaces if not batch.stream.key else ():
        if followed:
            followed.goes(staging.of_file(work.session.dialect, name))
        work.session.execute(staging.delete_file(work.session.dialect, held), (name,))
    if batch.stream.key:
        return _merge(work, batch, held, followed)
    load_files(work, batch, held)
    rows = batch.manifest.rows
    return Outcome(rows_in=rows, rows_out=rows, inserted=rows, sums=sums_of(batch))


def _fill(work: Work, batch: Batch, empty: Table) -> Outcome:
    """Take over the rows of one moment as they are, for each key has one of them."""
    load_files(work, batch, empty)
    rejected = _reject_null_keys(work, batch, empty)
    _refuse_doubles(work, batch, empty)
    rows = batch.manifest.rows
    kept = rows - rejected
    return Outcome(rows_in=rows, rows_out=kept, rejected=rejected, inserted=kept, sums=sums_of(batch))


def _merge(work: Work, batch: Batch, held: Table, followed: Following | None) -> Outcome:
    """Keep the last row of each key by (cursor, file, row), whatever the order in which they arrive."""
    session, dialect = work.session, work.session.dialect
    table = staging.work_table(batch.stream, batch.columns)
    session.execute(staging.drop(dialect, table))
    session.execute(staging.create_scratch(dialect, table))
    load_files(work, batch, table)
    session.learn(dialect.table(table))
    rejected = _reject_null_keys(work, batch, table)
    _refuse_doubles(work, batch, table)
    # Those of moments have been counted just now.
    if followed is None and (batch.stream.is_of_moments or not _count_doubles(work, batch, table)):
        return _take_over(work, batch, table, held, rejected)
    deleted = recall(work, batch, table, held)
    met = _find_met(work, batch, table, held)
    session.execute(staging.drop_work(dialect, MERGE))
    session.execute(merge.winners(dialect, MERGE, batch.stream, table, met, batch.manifest.replaces))
    session.learn(dialect.quote(MERGE))
    changes = session.rows(merge.count_changes(dialect, MERGE, batch.load_key))
    own = {change: count for change, is_own, count in changes if is_own}
    back = {change: count for change, is_own, count in changes if not is_own}
    _apply(work, batch, (table, held, met), followed, has_gone=bool(deleted))
    if followed and sum(back.values()):
        # Rows that come back from other files are as old as those files, and could not be told from rows that stayed.
        begin(work, held, batch.load_key)
    inserted, updated = own.get("insert", 0), own.get("update", 0)
    same = own.get("same", 0) + own.get("move", 0)
    rows, kept = batch.manifest.rows, inserted + updated + same
    return Outcome(
        rows_in=rows,
        rows_out=kept,
        rejected=rejected,
        merged=rows - rejected - kept,
        inserted=inserted,
        updated=updated + back.get("update", 0),
        deleted=deleted,
        unchanged=same,
        sums=sums_of(batch),
        findings=(*_stale(batch, own.get("stale", 0)), *_gone(batch, deleted), *_back(batch, sum(back.values()))),
    )


def _take_over(work: Work, batch: Batch, table: Table, empty: Table, rejected: int) -> Outcome:
    """Fill a new table with a batch in which each key has one row: nothing has to be decided."""
    session, dialect = work.session, work.session.dialect
    session.execute(staging.add_loaded(dialect, table, empty, batch.load_key))
    session.execute(staging.drop(dialect, table))
    rows = batch.manifest.rows
    kept = rows - rejected
    return Outcome(rows_in=rows, rows_out=kept, rejected=rejected, inserted=kept, sums=sums_of(batch))


def _find_met(work: Work, batch: Batch, table: Table, held: Table) -> Table:
    """Take out what is held of the batch's keys."""
    session, dialect, met = work.session, work.session.dialect, staging.met_table(held)
    session.execute(staging.drop(dialect, met))
    for statement in merge.find_met(dialect, batch.stream, table, held, met):
        session.execute(statement)
    session.learn(dialect.table(met))
    return met


def _apply(
    work: Work, batch: Batch, tables: tuple[Table, Table, Table], followed: Following | None, *, has_gone: bool
) -> None:
    """Let the held table say what was decided, and clear away what it was decided from."""
    session, dialect, stream = work.session, work.session.dialect, batch.stream
    table, held, met = tables
    if has_gone:
        note_gone(work, batch, held, staging.is_gone(dialect, stream, table, batch.manifest.replaces))
        if followed:
            followed.goes(staging.is_gone(dialect, stream, table, batch.manifest.replaces))
        session.execute(staging.delete_gone(dialect, stream, held, table, batch.manifest.replaces))
    if followed:
        session.execute(following_sql.keep_replaced(dialect, MERGE, stream.key, (held, met), batch.load_key))
    session.execute(merge.delete_replaced(dialect, MERGE, stream, held))
    session.execute(merge.insert_winners(dialect, MERGE, held))
    session.execute(staging.drop_work(dialect, MERGE))
    session.execute(staging.drop(dialect, met))
    session.execute(staging.drop(dialect, table))


def _replace(work: Work, batch: Batch, had: tuple[Column, ...], step: Load) -> tuple[Outcome, bool]:
    """Build the new table beside the old one and let it take its place, unless the extract has shrunk without leave.

    The second says whether only the rows that differ were touched, which a table of the same columns allows.
    """
    session, dialect = work.session, work.session.dialect
    table = staging.staging_table(batch.stream, batch.columns)
    beside = staging.beside(table)
    session.execute(staging.drop(dialect, beside))
    session.execute(staging.create(dialect, beside))
    outcome = _bring(work, batch, beside, None)
    is_settled = False
    if had:
        old = replace(table, columns=had)
        _guard_shrinking(work, batch, old, beside)
        outcome, is_few = _compared(work, batch, old, beside, outcome)
        if outcome.deleted:
            note_missing(work, batch, old, beside)
        is_settled = is_few and set(had) == set(table.columns)
    if is_settled:
        _settle(work, batch, beside, follow(work, table, batch.load_key, step.settled))
    else:
        session.swap(table, beside)
        begin(work, table, batch.load_key)
    session.execute(staging.drop_work(dialect, DIFFERENCE))
    return outcome, is_settled


def _settle(work: Work, batch: Batch, beside: Table, followed: Following) -> None:
    """Put the rows of a full extract that differ in their places; the others stay as they are."""
    session, dialect, stream, held = work.session, work.session.dialect, batch.stream, followed.table
    followed.goes(following_sql.changes_by(dialect, DIFFERENCE, stream.key, ("update", "move", "delete")))
    session.execute(merge.delete_differing(dialect, DIFFERENCE, stream, held))
    session.execute(merge.add_differing(dialect, DIFFERENCE, stream, held, beside))
    session.execute(staging.drop(dialect, beside))


def _compared(work: Work, batch: Batch, old: Table, new: Table, outcome: Outcome) -> tuple[Outcome, bool]:
    """The outcome with what a full extract changed, by key, and whether that is little.

    Under a key of new columns nothing is what it was.
    """
    session, dialect = work.session, work.session.dialect
    if not batch.stream.key:
        return outcome, False
    before = session.rows(staging.count(dialect, old))[0][0]
    if not set(batch.stream.key) <= set(old.names):
        return replace(outcome, deleted=before), False
    session.execute(staging.drop_work(dialect, DIFFERENCE))
    session.execute(merge.differences(dialect, DIFFERENCE, batch.stream, old, new))
    session.learn(dialect.quote(DIFFERENCE))
    inserted, updated, deleted, moved = session.rows(merge.count_differences(dialect, DIFFERENCE))[0]
    compared = replace(
        outcome,
        inserted=inserted,
        updated=updated,
        deleted=deleted,
        unchanged=outcome.rows_out - inserted - updated,
    )
    return compared, inserted + updated + deleted + moved <= before * MOSTLY


def _guard_shrinking(work: Work, batch: Batch, old: Table, new: Table) -> None:
    before, after = (work.session.rows(staging.count(work.session.dialect, t))[0][0] for t in (old, new))
    if before and after < before * SHRINKS_BELOW and not batch.stream.may_shrink:
        raise DataError(
            f"a full extract of {batch.stream} has {after:,} rows where the target has {before:,}; the target is left as it is",
            hint="if that is right, declare `may_shrink: true` for the stream and run again",
        )


def _guard_changed(step: Load, work: Work, manifests: list[Manifest]) -> None:
    """Refuse a changed file that has shrunk without leave, before any of its earlier rows go.

    What counts is the last state of each file that waits, so a file that was mended in the meantime is not held up.
    """
    session, stream = work.session, step.stream
    # A file that was only renamed leaves no mark under its old name, and its rows come under the new one.
    replaced = {name: m for m in manifests for name in m.replaces if m.position.get(name)}
    table = staging.staging_table(stream)
    is_guarded = not stream.may_shrink and all(m.mode == "incremental" for m in manifests)
    if not replaced or not is_guarded or not session.columns(table):
        return
    before = dict(session.rows(staging.count_files(session.dialect, table, tuple(replaced))))
    counted = {m.number: rows_of_files(work.landing, m) for m in manifests if m in replaced.values()}
    for name, manifest in replaced.items():
        after = counted[manifest.number][name]
        if after < before.get(name, 0) * SHRINKS_BELOW:
            raise DataError(
                f"the changed file {name} of {stream} has {after:,} rows where it had {before[name]:,}; "
                "the target is left as it is",
                where=name,
                hint="if that is right, declare `may_shrink: true` for the stream and run again",
            )


def _reject_null_keys(work: Work, batch: Batch, table: Table) -> int:
    session, dialect = work.session, work.session.dialect
    rows = session.rows(staging.null_keys(dialect, table, batch.stream.key))
    key = ", ".join(batch.stream.key)
    rejects = [Reject(file, row, key, raw, f"the key is NULL (row {row:,})", "key") for file, row, raw in rows]
    work.ledger.write_rejects(str(batch.stream), batch.manifest.number, rejects)
    if rows:
        session.execute(staging.delete_null_keys(dialect, table, batch.stream.key))
    return len(rows)


def _refuse_doubles(work: Work, batch: Batch, table: Table) -> None:
    """Rows of one moment that share a key contradict each other, and no rule says which is right."""
    if not batch.stream.is_of_moments:
        return
    count = _count_doubles(work, batch, table)
    if count:
        raise DataError(
            f"{count:,} keys of {batch.stream} stand in several rows of one read; the target is left as it is",
            where=", ".join(batch.stream.key),
            hint="declare a `key` whose values differ in each row",
        )


def _count_doubles(work: Work, batch: Batch, table: Table) -> int:
    return int(work.session.rows(staging.count_doubles(work.session.dialect, table, batch.stream.key))[0][0])


def _write_down(work: Work, batch: Batch, aligned: Alignment) -> None:
    ledger, stream, manifest = work.ledger, str(batch.stream), batch.manifest
    ledger.write_positions(stream, manifest.position, manifest.forgets, batch.load_key)
    ledger.write_schema_changes(stream, aligned.changes)
    if manifest.rejects is not None:
        ledger.write_rejects(stream, manifest.number, read_rejects(work.landing, manifest.rejects))


def _stale(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    by = batch.stream.since or "the name of the file"
    message = f"{count:,} rows are older than what is held, by {by}, and change nothing"
    return (Finding("stale rows", str(batch.stream), "note", message),)


def _gone(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    rows = counted(count, "row is", "rows are")
    message = (
        f"{rows} deleted because a changed file held {_them(count)} before and no file holds {_them(count)} any more"
    )
    return (Finding("rows gone", str(batch.stream), "note", message, found=str(count)),)


def _back(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    rows = counted(count, "row takes its place", "rows take their place")
    message = f"{rows} again from other files because a changed file tells {_them(count)} no more or has older news"
    return (Finding("rows back", str(batch.stream), "note", message, found=str(count)),)


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _left_out(manifest: Manifest, error: StarlodeError) -> Finding:
    message = f"extraction {manifest.number} is left out, as a later one reads everything anew: {error.what}"
    return Finding("extraction left out", manifest.stream, "warning", message)


def _stream_columns(manifest: Manifest) -> tuple[Column, ...]:
    return tuple(column for column in manifest.columns if column.name not in staging.TECHNICAL_NAMES)


def _add(one: Outcome, other: Outcome) -> Outcome:
    names = ("rows_in", "rows_out", "rejected", "merged", "inserted", "updated", "deleted", "unchanged", "bytes")
    summed = {name: getattr(one, name) + getattr(other, name) for name in names}
    sums = {name: EXACT.add(one.sums.get(name, Decimal(0)), total) for name, total in other.sums.items()}
    return replace(one, **summed, sums=dict(one.sums) | sums, findings=(*one.findings, *other.findings))
