"""Servers of objects that tests share, and the environment by which Starlode finds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.s3 import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gcs_double import Storage
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


@pytest.fixture(params=["s3", "storage"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Server | Storage:
    """A server of each kind that landings lie on, which the environment names."""
    server: Server | Storage = request.getfixturevalue(request.param)
    name(server, monkeypatch)
    return server


@pytest.fixture
def guarded(signatures: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server that the environment names, which asks who one is."""
    name(signatures, monkeypatch)
    return signatures


@pytest.fixture
def bucket(s3: Server) -> str:
    """A new bucket."""
    return s3.fresh_bucket()


def name(server: Server | Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment name a server."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for variable, said in server.environment.items():
        monkeypatch.setenv(variable, said)
