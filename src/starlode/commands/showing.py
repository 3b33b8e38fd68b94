"""What `starlode demo` can show: each example with the place of its data, and the days that are played in it.

An example's `generate.py` makes its data day by day, the same from the same sizes. Which day it is, and what a right star
comes to then, is written down when a day is whole; a day that was cut off makes all of them begin anew.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlode.errors import Mistake, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STATE = Path(".starlode") / "demo.json"


@dataclass(frozen=True)
class Demo:
    """An example: its template, whose generator makes its data, and where that is put.

    `place` is a folder below the project's. `source` names the variable of a project whose source is a database.
    """

    template: str
    maker: str
    place: str = ""
    source: str = ""
    is_sandboxed: bool = True


DEMOS: Mapping[str, Demo] = {
    "music": Demo("music", "music", place="data", is_sandboxed=False),
    "music-postgres": Demo("music_postgres", "music", place="data"),
    "music-redshift": Demo("music_redshift", "music", place="sandbox/acme-music"),
    "sales-redshift": Demo("sales_redshift", "sales_redshift", source="SALES_URL"),
    "sales-snowflake": Demo("sales_snowflake", "sales_snowflake", place="data"),
    "students-bigquery": Demo("students_bigquery", "students_bigquery", source="STUDENTS_URL"),
}


@dataclass(frozen=True)
class Days:
    """The days of an example in a folder: what has been played of them, and what comes next."""

    demo: Demo
    folder: Path
    size: int | None = None

    @property
    def of(self) -> int:
        """How many days there are."""
        return int(self._generator.DAYS)

    @property
    def _generator(self) -> Any:
        return import_module(f"starlode.templates.{self.demo.maker}.generate")

    @property
    def begun(self) -> bool:
        """Whether a day is whole here."""
        return "counted" in self._state()

    def guard_size(self) -> None:
        """Raise ProjectError where the data that is here has another size."""
        state = self._state()
        if state and self.size not in (None, state["size"]):
            advice = "choose another folder with --to, or remove this one"
            raise ProjectError(
                Mistake(f"the data that is here has another size: {state['size']:,}", str(self.folder), hint=advice)
            )

    def play(self, place: str, *, anew: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
        """Each day that is due, with what was counted: the one that is there once more, then those after it."""
        state = self._state()
        size, last = self.size or state.get("size") or self._generator.SIZE, state.get("day", 0)
        if "counted" in state and not anew:
            yield last, state["counted"]
        else:
            self._clear(place, is_ours=bool(state))
            last = 0
        for day in range(last + 1, self.of + 1):
            self._note({"day": day, "size": size})
            counted = self._generator.play(day, place, size=size)
            self._note({"day": day, "size": size, "counted": counted})
            yield day, counted

    def _clear(self, place: str, *, is_ours: bool) -> None:
        """Make room for the first day; a folder that somebody else filled stays as it is."""
        if not self.demo.place:
            return
        if is_ours:
            shutil.rmtree(place, ignore_errors=True)
        elif Path(place).exists():
            advice = "choose another folder with --to, or move it away"
            raise ProjectError(Mistake("the example's data would come into a folder that is there", place, hint=advice))

    def _state(self) -> dict[str, Any]:
        try:
            held: dict[str, Any] = json.loads((self.folder / STATE).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return held

    def _note(self, state: Mapping[str, Any]) -> None:
        (self.folder / STATE).parent.mkdir(exist_ok=True)
        (self.folder / STATE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
