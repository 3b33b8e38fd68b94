"""A double of BigQuery for tests, with the accounts that they ask as."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from starlode.sandbox import environments
from starlode.sandbox.accounts import READ, WRITE
from starlode.sandbox.bigquery.asking_judge import Judged
from starlode.sandbox.bigquery.double import Double
from starlode.sandbox.bigquery.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.sandbox.accounts import Accounts

CLONE = Path(__file__).parents[1]
LOADER, READER, STRANGER = (f"{name}@double.iam.gserviceaccount.com" for name in ("loader", "reader", "stranger"))
RIGHTS = {LOADER: frozenset({READ, WRITE}), READER: frozenset({READ}), STRANGER: frozenset[str]()}


@dataclass
class BigQuery:
    """A double that listens, and the keys of its accounts."""

    double: Double
    url: str
    keys: Path
    gaps: tuple[str, ...]
    _number: Iterator[int] = field(default_factory=lambda: count(1))

    def environment(self, account: str = LOADER) -> dict[str, str]:
        """What the environment says to one who asks as an account."""
        key = self.keys / f"{account}.json"
        if not key.exists():
            self.double.accounts.write_key(account, self.url, key)
        return {"BIGQUERY_EMULATOR_HOST": self.url, "GOOGLE_APPLICATION_CREDENTIALS": str(key)}

    def fresh_target(self) -> str:
        """The target of a new, empty project."""
        return f"bigquery://project-{os.getpid()}-{next(self._number)}?location=EU"


@contextmanager
def listening(keys: Path, accounts: Accounts, storage: str) -> Iterator[BigQuery]:
    """A double until the block ends, which reads a Cloud Storage; BigQuery's own parser judges each statement."""
    gaps: list[str] = []
    judge = Judged(environments.prepared("zetasql", lambda told: print(told, file=sys.stderr), cache=CLONE))
    double = Double(accounts, judge, lake=Lake(storage, accounts))
    listening = double.listen(gaps.append)
    try:
        yield BigQuery(double, listening.url, keys, tuple(gaps))
    finally:
        listening.close()
        judge.close()
