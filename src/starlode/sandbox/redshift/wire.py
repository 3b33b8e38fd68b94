"""The messages of PostgreSQL's protocol, which is Redshift's as well: read and written one at a time."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

PROTOCOL, ENCRYPTED, ENCRYPTED_GSS, CANCEL = 196608, 80877103, 80877104, 80877102
# What a backend says that it is doing after each exchange.
IDLE, IN_TRANSACTION, FAILED = b"I", b"T", b"E"


class Gone(Exception):
    """The other side has closed the connection."""


@dataclass(frozen=True)
class Message:
    """One message: the letter of its kind, and what it holds."""

    kind: bytes
    body: bytes = b""

    @property
    def packed(self) -> bytes:
        return self.kind + struct.pack("!i", len(self.body) + 4) + self.body


class Channel:
    """One end of a connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._stream = connected.makefile("rb")

    def read(self) -> Message:
        head = self._exactly(5)
        return Message(head[:1], self._exactly(struct.unpack("!i", head[1:])[0] - 4))

    def read_opening(self) -> tuple[int, bytes]:
        """The first message of a client, which has no letter: its code, and what follows."""
        length = struct.unpack("!i", self._exactly(4))[0]
        body = self._exactly(length - 4)
        return struct.unpack("!i", body[:4])[0], body[4:]

    def write(self, *messages: Message) -> None:
        self.write_raw(b"".join(message.packed for message in messages))

    def write_raw(self, told: bytes) -> None:
        try:
            self._socket.sendall(told)
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        for closing in (self._stream, self._socket):
            closing.close()

    def _exactly(self, count: int) -> bytes:
        try:
            read = self._stream.read(count)
        except (OSError, ValueError) as error:
            raise Gone from error
        if len(read) < count:
            raise Gone
        return read


def opening(code: int, told: Mapping[str, str]) -> bytes:
    """The first message of a client, with its parameters."""
    body = struct.pack("!i", code) + b"".join(text(word) for pair in told.items() for word in pair) + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def parameters(body: bytes) -> dict[str, str]:
    """The parameters of a client's first message."""
    words = [word.decode() for word in body.split(b"\0")]
    return dict(zip(words[::2], words[1::2], strict=False))


def text(word: str) -> bytes:
    return word.encode() + b"\0"


def error(code: str, message: str) -> Message:
    """Why a statement is refused."""
    return Message(b"E", b"SERROR\0C" + text(code) + b"M" + text(message) + b"\0")


def fields(body: bytes) -> dict[bytes, str]:
    """What an error tells, by the letters of its fields."""
    return {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}


def told_error(told: Mapping[bytes, str]) -> Message:
    """An error with other fields."""
    return Message(b"E", b"".join(letter + text(word) for letter, word in told.items()) + b"\0")
