"""Reading a relation in pieces over several connections that see one snapshot.

A table is cut by pages, which needs no index and no sorting; a query is one piece. A piece of a table is held until it is
whole, so that a connection that breaks costs no more than its piece; what was given out of a query cannot be taken back.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from starlode.postgres.lanes import Gone, Lost
from starlode.postgres.values import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from starlode.postgres.catalog import Part
    from starlode.postgres.lanes import Lane

PIECE_BYTES = 24 << 20
WAITING = 2
PATIENCE = 0.05
LEISURE = 0.5
ATTEMPTS = 4


@dataclass(frozen=True)
class Piece:
    """One SELECT, and whether its rows wait until all of them are there."""

    select: str
    is_held: bool = True
    pages: int = 0


def _whole_part(part: Part, where: str) -> str:
    return f"select * from {relation_of(part)} where {where}"


@dataclass
class Pieces:
    """Hands out pieces to several threads. With `longest` seconds, pieces grow and shrink to keep below that."""

    parts: deque[tuple[Part, int, int]] = field(default_factory=deque)
    wholes: deque[Piece] = field(default_factory=deque)
    make: Callable[[Part, str], str] = _whole_part
    longest: float = 0.0
    slowest: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def next(self) -> Piece | None:
        with self._lock:
            if self.wholes:
                return self.wholes.popleft()
            if not self.parts:
                return None
            part, first, pages = self.parts.popleft()
            until = first + pages
            if until >= part.pages:
                # The size in the catalog may be behind, so the last piece goes on to the end.
                return Piece(self.make(part, f"ctid >= '({first},0)'::tid"), pages=pages)
            self.parts.appendleft((part, until, pages))
            where = f"ctid >= '({first},0)'::tid and ctid < '({until},0)'::tid"
            return Piece(self.make(part, where), pages=pages)

    def took(self, piece: Piece, seconds: float) -> None:
        """Learn from how long a piece took."""
        with self._lock:
            self.slowest = max(self.slowest, seconds)
            if self.longest and piece.pages and self.parts:
                part, first, pages = self.parts.popleft()
                wanted = int(piece.pages * self.longest / 2 / max(seconds, 0.001))
                self.parts.appendleft((part, first, max(1, min(wanted, 2 * pages, _pages_at_once(part)))))


def of_parts(parts: Iterable[Part], make: Callable[[Part, str], str], longest: float) -> Pieces:
    """The pieces of a table and of all that holds rows of it."""
    cut = deque((part, 0, _first(part, longest)) for part in parts)
    return Pieces(parts=cut, make=make, longest=longest)


def of_query(select: str) -> Pieces:
    """A query, or the few rows that an index finds, in one piece."""
    return Pieces(wholes=deque([Piece(select, is_held=False)]))


def relation_of(part: Part) -> str:
    """A part by its own name, without what inherits from it."""
    return f"{'only ' if part.kind == 'r' else ''}{quote(part.schema)}.{quote(part.name)}"


def read(
    pieces: Pieces, open_lane: Callable[[], Lane], workers: int, cancel: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    """The rows of all pieces, in no order, read by several threads, a few batches ahead.

    Whoever stops before the end waits for no query: `cancel` ends what a process of the server is at.
    """
    queue: Queue[pa.RecordBatch | BaseException | None] = Queue(WAITING)
    stopped = Event()
    opened: list[Lane] = []
    threads = [
        Thread(target=_work, args=(pieces, open_lane, queue, stopped, opened), name="postgres", daemon=True)
        for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    left = len(threads)
    try:
        while left:
            got = queue.get()
            if isinstance(got, BaseException):
                raise got
            if got is None:
                left -= 1
            else:
                yield got
    finally:
        stopped.set()
        _end(threads, opened, cancel)


def _end(threads: list[Thread], opened: list[Lane], cancel: Callable[[int], None]) -> None:
    for thread in threads:
        thread.join(LEISURE)
    while any(thread.is_alive() for thread in threads):
        for lane in tuple(opened):
            cancel(lane.process)
        for thread in threads:
            thread.join(LEISURE)


def _work(
    pieces: Pieces,
    open_lane: Callable[[], Lane],
    queue: Queue[pa.RecordBatch | BaseException | None],
    stopped: Event,
    opened: list[Lane],
) -> None:
    lane: Lane | None = None
    try:
        while not stopped.is_set() and (piece := pieces.next()) is not None:
            for attempt in range(1, ATTEMPTS + 1):
                began = time.monotonic()
                try:
                    if lane is None:
                        lane = open_lane()
                        opened.append(lane)
                    if not _pass_on(lane, piece, queue, stopped):
                        return
                    break
                except Lost as lost:
                    _close(lane, opened)
                    lane = None
                    if not piece.is_held or attempt == ATTEMPTS or isinstance(lost, Gone):
                        raise
                    stopped.wait(0.2 * 2**attempt)
            pieces.took(piece, time.monotonic() - began)
        _put(queue, None, stopped)
    except BaseException as error:  # noqa: BLE001  it is raised again where the rows are used
        _put(queue, error, stopped)
    finally:
        _close(lane, opened)


def _pass_on(lane: Lane, piece: Piece, queue: Queue[pa.RecordBatch | BaseException | None], stopped: Event) -> bool:
    """Hand on the rows of a piece; False when nobody wants them any more."""
    found = lane.batches(piece.select)
    batches: Iterable[pa.RecordBatch] = list(found) if piece.is_held else found
    return all(_put(queue, batch, stopped) for batch in batches)


def _put(
    queue: Queue[pa.RecordBatch | BaseException | None], what: pa.RecordBatch | BaseException | None, stopped: Event
) -> bool:
    while not stopped.is_set():
        try:
            queue.put(what, timeout=PATIENCE)
        except Full:
            continue
        return True
    return False


def _close(lane: Lane | None, opened: list[Lane]) -> None:
    if lane is not None:
        # Closing reads a query to its end, so it can be cancelled until it is done.
        lane.close()
        opened.remove(lane)


def _pages_at_once(part: Part) -> int:
    per_page = max(8192, part.bytes // max(1, part.pages))
    return max(1, PIECE_BYTES // per_page)


def _first(part: Part, longest: float) -> int:
    at_once = _pages_at_once(part)
    return max(1, at_once // 8) if longest else at_once
