"""Servers that tests share: one of each kind for a whole run of a worker, a database of its own for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from starlode import registry
from tests import projects
from tests.postgres_server import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

# The warehouses that tests run on: all that there are, unless the environment names some.
WAREHOUSES = tuple(os.environ.get("STARLODE_TEST_WAREHOUSES", "").split()) or registry.names("warehouses")


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


@pytest.fixture(params=WAREHOUSES)
def target(request: pytest.FixtureRequest) -> str:
    """The target of an empty warehouse, of each kind that there is."""
    if request.param == "duckdb":
        return "duckdb:warehouse.duckdb"
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(scope="module", params=WAREHOUSES)
def every_warehouse(request: pytest.FixtureRequest) -> Iterator[str]:
    """Lets the projects of a module's tests that name no target run on each kind of warehouse."""
    if request.param == "duckdb":
        yield request.param
        return
    server: Server = request.getfixturevalue("postgres_server")
    os.environ[projects.SERVER] = server.url.rpartition("/")[0]
    try:
        yield request.param
    finally:
        del os.environ[projects.SERVER]
