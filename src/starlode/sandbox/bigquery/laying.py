"""How a table is divided and clustered: what BigQuery would refuse of that, and how the interface tells of it.

DuckDB keeps the rows in the order in which they came, so nothing is pruned here; what is billed is the whole of a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from starlode.sandbox.bigquery.refused import INVALID_QUERY, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CLUSTERED = 4
# What cuts a column of a type down, and to which spans.
CUTS: Mapping[type[exp.Expr], tuple[str, frozenset[str]]] = {
    exp.DateTrunc: ("DATE", frozenset({"DAY", "MONTH", "YEAR"})),
    exp.DatetimeTrunc: ("DATETIME", frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
    exp.TimestampTrunc: ("TIMESTAMP", frozenset({"HOUR", "DAY", "MONTH", "YEAR"})),
}
# What a table may be clustered by.
SORTED = ("BIGNUMERIC", "BOOLEAN", "DATE", "DATETIME", "INTEGER", "NUMERIC", "STRING", "TIMESTAMP")
WRONG = (
    "PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), a DATE column, DATE_TRUNC, "
    "DATETIME_TRUNC, TIMESTAMP_TRUNC, or RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>))"
)


def laid(tree: exp.Create, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """What the interface tells of how a new table lies; raises Refused where BigQuery would."""
    kinds = {told["name"].lower(): told["type"] for told in fields}
    told: dict[str, Any] = {}
    if divided := tree.find(exp.PartitionedByProperty):
        told |= _divided(divided.this, kinds)
    if clustered := tree.find(exp.ClusterProperty):
        told["clustering"] = {"fields": _clustered(clustered.expressions, kinds)}
    return told


def is_laid(tree: exp.Expr) -> bool:
    """Whether a statement says how a table is to lie."""
    return isinstance(tree, exp.Create) and tree.find(exp.PartitionedByProperty, exp.ClusterProperty) is not None


def without(tree: exp.Expr) -> exp.Expr:
    """The statement without how its table is to lie. It is changed in place."""
    for node in list(tree.find_all(exp.PartitionedByProperty, exp.ClusterProperty)):
        node.pop()
    return tree


def _divided(by: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    if isinstance(by, exp.RangeBucket):
        return {"rangePartitioning": _ranges(by, kinds)}
    column, unit = by.name, "DAY"
    wanted: tuple[str, ...] = ("DATE",)
    if isinstance(by, exp.Date):
        column, wanted = by.this.name, ("TIMESTAMP", "DATETIME")
    elif type(by) in CUTS:
        kind, units = CUTS[type(by)]
        column, wanted, unit = by.this.name, (kind,), by.args["unit"].name.upper()
        if unit not in units:
            raise Refused(INVALID_QUERY, WRONG)
    elif not isinstance(by, exp.Identifier | exp.Column):
        raise Refused(INVALID_QUERY, WRONG)
    if kinds.get(column.lower()) not in wanted:
        raise Refused(INVALID_QUERY, WRONG)
    return {"timePartitioning": {"type": unit, "field": column}}


def _ranges(by: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The ranges of whole numbers into which a table is divided."""
    series, column = by.expression, by.this.name
    if kinds.get(column.lower()) != "INTEGER" or not isinstance(series, exp.GenerateSeries):
        raise Refused(INVALID_QUERY, WRONG)
    step = series.args.get("step")
    ends = {"start": series.args["start"].name, "end": series.args["end"].name, "interval": step.name if step else "1"}
    return {"field": column, "range": ends}


def _clustered(by: list[Any], kinds: Mapping[str, str]) -> list[str]:
    names = [column.name for column in by]
    if len(names) > MOST_CLUSTERED:
        raise Refused(INVALID_QUERY, f"Too many clustering columns: {len(names)}, at most {MOST_CLUSTERED} are allowed")
    for name in names:
        if name.lower() not in kinds:
            raise Refused(INVALID_QUERY, f"Unrecognized name: {name}")
        if kinds[name.lower()] not in SORTED:
            raise Refused(INVALID_QUERY, f"CLUSTER BY expression {name} has an unsupported type {kinds[name.lower()]}")
    return names
