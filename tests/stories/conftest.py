"""Which stories are played where: all on every warehouse that builds its own star, and some beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.thorough import IS_THOROUGH

# Built beside their targets; all are in a thorough run.
CHOSEN = (
    *("a_customer_moves", "a_visit_counts", "corrections_behind_joins", "deleted_members_end", "joins_that_lose"),
    *(
        "late_customers",
        "late_sales_of_other_months",
        "rejects_and_replay",
        "rows_that_a_select_makes",
        "schema_evolves",
    ),
    "the_time_of_day",
)
# On a double, which takes its time: the one whose tables are divided and hold decimals.
ON_A_DOUBLE = ("late_sales_of_other_months",)
DOUBLES = ("bigquery", "redshift", "snowflake")
ASKED = os.environ.get("STARLODE_TEST_WAREHOUSES", "").split()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for."""
    left_out = [item for item in items if isinstance(item, pytest.Function) and _is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Function) -> bool:
    said = item.callspec.params if hasattr(item, "callspec") else {}
    if item.path.parent != Path(__file__).parent or IS_THOROUGH or "path" not in said:
        return False
    name, target = Path(str(said["path"])).stem, said["target"]
    chosen = ON_A_DOUBLE if target in DOUBLES and target not in ASKED else CHOSEN
    return said["build"] != "target" and name not in chosen
