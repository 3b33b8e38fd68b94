"""Files that lie in a bucket are read as those of a folder are: what is new, what changed, and what is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import starlode
from starlode.errors import ProjectError, SourceError
from tests import projects
from tests.s3.proxy import Faults, between

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3.servers import Server

PROJECT = """
name: lake
sources:
  app:
    files: s3://BUCKET/in
    streams:
      events: {files: "events/**/*.json", SETTINGS}
facts:
  visit: {from: app.events, grain: id, measures: {amount: sum}}
"""


def test_objects_of_all_formats_are_read(tmp_path: Path, bucket: str, s3: Server) -> None:
    table = pa.table({"id": [5, 6], "amount": [50, 60]})
    pq.write_table(table, tmp_path / "t.parquet")
    put(s3, bucket, "in/all/a.json", '{"id": 1, "amount": 10}\n{"id": 2, "amount": 20}')
    put(s3, bucket, "in/all/b.csv", "id,amount\n3,30\n4,40\n")
    put(s3, bucket, "in/all/c.parquet", (tmp_path / "t.parquet").read_bytes())
    project = opened(tmp_path, bucket, PROJECT.replace("events/**/*.json", "all/*"))

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.rows(project, "select _file, sum(amount)::int from staging.app__events group by 1 order by 1") == [
        ("all/a.json", 30),
        ("all/b.csv", 70),
        ("all/c.parquet", 110),
    ]


def test_only_what_is_new_or_changed_is_read(tmp_path: Path, bucket: str, s3: Server) -> None:
    put(s3, bucket, "in/events/1/a.json", event(1))
    put(s3, bucket, "in/events/2/b.json", event(2))
    project = opened(tmp_path, bucket)
    starlode.run(project)

    again = starlode.run(project)
    put(s3, bucket, "in/events/1/a.json", event(1, 7))
    put(s3, bucket, "in/events/3.json", event(3))
    plan = starlode.plan(project)
    starlode.run(project)

    assert again.status == "unchanged"
    assert plan.steps[0].reason == "files: 1 new, 1 changed"
    assert projects.rows(project, "select id, amount from staging.app__events order by 1") == [(1, 7), (2, 1), (3, 1)]


def test_the_same_content_written_again_is_not_read_again(tmp_path: Path, bucket: str, s3: Server) -> None:
    content = event(1).encode() + b" " * (6 << 20)
    put(s3, bucket, "in/events/a.json", content)
    project = opened(tmp_path, bucket)
    starlode.run(project)
    before = s3.client().head_object(Bucket=bucket, Key="in/events/a.json")["ETag"]
    client = s3.client()
    upload = client.create_multipart_upload(Bucket=bucket, Key="in/events/a.json")["UploadId"]
    named = {"Bucket": bucket, "Key": "in/events/a.json", "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": client.upload_part(**named, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, content[: 5 << 20]), (2, content[5 << 20 :]))
    ]
    client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})

    run = starlode.run(project)

    assert client.head_object(Bucket=bucket, Key="in/events/a.json")["ETag"] != before
    assert run.status == "unchanged"


def test_a_listing_goes_on_from_the_folder_of_the_last_file_where_names_are_in_order(
    tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (1, 2):
        put(s3, bucket, f"in/events/2026-01-0{day}/b.json", event(day))
    project = opened(tmp_path, bucket, settings="in_order: true")
    starlode.run(project)
    put(s3, bucket, "in/events/2026-01-01/z.json", event(11))
    put(s3, bucket, "in/events/2026-01-02/a.json", event(12))
    put(s3, bucket, "in/events/2026-01-03/a.json", event(13))
    asked = Faults("slow", "nothing")

    with between(s3, asked) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        starlode.run(starlode.read(tmp_path))
        again = starlode.run(starlode.read(tmp_path))

    assert projects.rows(project, "select id from staging.app__events order by 1") == [(1,), (2,), (12,), (13,)]
    assert again.status == "unchanged"
    lists = [request for request in asked.seen if "list-type" in request]
    assert "start-after=in%2Fevents%2F2026-01-02" in lists[0]


def test_a_full_run_looks_at_every_name(tmp_path: Path, bucket: str, s3: Server) -> None:
    put(s3, bucket, "in/events/2/b.json", event(2))
    project = opened(tmp_path, bucket, settings="in_order: true")
    starlode.run(project)
    put(s3, bucket, "in/events/1/a.json", event(1))

    starlode.run(project, full=True)

    assert projects.rows(project, "select id from staging.app__events order by 1") == [(1,), (2,)]


def test_a_listing_asks_only_below_what_the_pattern_names(
    tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, bucket, "in/events/2026/01/a.json", event(1))
    asked = Faults("slow", "nothing")
    text = PROJECT.replace("events/**/*.json", "events/2026/*/*.json")

    with between(s3, asked) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        starlode.run(opened(tmp_path, bucket, text))

    assert all("prefix=in%2Fevents%2F2026%2F" in request for request in asked.seen if "list-type" in request)


def test_many_small_objects_are_fetched_at_a_time(tmp_path: Path, bucket: str, s3: Server) -> None:
    client = s3.client()
    for number in range(300):
        client.put_object(Bucket=bucket, Key=f"in/events/{number:04}.json", Body=event(number).encode())
    project = opened(tmp_path, bucket)

    run = starlode.run(project)

    assert run.status == "succeeded"
    assert projects.rows(project, "select count(*), count(distinct _file), sum(id)::int from staging.app__events") == [
        (300, 300, 300 * 299 // 2)
    ]


@pytest.mark.parametrize("fault", ["reset", "truncated", "throttled"])
def test_an_object_that_is_cut_off_on_its_way_is_fetched_again(
    fault: str, tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "id,amount\n" + "".join(f"{number},1\n" for number in range(2_000_000))
    put(s3, bucket, "in/events/a.csv", content)
    faults = Faults(fault, "^GET .*/a.csv", times=2)  # type: ignore[arg-type]

    with between(s3, faults) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        project = opened(tmp_path, bucket, PROJECT.replace("*.json", "*.csv"))
        starlode.run(project)

    assert faults.met == 2
    assert projects.rows(project, "select count(*), sum(id)::int8 from staging.app__events") == [
        (2_000_000, 1_000_000 * 1_999_999)
    ]


def test_names_of_every_kind_are_found(tmp_path: Path, bucket: str, s3: Server) -> None:
    names = ["a b.json", "ä.json", "p%20q.json", "c+d=e&f.json", "x#y.json", "deep/er/z.json"]
    for number, name in enumerate(names):
        put(s3, bucket, f"in/events/{name}", event(number))
    put(s3, bucket, "in/events/", "")
    put(s3, bucket, "in/events/.hidden.json", event(99))
    project = opened(tmp_path, bucket)

    starlode.run(project)

    assert {name for (name,) in projects.rows(project, "select _file from staging.app__events")} == {
        f"events/{name}" for name in names
    }
    assert starlode.run(project).status == "unchanged"


def test_a_pattern_that_matches_nothing_names_the_bucket(tmp_path: Path, bucket: str) -> None:
    with pytest.raises(SourceError, match="no file matches") as refused:
        starlode.run(opened(tmp_path, bucket))

    assert refused.value.where == f"s3://{bucket}/in"


def test_a_bucket_that_is_no_bucket_is_a_mistake_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as refused:
        opened(tmp_path, "")

    assert "`files`: a bucket is written s3://bucket/prefix" in refused.value.mistakes[0].what


def test_a_landing_among_the_objects_that_are_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as refused:
        opened(tmp_path, "lake", PROJECT + "landing: s3://lake/in/landed\n")

    assert "share a folder" in refused.value.mistakes[0].what


def put(server: Server, bucket: str, key: str, content: str | bytes) -> None:
    body = content.encode() if isinstance(content, str) else content
    server.client().put_object(Bucket=bucket, Key=key, Body=body)


def event(number: int, amount: int = 1) -> str:
    return json.dumps({"id": number, "amount": amount})


def opened(folder: Path, bucket: str, text: str = PROJECT, settings: str = "key: id") -> starlode.Project:
    declared = text.replace("BUCKET", bucket).replace("SETTINGS", settings)
    return projects.project(folder, {"starlode.yml": declared})
