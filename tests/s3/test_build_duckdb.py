"""A star that is built beside its target keeps its editions in the bucket where it lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import starlode
from tests import projects
from tests.engine import shop
from tests.s3 import laying

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3.servers import Server


def test_a_star_built_beside_its_target_is_that_of_one_built_in_it(tmp_path: Path, bucket: str, s3: Server) -> None:
    there = laying.laid(tmp_path / "there", f"s3://{bucket}/lake\nbuild: duckdb")
    here = shop.opened(tmp_path / "here")
    starlode.run(starlode.read(there))
    starlode.run(here)
    shop.later(there)
    shop.later(tmp_path / "here")

    run = starlode.run(starlode.read(there))
    starlode.run(here)

    assert run.status == "succeeded"
    assert projects.star(starlode.read(there)) == projects.star(here)
    assert starlode.run(starlode.read(there)).status == "unchanged"
    assert any(key.startswith("lake/star/") and key.endswith(".json") for key in s3.keys(bucket))
    assert not (there / "landing").exists()
