"""S3 servers for tests, each in an environment of its own, started by ourselves on a free port of loopback.

LocalStack keeps to what S3 promises of objects and looks at no signature; Moto looks at signatures and rights, and is laxer
elsewhere. Neither is S3: docs/s3.md says what ran on which. Their environments are made on first use below the clone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.session
from botocore.config import Config

from starlode.sandbox import environments, s3
from starlode.sandbox.keeping import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
CLONE = HERE.parents[1]
PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """A running S3, and what an environment says of it."""

    url: str
    key: str = s3.KEY
    secret: str = s3.SECRET
    scheme: str = "s3"

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which every AWS tool finds it, and nothing that the machine says itself."""
        said = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_MAX_ATTEMPTS": "4"}
        return {**s3.environment(self.url), **said}

    def client(self, service: str = "s3") -> Any:
        """AWS's own client, for what tests do to a bucket behind our back."""
        return _client(service, self.url, self.key, self.secret)

    def fresh_bucket(self) -> str:
        """The name of a new bucket."""
        name = f"starlode-{uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of a bucket, in order."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [held["Key"] for page in pages for held in page.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        """What an object holds."""
        content: bytes = self.client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        self.client().put_object(Bucket=bucket, Key=key, Body=content)

    def drop(self, bucket: str, key: str) -> None:
        """Remove an object."""
        self.client().delete_object(Bucket=bucket, Key=key)


@cache
def _client(service: str, url: str, key: str, secret: str) -> Any:
    return botocore.session.get_session().create_client(
        service,
        endpoint_url=url,
        region_name=s3.REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}),
    )


@contextmanager
def localstack() -> Iterator[Server]:
    """A LocalStack that serves S3 alone, without docker."""
    port = free_port()
    with place_of_its_own() as place:
        command, settings = s3.command(environment("localstack", environments.LISTS), place, port)
        with running(command, place, port, settings, s3.HEALTH):
            yield Server(f"http://127.0.0.1:{port}")


@contextmanager
def moto() -> Iterator[Server]:
    """A Moto server that asks for signatures and rights; its first user may do everything."""
    port = free_port()
    command = [str(environment("moto", HERE)), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with place_of_its_own() as place:
        settings = {"PATH": os.environ["PATH"], "HOME": str(place), "TMPDIR": str(place), "LANG": "C.UTF-8"}
        with running(command, place, port, settings, "/moto-api/"):
            url = f"http://127.0.0.1:{port}"
            _count_free_requests(url, 100)
            key, secret = new_user(Server(url), "admin", '{"Effect": "Allow", "Action": "*", "Resource": "*"}')
            _count_free_requests(url, 0)
            yield Server(url, key, secret)


def new_user(server: Server, name: str, *statements: str) -> tuple[str, str]:
    """The key and the secret of a new user of whom these statements of a policy are true."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    document = f'{{"Version": "2012-10-17", "Statement": [{", ".join(statements)}]}}'
    iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=document)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def _count_free_requests(url: str, count: int) -> None:
    """Let Moto look at nobody's signature for so many requests, and at everybody's after them."""
    request = urllib.request.Request(  # noqa: S310  loopback
        f"{url}/moto-api/reset-auth", str(count).encode(), {"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310


@contextmanager
def place_of_its_own() -> Iterator[Path]:
    """A folder of its own for a server, which goes with it."""
    place = Path(tempfile.mkdtemp(prefix="sls3"))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def running(command: list[str], place: Path, port: int, settings: Mapping[str, str], asks: str) -> Iterator[None]:
    """A server process that answers, and ends with the block."""
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=place, env=dict(settings), start_new_session=True
        )
    try:
        _await(f"http://127.0.0.1:{port}{asks}", process, place / "log")
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not s3.answers(url):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < until, log.read_text(errors="replace")
        time.sleep(0.05)


def environment(name: str, lists: Path) -> Path:
    """The Python of an environment of its own, below the clone."""
    return environments.prepared(name, lambda told: print(told, file=sys.stderr), lists, CLONE)


if __name__ == "__main__":
    environment("localstack", environments.LISTS)
    environment("moto", HERE)
