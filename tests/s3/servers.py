"""S3 servers for tests, each in an environment of its own, started by ourselves on a free port of loopback.

LocalStack keeps to what S3 promises of objects and looks at no signature; Moto looks at signatures and rights, and is laxer
elsewhere. Neither is S3: docs/s3.md says what ran on which. Their environments are made on first use below the clone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
CLONE = HERE.parents[1]
PATIENCE = 60.0
REGION = "us-east-1"


@dataclass(frozen=True)
class Server:
    """A running S3, and what an environment says of it."""

    url: str
    key: str = "test"
    secret: str = "test"  # noqa: S105  of a server that lives as long as the tests

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables by which every AWS tool finds it, and nothing that the machine says itself."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "4",
        }

    def client(self, service: str = "s3") -> Any:
        """AWS's own client, for what tests do to a bucket behind our back."""
        return botocore.session.get_session().create_client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(s3={"addressing_style": "path"}),
        )

    def fresh_bucket(self) -> str:
        """The name of a new bucket."""
        name = f"starlode-{uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of a bucket, in order."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [held["Key"] for page in pages for held in page.get("Contents", ())]


@contextmanager
def localstack() -> Iterator[Server]:
    """A LocalStack that serves S3 alone, without docker."""
    port = _free_port()
    settings = {
        "SERVICES": "s3,kms",
        "EAGER_SERVICE_LOADING": "1",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "LS_LOG": "error",
    }
    command = [str(_environment("localstack")), "-m", "localstack.runtime.main"]
    with _running(command, port, settings, "/_localstack/health"):
        yield Server(f"http://127.0.0.1:{port}")


@contextmanager
def moto() -> Iterator[Server]:
    """A Moto server that asks for signatures and rights; its first user may do everything."""
    port = _free_port()
    command = [str(_environment("moto")), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port, {}, "/moto-api/"):
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
def _running(command: list[str], port: int, settings: Mapping[str, str], asks: str) -> Iterator[None]:
    """A server process that answers, and ends with the block."""
    place = Path(tempfile.mkdtemp(prefix="sls3"))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TMPDIR": str(place),
        # Where LocalStack keeps its certificate; two of them at a time would write the same file.
        "FILESYSTEM_ROOT": str(place / "files"),
        "LANG": "C.UTF-8",
        **settings,
    }
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=place, env=environment, start_new_session=True)
    try:
        _await(f"http://127.0.0.1:{port}{asks}", process, place / "log")
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        shutil.rmtree(place, ignore_errors=True)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  loopback
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace")) from error
            time.sleep(0.05)
        else:
            return


def _environment(name: str) -> Path:
    """The Python of an environment that holds the packages of `<name>.txt`; a changed list makes it anew."""
    folder = CLONE / f".venv-{name}"
    wanted = (HERE / f"{name}.txt").read_text("utf-8")
    ready = folder / "ready"
    with (CLONE / f".venv-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text("utf-8") != wanted:
            print(f"installing {name}", file=sys.stderr)
            venv.create(folder, clear=True, with_pip=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
            subprocess.run([*pip, "--requirement", str(HERE / f"{name}.txt")], check=True)
            ready.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port: int = opened.getsockname()[1]
        return port


if __name__ == "__main__":
    for each in ("localstack", "moto"):
        _environment(each)
