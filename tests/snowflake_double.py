"""A double of Snowflake for tests, in a process and an environment of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlode.sandbox.environments import LISTS
from starlode.sandbox.keeping import free_port
from starlode.sandbox.snowflake import kept
from tests.s3.servers import environment, place_of_its_own, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3.servers import Server as Bucketeer

TOKEN = "a token of the tests"  # noqa: S105


@dataclass(frozen=True)
class Snowflake:
    """A double that listens, and the private key of the user who signs."""

    port: int
    key: bytes

    def target(self, database: str, user: str = "loader:loads", asked: str = "") -> str:
        """The target of a database, as a project says it."""
        return f"snowflake://{user}@127.0.0.1:{self.port}/{database}?protocol=http&warehouse=load{asked}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The target of a new, empty database that goes when the block ends."""
        name = f"made_{uuid4().hex[:12]}"
        self.tell(f"create database {name}")
        yield self.target(name)
        self.tell(f"drop database {name}")

    def abort(self) -> None:
        """Abort the transactions of all sessions, as an administrator may."""
        for number, _ in self.tell("show transactions in account"):
            self.tell(f"select system$abort_transaction({number})")

    def tell(self, sql: str) -> list[Any]:
        """Run a statement that needs no database; what it answers."""
        import snowflake.connector

        with snowflake.connector.connect(
            user="loader",
            password="loads",  # noqa: S106
            account="double",
            host="127.0.0.1",
            port=self.port,
            protocol="http",
            platform_detection_timeout_seconds=0.0,
        ) as connection:
            return list(connection.cursor().execute(sql).fetchall())


@contextmanager
def served(s3: Bucketeer | None = None) -> Iterator[Snowflake]:
    """A double until the block ends; with an S3, in which external stages may lie."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    users = {
        "loader": {"password": "loads"},
        "reader": {"password": "reads", "reads": True},
        "signer": {"key": public.decode()},
        "bearer": {"token": TOKEN},
        "sleeper": {"password": "sleeps", "idle": 0},
    }
    port = free_port()
    said: dict[str, Any] = {"users": users}
    said |= {"s3": {"url": s3.url, "key": s3.key, "secret": s3.secret}} if s3 is not None else {}
    with place_of_its_own() as place:
        command, settings = kept.command(environment(kept.PACKAGES, LISTS), place, port, said)
        with running(command, place, port, settings, kept.READY):
            yield Snowflake(port, private)
