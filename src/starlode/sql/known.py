"""The versions of a dimension as a lookup knows them: for every moment there is one.

A member was there before it was written down, so its first version reaches back to the beginning; and where its versions leave
a gap or end, the last one before is what is known of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dialect import HIGH_DATE
from starlode.sql.dimension import LOW_DATE, VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Dimension

FROM, UNTIL = "known_from", "known_until"


def until(dialect: Dialect, dimension: Dimension) -> str:
    """Until when a version is what is known of its member, as `valid_to`: where it was deleted, until it is back."""
    if dimension.deletes != "close":
        return VALID_TO
    life = f"over (partition by {dialect.names(dimension.key)} order by {VALID_FROM})"
    return f"coalesce(lead({VALID_FROM}) {life}, {dialect.moment(HIGH_DATE)}) as {VALID_TO}"


def versions(dialect: Dialect, dimension: Dimension, where: str = "true") -> str:
    """A SELECT of the key, the natural key and the span of each version of the members `d` that a condition keeps.

    A dimension without history has one version of each, for all time.
    """
    q = dialect.quote
    key, natural = q(dimension.key_column), dialect.names(dimension.key, "d")
    low, high = (dialect.moment(moment) for moment in (LOW_DATE, HIGH_DATE))
    first, until = low, high
    if dimension.history:
        life = f"over (partition by {natural} order by d.{VALID_FROM})"
        first = f"case when row_number() {life} = 1 then {low} else d.{VALID_FROM} end"
        until = f"coalesce(lead(d.{VALID_FROM}) {life}, {high})"
    return (
        f"select d.{key}, {natural}, {first} as {dialect.own(FROM)}, {until} as {dialect.own(UNTIL)}\n"
        f"  from {dialect.table(dimension.table)} as d\n where d.{key} > 0 and {where}"
    )
