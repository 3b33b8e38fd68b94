"""A double of Google Cloud Storage for tests, with the accounts that they ask as."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from starlode.sandbox.gcs.double import Double
from starlode.sandbox.gcs.keeping import Bucket
from starlode.stores.objects import GOOGLE_URL
from tests.bigquery_double import LOADER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlode.sandbox.accounts import Accounts


@dataclass(frozen=True)
class Storage:
    """A double that listens, and the keys of its accounts."""

    double: Double
    url: str
    folder: Path
    gaps: tuple[str, ...] = ()
    scheme: str = "gs"

    @property
    def environment(self) -> Mapping[str, str]:
        """What the environment says to whoever may do everything."""
        key = self.folder / f"{LOADER}.json"
        if not key.exists():
            self.double.accounts.write_key(LOADER, self.url, key)
        return {GOOGLE_URL: self.url, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}

    def fresh_bucket(self, location: str = "EU") -> str:
        """The name of a new bucket."""
        name = f"starlode-{uuid4().hex[:12]}"
        self.double.buckets[name] = Bucket(location)
        return name

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, in order."""
        return sorted(self.double.buckets[bucket].objects)

    def read(self, bucket: str, key: str) -> bytes:
        return self.double.buckets[bucket].read(key).content

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.double.buckets[bucket].write(key, content)

    def drop(self, bucket: str, key: str) -> None:
        self.double.buckets[bucket].remove(key)


@contextmanager
def listening(accounts: Accounts, folder: Path) -> Iterator[Storage]:
    """A double until the block ends."""
    gaps: list[str] = []
    double = Double(accounts)
    listens = double.listen(gaps.append)
    try:
        yield Storage(double, listens.url, folder, tuple(gaps))
    finally:
        listens.close()
