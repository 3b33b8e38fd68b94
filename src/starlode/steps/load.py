"""Load: landed extractions become the current state of a stream in staging.

Each extraction is one transaction with its positions, rejects, schema changes and counts. What was loaded is counted and
summed again in the warehouse and held against the manifest, so a file that went astray on the way cannot pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from starlode.contract import Alignment, Landed, align
from starlode.errors import DataError, StarlodeError
from starlode.finding import Finding, Reject
from starlode.landing import Manifest, read_manifest, verify
from starlode.parts import EXACT, read_rejects, rows_of_files
from starlode.sql import staging
from starlode.sql.dialect import OWN
from starlode.step import Load, Outcome
from starlode.work import Progress, Work

if TYPE_CHECKING:
    from starlode.source import Stream
    from starlode.table import Column, Table, Type

# Ten billion values of so many digits have a sum that every warehouse can hold; longer ones are counted, not summed.
SUMMED_DIGITS = 28
MERGE = f"{OWN}merge"
SHRINKS_BELOW = 0.5


@dataclass(frozen=True)
class Batch:
    """One extraction on its way into staging."""

    stream: Stream
    manifest: Manifest
    columns: tuple[Column, ...]
    load_key: int


def load(step: Load, work: Work) -> Outcome:
    """Load the extractions in their order, from the last full one on: what a full extract replaces is not loaded first.

    Only a stream whose history is kept takes in those before it too, as far as they can be loaded.
    """
    manifests = [read_manifest(work.project.landing, step.stream, number) for number in step.numbers]
    # An empty extract is refused for what it would empty, so the first load begins before it.
    is_first = not work.session.columns(staging.staging_table(step.stream))
    full = [i for i, m in enumerate(manifests) if m.mode == "full" and (m.rows or not is_first)]
    needed = full[-1] if full else 0
    _guard_changed(step, work, manifests[needed:])
    total, left_out = Outcome(), Outcome()
    for place, manifest in enumerate(manifests):
        if place < needed and not step.keeps_seen:
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
    for file in manifest.files:
        verify(work.project.landing, file)
    with work.ledger.recorded(step) as entry:
        entry.manifest = manifest.number
        loaded = load_extraction(step, work, manifest, entry.load_key)
        entry.outcome = replace(loaded, findings=(*findings, *loaded.findings))
    return entry.outcome


def load_extraction(step: Load, work: Work, manifest: Manifest, load_key: int) -> Outcome:
    """Bring one extraction into staging; the caller holds the transaction."""
    session, stream = work.session, step.stream
    # Before the load, which may reject rows of the same files anew.
    work.ledger.resolve_rejects(str(stream), tuple(manifest.position), "read again")
    work.ledger.resolve_rejects(str(stream), manifest.forgets, "gone")
    held = session.columns(staging.staging_table(stream))
    own = tuple(column for column in held if column.name not in staging.TECHNICAL_NAMES)
    undecided = _without_values(work, stream, own)
    aligned = align(stream, own, Landed(_stream_columns(manifest), manifest.empty, manifest.mode == "full"), undecided)
    if not aligned.columns:
        _write_down(work, Batch(stream, manifest, (), load_key), aligned)
        return Outcome(findings=manifest.findings)
    batch = Batch(stream, manifest, aligned.columns, load_key)
    if manifest.mode == "full":
        outcome = _replace(work, batch, has_old=bool(held))
    else:
        _evolve(work, batch, aligned, own)
        outcome = _bring(work, batch, staging.staging_table(stream, batch.columns))
    if step.keeps_seen and manifest.mode == "full":
        _replace_seen(work, batch, _identity(batch, step.moments))
    elif step.keeps_seen:
        _keep_seen(work, batch, _identity(batch, step.moments))
    elif session.columns(staging.seen_table(stream)):
        # Kept on without its newest rows, it would be taken for whole once a dimension asks for history again.
        session.execute(staging.drop(session.dialect, staging.seen_table(stream)))
    _write_down(work, batch, aligned)
    return replace(outcome, bytes=manifest.bytes, findings=(*manifest.findings, *aligned.findings, *outcome.findings))


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
    for column in aligned.added:
        session.execute(staging.add_column(dialect, table, column))
    for column in aligned.retyped:
        session.execute(staging.widen_column(dialect, table, column))


def _bring(work: Work, batch: Batch, held: Table) -> Outcome:
    """Add a batch to a table: appended, or merged by key."""
    for name in batch.manifest.replaces if not batch.stream.key else ():
        work.session.execute(staging.delete_file(work.session.dialect, held), (name,))
    if batch.stream.key:
        return _merge(work, batch, held)
    _load_files(work, batch, held)
    rows = batch.manifest.rows
    return Outcome(rows_in=rows, rows_out=rows, inserted=rows, sums=_sums(batch))


def _merge(work: Work, batch: Batch, held: Table) -> Outcome:
    """Keep the last row of each key by (cursor, file, row), whatever the order in which they arrive."""
    session, dialect = work.session, work.session.dialect
    table = staging.work_table(batch.stream, batch.columns)
    session.execute(staging.drop(dialect, table))
    session.execute(staging.create(dialect, table))
    _load_files(work, batch, table)
    rejected = _reject_null_keys(work, batch, table)
    session.execute(staging.drop_work(dialect, MERGE))
    session.execute(staging.winners(dialect, MERGE, batch.stream, table, held, batch.manifest.replaces))
    changes = dict(session.rows(staging.count_changes(dialect, MERGE)))
    session.execute(staging.delete_updated(dialect, MERGE, batch.stream, held))
    session.execute(staging.insert_winners(dialect, MERGE, held))
    session.execute(staging.drop_work(dialect, MERGE))
    findings = (*_stale(batch, changes.get("stale", 0)), *_unsaid(work, batch, table, held))
    session.execute(staging.drop(dialect, table))
    inserted, updated, same = (changes.get(name, 0) for name in ("insert", "update", "same"))
    rows, kept = batch.manifest.rows, inserted + updated + same
    return Outcome(
        rows_in=rows,
        rows_out=kept,
        rejected=rejected,
        merged=rows - rejected - kept,
        inserted=inserted,
        updated=updated,
        unchanged=same,
        sums=_sums(batch),
        findings=findings,
    )


def _replace(work: Work, batch: Batch, *, has_old: bool) -> Outcome:
    """Build the new table beside the old one and swap them, unless the extract has shrunk without leave."""
    session, dialect = work.session, work.session.dialect
    table = staging.staging_table(batch.stream, batch.columns)
    beside = staging.beside(table)
    session.execute(staging.drop(dialect, beside))
    session.execute(staging.create(dialect, beside))
    outcome = _bring(work, batch, beside)
    if has_old:
        old = replace(table, columns=session.columns(table))
        _guard_shrinking(work, batch, old, beside)
        if batch.stream.key:
            changes = session.rows(staging.compare_full(dialect, batch.stream, old, beside))[0]
            names = ("inserted", "updated", "deleted", "unchanged")
            outcome = replace(outcome, **dict(zip(names, changes, strict=True)))
        session.execute(staging.drop(dialect, table))
    session.execute(staging.rename(dialect, beside, table.name))
    return outcome


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
    is_guarded = not stream.key and not stream.may_shrink and all(m.mode == "incremental" for m in manifests)
    if not replaced or not is_guarded or not session.columns(table):
        return
    before = dict(session.rows(staging.count_files(session.dialect, table, tuple(replaced))))
    counted = {m.number: rows_of_files(work.project.landing, m) for m in manifests if m in replaced.values()}
    for name, manifest in replaced.items():
        after = counted[manifest.number][name]
        if after < before.get(name, 0) * SHRINKS_BELOW:
            raise DataError(
                f"the changed file {name} of {stream} has {after:,} rows where it had {before[name]:,}; "
                "the target is left as it is",
                where=name,
                hint="if that is right, declare `may_shrink: true` for the stream and run again",
            )


def _identity(batch: Batch, moments: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell one state of a member from the next: its key and its moment, or else all of them."""
    names = tuple(column.name for column in batch.columns)
    since = (batch.stream.since,) if batch.stream.since else ()
    when = moments if moments and set(moments) <= set(names) else since
    return (*batch.stream.key, *when) if when else names


def _keep_seen(work: Work, batch: Batch, identity: tuple[str, ...]) -> None:
    """Append every row of the batch to what was ever seen of the stream.

    Of a file that was read before, a row that is said again takes the old one's place, and what it no longer says stays: a
    file that is overwritten with today's state would take the history with it otherwise.
    """
    session, dialect = work.session, work.session.dialect
    seen = staging.seen_table(batch.stream, batch.columns)
    held = {column.name: column for column in session.columns(seen)}
    if not held:
        session.execute(staging.create(dialect, seen))
    for column in seen.columns if held else ():
        if column.name not in held:
            session.execute(staging.add_column(dialect, seen, column))
        elif held[column.name].type != column.type:
            session.execute(staging.widen_column(dialect, seen, column))
    _load_files(work, batch, seen)
    if batch.manifest.replaces:
        said_again = staging.delete_said_again(dialect, seen, identity, batch.manifest.replaces, batch.load_key)
        session.execute(said_again)


def _replace_seen(work: Work, batch: Batch, identity: tuple[str, ...]) -> None:
    """Build what was seen anew from a full extract, and keep the rows of files that it does not hold any more.

    Where every extract is a full one, what it does not say again stays as well: it was true when it was read.
    """
    session, dialect = work.session, work.session.dialect
    old = staging.seen_table(batch.stream)
    held = session.columns(old)
    names = {column.name for column in batch.columns}
    new = staging.seen_table(batch.stream, (*batch.columns, *(c for c in held if c.name not in names)))
    beside = staging.beside(new)
    session.execute(staging.create(dialect, beside))
    _load_files(work, batch, beside)
    if held:
        kept = replace(old, columns=held)
        if batch.stream.mode == "full":
            session.execute(staging.keep_unsaid(dialect, kept, beside, identity))
        else:
            session.execute(staging.keep_other_files(dialect, kept, beside, batch.manifest.replaces))
        session.execute(staging.drop(dialect, old))
    session.execute(staging.rename(dialect, beside, new.name))


def _load_files(work: Work, batch: Batch, table: Table) -> None:
    """Load the landed files by their schemas, then prove that what arrived is what the manifest promised."""
    session, dialect = work.session, work.session.dialect
    landing = work.project.landing
    for columns, files in groupby(batch.manifest.files, key=lambda file: file.columns):
        landed = {column.name: column.type for column in columns}
        values = [
            str(batch.load_key)
            if column.name == staging.LOAD_COLUMN
            else staging.value(dialect, column, landed.get(column.name))
            for column in table.columns
        ]
        session.load(table, [str(landing / file.path) for file in files], values)
    names = tuple(_sums(batch))
    count, *sums = session.rows(staging.count_and_sums(dialect, table, names, batch.load_key))[0]
    promised = tuple(Decimal(batch.manifest.sums[name]) for name in names)
    arrived = tuple(Decimal(total or 0) for total in sums)
    if count != batch.manifest.rows or arrived != promised:
        wrong = [name for name, a, b in zip(names, arrived, promised, strict=True) if a != b]
        raise DataError(
            f"{batch.stream}: the manifest promises {batch.manifest.rows:,} rows, and {count:,} arrived"
            + (f"; the sums differ in {', '.join(wrong)}" if wrong else ""),
            where=f"extraction {batch.manifest.number}",
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


def _write_down(work: Work, batch: Batch, aligned: Alignment) -> None:
    ledger, stream, manifest = work.ledger, str(batch.stream), batch.manifest
    ledger.write_positions(stream, manifest.position, manifest.forgets, batch.load_key)
    ledger.write_schema_changes(stream, aligned.changes)
    if manifest.rejects is not None:
        verify(work.project.landing, manifest.rejects)
        ledger.write_rejects(stream, manifest.number, read_rejects(work.project.landing, manifest.rejects))


def _stale(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    by = batch.stream.since or "the name of the file"
    message = f"{count:,} rows are older than what is held, by {by}, and change nothing"
    return (Finding("stale rows", str(batch.stream), "note", message),)


def _unsaid(work: Work, batch: Batch, table: Table, held: Table) -> tuple[Finding, ...]:
    """What to say of rows that a changed file once held and holds no more; another file may have had its say before it."""
    if not batch.manifest.replaces:
        return ()
    sql = staging.count_unsaid(work.session.dialect, batch.stream.key, held, table, batch.manifest.replaces)
    count = work.session.rows(sql)[0][0]
    if not count:
        return ()
    message = (
        f"{count:,} rows stay that a changed file held before and does not hold any more; "
        f"`starlode run --full --select {batch.stream}` leaves them out"
    )
    return (Finding("rows gone", str(batch.stream), "warning", message),)


def _left_out(manifest: Manifest, error: StarlodeError) -> Finding:
    message = f"extraction {manifest.number} is left out, as a later one reads everything anew: {error.what}"
    return Finding("extraction left out", manifest.stream, "warning", message)


def _stream_columns(manifest: Manifest) -> tuple[Column, ...]:
    return tuple(column for column in manifest.columns if column.name not in staging.TECHNICAL_NAMES)


def _sums(batch: Batch) -> dict[str, Decimal]:
    """What the manifest promises of the columns whose sum the warehouse can prove."""
    proven = {column.name for column in batch.columns if _is_summed(column.type)}
    return {name: Decimal(total) for name, total in batch.manifest.sums.items() if name in proven}


def _is_summed(held: Type) -> bool:
    return held.kind == "integer" or (held.kind == "decimal" and held.precision <= SUMMED_DIGITS)


def _add(one: Outcome, other: Outcome) -> Outcome:
    names = ("rows_in", "rows_out", "rejected", "merged", "inserted", "updated", "deleted", "unchanged", "bytes")
    summed = {name: getattr(one, name) + getattr(other, name) for name in names}
    sums = {name: EXACT.add(one.sums.get(name, Decimal(0)), total) for name, total in other.sums.items()}
    return replace(one, **summed, sums=dict(one.sums) | sums, findings=(*one.findings, *other.findings))
