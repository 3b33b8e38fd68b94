"""Asking the open warehouse of a project about a row: the ledger's loads, the landing's extractions, each looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from starlode.errors import StarlodeError
from starlode.landing import read_manifest
from starlode.parts import parts_of_row
from starlode.source import Stream
from starlode.sql import select, staging
from starlode.sql import why as sql
from starlode.tracing.told import Written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.landing import Manifest
    from starlode.project import Project
    from starlode.session import Session
    from starlode.star import Select
    from starlode.table import Table


@dataclass(frozen=True)
class Asking:
    """A project with its warehouse open for reading, and what was looked up already."""

    project: Project
    session: Session
    _loads: dict[int, Written | None] = field(default_factory=dict)
    _manifests: dict[tuple[str, int], Manifest | None] = field(default_factory=dict)

    def written(self, load_key: int | None) -> Written | None:
        """The load of a key."""
        if load_key is None:
            return None
        if load_key not in self._loads:
            found = self.session.rows(sql.load_of(self.session.dialect), (load_key,))
            self._loads[load_key] = _written(load_key, *found[0]) if found else None
        return self._loads[load_key]

    def landed(
        self, stream: str, number: int, file: str | None, row: int | None
    ) -> tuple[datetime | None, tuple[str, ...]]:
        """When an extraction was read, and the landed files that may hold a row of it, as far as the landing still has them."""
        if (stream, number) not in self._manifests:
            self._manifests[stream, number] = self._manifest(stream, number)
        manifest = self._manifests[stream, number]
        if manifest is None:
            return None, ()
        found = parts_of_row(self.project.landing, manifest, file, row)
        return datetime.fromisoformat(manifest.created_at), tuple(part.path for part in found)

    def stream(self, name: str) -> Stream:
        """A stream by its name; one that only an open source can tell is known by its name alone."""
        source, _, stream = name.partition(".")
        return next((s for s in self.project.streams if str(s) == name), Stream(source, stream, None))

    def places(self, of: Select) -> Mapping[str, Table]:
        """The staging table of each stream that a SELECT reads, with the columns that it has now."""
        tables = {str(name): staging.staging_table(self.stream(str(name))) for name in select.reads(select.parse(of))}
        return {name: replace(table, columns=self.session.columns(table)) for name, table in tables.items()}

    def seen(self, name: str, current: Table) -> Table:
        """Everything that was seen of a stream, or its current state where that is all there is."""
        table = staging.seen_table(self.stream(name))
        columns = self.session.columns(table)
        return replace(table, columns=columns) if columns else current

    def _manifest(self, stream: str, number: int) -> Manifest | None:
        try:
            return read_manifest(self.project.landing, self.stream(stream), number)
        except StarlodeError:
            return None


def _written(
    load_key: int, verb: str, of: str, run_id: str, manifest: int, at: datetime, because: str | None
) -> Written:
    return Written(load_key, verb, of, run_id, at, because or "", manifest)
