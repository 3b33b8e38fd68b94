"""The folders `sources/`, `warehouses/` and `exporters/` as registries: a file there is a word that a project can say.

The names are read from the folder, so that a list of what exists imports no driver; a member is imported when it is
named.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Family = Literal["sources", "warehouses", "exporters"]
_EXPOSED: dict[Family, str] = {"sources": "SOURCE", "warehouses": "WAREHOUSE", "exporters": "EXPORT"}


@cache
def names(family: Family) -> tuple[str, ...]:
    """The words of a family, in order."""
    package = find_spec(f"starlode.{family}")
    folders = package.submodule_search_locations or () if package else ()
    files = (file for folder in folders for file in Path(folder).glob("[a-z]*.py"))
    return tuple(sorted(file.stem for file in files))


@cache
def member(family: Family, name: str) -> Any:
    """The dataclass that a word stands for."""
    return getattr(_module(family, name), _EXPOSED[family])


@cache
def source_told_by(word: str) -> str:
    """The kind of source that a key of its declaration tells, such as `url`."""
    return next(name for name in names("sources") if telling(name) == word)


def telling(source: str) -> str:
    """The key that tells a kind of source from the others: its own name, or the one that it says."""
    word: str = getattr(member("sources", source), "TOLD_BY", source)
    return word


def problems(source: str, settings: Any) -> Sequence[tuple[str, str]]:
    """What a kind of source finds wrong with what is said of it or of a stream: the setting, and what to know about it."""
    found: Sequence[tuple[str, str]] = _module("sources", source).problems(settings)
    return found


def _module(family: Family, name: str) -> Any:
    return import_module(f"starlode.{family}.{name}")
