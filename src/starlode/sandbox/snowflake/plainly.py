"""The short way of a statement to a DuckDB: most have nothing that fakesnow would have to say in other words.

fakesnow walks through each statement some sixty times, reads it twice, and says and reads it once more to describe what it
gave. One that is made of nothing but what both say alike is walked through for its names and its types only; each is read once,
and described by what came of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakesnow import transforms
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable

SAME = frozenset(
    (
        *(
            exp.Select,
            exp.From,
            exp.Join,
            exp.Where,
            exp.Group,
            exp.Having,
            exp.Order,
            exp.Ordered,
            exp.Limit,
            exp.With,
        ),
        *(exp.CTE, exp.Union, exp.Subquery, exp.Table, exp.TableAlias, exp.Column, exp.Identifier, exp.Alias, exp.Star),
        *(exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In),
        *(exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Null, exp.Literal, exp.Boolean, exp.Tuple, exp.Distinct),
        *(
            exp.Case,
            exp.If,
            exp.Coalesce,
            exp.Window,
            exp.WindowSpec,
            exp.RowNumber,
            exp.Lag,
            exp.Lead,
            exp.Max,
            exp.Min,
        ),
        *(exp.Sum, exp.Count, exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Cast, exp.DataType, exp.DataTypeParam),
        *(exp.Insert, exp.Update, exp.Delete, exp.Schema, exp.ColumnDef, exp.Placeholder, exp.Values, exp.Describe),
        *(exp.All, exp.LastValue, exp.Least, exp.Greatest, exp.Extract, exp.Var, exp.Transaction),
    )
)


def whole(node: Any) -> Any:
    """A number that is said without digits has 38 of them; fakesnow takes it for one of 64 bits, and others of 38 too."""
    if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.DECIMAL and not node.expressions:
        return exp.DataType.build("decimal(38, 0)", dialect="duckdb")
    return node


def read_once(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader of statements that hands the tree of the last one out twice: whoever looks at it first leaves it as it is."""
    held: dict[str, Any] = {}

    def reads(sql: str) -> Any:
        tree = held.pop(sql, None)
        if tree is None:
            tree = read(sql)
            held.clear()
            held[sql] = tree
        return tree

    return reads


ON_NAMES = (transforms.upper_case_unquoted_identifiers,)
ON_TYPES = (
    transforms.semi_structured_types,
    transforms.timestamp_ntz,
    transforms.float_to_double,
    whole,
)


def is_plain(tree: Any) -> bool:
    """Whether a statement says nothing that a DuckDB says otherwise, beside types."""
    nodes = tree.walk()
    if isinstance(tree, exp.Create | exp.Drop):
        if tree.args.get("kind") != "TABLE" or tree.args.get("properties"):
            return False
        next(nodes)
    return all(type(node) in SAME for node in nodes)


def plain(tree: Any) -> Any:
    """A plain statement with a DuckDB's types."""
    walks = ON_NAMES + (ON_TYPES if tree.find(exp.DataType) else ())
    if tree.find(exp.Values):
        walks = (*walks, transforms.values_columns)
    for walk in walks:
        tree = tree.transform(walk, copy=False)
    return tree
