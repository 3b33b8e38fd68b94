"""The stories on a project of BigQuery of yours, whose datasets are emptied before each: docs/bigquery.md names it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

import starlode
from tests import projects
from tests.live.conftest import BIGQUERY, STORAGE
from tests.stories.playing import STORIES, play, tell
from tests.stories.test_stories import NOT_SAID

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("path", [p for p in STORIES if p.stem not in NOT_SAID["bigquery"]], ids=lambda path: path.stem)
def test_a_story_ends_on_the_real_service_as_it_says(path: Path, tmp_path: Path) -> None:
    target, story = os.environ[BIGQUERY], tell(path)
    projects.write(tmp_path, {"starlode.yml": story["project"], **story.get("sql", {})})
    projects.lose(starlode.read(tmp_path, target=target))

    landing = f"{os.environ[STORAGE].rstrip('/')}/{uuid4().hex}" if os.environ.get(STORAGE) else ""
    days = play(story, tmp_path, target, "target", landing)

    differences = [difference for day in days for difference in day.differences]
    assert not differences, "\n" + "\n".join(differences)
