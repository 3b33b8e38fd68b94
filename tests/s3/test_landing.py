"""A project that lands in a bucket is one that lands in a folder: the same rows, the same star, the same promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import starlode
from starlode.errors import DataError, LandingError, SourceError
from starlode.landing import LandedFile, commit, read_manifest
from starlode.store import digest_of
from starlode.stores.bucket import Bucket
from tests import projects
from tests.engine import shop
from tests.s3 import conftest, laying
from tests.s3.proxy import Faults, between

if TYPE_CHECKING:
    from tests.gcs_double import Storage
    from tests.s3.proxy import Fault
    from tests.s3.servers import Server

PREFIX = "lake/shop"


def test_a_landing_in_a_bucket_gives_the_star_of_one_in_a_folder(tmp_path: Path, place: Server | Storage) -> None:
    bucket = place.fresh_bucket()
    there, here = _opened(tmp_path / "there", bucket, _at(place, bucket)), shop.opened(tmp_path / "here")
    starlode.run(there)
    starlode.run(here)
    there, here = shop.later(tmp_path / "there"), shop.later(tmp_path / "here")

    run = starlode.run(there)
    starlode.run(here)

    assert run.status == "succeeded"
    assert projects.star(there) == projects.star(here)
    assert starlode.check(there) == ()
    assert starlode.run(there).status == "unchanged"
    assert not (tmp_path / "there" / "landing").exists()
    keys = place.keys(bucket)
    assert keys[-1] == f"{PREFIX}/starlode.json"
    assert f"{PREFIX}/shop/orders/00000002.json" in keys
    assert sum("/rejects.parquet" in key for key in keys) == 1


def test_nothing_is_fetched_that_this_run_has_landed(tmp_path: Path, bucket: str) -> None:
    project = _opened(tmp_path, bucket)

    starlode.run(project, only="land")
    landed = list(project.landing.folder.rglob("*.parquet"))
    starlode.run(project)

    assert len(landed) == 4
    assert projects.value(project, "select count(*) from staging.shop__orders") == 4


def test_what_others_landed_is_fetched_and_loaded(tmp_path: Path, place: Server | Storage) -> None:
    starlode.run(_opened(tmp_path, "", _at(place, place.fresh_bucket())), only="land")

    elsewhere = starlode.read(tmp_path)
    run = starlode.run(elsewhere)

    assert run.status == "succeeded"
    assert projects.value(elsewhere, "select count(*) from star.fact_sales") == 3


def test_a_landed_object_that_was_changed_is_not_loaded(tmp_path: Path, place: Server | Storage) -> None:
    bucket = place.fresh_bucket()
    starlode.run(_opened(tmp_path, bucket, _at(place, bucket)), only="land")
    key = next(key for key in place.keys(bucket) if "orders" in key and key.endswith("part-00001.parquet"))
    held = place.read(bucket, key)
    place.put(bucket, key, held[:-9] + b"X" + held[-8:])

    project = starlode.read(tmp_path)
    with pytest.raises(DataError, match="has changed since") as refused:
        starlode.run(project)

    assert refused.value.where == f"{place.scheme}://{bucket}/{key}"
    assert list(project.landing.folder.rglob("orders/*/*.parquet")) == []


def test_a_landed_object_that_is_gone_is_named(tmp_path: Path, place: Server | Storage) -> None:
    bucket = place.fresh_bucket()
    starlode.run(_opened(tmp_path, bucket, _at(place, bucket)), only="land")
    key = next(key for key in place.keys(bucket) if "orders" in key and key.endswith("part-00001.parquet"))
    place.drop(bucket, key)

    with pytest.raises(DataError, match="gone from the landing") as refused:
        starlode.run(starlode.read(tmp_path))

    assert refused.value.where == f"{place.scheme}://{bucket}/{key}"


def test_a_second_writer_cannot_commit_the_same_extraction(tmp_path: Path, place: Server | Storage) -> None:
    project = _opened(tmp_path, "", _at(place, place.fresh_bucket()))
    starlode.run(project, only="land")
    stream = project.stream("shop.orders")
    first = read_manifest(project.landing, stream, 1)
    other = type(first)(**{**vars(first), "run_id": "20260101T000000-0123abcd"})

    with pytest.raises(SourceError, match="another run has landed extraction 1"):
        commit(project.landing, stream, other)

    assert read_manifest(project.landing, stream, 1) == first


def test_a_commit_whose_answer_was_lost_is_a_commit(tmp_path: Path, place: Server | Storage) -> None:
    project = _opened(tmp_path, "", _at(place, place.fresh_bucket()))
    starlode.run(project, only="land")
    stream = project.stream("shop.orders")
    first = read_manifest(project.landing, stream, 1)

    commit(project.landing, stream, first)

    assert read_manifest(project.landing, stream, 1) == first


def test_a_spool_goes_with_its_landing_and_those_of_the_dead_with_the_next(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    dead = projects.write(tmp_path / "starlode-spool-dead", {"lock": "", "shop/part": "remains"})

    ran = subprocess.run(
        [sys.executable, "-m", "starlode", "run", "--project", str(_laid(tmp_path / "shop", bucket)), "--only", "land"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert not dead.exists()
    assert list(tmp_path.glob("starlode-spool-*")) == []


def test_undo_and_why_read_a_bucket(tmp_path: Path, bucket: str) -> None:
    project = _opened(tmp_path, bucket)
    starlode.run(project)
    before = projects.star(project)
    starlode.run(shop.later(tmp_path))

    told = starlode.why(starlode.read(tmp_path), "fact_sales", {"order_id": "6"})
    starlode.undo(starlode.read(tmp_path), "last")

    assert told.rows[0].sources[0].landed[0].startswith("shop/orders/00000002-")
    assert projects.star(project) == before


def test_objects_are_encrypted_as_the_project_says(tmp_path: Path, bucket: str, s3: Server) -> None:
    key = s3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    declared = f"{{to: s3://{bucket}/{PREFIX}, encryption: SSE-KMS, kms_key: {key}}}"

    starlode.run(_opened(tmp_path, bucket, declared))

    for name in s3.keys(bucket):
        head = s3.client().head_object(Bucket=bucket, Key=name)
        assert head["ServerSideEncryption"] == "aws:kms", name
        assert head["SSEKMSKeyId"].endswith(key), name


def test_objects_are_encrypted_by_keys_of_s3(tmp_path: Path, bucket: str, s3: Server) -> None:
    starlode.run(_opened(tmp_path, bucket, f"{{to: s3://{bucket}/{PREFIX}, encryption: SSE-S3}}"))

    heads = [s3.client().head_object(Bucket=bucket, Key=name) for name in s3.keys(bucket)]
    assert {head["ServerSideEncryption"] for head in heads} == {"AES256"}


def test_a_bucket_that_its_policy_opens_is_refused(tmp_path: Path, guarded: Server) -> None:
    bucket = guarded.fresh_bucket()
    policy = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    guarded.client().put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    )

    with pytest.raises(LandingError, match="is public") as refused:
        starlode.run(_opened(tmp_path, bucket))

    assert refused.value.exit_code == 3
    assert guarded.keys(bucket) == []


def test_a_bucket_that_its_access_control_list_opens_is_refused(tmp_path: Path, bucket: str, s3: Server) -> None:
    client = s3.client()
    client.delete_public_access_block(Bucket=bucket)
    client.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    client.put_bucket_acl(Bucket=bucket, ACL="public-read")

    with pytest.raises(LandingError, match="access control list"):
        starlode.run(_opened(tmp_path, bucket))

    assert s3.keys(bucket) == []


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, place: Server | Storage) -> None:
    with pytest.raises(LandingError, match="there is no bucket starlode-nowhere"):
        starlode.run(_opened(tmp_path, "", _at(place, "starlode-nowhere")))


def test_sweeping_a_bucket_takes_what_dead_runs_left(tmp_path: Path, place: Server | Storage) -> None:
    bucket = place.fresh_bucket()
    project = _opened(tmp_path, bucket, _at(place, bucket))
    starlode.run(project)
    before = place.keys(bucket)
    remains = f"{PREFIX}/shop/orders/00000009-20240101T000000-0123abcd/part-00001.parquet"
    foreign = f"{PREFIX}/shop/orders/notes.txt"
    for key in (remains, foreign):
        place.put(bucket, key, b"x")

    named = starlode.sweep(project, dry_run=True)
    after_naming = place.keys(bucket)
    swept = starlode.sweep(project)

    assert [held.where for held in named] == [f"{place.scheme}://{bucket}/{remains}"]
    assert remains in after_naming
    assert swept == named
    assert place.keys(bucket) == sorted([*before, foreign])


def test_the_landing_of_a_project_is_a_bucket(tmp_path: Path, bucket: str) -> None:
    assert isinstance(_opened(tmp_path, bucket).landing, Bucket)


def test_sweeping_a_bucket_lets_it_forget_uploads_that_were_never_finished(
    tmp_path: Path, bucket: str, s3: Server
) -> None:
    project = _opened(tmp_path, bucket)
    starlode.run(project)
    own = f"{PREFIX}/shop/orders/00000009-20240101T000000-0123abcd/part-00001.parquet"
    foreign = f"{PREFIX}/shop/orders/film.mp4"
    for key in (own, foreign):
        upload = s3.client().create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        s3.client().upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"x")

    swept = starlode.sweep(project)

    assert [(held.where, held.why) for held in swept] == [(f"s3://{bucket}/{own}", "its upload was never finished")]
    left = s3.client().list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [held["Key"] for held in left] == [foreign]


@pytest.mark.parametrize("fault", ["throttled", "answer lost"])
def test_large_parts_go_up_in_pieces_and_come_back_the_same(
    fault: Fault, tmp_path: Path, place: Server | Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, content = place.fresh_bucket(), os.urandom(20 << 20)
    faults = Faults(fault, "^PUT .*partNumber=2", times=2)
    with between(place, faults) as server:
        conftest.name(server, monkeypatch)
        landing = _opened(tmp_path, bucket, _at(place, bucket)).landing
        room = landing.room("shop/orders/part")
        room.write_bytes(content)
        file = LandedFile("shop/orders/part", 1, len(content), digest_of(room), ())

        landing.keep("shop/orders/part")
        elsewhere = _opened(tmp_path, bucket, _at(place, bucket)).landing
        ((path,),) = elsewhere.fetch([file])

    assert Path(path).read_bytes() == content
    assert faults.met == 2
    assert sum("partNumber=" in asked for asked in faults.seen) == 3 + faults.met


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("library", ["obstore", "botocore"])
def test_a_library_that_is_missing_is_named_with_how_to_install_it(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.session", None)

    with pytest.raises(LandingError, match="not installed") as refused:
        starlode.run(_opened(tmp_path, "lake"))

    assert "starlode[s3]" in str(refused.value.hint)


def _at(place: Server | Storage, bucket: str) -> str:
    return f"{place.scheme}://{bucket}/{PREFIX}"


def _opened(folder: Path, bucket: str, landing: str = "") -> starlode.Project:
    return starlode.read(_laid(folder, bucket, landing))


def _laid(folder: Path, bucket: str, landing: str = "") -> Path:
    return laying.laid(folder, landing or f"s3://{bucket}/{PREFIX}")
