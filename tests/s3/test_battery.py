"""What goes wrong between here and a bucket: it is repeated, or told with what to do, and nothing is lost or doubled."""

from __future__ import annotations

import json
import re
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode.errors import LandingError, SourceError, Stopped
from tests import projects
from tests.engine import shop
from tests.s3 import conftest, laying, servers
from tests.s3.proxy import Faults, between

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gcs_double import Storage
    from tests.s3.proxy import Fault
    from tests.s3.servers import Server

PART = "/orders/00000001-[^/]*/part-00001"
MANIFEST = "^PUT .*/orders/00000001.json"
EVERYTHING = json.dumps({"Effect": "Allow", "Action": "*", "Resource": "*"})


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        ("throttled", f"^PUT .*{PART}"),
        ("throttled", MANIFEST),
        ("throttled", "^GET .*list-type"),
        ("answer lost", f"^PUT .*{PART}"),
        ("answer lost", MANIFEST),
        ("reset", f"^GET .*{PART}"),
        ("truncated", f"^GET .*{PART}"),
        ("truncated", "^GET .*/orders/00000001.json"),
        ("throttled", f"^GET .*{PART}"),
        ("slow", f"^GET .*{PART}"),
    ],
)
def test_what_passes_is_repeated(
    fault: Fault, pattern: str, tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(fault, pattern, times=1 if fault == "slow" else 2)
    with between(s3, faults) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

        run = _land_and_load(laying.laid(tmp_path / "there", f"s3://{bucket}/lake"))

        assert run.status == "succeeded"
        assert faults.met == faults.times, faults.seen
        assert projects.star(starlode.read(tmp_path / "there")) == _star_of_a_folder(tmp_path / "here")
    manifests = [key for key in s3.keys(bucket) if key.endswith(".json") and "/orders/" in key]
    assert manifests == ["lake/shop/orders/00000001.json"]


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        ("throttled", f"^PUT .*{PART}"),
        ("throttled", MANIFEST),
        ("reset", f"^GET .*{PART}"),
        ("truncated", f"^GET .*{PART}"),
        ("throttled", "^GET .*list-type"),
    ],
)
def test_what_lasts_stops_the_run_which_goes_on_later(
    fault: Fault, pattern: str, tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = laying.laid(tmp_path / "there", f"s3://{bucket}/lake")
    with between(s3, Faults(fault, pattern)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

        with pytest.raises(Stopped) as stopped:
            _land_and_load(folder)

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.url)
    run = starlode.run(starlode.read(folder))

    assert stopped.value.exit_code == 4
    assert "run again" in str(stopped.value.hint)
    assert run.status == "succeeded"
    assert projects.star(starlode.read(folder)) == _star_of_a_folder(tmp_path / "here")


def test_credentials_that_expire_are_told_and_not_quoted(
    tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with between(s3, Faults("expired", f"^PUT .*{PART}")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

        with pytest.raises(LandingError, match="ExpiredToken") as refused:
            starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    assert refused.value.exit_code == 3
    assert "renew the credentials" in str(refused.value.hint)
    assert "canary-token" not in "".join(traceback.format_exception(refused.value))


def test_a_server_that_overwrites_what_it_should_create_is_refused(
    tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with between(s3, Faults("deaf", "^PUT")) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)

        with pytest.raises(LandingError, match="overwrites an object") as refused:
            starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    assert "If-None-Match" in str(refused.value.hint)
    assert s3.keys(bucket) == ["lake/starlode.json"]


@pytest.mark.parametrize(
    ("variable", "said", "code"),
    [
        ("AWS_SECRET_ACCESS_KEY", "canary-secret", "SignatureDoesNotMatch"),
        ("AWS_ACCESS_KEY_ID", "AKIACANARY0000000000", "InvalidAccessKeyId"),
    ],
)
def test_wrong_credentials_are_told(
    variable: str, said: str, code: str, tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = guarded.fresh_bucket()
    monkeypatch.setenv(variable, said)

    with pytest.raises(LandingError, match=code) as refused:
        starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    assert refused.value.exit_code == 3
    assert "look at the credentials" in str(refused.value.hint)
    assert said not in "".join(traceback.format_exception(refused.value))
    assert guarded.keys(bucket) == []


def test_no_credentials_at_all_are_told(tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = guarded.fresh_bucket()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)

    with pytest.raises(LandingError, match="there are no credentials") as refused:
        starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    assert refused.value.exit_code == 3


def test_a_bucket_without_rights_names_the_right_that_is_needed(
    tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = guarded.fresh_bucket()
    _become(guarded, monkeypatch, _allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}"))

    with pytest.raises(LandingError, match="AccessDenied") as refused:
        starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    assert refused.value.exit_code == 3
    assert "s3:PutObject" in str(refused.value.hint)


def test_the_rights_of_the_docs_suffice(tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = guarded.fresh_bucket()
    policy = json.loads(documented_policy().replace("BUCKET", bucket).replace("PREFIX", "lake"))
    _become(guarded, monkeypatch, *(json.dumps(statement) for statement in policy["Statement"]))
    folder = laying.laid(tmp_path / "there", f"s3://{bucket}/lake")

    run = starlode.run(starlode.read(folder))
    starlode.run(shop.later(tmp_path / "there"))
    starlode.sweep(starlode.read(folder))
    starlode.undo(starlode.read(folder), "last")

    assert "landing not checked" not in {finding.rule for finding in run.findings}
    assert projects.star(starlode.read(folder)) == _star_of_a_folder(tmp_path / "here")


def test_a_bucket_that_may_not_be_asked_who_may_read_it_is_noted(
    tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = guarded.fresh_bucket()
    _become(
        guarded,
        monkeypatch,
        _allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}"),
        _allowed(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"arn:aws:s3:::{bucket}/lake/*"),
    )

    run = starlode.run(laying.opened(tmp_path, f"s3://{bucket}/lake"))

    (told,) = {finding for finding in run.findings if finding.rule == "landing not checked"}
    assert told.severity == "warning"
    assert "AccessDenied" in told.message


def test_credentials_of_a_profile_are_renewed(tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = guarded.fresh_bucket()
    calls = _ask_a_program(tmp_path, guarded, monkeypatch, answers=1_000)

    run = starlode.run(laying.opened(tmp_path / "shop", f"s3://{bucket}/lake"))

    assert run.status == "succeeded"
    assert len(calls.read_text()) > 1


def test_credentials_that_cannot_be_renewed_are_told_and_not_quoted(
    tmp_path: Path, guarded: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = guarded.fresh_bucket()
    _ask_a_program(tmp_path, guarded, monkeypatch, answers=2)

    with pytest.raises(LandingError, match=r"valid no more|there are no credentials") as refused:
        starlode.run(laying.opened(tmp_path / "shop", f"s3://{bucket}/lake"))

    assert refused.value.exit_code == 3
    assert "canary" not in "".join(traceback.format_exception(refused.value))


def _ask_a_program(folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch, answers: int) -> Path:
    """Let a profile ask a program for credentials that last half a minute, which answers so often; the file of its calls."""
    calls, program = folder / "calls", folder / "credentials.py"
    program.write_text(
        "import datetime, json, pathlib, sys\n"
        f"calls = pathlib.Path({str(calls)!r})\n"
        "calls.write_text((calls.read_text() if calls.exists() else '') + 'x')\n"
        f"if len(calls.read_text()) > {answers}: sys.exit('canary')\n"
        "soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=30)\n"
        f"print(json.dumps(dict(Version=1, AccessKeyId={server.key!r}, SecretAccessKey={server.secret!r}, "
        "Expiration=soon.isoformat())))\n"
    )
    config = f"[profile lake]\nregion = us-east-1\nendpoint_url = {server.url}\n"
    (folder / "config").write_text(f"{config}credential_process = {sys.executable} {program}\n")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_PROFILE", "lake")
    return calls


class Meeting(Faults):
    """Lets the requests that a pattern finds pass two at a time, as if both had come at one moment."""

    def __init__(self, pattern: str) -> None:
        super().__init__("slow", pattern)
        self._both = Barrier(2)

    def meets(self, request: str) -> bool:
        if re.search(self.pattern, request):
            with suppress(BrokenBarrierError):
                self._both.wait(60)
        return False


def test_of_two_runs_that_commit_at_one_moment_one_does(
    tmp_path: Path, place: Server | Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = place.fresh_bucket()
    folders = [laying.laid(tmp_path / name, f"{place.scheme}://{bucket}/lake") for name in ("one", "other")]
    # Slashes and points are written as their numbers to Google's server.
    with between(place, Meeting("^PUT .*customers.*00000001.*json")) as server, ThreadPoolExecutor(2) as pool:
        conftest.name(server, monkeypatch)
        runs = [pool.submit(starlode.run, starlode.read(folder), only="land") for folder in folders]
        errors = [run.exception() for run in runs]

    conftest.name(place, monkeypatch)
    for folder in folders:
        starlode.run(starlode.read(folder))

    (lost,) = (error for error in errors if error is not None)
    assert isinstance(lost, SourceError)
    assert "another run has landed extraction 1 of shop.customers" in lost.what
    expected = _star_of_a_folder(tmp_path / "here")
    assert [projects.star(starlode.read(folder)) for folder in folders] == [expected, expected]
    assert [key for key in place.keys(bucket) if key.endswith("000002.json")] == []


def _land_and_load(folder: Path) -> starlode.Run:
    """Two runs that share nothing but the bucket, so that the second fetches what the first landed."""
    starlode.run(starlode.read(folder), only="land")
    return starlode.run(starlode.read(folder))


def documented_policy() -> str:
    """The policy that docs/s3.md asks for."""
    page = (servers.CLONE / "docs" / "s3.md").read_text("utf-8")
    return "{" + page.partition("```text\n{")[2].partition("```")[0]


def _allowed(action: str | list[str], resource: str) -> str:
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})


def _become(server: Server, monkeypatch: pytest.MonkeyPatch, *statements: str) -> None:
    """Let the environment speak of a new user with these rights."""
    key, secret = servers.new_user(server, f"user-{abs(hash(statements)):x}", *statements)
    conftest.name(servers.Server(server.url, key, secret), monkeypatch)


def _star_of_a_folder(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    project = shop.opened(folder)
    starlode.run(project)
    return projects.star(project)
