"""Servers that tests share: one of each kind for a whole run of a worker, a database of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.postgres_server import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A real PostgreSQL, as its superuser."""
    with running() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres_server.fresh_database() as url:
        yield url
