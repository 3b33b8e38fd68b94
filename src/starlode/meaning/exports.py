"""Exports, each as the dataclass of its exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlode import registry
from starlode.declare import settings
from starlode.meaning import chosen
from starlode.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlode.declare import Declared, Reading
    from starlode.export import Export


def exports(declared: Any, tables: Collection[str], reading: Reading) -> tuple[tuple[str, Export], ...]:
    """The exports of the project by the name of their exporter, in the order of the declaration."""
    if not declared:
        return ()
    found: list[tuple[tuple[int, int], str, Export]] = []
    for exporter in settings(type(declared)):
        for said in getattr(declared, exporter):
            kind: Any = registry.member("exporters", exporter)
            _tell_unknown_tables(said, tables, reading)
            found.append(((said.place.line, said.place.column), exporter, kind(**chosen(said, kind))))
    return tuple((exporter, made) for _, exporter, made in sorted(found, key=lambda one: one[0]))


def _tell_unknown_tables(said: Declared, tables: Collection[str], reading: Reading) -> None:
    for table in getattr(said, "tables", ()):
        if table not in tables:
            what = f"the star has no table `{table.written}`"
            reading.mistake(table.place, what, hint(table.written, tables, "tables of the star"))
