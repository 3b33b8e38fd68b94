"""The Cloud Storage that a load job reads: as whoever asks for the job, and from a bucket where the dataset lies."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlode.sandbox.bigquery.refused import DENIED, INVALID, NOT_FOUND, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.sandbox.accounts import Accounts

_PLACE = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<key>[^*]+)")
_LOCATION = re.compile(r"<LocationConstraint>([\w-]+)<")
# Regions that lie in a multi-region have names that begin so.
WITHIN = {"EU": "EUROPE-", "US": "US-"}


@dataclass(frozen=True)
class Lake:
    """A Cloud Storage by its address."""

    url: str
    accounts: Accounts

    def brought(self, account: str, places: Sequence[str], location: str, folder: str) -> list[str]:
        """Objects as files in a folder; raises Refused where BigQuery could not read one."""
        paths = [Path(folder) / f"{number:06}.parquet" for number in range(len(places))]
        for place, path in zip(places, paths, strict=True):
            found = _PLACE.fullmatch(place)
            if found is None:
                raise Refused(INVALID, f"Unsupported by this double: the URI {place}")
            self._guard_near(account, found["bucket"], place, location)
            path.write_bytes(self._read(account, f"{found['bucket']}/{quote(found['key'], safe='')}", place))
        return [str(path) for path in paths]

    def _guard_near(self, account: str, bucket: str, place: str, location: str) -> None:
        told = _LOCATION.search(self._read(account, f"{bucket}?location", place).decode())
        lies = told[1].upper() if told else ""
        if lies != location and not lies.startswith(WITHIN.get(location, location)):
            told_as = f"Cannot read and write in different locations: source: {lies}, destination: {location}"
            raise Refused(INVALID, told_as)

    def _read(self, account: str, path: str, place: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/{path}")  # noqa: S310  loopback
        request.add_header("Authorization", self.accounts.sign(account))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                content: bytes = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error.code, account, place) from None
        return content


def _refusal(code: int, account: str, place: str) -> Refused:
    if code == 404:
        return Refused(NOT_FOUND, f"Not found: URI {place}")
    lacks = f"{account} does not have storage.objects.get access to the Google Cloud Storage object"
    told = f"Permission denied while globbing file pattern. {lacks}. Please make sure {place} is accessible"
    return Refused(DENIED, f"Access Denied: BigQuery BigQuery: {told} via appropriate IAM roles")
