"""What tables are like, asked of a server once: whoever writes is the only one, so only own statements change it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Like = TypeVar("Like")
# What changes which tables there are, or what they are like; work tables come and go with their session.
_MAKES = re.compile(r"\s*(create(?!( or replace)? temp)|alter|drop)\b(?P<schema>\s+schema)?", re.IGNORECASE)


class Remembered(Generic[Like]):
    """What was found of tables, each by its quoted name."""

    def __init__(self) -> None:
        self._found: dict[str, Like] = {}

    def of(self, name: str, find: Callable[[], Like]) -> Like:
        """What a table is like."""
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    def heed(self, sql: str) -> None:
        """Ask anew for the tables that a statement makes, alters or drops."""
        if makes := _MAKES.match(sql):
            stay = () if makes["schema"] else (name for name in self._found if name.rpartition(".")[2] not in sql)
            self._found = {name: self._found[name] for name in stay}

    def forget(self) -> None:
        """Ask anew for all, as what was done is not so any more."""
        self._found = {}
