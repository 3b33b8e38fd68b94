"""S3 servers that tests share, and the environment by which Starlode finds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.s3 import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.s3.servers import Server


@pytest.fixture(scope="session")
def signatures() -> Iterator[Server]:
    """A server that looks at signatures and rights as S3 does."""
    with servers.moto() as server:
        yield server


@pytest.fixture
def s3(semantics: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that the environment names."""
    name(semantics, monkeypatch)
    return semantics


@pytest.fixture
def guarded(signatures: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that the environment names, which asks who one is."""
    name(signatures, monkeypatch)
    return signatures


@pytest.fixture
def bucket(s3: Server) -> str:
    """A new bucket."""
    return s3.fresh_bucket()


def name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name a server."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for variable, said in server.environment.items():
        monkeypatch.setenv(variable, said)
