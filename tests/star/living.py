"""Plays a random world on a warehouse, and tells where the star differs from the model or breaks one of its promises."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import starlode
from starlode.errors import StarlodeError
from starlode.landing import numbers, read_manifest
from tests import projects
from tests.star import lived
from tests.star.extracted import Told
from tests.star.lived import Known
from tests.star.playing import UNBALANCED, Differs, tables_of
from tests.star.unlike import differences, line
from tests.star.worlds import DATED, as_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from tests.star.streams import Files, Row
    from tests.star.unlike import Tables
    from tests.star.worlds import Day, World


def live(world: World, folder: Path, target: str) -> None:
    """Live all days of a world; raises Differs, naming the day, where the star is wrong."""
    player = _Player(world, folder, target)
    for number, day in enumerate(world.days):
        player.live(number, day)
    player.end()


def written(world: World, day: Day, *, is_first: bool) -> dict[str, str]:
    """What is written on a day, by path."""
    told = {
        f"data/{name}/{file}": as_csv(name, rows) for name, held in day.files.items() for file, rows in held.items()
    }
    return told | ({"starlode.yml": world.declared} if is_first else {})


class _Player:
    """One warehouse through the days of a world."""

    def __init__(self, world: World, folder: Path, target: str) -> None:
        self.world, self.folder, self.target = world, folder, target
        self.day = 0
        self.files: dict[str, Files] = {stream.name: {} for stream in world.streams}
        self.landed = dict.fromkeys(self.files, 0)
        self.waiting: list[tuple[str, Files, datetime]] = []
        self.known = Known({name: Told() for name in self.files})
        self.is_refused = False
        self.keys: dict[tuple[str, Any, Any], int] = {}
        self.owners: dict[tuple[str, int], Any] = {}

    def live(self, number: int, day: Day) -> None:
        self.day = number
        projects.write(self.folder, written(self.world, day, is_first=number == 0))
        for name, files in day.files.items():
            self.files[name] = self.files[name] | files
        if day.how == "land":
            self._land()
            return
        # What was only landed before is read again after an undo, at another moment.
        is_undone = day.how == "undo" and number > 0 and not self.waiting
        before = deepcopy(self.known)
        tables = self._tables() if is_undone else {}
        status = self._run_and_compare(full=day.how == "full")
        if self.is_refused:
            return
        if is_undone and status != "unchanged":
            self._undo(tables)
            self.known = before
            self._run_and_compare()
        if day.how == "rebuild":
            self._rebuild()

    def end(self) -> None:
        """Again, in full or from the landing, and in one batch: it is all the same star."""
        if self.is_refused:
            return
        again = starlode.run(self._project())
        if again.status != "unchanged":
            raise self._differs(f"a second run did {[str(done.step.object) for done in again.done]}")
        before = self._tables()
        if self.world.seed % 2:
            starlode.run(self._project(), full=True)
            self._unlike(before, "when all is read and built anew")
        else:
            starlode.rebuild(self._project(), *self._models())
            self._unlike(before, "when all is rebuilt from the landing")
        if self._is_timeless():
            self._end_without_memory()

    def _is_timeless(self) -> bool:
        """Whether the star follows from all that was told, and nothing of it from when that was loaded."""
        remembering = [d for d in self.world.dimensions if not d.reads_seen]
        has_life = any(d.history or d.fixed or d.previous for d in remembering)
        told = [self.known.told[d.stream] for d in remembering]
        return not has_life and not any(stream.away or stream.doubted for stream in told)

    def _end_without_memory(self) -> None:
        """Where nothing depends on when it was loaded, a warehouse that is lost comes back, and any order gives the same."""
        said = _named(projects.star(self._project()))
        # An extraction that was undone counts like any other to a warehouse that knows nothing of it.
        if not any(day.how == "undo" for day in self.world.days):
            projects.lose(self._project())
            starlode.run(self._project())
            self._must_be(said, _named(projects.star(self._project())), "when the warehouse was lost")
        if all(dimension.deletes == "ignore" for dimension in self.world.dimensions):
            self._must_be(said, self._in_one_batch(), "when all is told in one batch, in another order")

    # Runs

    def _land(self) -> None:
        starlode.run(self._project(), only="land")
        self._find_landed()

    def _run_and_compare(self, *, full: bool = False) -> str:
        began = _now()
        project = self._project()
        status = self._run(project, full=full)
        self._find_landed()
        for name, files, moment in self.waiting:
            stream = next(stream for stream in self.world.streams if stream.name == name)
            self.known.told[name].take(stream, files, moment)
        self.waiting = []
        tables = self._tables()
        built_at: dict[str, datetime] = {}
        for dimension in self.world.dimensions:
            built_at[dimension.name] = self._built_at(tables[f"dim_{dimension.name}"], began, {*built_at.values()})
        wanted = lived.build(self.world, self.known, built_at)
        self.is_refused = bool(wanted.refused)
        is_as_told = wanted.refused in status if wanted.refused else not status.startswith("failed")
        self._must(is_as_told, f"the run is {status}, and what is refused is {wanted.refused or 'nothing'}")
        for difference in differences(self.world, tables, wanted):
            raise self._differs(difference)
        self._keys_stay(tables)
        if self.is_refused:
            return status
        self._must(projects.rows(project, UNBALANCED) == [], "steps that do not balance")
        self._must(starlode.check(project) == (), f"checks fail: {starlode.check(project)}")
        return status

    def _run(self, project: Project, *, full: bool) -> str:
        """How a run ended, or why it failed."""
        try:
            return starlode.run(project, full=full).status
        except StarlodeError as error:
            return f"failed: {error}"
        except Exception as error:
            raise self._differs(f"the run broke: {type(error).__name__}: {error}") from error

    def _undo(self, before: Tables) -> None:
        try:
            starlode.undo(self._project(), "last")
        except Exception as error:
            raise self._differs(f"the undo broke: {type(error).__name__}: {error}") from error
        self._unlike(before, "after an undo, and not what it was", with_loads=True)

    def _rebuild(self) -> None:
        before = self._tables()
        model = Random(f"{self.world.seed} {self.day}").choice(self._models())  # noqa: S311  chance, and no secret
        try:
            starlode.rebuild(self._project(), model)
        except Exception as error:
            raise self._differs(f"the rebuild of {model} broke: {type(error).__name__}: {error}") from error
        self._unlike(before, f"after a rebuild of {model}")

    def _in_one_batch(self) -> dict[str, list[str]]:
        """The star of everything that was ever told, in one file a stream and another order."""
        random, other = Random(self.world.seed), Path(mkdtemp(prefix="starlode-"))  # noqa: S311  chance, and no secret
        streams = tuple(replace(s, kind="dated" if s.name in DATED else "keyed") for s in self.world.streams)
        told: dict[str, list[Row]] = {}
        for stream in self.world.streams:
            known = self.known.told[stream.name]
            current = [*known.current.values()] or known.rows
            told[stream.name] = [*known.seen.values()] if stream.name in DATED else current
            random.shuffle(told[stream.name])
        files = {f"data/{name}/all.csv": as_csv(name, tuple(rows)) for name, rows in told.items()}
        try:
            world = replace(self.world, streams=streams)
            project = projects.project(other, {"starlode.yml": world.declared, **files})
            starlode.run(project)
            return _named(projects.star(project))
        finally:
            shutil.rmtree(other)

    def _find_landed(self) -> None:
        """Note what new extractions showed, and when."""
        project = self._project()
        for name, files in self.files.items():
            stream = project.stream(f"app.{name}")
            for number in numbers(project.landing, stream)[self.landed[name] :]:
                moment = datetime.fromisoformat(read_manifest(project.landing, stream, number).created_at)
                self.waiting.append((name, dict(files), moment))
                self.landed[name] += 1

    def _project(self) -> Project:
        return starlode.read(self.folder, target=self.target)

    def _models(self) -> list[str]:
        return [table.name for table in self._project().star.tables if table.name != "dim_date"]

    def _tables(self) -> Tables:
        project = self._project()
        return tables_of(project, project.star.tables)

    # What must hold

    def _built_at(self, rows: list[dict[str, Any]], began: datetime, others: set[datetime]) -> datetime:
        """The one moment of this run at which versions began and ended, if any did, those of other dimensions aside."""
        cells = {row.get(name) for row in rows for name in ("valid_from", "valid_to")} - others
        found = {cell for cell in cells if cell is not None and began <= cell <= _now()}
        self._must(len(found) < 2, f"versions begin at {len(found)} moments of one run")
        return next(iter(found), _now())

    def _keys_stay(self, tables: Tables) -> None:
        """A version has one key for as long as it is there, a member its own for ever, and nobody else ever has either."""
        for dimension in self.world.dimensions:
            name = dimension.name
            for row in tables[f"dim_{name}"]:
                key, natural = row[f"{name}_key"], row[dimension.key]
                if key < 0:
                    continue
                self._must(
                    self.owners.setdefault((name, key), natural) == natural, f"key {key} of {name} has two members"
                )
                own = [(row.get("valid_from"), key)] if not row["is_inferred"] else []
                own += [("durable", row[f"{name}_durable_key"])] if dimension.durable else []
                for what, held in own:
                    stays = self.keys.setdefault((name, natural, what), held)
                    self._must(stays == held, f"{name} {natural} ({what}) has key {held} and had {stays}")

    def _unlike(self, before: Tables, when: str, *, with_loads: bool = False) -> None:
        after = self._tables()
        for name, rows in before.items():
            was, now = (_contents(held, with_loads=with_loads) for held in (rows, after[name]))
            told = (
                f"has {[row for row in now if row not in was][:4]}\n  had {[row for row in was if row not in now][:4]}"
            )
            self._must(was == now, f"{name} is another {when}\n  {told}")

    def _must_be(self, said: dict[str, list[str]], other: dict[str, list[str]], when: str) -> None:
        for name, rows in said.items():
            more, less = (sorted(set(one) - set(two))[:3] for one, two in ((other[name], rows), (rows, other[name])))
            self._must(rows == other[name], f"{name} is another {when}\n  has {more}\n  had {less}")

    def _must(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise self._differs(otherwise)

    def _differs(self, what: str) -> Differs:
        return Differs(f"day {self.day}: {what}")


def _contents(rows: list[Row], *, with_loads: bool) -> list[str]:
    return sorted(line({n: cell for n, cell in row.items() if with_loads or n != "load_key"}) for row in rows)


def _named(tables: Mapping[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    """A star without members that stay when nobody names them any more: those only inferred, and combinations of traits."""
    return {
        name: sorted(repr(row) for row in rows if not (name.startswith("dim_") and "Not yet arrived" in row))
        for name, rows in tables.items()
        if name != "dim_traits"
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
