"""A relay in front of a PostgreSQL server that tells a process number of its own, as poolers do."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY_DATA = b"K" + struct.pack("!I", 12)


@contextmanager
def pooling(host: str, port: int) -> Iterator[int]:
    """The port of a relay that lives as long as the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, (host, port)), daemon=True).start()
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, server: tuple[str, int]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        behind = socket.create_connection(server)
        threading.Thread(target=_relay, args=(client, behind, False), daemon=True).start()
        threading.Thread(target=_relay, args=(behind, client, True), daemon=True).start()


def _relay(one: socket.socket, other: socket.socket, is_answer: bool) -> None:
    try:
        while data := one.recv(65_536):
            other.sendall(_renumbered(data) if is_answer else data)
    except OSError:
        pass
    finally:
        other.close()


def _renumbered(data: bytes) -> bytes:
    place = data.find(KEY_DATA)
    return data if place < 0 else data[: place + 5] + struct.pack("!I", 4_000_000) + data[place + 9 :]
