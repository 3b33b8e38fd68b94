"""A user's SELECT in the words of the warehouse that it is carried out in.

It means what the users' own SQL says it means: where the warehouse speaks another one, the names and the types of its columns
are asked of an empty engine in memory, so that a star has the same columns on every warehouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import DataError
from starlode.sql import driving, select, translate
from starlode.warehouses import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlglot import exp

    from starlode.sql.dialect import Dialect
    from starlode.table import Table

Driven = tuple["exp.Table", "Table", tuple[str, ...]]


def spoken(tree: exp.Query, places: Mapping[str, Table], dialect: Dialect, driven: Driven | None = None) -> str:
    """The SELECT as text; `driven` is its driving stream where the rows of that one are numbered, with what it shows."""
    text = _resolved(tree, places, dialect, driven)
    if dialect.is_users:
        return text
    columns = duckdb.described(tuple(places.values()), _resolved(tree, places, duckdb.DIALECT, driven))
    return translate.as_users_see(dialect, text, *translate.without_own(columns))


def _resolved(tree: exp.Query, places: Mapping[str, Table], dialect: Dialect, driven: Driven | None) -> str:
    instead = (driven[0], driving.numbered(dialect, *driven[1:])) if driven else None
    try:
        return select.resolve(tree, places, dialect, instead)
    except translate.Untranslated as reason:
        raise DataError(
            f"this warehouse cannot be asked with a SELECT: {reason}", hint="say it in plainer SQL"
        ) from reason
