"""Which stories are played where: all on DuckDB and PostgreSQL, and each on a double at least, which take their time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.thorough import IS_THOROUGH

if TYPE_CHECKING:
    from collections.abc import Callable

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
# A story costs a core 5 seconds on the double of Redshift and 7 to 9 on the others, and 1 or 2 on a real warehouse. So the
# doubles of BigQuery and Snowflake play those that touch how they are loaded, how their tables lie, and each kind of model, and
# that of Redshift the rest. All are on all in a thorough run, or where STARLODE_TEST_WAREHOUSES names the warehouse.
ON_BIGQUERY = (
    *("a_balance_each_day", "a_dimension_that_refers_to_another", "a_fact_that_was_away", "a_fiscal_year_and_holidays"),
    "a_visit_counts",
    *("an_order_goes_through_its_stages", "corrections_reach_every_kind_of_fact", "joins_that_lose", "late_customers"),
    *("late_sales_of_other_months", "rejects_and_replay", "rows_that_a_select_makes"),
)
ON_SNOWFLAKE = (
    *("a_changed_file", "a_contradiction_at_one_moment", "a_customer_moves", "a_visit_counts"),
    *("corrections_reach_every_kind_of_fact", "joins_that_lose", "late_customers", "late_sales_of_other_months"),
    *("rejects_and_replay", "rows_that_a_select_makes"),
)
# Of those that are built beside their targets, the one whose tables are divided and hold decimals.
BESIDE = ("late_sales_of_other_months",)
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
    name, is_beside, target = Path(str(said["path"])).stem, said["build"] != "target", str(said["target"])
    if target in PLAYED and target not in ASKED:
        return name not in BESIDE if is_beside else not PLAYED[target](name)
    return is_beside and name not in CHOSEN


PLAYED: dict[str, Callable[[str], bool]] = {
    "bigquery": lambda name: name in ON_BIGQUERY,
    "snowflake": lambda name: name in ON_SNOWFLAKE,
    "redshift": lambda name: name in CHOSEN or name not in (*ON_BIGQUERY, *ON_SNOWFLAKE),
}
