"""Which stories are played where: through a double each statement takes its time, so a part of them stands for all there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Played on the double of Redshift by themselves; all are where STARLODE_TEST_WAREHOUSES names it.
CHOSEN = (
    *("a_customer_moves", "a_visit_counts", "corrections_behind_joins", "deleted_members_end", "joins_that_lose"),
    *("late_customers", "rejects_and_replay", "rows_that_a_select_makes", "schema_evolves", "the_time_of_day"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for."""
    if "redshift" in os.environ.get("STARLODE_TEST_WAREHOUSES", ""):
        return
    left_out = [item for item in items if isinstance(item, pytest.Function) and _is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Function) -> bool:
    said = item.callspec.params if hasattr(item, "callspec") else {}
    is_story = item.path.parent == Path(__file__).parent and said.get("target") == "redshift"
    return is_story and (Path(str(said["path"])).stem not in CHOSEN or said["build"] != "target")
