"""What the kind of a fact adds to the columns of its SELECT: a count, the lags of a lifecycle, the weights of a bridge.

They are made while the rows are looked up, so a kind is nothing else to what reads, compares and applies them.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from starlode.star import WEIGHT
from starlode.table import INTEGER, TIMESTAMP, Column, decimal

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.star import Fact

# Millionths of a day are exact multiples of a tenth of a second or so, and hold ten thousand years.
LAG = decimal(18, 6)
SHARE = decimal(13, 12)


def columns(fact: Fact, selected: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns that a fact's kind adds; declared weights are what the SELECT gives."""
    declared = next((c.type for c in selected if c.name == fact.weight), SHARE)
    kind = {"factless": INTEGER, "bridge": declared}.get(fact.kind, LAG)
    return tuple(Column(name, kind) for name in fact.added_measures)


def expressions(dialect: Dialect, fact: Fact) -> tuple[str, ...]:
    """The values of these columns over rows `f`, each under its name."""
    if fact.kind == "factless":
        return tuple(f"1 as {dialect.quote(name)}" for name in fact.added_measures)
    if fact.kind == "bridge":
        weight = f"f.{dialect.quote(fact.weight)}" if fact.weight else _share(dialect, fact)
        return (f"{weight} as {dialect.quote(WEIGHT)}",)
    moments = [dialect.cast(f"f.{dialect.quote(name)}", TIMESTAMP) for name in fact.milestones]
    lags = (dialect.cast(dialect.days(moments[0], moment), LAG) for moment in moments[1:])
    return tuple(f"{lag} as {dialect.quote(name)}" for name, lag in zip(fact.added_measures, lags, strict=True))


def count_disordered(dialect: Dialect, fact: Fact, rows: str) -> str:
    """How many cases reached a milestone before an earlier one."""
    moments = [dialect.cast(dialect.quote(name), TIMESTAMP) for name in fact.milestones]
    turned = " or ".join(f"{later} < {earlier}" for earlier, later in combinations(moments, 2))
    return f"select count(*) from {rows} where {turned}"


def torn_weights(dialect: Dialect, fact: Fact, selected: tuple[Column, ...], rows: str, limit: int) -> str:
    """The members whose declared weights are not 1 together: (key as JSON, the column, rows)."""
    q, weight = dialect.quote, dialect.quote(fact.weight or "")
    kinds = {column.name: column.type for column in selected}
    key = dialect.json_object({name: dialect.json_value(q(name), kinds[name]) for name in fact.touched_by})
    of = dialect.names(fact.touched_by)
    return (
        f"select {key}, {dialect.text(fact.weight or '')}, count(*)\n  from {rows}\n group by {of}\n"
        f"having count({weight}) < count(*) or sum({weight}) <> 1\n order by {of} limit {limit}"
    )


def _share(dialect: Dialect, fact: Fact) -> str:
    """Equal shares that are 1 together: what does not divide falls to the first, in the order of its key."""
    of = dialect.names(fact.touched_by, "f")
    to = dialect.names([name for name in fact.grain if name not in fact.touched_by], "f")
    count, unit = f"count(*) over (partition by {of})", 10**SHARE.scale
    each = dialect.quotient(str(unit), count)
    is_first = f"row_number() over (partition by {of} order by {to}) = 1"
    parts = f"case when {is_first} then {unit} - ({count} - 1) * ({each}) else {each} end"
    return dialect.cast(f"({parts}) * 0.{'1':0>{SHARE.scale}}", SHARE)
