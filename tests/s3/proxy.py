"""A server of our own between Starlode and an S3, over real sockets, that does what networks and busy servers do.

Each fault is a function of a request; a plan says which requests meet it. What is not named passes through as it is.
"""

from __future__ import annotations

import http.client
import re
import socket
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gcs_double import Storage
    from tests.s3.servers import Server

Place = TypeVar("Place", bound="Server | Storage")
Fault = Literal["throttled", "reset", "truncated", "slow", "unheard", "answer lost", "expired", "deaf"]
HOP = {"connection", "transfer-encoding", "keep-alive", "server", "date"}
CREATES = {"if-none-match", "x-goog-if-generation-match"}
PIECE = 16 << 10


@dataclass
class Faults:
    """Which requests meet a fault: those whose `METHOD path?query` the pattern finds, and how many of them."""

    fault: Fault
    pattern: str
    times: int = 1_000_000
    seen: list[str] = field(default_factory=list)
    met: int = 0
    _guard: Lock = field(default_factory=Lock)

    def meets(self, request: str) -> bool:
        with self._guard:
            self.seen.append(request)
            if self.met < self.times and re.search(self.pattern, request):
                self.met += 1
                return True
            return False


@contextmanager
def between(server: Place, faults: Faults) -> Iterator[Place]:
    """The same server, reached through one that does what the plan says."""

    class Passing(_Passing):
        upstream = urlsplit(server.url).netloc
        plan = faults

    httpd = _Server(("127.0.0.1", 0), Passing)
    thread = Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield replace(server, url=f"http://127.0.0.1:{httpd.server_port}")
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: connections break here on purpose."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = ""
    plan: Faults

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        meets = self.plan.meets(f"{self.command} {self.path}")
        fault = self.plan.fault if meets else None
        if fault == "throttled":
            self._refuse(503, "SlowDown")
            return
        if fault == "expired":
            self._refuse(400, "ExpiredToken")
            return
        if fault == "unheard":
            self._break_off()
            return
        headers = dict(self.headers.items())
        if fault == "deaf":
            headers = {name: said for name, said in headers.items() if name.lower() not in CREATES}
        status, answered, content = self._asked(headers, body)
        if fault == "answer lost":
            self._break_off()
            return
        self._answer(status, answered, content, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815  the names that http.server asks for

    def _asked(self, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the server behind answers."""
        connection = http.client.HTTPConnection(self.upstream, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, said in headers.items():
                connection.putheader(name, said)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, fault: Fault | None) -> None:
        self.send_response(status)
        has_length = False
        for name, said in headers:
            if name.lower() not in HOP:
                has_length = has_length or name.lower() == "content-length"
                self.send_header(name, said)
        if not has_length:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault in ("reset", "truncated"):
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self._break_off(is_rude=fault == "reset")
        elif fault == "slow":
            for start in range(0, len(content), PIECE):
                self.wfile.write(content[start : start + PIECE])
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(content)

    def _refuse(self, status: int, code: str) -> None:
        said = f"<?xml version='1.0'?><Error><Code>{code}</Code><Token-0>canary-token</Token-0></Error>".encode()
        self._answer(status, [("Content-Type", "application/xml")], said, None)

    def _break_off(self, *, is_rude: bool = True) -> None:
        """End the connection, with a reset or as if all had been said."""
        if is_rude:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR) if not is_rude else self.connection.close()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: tests look at the plan."""
