"""Days in the life of a source, told in YAML and played on a real warehouse.

A story lays files day by day, runs the project after each, and says what the tables hold then. Adding a story adds a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.playing import STORIES, play, tell

if TYPE_CHECKING:
    from pathlib import Path

# Stories whose SELECTs a warehouse has no words for: it says so, and builds nothing of them.
NOT_SAID = {"bigquery": (), "redshift": ("rows_that_a_select_makes",), "snowflake": ("rows_that_a_select_makes",)}

# Where a warehouse keeps less apart: a number as a text has no zeros at its end on BigQuery, so 1.0 is called what 1 is.
FOUND_OTHERWISE = {("bigquery", "flags_of_an_order"): ["told [[10, 10]], found [[7, 7]]"]}


@pytest.mark.parametrize("build", ["target", "duckdb"])
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_days_of_a_story_end_as_they_say(path: Path, build: str, target: str, landing: str, tmp_path: Path) -> None:
    story = tell(path)

    differences = [
        difference for day in play(story, tmp_path, target, build, landing) for difference in day.differences
    ]

    otherwise = FOUND_OTHERWISE.get((target.partition(":")[0], path.stem))
    if otherwise:
        assert [difference.partition("> 0: ")[2] for difference in differences] == otherwise
    elif path.stem in NOT_SAID.get(target.partition(":")[0], ()):
        assert any("this warehouse cannot be asked with a SELECT" in difference for difference in differences)
    else:
        assert not differences, "\n" + "\n".join(differences)
