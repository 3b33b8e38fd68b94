"""The double itself: it listens on loopback, lets in whom it knows, and answers as BigQuery's REST interface does."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

from starlode.sandbox.bigquery.answering import Requests
from starlode.sandbox.bigquery.keeping import Project
from starlode.sandbox.bigquery.refused import INVALID, Refused
from starlode.sandbox.listening import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlode.sandbox.accounts import Accounts
    from starlode.sandbox.bigquery.answering import Judge
    from starlode.sandbox.bigquery.lake import Lake
    from starlode.sandbox.listening import Listening

NOT_IMITATED = (
    "slots, quotas and times: whatever is asked is done at once, and few bytes are billed",
    "locations: whatever a target says, its datasets lie in one",
    "MERGE, scripts, procedures, functions of users, streaming, external tables",
    "legacy SQL, arrays and structs in tables, JSON and GEOGRAPHY as types of columns",
    "what partitions and clusters spare: each statement is billed for the whole of its tables",
    "load jobs of other formats than Parquet, and patterns of names in Cloud Storage",
    "casts of floating halves to whole numbers, which are rounded away from zero",
    "more than 38 digits of a BIGNUMERIC, and the numbers of FARM_FINGERPRINT",
    "rights below a project: an account may read, or write, or neither",
    "the Storage Read and Write interfaces",
)
# What may befall a request before it is heard, with the reason that is told.
REASONS = {
    "429": (429, "rateLimitExceeded", "try again"),
    "503": (503, "backendError", "try again"),
    "expired": (401, "authError", "Invalid Credentials"),
    "quota": (403, "quotaExceeded", "Quota exceeded: Your table exceeded quota for imports or query appends per table"),
}
PREFIX = "/bigquery/v2/projects/"
UPLOAD = "/upload" + PREFIX


@dataclass(frozen=True)
class Request:
    """A request: its verb, its path below the project, what is asked, its headers and its body."""

    verb: str
    project: str
    path: tuple[str, ...]
    asked: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body or b"{}")
        return told


@dataclass
class Double:
    """A double that knows some accounts. `meets` looks at each request first, and says what befalls it, if anything.

    `lake` is the Cloud Storage that its load jobs read.
    """

    accounts: Accounts
    judge: Judge
    meets: Callable[[Request], str] = lambda _: ""
    lake: Lake | None = None
    projects: dict[str, Project] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def listen(self, tell: Callable[[str], None], port: int = 0) -> Listening:
        """Begin to listen on a port of loopback, a free one unless told, and tell what is not imitated."""
        for gap in NOT_IMITATED:
            tell(f"the double of BigQuery does not imitate {gap}")
        return listen(type("Handler", (_Handler,), {"double": self}), port)

    def project(self, name: str) -> Project:
        with self._lock:
            if name not in self.projects:
                self.projects[name] = Project(name)
            return self.projects[name]


class _Handler(BaseHTTPRequestHandler):
    double: Double
    protocol_version = "HTTP/1.1"
    # Small answers are not held back for more.
    disable_nagle_algorithm = True
    wbufsize = -1
    uploads: dict[str, tuple[Request, str]] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: whoever asks is told."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urlsplit(self.path)
        asked = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path == "/token":
            self._give_token(body)
            return
        account = self.double.accounts.admit(self.headers.get("authorization", ""))
        if account is None:
            self._refuse(401, "authError", "Invalid Credentials")
            return
        is_upload = url.path.startswith(UPLOAD)
        project, *path = map(unquote, url.path.removeprefix(UPLOAD if is_upload else PREFIX).split("/"))
        headers = {name.lower(): text for name, text in self.headers.items()}
        request = Request(self.command, project, (*(("upload",) if is_upload else ()), *path), asked, headers, body)
        befalls = self.double.meets(request)
        if befalls in REASONS:
            self._refuse(*REASONS[befalls])
            return
        if befalls == "unheard":
            self._cut_off()
            return
        answer = self._answer(request, account)
        if befalls == "unanswered":
            self._cut_off()
            return
        self._send(*answer)

    def _answer(self, request: Request, account: str) -> tuple[int, Any, dict[str, str]]:
        project = self.double.project(request.project)
        requests = Requests(project, self.double.accounts, account, self.double.judge, self.double.lake)
        try:
            if request.path[0] == "upload":
                return self._receive(request, requests)
            return requests.answer(request.verb, request.path, request.asked, request)
        except Refused as refused:
            return refused.code, _error(refused.code, refused.reason, refused.message), {}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A client would ask again for what is no mistake of its own.
            told = f"Unsupported by this double: it failed with {error!r}"
            return 400, _error(400, INVALID, told), {}

    def _receive(self, request: Request, requests: Requests) -> tuple[int, Any, dict[str, str]]:
        """A file on its way up: whole with its job, or in pieces after it."""
        if request.asked.get("uploadType") == "multipart":
            head = b"content-type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
            parts: Any = BytesParser().parsebytes(head + request.body).get_payload()
            told, content = parts
            return 200, _kept(requests, json.loads(told.get_payload()), content.get_payload(decode=True)), {}
        if "upload_id" not in request.asked:
            name = uuid4().hex
            self.uploads[name] = (request, tempfile.mkstemp()[1])
            place = (
                f"http://{request.headers['host']}{UPLOAD}{request.project}/jobs?uploadType=resumable&upload_id={name}"
            )
            return 200, {}, {"Location": place}
        begun, file = self.uploads[request.asked["upload_id"]]
        with Path(file).open("ab") as kept:
            kept.write(request.body)
        size = Path(file).stat().st_size
        whole = re.search(r"/(\d+)$", request.headers.get("content-range", ""))
        if whole is None or size < int(whole[1]):
            return 308, {}, {"Range": f"bytes=0-{size - 1}"}
        content = Path(file).read_bytes()
        Path(file).unlink()
        del self.uploads[request.asked["upload_id"]]
        return 200, _kept(requests, begun.told, content), {}

    def _give_token(self, body: bytes) -> None:
        asked = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        token = self.double.accounts.token(asked.get("assertion", ""))
        if token is None:
            self._send(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, {})
            return
        self._send(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}, {})

    def _refuse(self, code: int, reason: str, message: str) -> None:
        self._send(code, _error(code, reason, message), {})

    def _send(self, code: int, told: Any, headers: dict[str, str]) -> None:
        body = b"" if code in (204, 308) else json.dumps(told).encode()
        self.send_response(code)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _cut_off(self) -> None:
        self.close_connection = True
        self.connection.close()


def _kept(requests: Requests, job: dict[str, Any], content: bytes) -> Any:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        file.write(content)
        file.flush()
        return requests.insert_load(job, file.name)


def _error(code: int, reason: str, message: str) -> dict[str, Any]:
    told = {"reason": reason, "message": message, "domain": "global"}
    return {"error": {"code": code, "message": message, "errors": [told], "status": reason}}
