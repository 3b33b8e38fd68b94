"""Servers that tests share: one of each kind for a whole run of a worker, a database of its own for each test."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from starlode import registry
from starlode.sandbox.accounts import Accounts
from tests import bigquery_double, gcs_double, projects
from tests.postgres_server import Server, running
from tests.redshift_double import Redshift, listening
from tests.s3 import servers
from tests.snowflake_double import Snowflake, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bigquery_double import BigQuery
    from tests.gcs_double import Storage
    from tests.s3.servers import Server as Bucketeer

# The warehouses that tests run on: all that there are, unless the environment names some.
WAREHOUSES = tuple(os.environ.get("STARLODE_TEST_WAREHOUSES", "").split()) or registry.names("warehouses")
# Redshift loads from a bucket, and the doubles of BigQuery and Snowflake take their time: elsewhere, stories stand for them.
FROM_A_FOLDER = tuple(name for name in WAREHOUSES if name not in ("bigquery", "redshift", "snowflake"))


def pytest_collection_finish() -> None:
    """What is there when the tests begin stays till they end: the collector need not walk through it again and again."""
    gc.freeze()


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


@pytest.fixture(scope="session")
def semantics() -> Iterator[Bucketeer]:
    """A server that keeps objects as S3 does."""
    with servers.localstack() as server:
        yield server


@pytest.fixture(scope="session")
def redshift_double(postgres_server: Server, semantics: Bucketeer) -> Iterator[Redshift]:
    """A double of Redshift."""
    with listening(postgres_server, semantics) as double:
        yield double


@pytest.fixture
def redshift(redshift_double: Redshift, semantics: Bucketeer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The target of an empty database of a double of Redshift; the environment names its S3."""
    for variable, said in semantics.environment.items():
        monkeypatch.setenv(variable, said)
    with redshift_double.fresh_database() as target:
        yield target


@pytest.fixture(scope="session")
def google_accounts() -> Accounts:
    """Who may ask the doubles of Google's services."""
    return Accounts(bigquery_double.RIGHTS)


@pytest.fixture(scope="session")
def storage(google_accounts: Accounts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """A double of Google Cloud Storage."""
    with gcs_double.listening(google_accounts, tmp_path_factory.mktemp("keys")) as double:
        yield double


@pytest.fixture(scope="session")
def bigquery_server(
    google_accounts: Accounts, storage: Storage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BigQuery]:
    """A double of BigQuery."""
    with bigquery_double.listening(tmp_path_factory.mktemp("keys"), google_accounts, storage.url) as double:
        yield double


@pytest.fixture
def bigquery(bigquery_server: BigQuery, monkeypatch: pytest.MonkeyPatch) -> str:
    """The target of an empty project of a double of BigQuery; the environment says who asks."""
    for variable, said in bigquery_server.environment().items():
        monkeypatch.setenv(variable, said)
    return bigquery_server.fresh_target()


@pytest.fixture(scope="session")
def snowflake_double() -> Iterator[Snowflake]:
    """A double of Snowflake."""
    with served() as double:
        yield double


@pytest.fixture
def snowflake(snowflake_double: Snowflake) -> Iterator[str]:
    """The target of an empty database of a double of Snowflake."""
    with snowflake_double.fresh_database() as target:
        yield target


@pytest.fixture
def landing(request: pytest.FixtureRequest, target: str) -> str:
    """Where a project has to land for the target; nothing where any folder will do."""
    if not target.startswith("redshift:"):
        return ""
    server: Bucketeer = request.getfixturevalue("semantics")
    return f"s3://{server.fresh_bucket()}/landing"


@pytest.fixture(params=WAREHOUSES)
def target(request: pytest.FixtureRequest) -> str:
    """The target of an empty warehouse, of each kind that there is."""
    return target_of(request)


def target_of(request: pytest.FixtureRequest) -> str:
    """The target of an empty warehouse of the kind that is asked for."""
    if request.param == "duckdb":
        return "duckdb:warehouse.duckdb"
    url: str = request.getfixturevalue(request.param)
    return url


# A database of Redshift is there before it is loaded, and its projects land in a bucket: stories have both.
@pytest.fixture(scope="module", params=FROM_A_FOLDER)
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
