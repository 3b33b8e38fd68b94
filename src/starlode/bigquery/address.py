"""Where a warehouse is: a project of Google Cloud, a prefix of its datasets, and a location. The environment says who asks."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.bigquery.driver import driver, failures
from starlode.bigquery.refusing import refusal
from starlode.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = re.compile(r"//(?P<project>[a-z][a-z0-9.:-]{1,60}[a-z0-9])(?:/(?P<dataset>[A-Za-z0-9_]{0,200}))?")
GIGABYTE = 10**9
AN_HOUR = 3_600


@dataclass(frozen=True)
class Address:
    """A project, what the names of its datasets begin with, and where they lie."""

    project: str
    dataset: str = ""
    location: str = ""

    @property
    def shown(self) -> str:
        return f"bigquery://{self.project}" + (f"/{self.dataset}" if self.dataset else "")

    @property
    def prefix(self) -> str:
        """What the name of each dataset begins with."""
        return f"{self.dataset}_" if self.dataset else ""

    def place(self, quoted: str) -> str:
        """The identifier of a table, from its name as statements quote it."""
        return f"{self.project}.{quoted.replace('`', '')}"


def read_address(text: str) -> tuple[str, str] | None:
    """The project and the dataset that `//project/dataset` names; None where it names none."""
    found = PATH.fullmatch(text)
    return (found["project"], found["dataset"] or "") if found else None


def client(address: Address) -> Any:
    """A client that asks as the environment says: nothing is asked yet. Raises WarehouseError."""
    opened = driver()
    try:
        return opened.Client(project=address.project, credentials=_known(), location=address.location or None)
    except failures() as error:
        raise WarehouseError(
            "nobody is told by whom BigQuery is asked",
            where=address.shown,
            hint="set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account, or log in with "
            "`gcloud auth application-default login`",
        ) from error


def _known() -> Any:
    """Who asks, with the token that the last client got: a run has several clients, and a token is good for an hour."""
    file = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    changed = Path(file).stat().st_mtime_ns if file and Path(file).exists() else 0
    return _told(file, changed, int(time.time()) // AN_HOUR)


@lru_cache(maxsize=4)
def _told(*_: object) -> Any:
    """Who asks, as the environment says it just now."""
    import google.auth

    return google.auth.default(scopes=driver().Client.SCOPE)[0]


def found_table(opened: Any, identifier: str) -> Any:
    """A table as BigQuery knows it; None where there is none."""
    from google.api_core.exceptions import NotFound

    try:
        return opened.get_table(identifier)
    except NotFound:
        return None
    except failures() as error:
        raise refusal(identifier, error) from None


def lies(table: Any) -> tuple[tuple[str, str], tuple[str, ...]]:
    """How a table lies: the column and the span by which it is divided, and the columns by which it is clustered."""
    parts = table.time_partitioning
    divided = (parts.field or "", parts.type_.lower()) if parts is not None else ("", "")
    return divided, tuple(table.clustering_fields or ())


def has_dataset(opened: Any, identifier: str) -> bool:
    """Whether there is a dataset."""
    from google.api_core.exceptions import NotFound

    try:
        opened.get_dataset(identifier)
    except NotFound:
        return False
    except failures() as error:
        raise refusal(identifier, error) from None
    return True


def tables_of(opened: Any, dataset: str) -> Iterator[str]:
    """The names of the tables of a dataset; none where there is none."""
    from google.api_core.exceptions import NotFound

    try:
        for table in opened.list_tables(dataset):
            yield table.table_id
    except NotFound:
        return
    except failures() as error:
        raise refusal(dataset, error) from None
