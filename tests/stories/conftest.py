"""Which stories are played where: a part of them stands for all where each takes its time and tells little that is new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.thorough import IS_THOROUGH

# Built beside their targets, and played on the doubles; all are in a thorough run, or where STARLODE_TEST_WAREHOUSES
# names that warehouse.
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
# The double of Snowflake takes some ten seconds for a story; that of BigQuery has each statement judged.
ON_BIGQUERY = (
    *("a_visit_counts", "joins_that_lose", "late_customers", "late_sales_of_other_months", "rejects_and_replay"),
    "rows_that_a_select_makes",
)
ON_SNOWFLAKE = (
    *("a_visit_counts", "joins_that_lose", "late_customers", "late_sales_of_other_months", "rejects_and_replay"),
    "rows_that_a_select_makes",
)
ASKED = os.environ.get("STARLODE_TEST_WAREHOUSES", "").split()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for."""
    left_out = [item for item in items if isinstance(item, pytest.Function) and _is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _is_left_out(item: pytest.Function) -> bool:
    said = item.callspec.params if hasattr(item, "callspec") else {}
    target, is_beside = said.get("target"), said.get("build") != "target"
    if item.path.parent != Path(__file__).parent or IS_THOROUGH:
        return False
    is_chosen = Path(str(said["path"])).stem in CHOSEN if "path" in said else True
    if target == "bigquery" and target not in ASKED:
        return is_beside or Path(str(said["path"])).stem not in ON_BIGQUERY
    if target == "snowflake" and target not in ASKED:
        return is_beside or Path(str(said["path"])).stem not in ON_SNOWFLAKE
    if target == "redshift" and target not in ASKED:
        return is_beside or not is_chosen
    return is_beside and not is_chosen
