"""Statements on their way to BigQuery: all of a run's are in one session, and where that is limited, what they cost is counted.

The client names each request or job before it sends it, and asks for the same again where an answer was lost: so a statement is
run once. What a server throttles or breaks off is repeated with growing pauses.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlode.bigquery.address import GIGABYTE, client, found_table
from starlode.bigquery.apart import apart
from starlode.bigquery.driver import driver
from starlode.bigquery.refusing import told
from starlode.errors import WarehouseError
from starlode.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlode.bigquery.address import Address

NUMERIC_SCALE = 9
NUMERIC_DIGITS = 29
PAGE = 10_000


class Connection:
    """One who asks, in a session of BigQuery where one is begun."""

    def __init__(self, address: Address, maximum_gb: int = 0) -> None:
        self.address = address
        self.client = client(address)
        self.session = ""
        self.run_id = ""
        self.bytes_billed = 0
        self._maximum = maximum_gb * GIGABYTE
        self._tables: Remembered[Any] = Remembered()

    @property
    def labels(self) -> dict[str, str]:
        """By what BigQuery's own list of jobs knows ours; a label has small letters."""
        return {"made_by": "starlode"} | ({"run": self.run_id.lower()} if self.run_id else {})

    def begin_session(self) -> None:
        """Begin a session, in which temporary tables and transactions live."""
        config = self._config(())
        config.create_session = True
        with told("select 1"):
            job = self.client.query("select 1", job_config=config, job_retry=None)
            job.result()
            self.session = job.session_info.session_id

    def end_session(self, session: str = "") -> None:
        """End a session, ours or one that somebody left; an open transaction of it is rolled back."""
        ended = session or self.session
        if ended:
            config = driver().QueryJobConfig(labels=self.labels)
            call = f"call bq.abort_session('{ended}')"
            with told(call):
                self.client.query(call, job_config=config, job_retry=None).result()

    def table(self, name: str) -> Any:
        """A table as BigQuery knows it, by its quoted name; None where there is none."""
        return self._tables.of(name, lambda: found_table(self.client, self.address.place(name)))

    def run(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run one statement; the rows that it gives."""
        self._tables.heed(sql)
        with told(sql):
            if self._maximum:
                return self._counted(sql, values)
            config = self._config(values)
            # One request, where a job takes three: one that begins it, one that waits for it, one that fetches its rows.
            return self.client.query_and_wait(apart(sql), job_config=config, job_retry=None, page_size=PAGE)

    def weighed(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """A statement that is only looked at: its kind, the columns that it gives, and how many bytes it would read."""
        with told(sql):
            return self._asked(sql, values, is_dry=True)

    def tried(self, sql: str, values: Sequence[Any] = (), *, is_dry: bool = True) -> Any:
        """A statement that is only looked at, or run, if it can be; None where a table is missing, or the right to it."""
        from google.api_core.exceptions import BadRequest, Forbidden, NotFound

        with told(sql):
            try:
                job = self._asked(sql, values, is_dry=is_dry)
                if not is_dry:
                    job.result()
            except (BadRequest, Forbidden, NotFound):
                return None
        return job

    def close(self) -> None:
        self.client.close()

    def _counted(self, sql: str, values: Sequence[Any]) -> Any:
        """The rows of a statement of which only its job tells what it is billed for."""
        job = self.client.query(apart(sql), job_config=self._config(values), job_retry=None)
        rows = job.result(page_size=PAGE)
        self.bytes_billed += int(job.total_bytes_billed or 0)
        return rows

    def _asked(self, sql: str, values: Sequence[Any], *, is_dry: bool) -> Any:
        """A job of its own, which no answer from before stands in for and which is not tried again."""
        config = self._config(values)
        config.dry_run = is_dry
        config.use_query_cache = False
        return self.client.query(apart(sql), job_config=config, job_retry=None)

    def _config(self, values: Sequence[Any]) -> Any:
        opened = driver()
        config = opened.QueryJobConfig(use_legacy_sql=False)
        config.labels = self.labels
        if self.session:
            config.connection_properties = [opened.ConnectionProperty("session_id", self.session)]
        if self._maximum:
            left = self._maximum - self.bytes_billed
            if left <= 0:
                raise WarehouseError(
                    f"what the run has read costs more than {self._maximum // GIGABYTE:,} GB, the target's `maximum_gb`",
                    where=self.address.shown,
                    hint="what was committed stays; raise `maximum_gb` if that is right, and run again",
                )
            config.maximum_bytes_billed = left
        config.query_parameters = [
            opened.ScalarQueryParameter(f"p{number}", _kind(value), value) for number, value in enumerate(values, 1)
        ]
        return config


def _kind(value: Any) -> str:
    if isinstance(value, Decimal):
        _, digits, exponent = value.as_tuple()
        places = -exponent if isinstance(exponent, int) else 0
        return "NUMERIC" if places <= NUMERIC_SCALE and len(digits) - places <= NUMERIC_DIGITS else "BIGNUMERIC"
    if isinstance(value, datetime):
        return "TIMESTAMP" if value.tzinfo else "DATETIME"
    return next((kind for ours, kind in _KINDS if isinstance(value, ours)), "STRING")


_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (bytes, "BYTES"),
    (date, "DATE"),
    (time, "TIME"),
)
