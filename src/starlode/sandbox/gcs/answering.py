"""What each request of the XML interface is answered: buckets, listings, objects, and uploads in pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlode.sandbox.accounts import READ, WRITE
from starlode.sandbox.gcs.keeping import Bucket
from starlode.sandbox.gcs.refused import Refused, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.sandbox.accounts import Accounts
    from starlode.sandbox.gcs.keeping import Object

OVER = "x-goog-if-generation-match"
NEEDS = {"GET": READ, "HEAD": READ, "PUT": WRITE, "POST": WRITE, "DELETE": WRITE}
RIGHTS = {READ: "storage.objects.get", WRITE: "storage.objects.create"}
AT_ONCE = 1_000
_PART = re.compile(r"<PartNumber>(\d+)</PartNumber>")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
Told = tuple[int, bytes, dict[str, str]]


@dataclass(frozen=True)
class Request:
    """A request: its verb, the bucket, the object if there is one, what is asked, its headers and its body."""

    verb: str
    bucket: str
    key: str
    asked: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Requests:
    """The requests of one account."""

    buckets: dict[str, Bucket]
    accounts: Accounts
    account: str

    def answer(self, request: Request) -> Told:
        """The code, the body and the headers of an answer; raises Refused."""
        odd = [name for name in request.headers if name.startswith("x-goog-") and name != OVER]
        if odd:
            raise unknown(f"the header {odd[0]}")
        if request.verb == "PUT" and not request.key:
            return self._make_bucket(request)
        if request.bucket not in self.buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist.")
        bucket = self.buckets[request.bucket]
        self._guard(bucket, request)
        return _of_object(bucket, request) if request.key else _of_bucket(bucket, request)

    def _make_bucket(self, request: Request) -> Told:
        if not self.accounts.may(self.account, WRITE):
            raise Refused(403, "AccessDenied", "Access denied.")
        if request.body or request.asked:
            raise unknown("a bucket with settings")
        if request.bucket in self.buckets:
            raise Refused(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded.")
        self.buckets[request.bucket] = Bucket()
        return 200, b"", {}

    def _guard(self, bucket: Bucket, request: Request) -> None:
        """Refuse what an account may not do."""
        right = NEEDS[request.verb]
        held = bucket.rights.get(self.account, self.accounts.rights[self.account])
        if right not in held:
            raise Refused(403, "AccessDenied", f"{self.account} does not have {RIGHTS[right]} access to the object.")


def _of_bucket(bucket: Bucket, request: Request) -> Told:
    asked = dict(request.asked)
    if request.verb == "GET" and asked == {"location": ""}:
        return 200, f"<LocationConstraint>{bucket.location}</LocationConstraint>".encode(), {}
    if request.verb != "GET" or asked.pop("list-type", "") != "2":
        raise unknown(f"{request.verb} of a bucket with {', '.join(request.asked) or 'nothing'}")
    prefix, delimiter = asked.pop("prefix", ""), asked.pop("delimiter", "")
    after = max(asked.pop("start-after", ""), asked.pop("continuation-token", ""))
    most = min(AT_ONCE, int(asked.pop("max-keys", AT_ONCE)))
    if asked:
        raise unknown(f"a listing with {', '.join(asked)}")
    found, goes_on = bucket.listed(prefix, delimiter, after, most)
    told = "".join(_listed(name, held) for name, held in found.items())
    if goes_on:
        told += f"<NextContinuationToken>{escape([*found][-1])}</NextContinuationToken>"
    truncated = f"<IsTruncated>{str(goes_on).lower()}</IsTruncated>"
    return 200, f"<ListBucketResult>{truncated}{told}</ListBucketResult>".encode(), {}


def _listed(name: str, held: Object | None) -> str:
    if held is None:
        return f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
    written = held.written.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (
        f"<Contents><Key>{escape(name)}</Key><Generation>{held.generation}</Generation><LastModified>{written}</LastModified>"
        f"<ETag>{escape(held.tag)}</ETag><Size>{len(held.content)}</Size></Contents>"
    )


def _of_object(bucket: Bucket, request: Request) -> Told:
    match request.verb, sorted(request.asked):
        case (("GET" | "HEAD"), []):
            return _read(bucket.read(request.key), request.headers)
        case "PUT", []:
            over = request.headers.get(OVER)
            written = bucket.write(request.key, request.body, int(over) if over is not None else None)
            return 200, b"", _marks(written)
        case "DELETE", []:
            bucket.remove(request.key)
            return 204, b"", {}
        case "POST", ["uploads"]:
            names = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key>"
            told = f"{names}<UploadId>{bucket.begin(request.key)}</UploadId>"
            return 200, f"<InitiateMultipartUploadResult>{told}</InitiateMultipartUploadResult>".encode(), {}
    if "uploadId" in request.asked:
        return _of_upload(bucket, request, request.asked["uploadId"])
    raise _unknown(request)


def _of_upload(bucket: Bucket, request: Request, upload: str) -> Told:
    """An object that comes in pieces."""
    pieces = bucket.pieces(upload, request.key)
    match request.verb, sorted(request.asked):
        case "PUT", ["partNumber", "uploadId"]:
            pieces[int(request.asked["partNumber"])] = request.body
            return 200, b"", {"ETag": f'"{len(request.body)}"'}
        case "POST", ["uploadId"]:
            numbers = [int(found[1]) for found in _PART.finditer(request.body.decode())]
            written = bucket.finish(upload, request.key, numbers)
            names = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key>"
            told = f"{names}<ETag>{escape(written.tag)}</ETag>"
            return (
                200,
                f"<CompleteMultipartUploadResult>{told}</CompleteMultipartUploadResult>".encode(),
                _marks(written),
            )
        case "DELETE", ["uploadId"]:
            del bucket.uploads[upload]
            return 204, b"", {}
    raise _unknown(request)


def _unknown(request: Request) -> Refused:
    return unknown(f"{request.verb} of an object with {', '.join(request.asked)}")


def _read(held: Object, headers: Mapping[str, str]) -> Told:
    if headers.get("if-match", held.tag) != held.tag:
        raise Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
    found = _RANGE.fullmatch(headers.get("range", ""))
    if found is None:
        return 200, held.content, _marks(held)
    size = len(held.content)
    start = int(found[1]) if found[1] else max(0, size - int(found[2]))
    end = min(size, int(found[2]) + 1) if found[1] and found[2] else size
    if start >= end:
        raise Refused(416, "InvalidRange", "The requested range cannot be satisfied.")
    return 206, held.content[start:end], _marks(held) | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}


def _marks(held: Object) -> dict[str, str]:
    return {
        "ETag": held.tag,
        "Last-Modified": format_datetime(held.written, usegmt=True),
        "x-goog-generation": str(held.generation),
    }
