"""A project as written for Redshift and S3 runs on this machine: its doubles come up, stay up between commands, and go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from starlode.sandbox.environments import CACHE
from tests import projects
from tests.s3.servers import CLONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    # Carries out a command line in the project; what it printed.
    Said = Callable[..., str]

HOST = "acme.abc123.eu-west-1.redshift.amazonaws.com:5439"
ROLE = "arn:aws:iam::123456789012:role/reads-the-lake"
PROJECT = """
name: shop
target: TARGET
landing: LANDING
sources:
  till:
    files: s3://acme-files/shop
    streams:
      orders: {files: "orders*.csv", key: order_id, types: {amount: "decimal(10,2)"}}
dimensions:
  date: {calendar: 2026..2026}
facts:
  sales: {from: till.orders, grain: order_id, dims: {date: ordered_at}, measures: {amount: sum}}
"""
ORDERS = "order_id,ordered_at,amount\n1,2026-01-05 10:00:00,10.10\n2,2026-01-06 11:00:00,20.20\n"
PATIENCE = 20.0


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """Commands in the folder of a test, whose sandbox is down afterwards."""
    monkeypatch.setenv(CACHE, str(CLONE))
    # What the machine knows of AWS is not what the sandbox asks.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    def command(*words: str, code: int = 0, of: str = "") -> str:
        line = [sys.executable, "-m", "starlode", *words]
        done = subprocess.run(line, check=False, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return str(getattr(done, of or ("stdout" if code == 0 else "stderr")))

    yield command
    command("sandbox", "down")


def test_a_project_for_redshift_runs_without_an_account(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, f"redshift://loader@{HOST}/dev?iam_role={ROLE}", "s3://acme-lake/landing")

    said("run", "--sandbox")

    assert "30.30" in said("query", "--sandbox", "select sum(amount) as amount from star.fact_sales")
    assert {s["name"]: s["runs"] for s in _servers(said)} == {"s3": True, "postgres": True, "redshift": True}
    assert json.loads(said("run", "--sandbox", "--json").splitlines()[-1])["run"]["status"] == "unchanged"
    # The real one is not asked, and cannot be.
    assert "Redshift cannot be reached" in said("status", code=3)


def test_so_does_one_for_snowflake(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "snowflake://etl@acme-eu/lake?warehouse=wh_load&role=transformer&login=key&key=id.p8", "landing")

    said("run", "--sandbox")

    assert "30.30" in said("query", "--sandbox", "select sum(amount) as amount from star.fact_sales")
    assert {s["name"]: s["runs"] for s in _servers(said)} == {"s3": True, "snowflake": True}
    assert json.loads(said("run", "--sandbox", "--json").splitlines()[-1])["run"]["status"] == "unchanged"


def test_a_stage_of_snowflake_is_made_on_the_bucket_of_the_landing(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "snowflake://etl@acme-eu/lake?warehouse=wh_load&stage=raw.landing", "s3://acme-lake/landing")

    said("run", "--sandbox")

    assert "30.30" in said("query", "--sandbox", "select sum(amount) as amount from star.fact_sales")


@pytest.mark.slow
def test_so_does_one_for_bigquery(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "bigquery://acme-analytics/sales?location=EU&maximum_gb=200", "gs://acme-lake/landing")
    other = "bigquery://acme-lab"

    told = said("run", "--sandbox", of="stderr")
    said("run", "--sandbox", "--target", other)

    assert "bigquery does not imitate slots" in told
    assert 'starlode query --sandbox "select * from sales_star.fact_sales limit 10"' in told
    assert "30.3" in said("query", "--sandbox", "select sum(amount) as amount from sales_star.fact_sales")
    assert "30.3" in said("query", "--sandbox", "--target", other, "select sum(amount) as amount from star.fact_sales")
    assert {s["name"]: s["runs"] for s in _servers(said)} == {"gcs": True, "s3": True, "bigquery": True}
    assert json.loads(said("run", "--sandbox", "--json").splitlines()[-1])["run"]["status"] == "unchanged"
    assert (tmp_path / ".starlode/sandbox/google.key.json").stat().st_mode & 0o077 == 0


def test_buckets_of_cloud_storage_are_filled_and_landed_in(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "duckdb:warehouse.duckdb", "gs://acme-lake/landing")
    file = tmp_path / "starlode.yml"
    file.write_text(file.read_text().replace("s3://acme-files", "gs://acme-files"))

    told = said("run", "--sandbox", of="stderr")

    assert "gcs does not imitate its JSON interface" in told
    assert "30.30" in said("query", "--sandbox", "select sum(amount) as amount from star.fact_sales")
    assert {s["name"]: s["runs"] for s in _servers(said)} == {"gcs": True}


def test_its_servers_end_with_it_and_what_they_held_is_gone(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "postgresql://loader:secret@db.acme.com/warehouse", "landing")
    said("run", "--sandbox")
    keeper = json.loads((tmp_path / ".starlode/sandbox/keeper.json").read_text())["pid"]
    first = {s["pid"] for s in _servers(said)}
    assert not (tmp_path / "landing").exists()

    os.kill(keeper, signal.SIGKILL)
    _await_end(first)
    assert _servers(said) == []
    said("run", "--sandbox")
    second = {s["pid"] for s in _servers(said)}
    assert "30.30" in said("query", "--sandbox", "select sum(amount) as amount from star.fact_sales")
    said("sandbox", "down")

    _await_end(second)
    assert len(first) == len(second) == 2
    assert not (tmp_path / ".starlode/sandbox").exists()


def test_what_has_no_double_is_refused(said: Said, tmp_path: Path) -> None:
    _lay(tmp_path, "duckdb:warehouse.duckdb", "az://acme-lake/landing")

    told = said("run", "--sandbox", code=2)

    assert "the sandbox has no double of az://" in told
    assert _servers(said) == []


def _lay(folder: Path, target: str, landing: str) -> None:
    declared = PROJECT.replace("TARGET", target).replace("LANDING", landing)
    projects.write(folder, {"starlode.yml": declared, "sandbox/acme-files/shop/orders.csv": ORDERS})


def _servers(said: Said) -> list[dict[str, Any]]:
    servers: list[dict[str, Any]] = json.loads(said("sandbox", "status", "--json"))["servers"]
    return servers


def _await_end(pids: set[int]) -> None:
    until = time.monotonic() + PATIENCE
    while any(_is_alive(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
