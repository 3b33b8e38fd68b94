"""What the double of Google Cloud Storage takes and refuses, asked by the library that landings are written with."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from obstore import delete, get, get_range, list_with_delimiter, put
from obstore import list as listed
from obstore.exceptions import AlreadyExistsError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import GCSStore

from starlode.sandbox.accounts import Accounts
from tests.bigquery_double import LOADER, READER, RIGHTS, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gcs_double import Storage

MIB = 1 << 20


@pytest.fixture
def bucket(storage: Storage) -> str:
    return storage.fresh_bucket()


def opened(storage: Storage, bucket: str, folder: Path, account: str = LOADER, accounts: Accounts | None = None) -> Any:
    """The objects of a bucket, for an account; it has other keys than are known where other accounts are given."""
    key = folder / f"{account}.json"
    (accounts or storage.double.accounts).write_key(account, storage.url, key)
    made: Any = GCSStore
    config = {"application_credentials": str(key), "base_url": storage.url}
    return made(bucket, config=config, client_options={"allow_http": True})


def test_the_double_says_at_its_start_what_it_does_not_imitate(storage: Storage) -> None:
    assert any("JSON interface" in gap for gap in storage.gaps)


def test_an_object_is_created_once(storage: Storage, bucket: str, tmp_path: Path) -> None:
    store = opened(storage, bucket, tmp_path)
    put(store, "a b/ü=1.json", b"first", mode="create", use_multipart=False)

    with pytest.raises(AlreadyExistsError):
        put(store, "a b/ü=1.json", b"second", mode="create", use_multipart=False)

    assert bytes(get(store, "a b/ü=1.json").bytes()) == b"first"
    assert bytes(get_range(store, "a b/ü=1.json", start=1, end=3)) == b"ir"
    assert storage.keys(bucket) == ["a b/ü=1.json"]


def test_an_object_that_was_written_again_is_another(storage: Storage, bucket: str, tmp_path: Path) -> None:
    store = opened(storage, bucket, tmp_path)
    put(store, "part", b"first", use_multipart=False)
    tag = get(store, "part").meta["e_tag"]
    put(store, "part", b"second", use_multipart=False)

    with pytest.raises(PreconditionError):
        get(store, "part", options={"if_match": tag})


def test_large_objects_come_in_pieces(storage: Storage, bucket: str, tmp_path: Path) -> None:
    store, content = opened(storage, bucket, tmp_path), os.urandom(11 * MIB)

    put(store, "large", content, chunk_size=5 * MIB)
    with pytest.raises(Exception, match="EntityTooSmall"):
        put(store, "small pieces", content[: 3 * MIB], chunk_size=MIB)

    assert storage.read(bucket, "large") == content
    assert storage.keys(bucket) == ["large"]


def test_listings_come_in_pages_and_by_folders(storage: Storage, bucket: str, tmp_path: Path) -> None:
    store = opened(storage, bucket, tmp_path)
    names = [f"a/{number:04}" for number in range(1_203)]
    for name in (*names, "a/deep/1", "b/1"):
        storage.put(bucket, name, b"x")

    found = [held["path"] for page in listed(store, "a", offset="a/0001") for held in page]
    folder = list_with_delimiter(store, "a")

    assert found == [*names[2:], "a/deep/1"]
    assert [held["path"] for held in folder["objects"]] == names
    assert folder["common_prefixes"] == ["a/deep"]


def test_what_is_not_there_is_not_removed(storage: Storage, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="NoSuchKey"):
        delete(opened(storage, bucket, tmp_path), "nothing")


def test_whoever_asks_has_to_be_known_and_may_do_what_he_may(storage: Storage, bucket: str, tmp_path: Path) -> None:
    put(opened(storage, bucket, tmp_path), "part", b"x", use_multipart=False)
    (tmp_path / "forged").mkdir()

    with pytest.raises(PermissionDeniedError):
        put(opened(storage, bucket, tmp_path, READER), "part", b"y", use_multipart=False)
    with pytest.raises(PermissionDeniedError):
        get(opened(storage, bucket, tmp_path, STRANGER), "part")
    with pytest.raises(UnauthenticatedError):
        get(opened(storage, bucket, tmp_path / "forged", LOADER, Accounts(RIGHTS)), "part")

    assert bytes(get(opened(storage, bucket, tmp_path, READER), "part").bytes()) == b"x"


@pytest.mark.parametrize(
    ("verb", "path", "header"),
    [
        ("GET", "?cors", ""),
        ("GET", "?list-type=2&fetch-owner=true", ""),
        ("PUT", "/part?acl", ""),
        ("PUT", "/part", "x-goog-copy-source"),
        ("DELETE", "", ""),
    ],
)
def test_what_it_does_not_know_is_refused(storage: Storage, bucket: str, verb: str, path: str, header: str) -> None:
    request = urllib.request.Request(f"{storage.url}/{bucket}{path}", method=verb)  # noqa: S310  loopback
    request.add_header("Authorization", storage.double.accounts.sign(LOADER))
    if header:
        request.add_header(header, "other/part")

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310

    with refused.value as answer:
        assert b"Unsupported by this double" in answer.read()
