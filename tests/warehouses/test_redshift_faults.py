"""What befalls a run on Redshift, on its double: each ends in an error that says what to do, and the next run ends rightly."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import starlode
from starlode.errors import StarlodeError, WarehouseError
from starlode.redshift.refusing import refusal
from starlode.warehouses.redshift import Redshift
from tests import projects
from tests.redshift_double import listening
from tests.s3.proxy import Faults, between
from tests.warehouses.cutting import Cut, cutting
from tests.warehouses.test_redshift import SALES, laid

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.project import Project
    from tests.redshift_double import Redshift as Double
    from tests.s3.servers import Server


@pytest.fixture
def bucket(semantics: Server) -> str:
    return semantics.fresh_bucket()


def sales(project: Project) -> list[str]:
    return [str(cell) for cell in projects.rows(project, SALES)[0]]


@pytest.mark.parametrize(("word", "after"), [(b"copy ", 0), (b"copy ", 1), (b'insert into "star"', 1)])
def test_a_process_that_is_killed_in_the_middle_is_mended_by_the_next(
    redshift: str, redshift_double: Double, bucket: str, tmp_path: Path, word: bytes, after: int
) -> None:
    cut = Cut(word, after=after, holds=True)
    with cutting(redshift_double.port, cut) as port:
        laid(tmp_path, redshift.replace(str(redshift_double.port), str(port)), f"s3://{bucket}/lake")
        run = subprocess.Popen([sys.executable, "-m", "starlode", "run"], cwd=tmp_path, env=dict(os.environ))
        assert cut.came.wait(60)
        run.kill()
        run.wait(60)
    project = laid(tmp_path, redshift, f"s3://{bucket}/lake")

    starlode.run(project, wait=20)

    assert sales(project) == ["3.30", "2"]
    assert starlode.check(project) == ()
    assert starlode.run(project).status == "unchanged"


def test_a_credential_of_the_role_that_expires_in_the_middle_stops_the_load(
    redshift: str, redshift_double: Double, bucket: str, semantics: Server, tmp_path: Path
) -> None:
    faults = Faults("expired", r"GET .*/orders/.*parquet", times=1)
    with between(semantics, faults) as expiring, listening(redshift_double.postgres, expiring) as double:
        target = redshift.replace(f":{redshift_double.port}/", f":{double.port}/")
        project = laid(tmp_path, target, f"s3://{bucket}/lake")

        with pytest.raises(WarehouseError, match="The provided token has expired") as refused:
            starlode.run(project)
        run = starlode.run(project, wait=20)

    assert "run again" in str(refused.value.hint)
    assert "docs/redshift.md" in str(refused.value.hint)
    assert (faults.met, run.status) == (1, "succeeded")
    assert sales(laid(tmp_path, redshift, f"s3://{bucket}/lake")) == ["3.30", "2"]


def test_what_was_written_down_of_an_earlier_load_does_not_explain_a_later_one(
    redshift: str, redshift_double: Double, bucket: str, semantics: Server, tmp_path: Path
) -> None:
    faults = Faults("expired", r"GET .*/customers/00000002-.*part-", times=1)
    with between(semantics, faults) as expiring, listening(redshift_double.postgres, expiring) as double:
        target = redshift.replace(f":{redshift_double.port}/", f":{double.port}/")
        project = laid(tmp_path, target, f"s3://{bucket}/lake")
        projects.write(tmp_path, {"data/customers1.csv": f"id,version,name\nC1,1,Ann\nC2,1,Bob\nC3,1,{'é' * 33_000}\n"})

        # One text is too long, and what is left is loaded instead of it.
        with pytest.raises(WarehouseError, match="The provided token has expired"):
            starlode.run(project)
        run = starlode.run(project, wait=20)

    assert (faults.met, run.status) == (1, "succeeded")
    assert [row.column for row in starlode.rejects(laid(tmp_path, redshift, f"s3://{bucket}/lake"))] == ["name"]


def test_our_own_credential_that_expires_before_the_copy_stops_the_load(
    redshift: str, bucket: str, semantics: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults("expired", r"PUT .*load-", times=1)
    with between(semantics, faults) as expiring:
        monkeypatch.setenv("AWS_ENDPOINT_URL", expiring.url)
        project = laid(tmp_path, redshift, f"s3://{bucket}/lake")

        with pytest.raises(StarlodeError, match="ExpiredToken") as refused:
            starlode.run(project)
        run = starlode.run(project, wait=20)

    assert "renew the credentials" in str(refused.value.hint)
    assert "canary" not in str(refused.value)
    assert (faults.met, run.status) == (1, "succeeded")
    assert sales(project) == ["3.30", "2"]


def test_a_schema_whose_quota_is_used_up_stops_the_load_and_a_higher_one_lets_it_go_on(
    redshift: str, bucket: str, tmp_path: Path
) -> None:
    project = laid(tmp_path, redshift, f"s3://{bucket}/lake")
    starlode.run(project)
    quota(redshift, tmp_path, "1 mb")
    noise = random.Random(7)  # noqa: S311
    many = "".join(f"{n},C1,2024-01-02 09:00:00,,1.00,{noise.randbytes(60).hex()}\n" for n in range(3, 20_000))
    projects.write(project.folder, {"data/orders2.csv": f"no,id,at,on,amount,note\n{many}"})

    with pytest.raises(WarehouseError, match="no room left in the quota of a schema") as refused:
        starlode.run(project)
    before = sales(project)
    quota(redshift, tmp_path, "unlimited")
    starlode.run(project, wait=20)

    assert "alter schema … quota" in str(refused.value.hint)
    assert before == ["3.30", "2"]
    assert sales(project) == ["20000.30", "19999"]
    assert starlode.check(project) == ()


def test_full_disks_are_told_with_what_to_do() -> None:
    from redshift_connector.error import ProgrammingError

    told: Any = refusal("insert into t", ProgrammingError({"C": "53100", "M": "Disk Full"}))

    assert told.what == "Redshift has no room left on its disks"
    assert "make room" in told.hint


def quota(target: str, folder: Path, room: str) -> None:
    session = Redshift.named(target, folder).connect()
    session.execute(f"alter schema staging quota {room}")
    session.close()
