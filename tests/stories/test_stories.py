"""Days in the life of a source, told in YAML and played on a real warehouse.

A story lays files day by day, runs the project after each, and says what the tables hold then. Adding a story adds a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import starlode
from starlode.errors import StarlodeError
from tests import projects

STORIES = sorted(Path(__file__).parent.glob("*.yml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_days_of_a_story_end_as_they_say(path: Path, tmp_path: Path) -> None:
    story = yaml.safe_load(path.read_text("utf-8"))
    folder = projects.write(tmp_path, {"starlode.yml": story["project"], **story.get("sql", {})})

    for number, day in enumerate(story["days"], 1):
        projects.write(folder, day.get("files", {}))
        for name in day.get("gone", ()):
            (folder / name).unlink()
        _play(folder, day, f"{path.stem}, day {number}")


def _play(folder: Path, day: dict[str, Any], when: str) -> None:
    project = starlode.read(folder)
    status, text, findings = _run(project, day)

    assert status == day.get("status", "succeeded"), f"{when}: {text}"
    if "error" in day:
        assert day["error"] in text, when
    for rule in day.get("findings", ()):
        assert rule in {finding.rule for finding in findings}, f"{when}: {findings}"
    for sql, expected in day.get("expect", {}).items():
        found = [[_plain(cell) for cell in row] for row in projects.rows(project, sql)]
        assert found == [[_plain(cell) for cell in row] for row in expected], f"{when}: {sql}"


def _run(project: starlode.Project, day: dict[str, Any]) -> tuple[str, str, tuple[Any, ...]]:
    try:
        run = starlode.run(project, full=day.get("full", False), select=tuple(day.get("select", ())))
    except StarlodeError as error:
        last = starlode.status(project, runs=1)[0]
        return "failed", str(error), last.findings
    return run.status, "", run.findings


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, bool | int) else str(cell)
