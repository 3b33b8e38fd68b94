"""The double itself: it listens on loopback, lets in whom it knows, and gives each client a conversation of its own."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg

from starlode.sandbox.redshift import wire
from starlode.sandbox.redshift.backend import Backend
from starlode.sandbox.redshift.carrying import Errors
from starlode.sandbox.redshift.conversation import Conversation
from starlode.sandbox.redshift.preparing import STATEMENTS
from starlode.sandbox.redshift.refused import DENIED
from starlode.sandbox.redshift.wire import Channel, Gone, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlode.sandbox.redshift.lake import Lake

NOT_IMITATED = (
    "nodes and slices: distribution, sorting and encoding do nothing, and times say nothing",
    "error 1023, where two loads read and write each other's tables",
    "the lack of casts that PostgreSQL has, such as of a boolean to a text",
    "IAM, beyond roles that are known or not",
    "TLS, queues, limits of idle sessions, MERGE, procedures, functions of users, external and shared tables",
    "the numbers of FNV_HASH, and the blanks in the text of nested values",
)


@dataclass(frozen=True)
class Double:
    """A double before a PostgreSQL whose superuser a URL names; `users` are those that it lets in, with their passwords."""

    postgres: str
    lake: Lake
    users: Mapping[str, str] = field(repr=False)
    _prepared: set[str] = field(default_factory=set, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def listen(self, tell: Callable[[str], None], port: int = 0) -> Listening:
        """Begin to listen on loopback, on a free port unless one is named, and tell what is not imitated."""
        for gap in NOT_IMITATED:
            tell(f"the double of Redshift does not imitate {gap}")
        listening = socket.create_server(("127.0.0.1", port))
        thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
        thread.start()
        return Listening(listening)

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connected,), daemon=True).start()

    def _receive(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Channel(connected)
        backend: Backend | None = None
        try:
            backend = self._admit(client, connected)
            if backend is not None:
                Conversation(client, backend, self.lake, Errors(self._url(backend.database))).talk()
        except Gone:
            pass
        finally:
            client.close()
            if backend is not None:
                with suppress(Gone):
                    backend.channel.write(Message(b"X"))
                backend.channel.close()

    def _admit(self, client: Channel, connected: socket.socket) -> Backend | None:
        """The backend of a client that may come in; None where it may not, which it is told."""
        code, body = client.read_opening()
        while code in (wire.ENCRYPTED, wire.ENCRYPTED_GSS):
            connected.sendall(b"N")
            code, body = client.read_opening()
        if code == wire.CANCEL:
            self._cancel(body)
            return None
        told = wire.parameters(body)
        user, database = told.get("user", ""), told.get("database", "")
        client.write(Message(b"R", struct.pack("!i", 3)))
        password = client.read().body.rstrip(b"\0").decode()
        if self.users.get(user) != password:
            client.write(wire.error(DENIED, f'password authentication failed for user "{user}"'))
            return None
        refused = self._prepare(database)
        if refused:
            client.write(wire.error("3D000", refused))
            return None
        backend = Backend.opened(self._place, user, database, told.get("application_name", ""))
        client.write(*backend.greeting)
        return backend if backend.greeting[-1].kind == b"Z" else None

    def _prepare(self, database: str) -> str:
        """Give a database what Redshift has; why it cannot be had, otherwise."""
        with self._lock:
            if database in self._prepared:
                return ""
            try:
                with psycopg.connect(self._url(database), autocommit=True) as connection:
                    for statement in STATEMENTS:
                        connection.execute(statement.encode())
            except psycopg.OperationalError:
                return f'database "{database}" does not exist'
            self._prepared.add(database)
            return ""

    def _cancel(self, body: bytes) -> None:
        with socket.create_connection(self._place) as backend:
            backend.sendall(struct.pack("!ii", len(body) + 8, wire.CANCEL) + body)

    def _url(self, database: str) -> str:
        return f"{self.postgres.rpartition('/')[0]}/{database}"

    @property
    def _place(self) -> tuple[str, int]:
        found = urlsplit(self.postgres)
        return found.hostname or "127.0.0.1", found.port or 5432


@dataclass(frozen=True)
class Listening:
    """A double that listens."""

    socket: socket.socket

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    def close(self) -> None:
        self.socket.close()
