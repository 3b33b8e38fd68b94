"""Reading ahead: the next pieces of a file are read, hashed and decoded by a thread while earlier ones are parsed.

No more than a few pieces wait, so memory stays bounded; whatever goes wrong in the thread is raised where the pieces are used.
"""

from __future__ import annotations

from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

T = TypeVar("T")
WAITING = 2
PATIENCE = 0.05


def ahead(pieces: Iterable[T]) -> Generator[T]:
    """The same pieces in the same order, fetched by a thread that ends with this iterator."""
    queue: Queue[T | BaseException | None] = Queue(WAITING)
    stopped = Event()
    thread = Thread(target=_fetch, args=(pieces, queue, stopped), name="read ahead", daemon=True)
    thread.start()
    try:
        while (piece := queue.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        stopped.set()
        thread.join()


def _fetch(pieces: Iterable[T], queue: Queue[T | BaseException | None], stopped: Event) -> None:
    try:
        for piece in pieces:
            if not _put(queue, piece, stopped):
                return
        _put(queue, None, stopped)
    except BaseException as error:  # noqa: BLE001  it is raised again by the reader
        _put(queue, error, stopped)


def _put(queue: Queue[T | BaseException | None], piece: T | BaseException | None, stopped: Event) -> bool:
    """Hand a piece over; False when nobody wants it any more."""
    while not stopped.is_set():
        try:
            queue.put(piece, timeout=PATIENCE)
        except Full:
            continue
        return True
    return False
