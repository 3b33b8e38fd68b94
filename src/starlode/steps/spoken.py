"""A user's SELECT in the words of the warehouse that it is carried out in.

It means what the users' own SQL says it means: where the warehouse speaks another one, the names and the types of its columns
are asked of an empty engine in memory, so that a star has the same columns on every warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlode.embedded.words import DIALECT
from starlode.errors import DataError
from starlode.sql import driving, origins, select, translate
from starlode.warehouses.duckdb import described

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.sql.dialect import Dialect
    from starlode.sql.origins import Traced
    from starlode.table import Table


@dataclass(frozen=True)
class Driven:
    """The driving stream of a SELECT where not all of it is read as it stands: its rows are numbered, or only some are read.

    `table` is its place in the tree, `names` are the columns that it shows, and `within` says which rows are read.
    """

    table: exp.Table
    place: Table
    names: tuple[str, ...]
    is_numbered: bool = True
    within: str = ""

    def text(self, dialect: Dialect) -> str:
        if self.is_numbered:
            return driving.numbered(dialect, self.place, self.names, self.within)
        return driving.shown_rows(dialect, self.place, tuple(map(dialect.shown, self.names)), self.within)


def spoken(tree: exp.Query, places: Mapping[str, Table], dialect: Dialect, driven: Driven | None = None) -> str:
    """The SELECT as text, with its driving stream as it is asked for."""
    text = _resolved(tree, places, dialect, driven)
    if dialect.is_users:
        return text
    # The empty engine knows no work tables.
    every = replace(driven, within="") if driven else None
    columns = described(tuple(places.values()), _resolved(tree, places, DIALECT, every))
    return translate.as_users_see(dialect, text, columns)


def with_origins(traced: Traced, places: Mapping[str, Table], dialect: Dialect) -> str:
    """A traced SELECT as text, whose own columns stand where they may."""
    text = _resolved(origins.standing(traced, places, dialect), places, dialect, None)
    if dialect.is_users:
        return text
    columns = described(
        tuple(places.values()),
        _resolved(origins.standing(traced, places, DIALECT), places, DIALECT, None),
    )
    return translate.as_users_see(dialect, text, columns)


def _resolved(tree: exp.Query, places: Mapping[str, Table], dialect: Dialect, driven: Driven | None) -> str:
    instead = (driven.table, driven.text(dialect)) if driven else None
    try:
        return select.resolve(tree, places, dialect, instead)
    except translate.Untranslated as reason:
        raise DataError(
            f"this warehouse cannot be asked with a SELECT: {reason}", hint="say it in plainer SQL"
        ) from reason
