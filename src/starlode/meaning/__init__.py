"""From what is declared to what is meant: each part of a project file as the contract of another stage.

Every name that refers to another is followed here, and what cannot be right is told at the place where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlode.declare import settings

if TYPE_CHECKING:
    from starlode.declare import Declared


def plain(value: Any) -> Any:
    """The value without the places of its texts."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    if isinstance(value, Mapping):
        return {plain(key): plain(part) for key, part in value.items()}
    return value


def chosen(said: Declared, shape: type) -> dict[str, Any]:
    """The settings of a shape as a declaration gives them, ready to make one."""
    return {setting.field: plain(getattr(said, setting.field)) for setting in settings(shape).values()}
