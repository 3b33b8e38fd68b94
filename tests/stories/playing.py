"""Plays a story: lays the files of each day, runs the project, and compares what the tables hold with what the story says.

Whatever a story tells, some things hold after each of its days: a run that succeeded breaks no check, each of its steps
balances, and the same day once more changes nothing.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlglot
import yaml

import starlode
from starlode.errors import StarlodeError
from tests import projects

STORIES = sorted(Path(__file__).parent.glob("*.yml"))
UNBALANCED = """
select verb, object, rows_in, rows_out from starlode.step
 where status = 'done' and rows_in <> rows_out + rows_rejected + rows_merged + rows_lost - rows_doubled
"""
# What stories ask in words that Redshift has others for.
_IN_REDSHIFT = (
    (r"\bnow\(\)", "getdate()"),
    (r"cast\((\w+) as json\) ->> ('\w+')", r'json_extract_path_text("\1", \2)'),
    (r"([\w.]+) ->> ('\w+')", r"nullif(json_extract_path_text(json_serialize(\1), \2), '')"),
)
# And what they ask of the catalog of Snowflake, which has names in capitals and a type of its own for numbers.
_LITERAL, _IN_CATALOG = (
    re.compile(r"'[^']*'"),
    (
        ("select column_name", "select lower(column_name)"),
        ("select lower(data_type)", "select decode(data_type, 'NUMBER', 'bigint')"),
    ),
)
REAL = ("duckdb:", "postgresql:")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
WORDS = {
    *("files", "gone", "lost", "mend", "full", "select", "replay", "again"),
    *("status", "error", "findings", "never", "steps", "expect"),
}


@dataclass(frozen=True)
class Day:
    """What the story told of a day, and what was found."""

    number: int
    told: dict[str, Any]
    found: dict[str, Any]

    @property
    def differences(self) -> list[str]:
        """Where the day went another way than the story tells."""
        return [
            f"day {self.number}, {what}: told {said}, found {self.found[what]}"
            for what, said in self.told.items()
            if said != self.found[what]
        ]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: str
    error: str = ""
    findings: frozenset[str] = field(default_factory=frozenset)
    steps: tuple[str, ...] = ()


def tell(path: Path) -> dict[str, Any]:
    """A story as it is written."""
    story: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return story


def play(story: dict[str, Any], folder: Path, target: str, build: str = "target", landing: str = "") -> list[Day]:
    """Live the days one after the other on a warehouse; what was told and what was found, by day."""
    landed = f"landing: {landing}\n" if landing else ""
    declared = f"{story['project'].rstrip()}\nbuild: {build}\n{landed}"
    projects.write(folder, {"starlode.yml": declared, **story.get("sql", {})})
    days = []
    for number, day in enumerate(story["days"], 1):
        unknown = day.keys() - WORDS
        if unknown:
            raise ValueError(f"day {number} says {unknown}, which no story knows")
        # That nothing changes a second time is asked every day where a real warehouse builds its own star, else on the last.
        asked = (build == "target" and target.startswith(REAL)) or number == len(story["days"])
        days.append(_live(folder, target, {"day": number, "status": "succeeded", "again": asked, **day}))
    return days


def _live(folder: Path, target: str, day: dict[str, Any]) -> Day:
    _change(folder, day)
    project = starlode.read(folder, target=target)
    if day.get("lost"):
        projects.lose(project)
    ended = _run(project, day)
    told: dict[str, Any] = {"status": day["status"], "unbalanced": [], "broken": []}
    found: dict[str, Any] = {
        "status": ended.status,
        "unbalanced": projects.rows(project, UNBALANCED),
        "broken": [f.message for f in starlode.check(project)] if ended.status == "succeeded" else [],
    }
    if ended.status == "succeeded" and day.get("again", True):
        told["again"], found["again"] = "unchanged", starlode.run(project).status
    if "error" in day:
        told["error"], found["error"] = (day["error"], day["error"] if day["error"] in ended.error else ended.error)
    if ended.error and "error" not in day:
        told["error"], found["error"] = "", ended.error
    if "findings" in day:
        told["findings"], found["findings"] = set(), set(day["findings"]) - ended.findings
    if "never" in day:
        told["never"], found["never"] = set(), set(day["never"]) & ended.findings
    if "steps" in day:
        told["steps"], found["steps"] = tuple(day["steps"]), ended.steps
    for sql, rows in day.get("expect", {}).items():
        told[sql] = [[_plain(cell) for cell in row] for row in rows]
        found[sql] = _as_told(told[sql], _answer(project, sql)) if _can_be_asked(project, sql) else told[sql]
    return Day(day["day"], told, found)


def _change(folder: Path, day: dict[str, Any]) -> None:
    """What happens before the run: files come, change and go, and the declaration is mended."""
    for name in day.get("gone", ()):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    projects.write(folder, day.get("files", {}))
    declaration = folder / "starlode.yml"
    for old, new in day.get("mend", {}).items():
        text = declaration.read_text("utf-8")
        if old not in text:
            raise ValueError(f"the project does not say `{old}`")
        declaration.write_text(text.replace(old, new), "utf-8")


def _run(project: starlode.Project, day: dict[str, Any]) -> Ended:
    try:
        if day.get("replay"):
            run = starlode.replay(project)
        else:
            run = starlode.run(project, full=day.get("full", False), select=tuple(day.get("select", ())))
    except StarlodeError as error:
        last = starlode.status(project, runs=1)[0]
        return Ended("failed", str(error), frozenset(f.rule for f in last.findings))
    # How the star comes into its target is told elsewhere.
    steps = tuple(f"{done.step.verb} {done.step.object}" for done in run.done if done.step.verb != "deliver")
    return Ended(run.status, "", frozenset(f.rule for f in run.findings), steps)


def _answer(project: starlode.Project, sql: str) -> Any:
    if project.shown.dialect.sqlglot == "redshift":
        for words, instead in _IN_REDSHIFT:
            sql = re.sub(words, instead, sql)
    if project.shown.dialect.sqlglot == "snowflake" and "information_schema" in sql:
        sql = _LITERAL.sub(lambda found: found[0].upper(), sql)
        for words, instead in _IN_CATALOG:
            sql = sql.replace(words, instead)
    if project.shown.dialect.sqlglot == "bigquery":
        asked = re.sub(r"\bnow\(\)", "current_datetime()", sql)
        sql = project.shown.dialect.say(sqlglot.parse_one(asked, dialect="duckdb"))
    try:
        return [[_plain(cell) for cell in row] for row in projects.rows(project, sql)]
    except StarlodeError as error:
        return str(error)


def _can_be_asked(project: starlode.Project, sql: str) -> bool:
    """Whether a warehouse answers: BigQuery has a catalogue for each dataset, in words of its own."""
    return not ("information_schema" in sql and project.shown.dialect.sqlglot == "bigquery")


def _as_told(told: list[list[Any]], found: Any) -> Any:
    """What was found, with each number spelled as the story does: not every warehouse shows zeros that say nothing."""
    if isinstance(found, str) or [len(row) for row in told] != [len(row) for row in found]:
        return found
    return [
        [said if isinstance(said, str) and _is_number(cell, said) else cell for said, cell in zip(*rows, strict=True)]
        for rows in zip(told, found, strict=True)
    ]


def _is_number(cell: Any, said: str) -> bool:
    return bool(_DECIMAL.fullmatch(str(cell)) and _DECIMAL.fullmatch(said) and Decimal(cell) == Decimal(said))


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, bool | int) else str(cell)
