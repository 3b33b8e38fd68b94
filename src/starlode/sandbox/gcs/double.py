"""The double itself: it listens on loopback, lets in whom it knows, and answers as Cloud Storage's XML interface does."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from starlode.sandbox.gcs.answering import Request, Requests
from starlode.sandbox.gcs.refused import Refused, unknown
from starlode.sandbox.listening import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.sandbox.accounts import Accounts
    from starlode.sandbox.gcs.keeping import Bucket
    from starlode.sandbox.listening import Listening

NOT_IMITATED = (
    "its JSON interface and gRPC",
    "rights below a bucket, public access, and the roles by which rights are given: an account may read, or write, or neither",
    "versions, holds, lifecycles, classes of storage, keys of customers, composed objects and checksums",
    "quotas, and that one object is written once a second",
    "what outlives the server: the buckets are gone when it ends",
)


@dataclass
class Double:
    """A double that knows some accounts."""

    accounts: Accounts
    buckets: dict[str, Bucket] = field(default_factory=dict, repr=False)

    def listen(self, tell: Callable[[str], None], port: int = 0) -> Listening:
        """Begin to listen on a port of loopback, a free one unless told, and tell what is not imitated."""
        for gap in NOT_IMITATED:
            tell(f"the double of Cloud Storage does not imitate {gap}")
        return listen(type("Handler", (_Handler,), {"double": self}), port)


class _Handler(BaseHTTPRequestHandler):
    double: Double
    protocol_version = "HTTP/1.1"
    # Small answers are not held back for more.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            self._send(*self._answer(body))
        except Refused as refused:
            told = f"<Code>{refused.code}</Code><Message>{escape(refused.message)}</Message>"
            content = f"<?xml version='1.0' encoding='UTF-8'?><Error>{told}</Error>".encode()
            self._send(refused.status, content, {"Content-Type": "application/xml; charset=UTF-8"})

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: whoever asks is told."""

    def _answer(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        account = self.double.accounts.recognize(self.headers.get("authorization", ""))
        if account is None:
            raise Refused(401, "AuthenticationRequired", "Authentication required.")
        url = urlsplit(self.path)
        bucket, _, key = url.path.removeprefix("/").partition("/")
        asked = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        headers = {name.lower(): text for name, text in self.headers.items()}
        request = Request(self.command, unquote(bucket), unquote(key), asked, headers, body)
        try:
            return Requests(self.double.buckets, self.double.accounts, account).answer(request)
        except (KeyError, SyntaxError, ValueError) as error:
            # A client would ask again for what is no mistake of its own.
            raise unknown(f"it failed with {error!r}") from error

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
