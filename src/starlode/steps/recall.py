"""Deciding anew who has the word about a key when a changed file, which had it, no longer says as much.

What other files hold of the key joins the batch, so that the usual order decides among them. It is found in what was seen of
the stream, and where that is not kept, in the landing, which holds every row of every file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starlode.landing import read_manifest
from starlode.sql import staging
from starlode.sql.dialect import OWN
from starlode.steps.arrival import add_files

if TYPE_CHECKING:
    from starlode.landing import Manifest
    from starlode.steps.arrival import Batch
    from starlode.table import Column, Table
    from starlode.work import Work

OPEN = f"{OWN}open"


def recall(work: Work, batch: Batch, table: Table, held: Table) -> int:
    """Add to the batch what other files hold of the keys that are open now; how many keys no file holds any more."""
    session, dialect, stream = work.session, work.session.dialect, batch.stream
    replaced = batch.manifest.replaces
    # A full extract is built in a table of its own, where nothing is held.
    if not replaced or batch.manifest.mode == "full":
        return 0
    session.execute(staging.drop_work(dialect, OPEN))
    session.execute(staging.note_open(dialect, OPEN, stream, table, held, replaced))
    session.learn(dialect.quote(OPEN))
    if session.rows(staging.count_open(dialect, OPEN))[0][0]:
        _add_others(work, batch, table)
    session.execute(staging.drop_work(dialect, OPEN))
    return int(session.rows(staging.count_gone(dialect, stream, held, table, replaced))[0][0])


def _add_others(work: Work, batch: Batch, table: Table) -> None:
    session, stream, replaced = work.session, batch.stream, batch.manifest.replaces
    seen = staging.seen_table(stream)
    if columns := session.columns(seen):
        source = replace(seen, columns=columns)
        session.execute(staging.add_told(session.dialect, source, table, stream, OPEN, replaced))
        return
    keys = tuple(column for column in batch.columns if column.name in stream.key)
    for number, load_key in work.ledger.extractions(str(stream), replaced):
        manifest = read_manifest(work.landing, stream, number)
        # Most extractions tell nothing of the open keys, and to see that, the keys are enough.
        if _add_landed(work, batch, (manifest, load_key), keys, None):
            _add_landed(work, batch, (manifest, load_key), batch.columns, table)


def _add_landed(
    work: Work, batch: Batch, landed: tuple[Manifest, int], columns: tuple[Column, ...], table: Table | None
) -> int:
    """How many rows of an extraction tell of open keys; they are added to a table where one is given."""
    session, dialect, stream = work.session, work.session.dialect, batch.stream
    replaced = batch.manifest.replaces
    source = staging.recalled_table(stream, columns)
    session.execute(staging.drop(dialect, source))
    session.execute(staging.create_scratch(dialect, source))
    add_files(work, landed[0], source, landed[1])
    session.learn(dialect.table(source))
    count = session.rows(staging.count_told(dialect, source, stream, OPEN, replaced))[0][0]
    if table is not None:
        session.execute(staging.add_told(dialect, source, table, stream, OPEN, replaced))
    session.execute(staging.drop(dialect, source))
    return int(count)
