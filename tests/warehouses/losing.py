"""A relay in front of a server of HTTP at which an answer is lost, or a request held back, at a word that the client says.

Or the client gets another answer, as a server gives it that does not carry out what it is asked.
"""

from __future__ import annotations

import gzip
import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60


@dataclass
class Lost:
    """The word at which an answer is lost, or at which nothing is passed on any more, and whether it was said.

    `instead` is what is answered instead, with its status, so many times, and the server hears nothing then.
    """

    word: bytes
    holds: bool = False
    instead: tuple[int, bytes] | None = None
    times: int = 1
    has_lost: bool = False
    came: threading.Event = field(default_factory=threading.Event)


@contextmanager
def losing(port: int, lost: Lost) -> Iterator[int]:
    """The port of a relay that lives as long as the block."""

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            is_meant = lost.word in said
            if lost.holds and (is_meant or lost.has_lost):
                lost.has_lost = True
                lost.came.set()
                self._break()
                return
            if is_meant and lost.instead is not None and lost.times:
                lost.times -= 1
                lost.has_lost = True
                self._answer(*lost.instead)
                return
            answer = self._asked(body)
            if is_meant and not lost.has_lost:
                lost.has_lost = True
                self._break()
                return
            self._answer(*answer)

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _asked(self, body: bytes) -> tuple[int, bytes]:
            behind = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                headers = {name: said for name, said in self.headers.items() if name.lower() != "host"}
                behind.request("POST", self.path, body, headers)
                answer = behind.getresponse()
                return answer.status, answer.read()
            finally:
                behind.close()

        def _break(self) -> None:
            self.close_connection = True

        def log_message(self, *told: object) -> None:
            """Nothing: tests say what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
