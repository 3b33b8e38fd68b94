"""The PostgreSQL behind a conversation: asked by ourselves, or told what the client says."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlode.sandbox.redshift import wire
from starlode.sandbox.redshift.preparing import SETTINGS
from starlode.sandbox.redshift.wire import Channel, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = tuple[str | None, ...]


@dataclass(frozen=True)
class Answer:
    """What the backend answered: the kinds of the columns, the rows as texts, how it ended, and the error if there was one."""

    kinds: tuple[tuple[str, int, int], ...] = ()
    rows: tuple[Row, ...] = ()
    tag: str = ""
    error: Message | None = None


@dataclass
class Backend:
    """A connection to the PostgreSQL, with what it said of its transaction last."""

    channel: Channel
    status: bytes = wire.IDLE
    database: str = ""
    greeting: list[Message] = field(default_factory=list)

    @classmethod
    def opened(cls, place: tuple[str, int], user: str, database: str, application: str) -> Backend:
        """A new connection, set up as Redshift is; what it said by way of greeting is kept, an error among it."""
        backend = cls(Channel(socket.create_connection(place)), database=database)
        told = {"user": user, "database": database, "application_name": application, "client_encoding": "UTF8"}
        backend.channel.write_raw(wire.opening(wire.PROTOCOL, told))
        while True:
            message = backend.channel.read()
            backend.greeting.append(message)
            if message.kind in (b"Z", b"E"):
                break
        if message.kind == b"Z":
            for setting in SETTINGS:
                backend.ask(setting)
        return backend

    def ask(self, sql: str, rows: Iterable[bytes] = ()) -> Answer:
        """The answer to a statement, which may take rows by COPY from us."""
        self.channel.write(Message(b"Q", wire.text(sql)))
        kinds: tuple[tuple[str, int, int], ...] = ()
        found: list[Row] = []
        tag, error = "", None
        for message in self.answers():
            match message.kind:
                case b"T":
                    kinds = described(message.body)
                case b"D":
                    found.append(cells(message.body))
                case b"C":
                    tag = message.body.rstrip(b"\0").decode()
                case b"E":
                    error = message
                case b"G":
                    self._send(rows)
        return Answer(kinds, tuple(found), tag, error)

    def answers(self) -> Iterator[Message]:
        """What the backend says until it waits again."""
        while True:
            message = self.channel.read()
            if message.kind == b"Z":
                self.status = message.body
                return
            yield message

    def _send(self, rows: Iterable[bytes]) -> None:
        for part in rows:
            self.channel.write(Message(b"d", part))
        self.channel.write(Message(b"c"))


def described(body: bytes) -> tuple[tuple[str, int, int], ...]:
    """The columns of an answer: name, type and modifier."""
    found, place = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        end = body.index(b"\0", place)
        kind, _, modifier = struct.unpack("!ihi", body[end + 7 : end + 17])
        found.append((body[place:end].decode(), kind, modifier))
        place = end + 19
    return tuple(found)


def cells(body: bytes) -> Row:
    """The cells of a row that came as text."""
    found: list[str | None] = []
    place = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length = struct.unpack("!i", body[place : place + 4])[0]
        place += 4
        found.append(None if length < 0 else body[place : place + length].decode())
        place += max(length, 0)
    return tuple(found)


def row(held: Iterable[bytes | None]) -> bytes:
    """A row of cells as it is sent."""
    told = [b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell for cell in held]
    return struct.pack("!h", len(told)) + b"".join(told)


def raw_cells(body: bytes) -> list[bytes | None]:
    """The cells of a row, whatever their form."""
    found: list[bytes | None] = []
    place = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length = struct.unpack("!i", body[place : place + 4])[0]
        place += 4
        found.append(None if length < 0 else body[place : place + length])
        place += max(length, 0)
    return found


def renumbered(body: bytes, kinds: dict[int, int]) -> bytes:
    """A description of columns with other numbers for their types."""
    told, place = bytearray(body), 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        place = body.index(b"\0", place) + 7
        kind = struct.unpack("!i", body[place : place + 4])[0]
        told[place : place + 4] = struct.pack("!i", kinds.get(kind, kind))
        place += 12
    return bytes(told)
