"""Keys that left their stream while rows of it were rejected: a row that could not be carried is not one that was deleted.

A key is taken for deleted only when no rejected row that is still open can be the one that told of it. Where such a row names
the key, this key stays in doubt; where nobody can say what the row named, all do, and a finding tells so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlode.finding import Finding
from starlode.formats.blocks import RAW_LIMIT
from starlode.sql import deletes as sql
from starlode.steps.deletes import ready
from starlode.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlode.finding import Reject
    from starlode.steps.arrival import Batch
    from starlode.work import Work

# With more keys than this, nobody looks which of them the rejected rows name.
MOST_KEYS = 100_000
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Text:
    """What a rejected row says, and the words in it."""

    said: str
    words: frozenset[str]


def settle(work: Work, batch: Batch) -> tuple[Finding, ...]:
    """Say of the keys in doubt that they are deleted, but of those that open rejects may have told of."""
    session, dialect = work.session, work.session.dialect
    if not batch.keeps_deleted or not session.columns(sql.deleted_table(batch.stream)):
        return ()
    deleted = ready(work, batch)
    count = int(session.rows(sql.count_doubts(dialect, deleted))[0][0])
    if not count:
        return ()
    rejects = work.ledger.open_rejects(str(batch.stream))
    if rejects and (count > MOST_KEYS or not all(_names_a_key(batch, reject) for reject in rejects)):
        return _held_back(batch, count)
    left = key_in(session.rows(sql.doubts(dialect, deleted)), rejects) if rejects else []
    session.execute(sql.settle(dialect, deleted, batch.manifest.created_at, batch.load_key))
    for key in left:
        session.execute(sql.doubt(dialect, deleted, batch.load_key), key)
    return _held_back(batch, len(left))


def key_in(keys: Sequence[tuple[Any, ...]], rejects: Iterable[Reject]) -> list[tuple[Any, ...]]:
    """The keys of which each part stands in the text of one rejected row, whatever parts its cells."""
    texts = [_read(reject.raw) for reject in rejects]
    return [key for key in keys if any(all(_stands_in(part, text) for part in key) for text in texts)]


def _names_a_key(batch: Batch, reject: Reject) -> bool:
    """Whether the key of a rejected row stands readable in its text."""
    kinds = {column.type.kind for column in batch.columns if column.name in batch.stream.key}
    is_whole = bool(reject.raw) and len(reject.raw) < RAW_LIMIT
    is_key = reject.rule == "key" or reject.column in batch.stream.key
    return is_whole and not is_key and kinds <= {"text", "integer"}


def _stands_in(part: Any, text: Text) -> bool:
    if isinstance(part, int):
        return str(abs(part)) in text.words
    return text.words.issuperset(WORD.findall(str(part))) and str(part) in text.said


def _read(raw: str) -> Text:
    """The text of a rejected row without what its format adds: escapes of JSON, doubled quotes, zeros before a number."""
    try:
        said = "\n".join(_leaves(json.loads(raw)))
    except ValueError:
        said = raw.replace('""', '"')
    words = WORD.findall(said)
    return Text(said, frozenset((*words, *(str(int(word)) for word in words if word.isdecimal()))))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)
    elif value is not None:
        yield str(value)


def _held_back(batch: Batch, count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    told = (
        f"{counted(count, 'key')} that {batch.stream} does not tell any more may stand in rows that were rejected: "
        f"not taken for deleted until those are mended"
    )
    return (Finding("deletions held back", str(batch.stream), "warning", told, found=str(count)),)
