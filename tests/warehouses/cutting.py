"""A relay in front of a server that breaks the connection at a word that the client says, before or after it was heard.

Or it lets the server hear the word, and the client nothing any more.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEARD_WITHIN = 0.5


@dataclass
class Cut:
    """The word at which a connection breaks, how often it is let through before, and whether the server hears it.

    One that holds breaks nothing: no answer comes any more.
    """

    word: bytes
    after: int = 0
    is_heard: bool = False
    holds: bool = False
    has_broken: bool = False
    came: threading.Event = field(default_factory=threading.Event)


@contextmanager
def cutting(port: int, cut: Cut) -> Iterator[int]:
    """The port of a relay that lives as long as the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_accept, args=(listening, port, cut), daemon=True).start()
        yield listening.getsockname()[1]


def _accept(listening: socket.socket, port: int, cut: Cut) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        behind = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_pass, args=(client, behind, cut), daemon=True).start()
        threading.Thread(target=_answer, args=(behind, client, cut), daemon=True).start()


def _pass(client: socket.socket, server: socket.socket, cut: Cut) -> None:
    is_said = False
    try:
        while data := client.recv(65_536):
            if not cut.has_broken and cut.word in data and data[:1] == b"P":
                cut.after -= 1
                if cut.after < 0:
                    if not cut.holds:
                        cut.has_broken = True
                        _break(client, server, data, is_heard=cut.is_heard)
                        return
                    is_said = True
            # A statement is described before it is run, and that is answered.
            if is_said and data[:1] == b"B":
                cut.has_broken = True
            server.sendall(data)
            if cut.has_broken:
                cut.came.set()
    except OSError:
        pass
    finally:
        _close(client, server)


def _answer(server: socket.socket, client: socket.socket, cut: Cut) -> None:
    try:
        while data := server.recv(65_536):
            if not (cut.holds and cut.has_broken):
                client.sendall(data)
    except OSError:
        pass
    finally:
        _close(server, client)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        # A thread that still waits for it is told, which closing alone does not.
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    ends[0].close()


def _break(client: socket.socket, server: socket.socket, data: bytes, *, is_heard: bool) -> None:
    """Break the client's connection at once; the server's when it has done what it was told, or never heard it."""
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    if is_heard:
        # A statement is described before it is run: both are said in the client's place.
        server.sendall(data)
        time.sleep(HEARD_WITHIN)
        server.sendall(_bound(data[5 : data.index(b"\0", 5)]))
        time.sleep(HEARD_WITHIN)


def _bound(name: bytes) -> bytes:
    """The messages that run a prepared statement which binds nothing."""
    bind = b"\0" + name + b"\0" + struct.pack("!hhh", 0, 0, 0)
    execute = b"\0" + struct.pack("!i", 0)
    messages = ((b"B", bind), (b"E", execute), (b"S", b""))
    return b"".join(kind + struct.pack("!i", len(body) + 4) + body for kind, body in messages)
