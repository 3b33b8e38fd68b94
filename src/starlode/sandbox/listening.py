"""A double that is a server of HTTP: it listens on loopback, each request in a thread of its own, until it is closed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Listening:
    """A double that listens."""

    server: ThreadingHTTPServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def listen(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Listening:
    """Begin to listen on a port of loopback, a free one unless told."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return Listening(server)
