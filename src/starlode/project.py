"""The whole declaration of a project, checked and frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from starlode.check import Check
    from starlode.export import Export
    from starlode.source import Source, Stream
    from starlode.star import Star
    from starlode.warehouse import Warehouse


@dataclass(frozen=True)
class Project:
    """Everything that a user declared. Reading it opens no connection and no source."""

    name: str
    folder: Path
    landing: Path
    warehouse: Warehouse
    sources: tuple[Source, ...] = ()
    star: Star = None  # type: ignore[assignment]
    checks: tuple[Check, ...] = ()
    exports: tuple[tuple[str, Export], ...] = ()

    @property
    def streams(self) -> tuple[Stream, ...]:
        return tuple(stream for source in self.sources for stream in source.streams)

    def stream(self, name: str) -> Stream:
        return next(stream for stream in self.streams if str(stream) == name)

    def source(self, name: str) -> Source:
        return next(source for source in self.sources if source.name == name)
