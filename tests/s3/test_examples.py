"""The public example projects end as their expected results say with their landing in a bucket and built beside the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import projects
from tests.examples import test_examples as cases

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.s3.servers import Server

CASES = tuple(case for name, case in vars(cases).items() if name.startswith("test_p"))


@pytest.fixture(autouse=True, params=[("duckdb", "duckdb"), ("postgres", "duckdb")], ids="-".join)
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each project build its star beside each kind of warehouse."""
    cases.stand_on(request, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("test_"))
def test_a_case_holds(
    case: Callable[[Path], None], tmp_path: Path, bucket: str, s3: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(projects.LANDING, f"s3://{bucket}")

    case(tmp_path)

    assert any(key.endswith("/00000001.json") for key in s3.keys(bucket))
    assert list(tmp_path.rglob("*.parquet")) == []
