"""The objects of a bucket below a prefix: listed, read, written, removed, with one way of telling what a server refuses.

One library speaks to Amazon S3 and its like, to Google Cloud Storage and to Azure. Requests that a server throttles or breaks
off are repeated with growing pauses, and reading goes on where it was broken off. What servers answer is never shown as it is:
it may quote a token. Only its code is.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlode.errors import StarlodeError, Stopped
from starlode.stores.aws import INSTALL, Amazon, NotTold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

SCHEMES = ("s3", "gs", "az")
# Where the library looks for a server in the place of Google's.
GOOGLE_URL = "GOOGLE_BASE_URL"
# A file goes up in pieces of this size, so many at a time.
PIECE = 8 << 20
PIECES_AT_ONCE = 4
# The library repeats what does no harm when it is done twice; creating is tried so often by us.
CREATED_WITHIN = 4
PAUSE = 0.5
LISTED_AT_ONCE = 1_000
# A connection that says nothing for so long is broken; a whole file may take its time.
SILENCE = timedelta(seconds=120)
WHOLE = timedelta(days=1)

_ADDRESS = re.compile(r"(?P<scheme>[a-z0-9]+)://(?P<bucket>[^/?#@:]+)(?:/(?P<prefix>[^?#]*))?")
_CODE = re.compile(r"<Code>(\w+)</Code>")


class _CutOff(Stopped):
    """Nothing was answered, so nobody knows whether the request was heard."""


@dataclass(frozen=True)
class Address:
    """A bucket and a prefix in it, without slashes around."""

    scheme: str
    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


def address(text: str) -> Address | None:
    """The address that a text such as `s3://bucket/prefix` spells; None where it spells none."""
    found = _ADDRESS.fullmatch(text)
    if found is None or found["scheme"] not in SCHEMES:
        return None
    parts = (found["prefix"] or "").strip("/").split("/")
    if any(part in ("", ".", "..") for part in parts) and parts != [""]:
        return None
    return Address(found["scheme"], found["bucket"], "/".join(parts))


@dataclass(frozen=True)
class Object:
    """An object as a listing shows it: its name below the prefix, its size, its tag, and when it was written."""

    name: str
    bytes: int
    tag: str
    written_at: float


@dataclass(frozen=True)
class Objects:
    """A bucket below a prefix. Naming it connects to nothing; `fails` is the kind of error that it is refused with."""

    address: Address
    fails: type[StarlodeError]
    # How new objects are encrypted, in the words of the library.
    encryption: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.address)

    def shown(self, name: str = "") -> str:
        return f"{self.address}/{name}" if name else str(self.address)

    def listed(self, folder: str = "", after: str = "") -> Iterator[Object]:
        """Every object below a folder, in the order of the names, which sort behind `after`; asked for page by page."""
        with self._told("s3:ListBucket", folder):
            pages = self._library.list(self._store, folder or None, offset=after or None, chunk_size=LISTED_AT_ONCE)
        while True:
            with self._told("s3:ListBucket", folder):
                page = next(pages, None)
            if page is None:
                return
            yield from (_object(held) for held in page)

    def in_folder(self, folder: str) -> tuple[str, ...]:
        """The own names of the objects that lie directly in a folder."""
        with self._told("s3:ListBucket", folder):
            found = self._library.list_with_delimiter(self._store, folder or None)["objects"]
        return tuple(held["path"].rpartition("/")[2] for held in found)

    def head(self, name: str) -> Object:
        """An object as it is now; raises FileNotFoundError."""
        with self._told("s3:GetObject", name):
            return _object(self._library.head(self._store, name))

    def read(self, name: str, tag: str = "") -> bytes:
        """The content of a small object, of the one with this tag only; raises FileNotFoundError."""
        with self._told("s3:GetObject", name):
            return bytes(self._library.get(self._store, name, options=_only(tag)).bytes())

    def pieces(self, name: str, tag: str = "") -> Iterator[bytes]:
        """The content of an object in pieces; raises FileNotFoundError."""
        with self._told("s3:GetObject", name):
            stream = iter(self._library.get(self._store, name, options=_only(tag)).stream(PIECE))
        while True:
            with self._told("s3:GetObject", name):
                piece = next(stream, None)
            if piece is None:
                return
            yield bytes(piece)

    def put(self, name: str, file: Path) -> None:
        """Write a local file as an object, whole or not at all."""
        with self._told(self._writing, name):
            self._library.put(self._store, name, file, chunk_size=PIECE, max_concurrency=PIECES_AT_ONCE)

    def create(self, name: str, content: bytes) -> None:
        """Write an object only if there is none; raises FileExistsError.

        A try whose answer is lost may have been heard: then the object that is there has this content.
        """
        for left in reversed(range(CREATED_WITHIN)):
            try:
                with self._told(self._writing, name):
                    self._library.put(self._store, name, content, mode="create", use_multipart=False)
            except FileExistsError:
                if self.read(name) != content:
                    raise
            except _CutOff:
                if not left:
                    raise
                time.sleep(PAUSE)
                continue
            return

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects, whether or not they are there."""
        if not names:
            return
        try:
            with self._told("s3:DeleteObject", names[0]):
                self._library.delete(self._store, list(names))
        except FileNotFoundError:
            # Google's server says so of one that is not there, and nobody knows which others it came to.
            for name in names:
                with suppress(FileNotFoundError), self._told("s3:DeleteObject", name):
                    self._library.delete(self._store, name)

    def unfinished(self, folder: str) -> tuple[Object, ...]:
        """The objects below a folder whose upload in pieces was never finished, each with the number of that as its tag.

        Only S3 is asked. Azure forgets such pieces by itself; Google's server does where a rule of the bucket says so.
        """
        if self.address.scheme != "s3":
            return ()
        above = f"{self.address.prefix}/" if self.address.prefix else ""
        try:
            found = self.amazon.unfinished(self.address.bucket, f"{above}{folder}/")
        except NotTold as error:
            hint = "this needs the right s3:ListBucketMultipartUploads of the bucket"
            what = f"the bucket does not tell of unfinished uploads: {error}"
            raise self.fails(what, where=self.shown(folder), hint=hint) from None
        return tuple(Object(key.removeprefix(above), 0, number, begun) for key, number, begun in found)

    def abandon(self, uploads: Sequence[Object]) -> None:
        """Let the server forget the pieces of unfinished uploads, as they were told."""
        above = f"{self.address.prefix}/" if self.address.prefix else ""
        self.amazon.abandon(self.address.bucket, [(f"{above}{held.name}", held.tag) for held in uploads])

    @cached_property
    def amazon(self) -> Amazon:
        """Whoever asks, and what else can be asked of S3 itself."""
        return Amazon(self.fails)

    @property
    def _writing(self) -> str:
        keyed = "sse_kms_key_id" in self.encryption
        return "s3:PutObject, and kms:GenerateDataKey and kms:Decrypt for the key" if keyed else "s3:PutObject"

    @cached_property
    def _library(self) -> Any:
        try:
            import obstore
        except ImportError as error:
            raise self.fails("object stores need a library that is not installed", hint=INSTALL) from error
        return obstore

    @cached_property
    def _store(self) -> Any:
        from obstore import store

        client: Any = {"connect_timeout": timedelta(seconds=10), "read_timeout": SILENCE, "timeout": WHOLE}
        held = self.address
        if held.scheme != "s3":
            client["allow_http"] = held.scheme == "gs" and os.environ.get(GOOGLE_URL, "").startswith("http://")
            return store.from_url(str(held), client_options=client)
        return self.amazon.store(held.bucket, held.prefix, self.encryption, client)

    @contextmanager
    def _told(self, right: str, name: str) -> Iterator[None]:
        """Tell what a server refuses in our words, with the right that is needed."""
        self._library  # noqa: B018  tells how to install it
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._refusal(error, right, name) from None
            raise FileNotFoundError(self.shown(name)) from None
        except (_exceptions().BaseError, ValueError) as error:
            # Its own words may quote a token.
            raise self._refusal(error, right, name) from None

    def _refusal(self, error: Exception, right: str, name: str) -> Exception:
        exceptions = _exceptions()
        if isinstance(error, exceptions.AlreadyExistsError):
            return FileExistsError(self.shown(name))
        if isinstance(error, exceptions.PreconditionError):
            return self.fails("an object changed while it was read", where=self.shown(name), hint="run again")
        found = _CODE.search(str(error))
        code = found[1] if found else "PermanentRedirect" if "redirect" in str(error) else ""
        where, hint, lease = self.shown(name), _HINTS.get(code, ""), _LEASE
        if self.address.scheme == "gs":
            right, lease = _OF_GOOGLE.get(right, right), _GOOGLE_KEYS
            # It was asked who this machine is, or for a token with what the environment holds.
            if any(word in str(error) for word in ("computeMetadata", "invalid_grant")):
                what = "there are no credentials for Google Cloud Storage, or none that are valid"
                return self.fails(what, where=where, hint=lease)
        if code == "NoSuchBucket":
            return self.fails(f"there is no bucket {self.address.bucket}", where=self.shown(), hint=hint)
        if isinstance(error, exceptions.UnauthenticatedError) and not code:
            return self.fails("the credentials are valid no more, and there are no new ones", where=where, hint=lease)
        if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError) or hint:
            what = f"the bucket {self.address.bucket} refuses it: {code or 'forbidden'}"
            return self.fails(
                what, where=where, hint=hint or f"this needs the right {right}; docs/s3.md lists all rights"
            )
        if isinstance(error, exceptions.InvalidPathError | ValueError):
            what = "a name in the bucket has an empty part or `.` or `..` in it, as in `a//b`"
            return self.fails(what, where=where, hint="name the objects otherwise, or keep them below another prefix")
        what = f"the bucket does not answer as it should{f': {code}' if code else ''}; it was asked several times"
        kind = Stopped if code else _CutOff
        return kind(what, where=where, hint="run again: what was finished is kept, and the next run goes on from there")


_LEASE = "renew the credentials (such as `aws sso login`), and run again"
_KEYS = "look at the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile, or the role"
_GOOGLE_KEYS = "set GOOGLE_APPLICATION_CREDENTIALS, or log in with `gcloud auth application-default login`"
_REGION = "the bucket lies in another region: set AWS_REGION, or `region` of the profile"
_HINTS = {
    "ExpiredToken": _LEASE,
    "InvalidToken": _KEYS,
    "TokenRefreshRequired": _LEASE,
    "InvalidAccessKeyId": _KEYS,
    "SignatureDoesNotMatch": _KEYS,
    "RequestTimeTooSkewed": "set the clock of this machine",
    "AuthenticationRequired": _GOOGLE_KEYS,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "NoSuchBucket": "create the bucket, or mend its name",
}


# What S3's rights are called by Google.
_OF_GOOGLE = {
    "s3:ListBucket": "storage.objects.list",
    "s3:GetObject": "storage.objects.get",
    "s3:PutObject": "storage.objects.create",
    "s3:DeleteObject": "storage.objects.delete",
}


def _exceptions() -> Any:
    from obstore import exceptions

    return exceptions


def _only(tag: str) -> Any:
    return {"if_match": f'"{tag}"'} if tag else None


def _object(held: Any) -> Object:
    return Object(held["path"], held["size"], (held["e_tag"] or "").strip('"'), held["last_modified"].timestamp())
