"""An S3 for a sandbox: a LocalStack that serves it alone, without docker, and the buckets in it."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGES = "localstack"
KEY, SECRET, REGION = "test", "test", "us-east-1"
HEALTH = "/_localstack/health"
NOT_IMITATED = (
    "signatures and rights: whoever asks is let in",
    "what outlives the server: the buckets are gone when it ends",
)


def command(python: Path, place: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """The command that starts it on a port of loopback, and its whole environment."""
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "TMPDIR": str(place),
        # Where it keeps its certificate; two of them at a time would write the same file.
        "FILESYSTEM_ROOT": str(place / "files"),
        "LANG": "C.UTF-8",
        "SERVICES": "s3,kms",
        "EAGER_SERVICE_LOADING": "1",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "LS_LOG": "error",
    }
    return [str(python), "-m", "localstack.runtime.main"], settings


def environment(url: str) -> Mapping[str, str]:
    """The variables by which every AWS tool finds it, and nothing that the machine says itself."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def answers(url: str) -> bool:
    """Whether a server of ours answers at an address of loopback."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  loopback
    except (urllib.error.URLError, OSError):
        return False
    return True


def make_bucket(url: str, name: str) -> None:
    """Make a bucket; one that is there stays."""
    _put(f"{url}/{name}", b"")


def put(url: str, bucket: str, key: str, content: bytes) -> None:
    """Write an object."""
    _put(f"{url}/{bucket}/{quote(key)}", content)


def _put(url: str, content: bytes) -> None:
    request = urllib.request.Request(url, content, method="PUT")  # noqa: S310  loopback
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
