"""What is particular to a landing in Google Cloud Storage: who asks, what it refuses, and what it says of what is gone."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import LandingError
from starlode.sandbox.accounts import Accounts
from starlode.stores.bucket import Bucket
from starlode.stores.objects import Address
from tests import projects
from tests.bigquery_double import LOADER, RIGHTS
from tests.s3 import conftest, laying
from tests.s3.proxy import Faults, between

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gcs_double import Storage


@pytest.fixture
def lake(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a landing in a new bucket of the Cloud Storage that the environment names."""
    conftest.name(storage, monkeypatch)
    return f"gs://{storage.fresh_bucket()}/lake"


def test_a_run_that_is_refused_in_the_middle_is_gone_on_with(
    tmp_path: Path, storage: Storage, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = laying.laid(tmp_path / "there", lake)
    with between(storage, Faults("expired", "^PUT .*orders.*00000001.*json")) as server:
        conftest.name(server, monkeypatch)
        with pytest.raises(LandingError, match="ExpiredToken") as refused:
            starlode.run(starlode.read(folder))
    conftest.name(storage, monkeypatch)

    run = starlode.run(starlode.read(folder))

    assert "canary-token" not in "".join(traceback.format_exception(refused.value))
    assert run.status == "succeeded"
    assert projects.value(starlode.read(folder), "select count(*) from star.fact_sales") == 3
    assert starlode.check(starlode.read(folder)) == ()
    starlode.sweep(starlode.read(folder))
    assert starlode.sweep(starlode.read(folder), dry_run=True) == ()


def test_a_server_that_overwrites_what_it_should_create_is_refused(
    tmp_path: Path, storage: Storage, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with between(storage, Faults("deaf", "^PUT")) as server:
        conftest.name(server, monkeypatch)

        with pytest.raises(LandingError, match="overwrites an object"):
            starlode.run(laying.opened(tmp_path, lake))


def test_a_right_that_is_missing_is_named(tmp_path: Path, storage: Storage, lake: str) -> None:
    storage.double.buckets[lake.split("/")[2]].rights[LOADER] = frozenset({"read"})

    with pytest.raises(LandingError, match="AccessDenied") as refused:
        starlode.run(laying.opened(tmp_path, lake))

    assert refused.value.exit_code == 3
    assert "storage.objects.create" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("forged", "AuthenticationRequired"),
        ("", "there are no credentials for Google Cloud Storage"),
    ],
)
def test_credentials_that_are_wrong_or_missing_are_told(
    tmp_path: Path, storage: Storage, lake: str, monkeypatch: pytest.MonkeyPatch, said: str, what: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    # Where a machine of Google's would be asked who it is.
    for variable in ("GCE_METADATA_HOST", "METADATA_IP"):
        monkeypatch.setenv(variable, storage.url.removeprefix("http://"))
    if said:
        key = tmp_path / "forged.json"
        Accounts(RIGHTS).write_key(LOADER, storage.url, key)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    else:
        monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")

    with pytest.raises(LandingError, match=what) as refused:
        starlode.run(laying.opened(tmp_path, lake))

    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(refused.value.hint)
    assert "PRIVATE KEY" not in "".join(traceback.format_exception(refused.value))


def test_what_is_gone_already_stops_no_removal(storage: Storage, lake: str) -> None:
    bucket = lake.split("/")[2]
    landing = Bucket(Address("gs", bucket, "lake"))
    for number in range(30):
        storage.put(bucket, f"lake/part-{number:02}", b"x")

    landing.remove(["part-00", "nothing", *(f"part-{number:02}" for number in range(1, 30))])

    assert storage.keys(bucket) == []
