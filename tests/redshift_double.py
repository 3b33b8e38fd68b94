"""A double of Redshift for tests: before the PostgreSQL that they start, with the S3 that they start."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlode.sandbox.redshift.double import Double
from starlode.sandbox.redshift.lake import Lake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import Server as Postgres
    from tests.s3.servers import Server as Bucketeer

ROLE = "arn:aws:iam::123456789012:role/reads-the-landing"
USERS = {"postgres": "secret", "loader": "loads"}


@dataclass(frozen=True)
class Redshift:
    """A double that listens, and the PostgreSQL behind it."""

    port: int
    postgres: Postgres
    gaps: tuple[str, ...]

    def target(self, database: str, user: str = "postgres", password: str = "secret", role: str = ROLE) -> str:  # noqa: S107
        """The target of a database, as a project says it."""
        return f"redshift://{user}:{password}@127.0.0.1:{self.port}/{database}?sslmode=disable&iam_role={role}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The target of a new, empty database that goes when the block ends."""
        with self.postgres.fresh_database() as url:
            yield self.target(url.rpartition("/")[2])


@contextmanager
def listening(postgres: Postgres, s3: Bucketeer) -> Iterator[Redshift]:
    """A double until the block ends, which reads what is in an S3."""
    lake = Lake(s3.url, s3.key, s3.secret, roles=frozenset({ROLE}))
    gaps: list[str] = []
    listening = Double(postgres.url, lake, USERS).listen(gaps.append)
    try:
        yield Redshift(listening.port, postgres, tuple(gaps))
    finally:
        listening.close()
