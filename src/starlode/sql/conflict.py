"""Statements about rows that disagree: which keys they have, in which columns, and what goes when they are rejected.

Rows of one key that tell different moments do not disagree; what time has overtaken was true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql.dimension import VALID_FROM, VALID_TO, WORK_CHAIN, WORK_IN, has_key

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.sql.dimension import Shape

WORK_DISPUTED = "__starlode_disputed"


def count_contradictions(dialect: Dialect, shape: Shape) -> str:
    """How many keys have two values at one moment."""
    return (
        f"select count(*) from (select distinct {dialect.names(shape.keys)} from {WORK_CHAIN}\n"
        f" where {VALID_TO} = {VALID_FROM}) as torn"
    )


def conflicts(dialect: Dialect, shape: Shape) -> str:
    """The keys whose rows disagree without a moment to order them: (key as JSON, the columns, rows)."""
    q = dialect.quote
    differ = differing(dialect, shape)
    listed = " || ".join(
        f"case when {test} then {dialect.text(f', {name}')} else '' end" for name, test in differ.items()
    )
    moment = f", {dialect.own('seen_at')}" if shape.dimension.at else ""
    key = dialect.json_object({c.name: dialect.json_value(q(c.name), c.type) for c in shape.key})
    return (
        f"select {key}, substring({listed}, 3), count(*)\n"
        f"  from {WORK_IN} where {has_key(dialect, shape)}\n"
        f" group by {dialect.names(shape.keys)}{moment}\n"
        f"having {' or '.join(differ.values())}"
    )


def disputed_keys(dialect: Dialect, shape: Shape) -> str:
    """The keys whose rows disagree, as `disputed`."""
    moment = f", {dialect.own('seen_at')}" if shape.dimension.at else ""
    keys = dialect.names(shape.keys)
    return (
        f"{dialect.create_work} {WORK_DISPUTED} as\n"
        f"select distinct {keys} from (\n"
        f"select {keys} from {WORK_IN} where {has_key(dialect, shape)}\n"
        f" group by {keys}{moment}\n"
        f"having {' or '.join(differing(dialect, shape).values())}) as torn"
    )


def count_disputed(dialect: Dialect, shape: Shape) -> str:
    """How many rows have a key whose rows disagree, those aside that make no version."""
    told = f" and {dialect.own('seen_at')} is not null" if shape.dimension.at and shape.has_history else ""
    return f"select count(*) from {WORK_IN} where {_is_disputed(dialect, shape)}{told}"


def delete_disputed(dialect: Dialect, shape: Shape) -> str:
    return f"delete from {WORK_IN} where {_is_disputed(dialect, shape)}"


def differing(dialect: Dialect, shape: Shape) -> dict[str, str]:
    """For each column that rows of one key may not disagree about, whether those of a group do."""
    q = dialect.quote
    names = shape.kept if shape.has_history else tuple(c.name for c in shape.attributes)
    return {
        name: f"count(distinct {q(name)}) + max(case when {q(name)} is null then 1 else 0 end) > 1" for name in names
    }


def _is_disputed(dialect: Dialect, shape: Shape) -> str:
    return dialect.among([dialect.quote(name) for name in shape.keys], shape.keys, WORK_DISPUTED)
