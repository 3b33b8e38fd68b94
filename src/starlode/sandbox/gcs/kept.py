"""The double of Cloud Storage as a sandbox keeps it: what the environment says to those who ask, and the buckets in it."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlode.sandbox.accounts import ACCOUNT, KEY, READ, WRITE, Accounts
from starlode.stores.objects import GOOGLE_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

IS_THERE = 409


def environment(port: int, key: Path) -> Mapping[str, str]:
    """The variables by which the library finds the double and comes in, and nothing that the machine says itself."""
    return {GOOGLE_URL: f"http://127.0.0.1:{port}", KEY: str(key), "GOOGLE_SERVICE_ACCOUNT": str(key)}


def make_bucket(named: Mapping[str, str], name: str) -> None:
    """Make a bucket; one that is there stays."""
    try:
        _put(named, name, b"")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != IS_THERE:
            raise


def put(named: Mapping[str, str], bucket: str, key: str, content: bytes) -> None:
    """Write an object."""
    _put(named, f"{bucket}/{quote(key, safe='')}", content)


def _put(named: Mapping[str, str], path: str, content: bytes) -> None:
    accounts = Accounts({ACCOUNT: frozenset({READ, WRITE})})
    accounts.take_key(ACCOUNT, Path(named[KEY]))
    request = urllib.request.Request(f"{named[GOOGLE_URL]}/{path}", content, method="PUT")  # noqa: S310  loopback
    request.add_header("Authorization", accounts.sign(ACCOUNT))
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
