"""A star as it reads in any warehouse: each key replaced by the member that it points to, and all of it as one checksum."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import starlode
from starlode.star import Dimension

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlode.project import Project
    from starlode.star import Fact

    # What each key of a dimension stands for.
    Members = dict[str, dict[int, tuple[str, ...]]]


def checksum(project: Project) -> str:
    """One text for the whole star, which does not depend on the warehouse that it is in."""
    return hashlib.sha256("\n".join(read(project)).encode()).hexdigest()


def read(project: Project) -> list[str]:
    """Every row of every table of the star, with members in place of keys, in an order of their own."""
    members: Members = {}
    told: list[str] = []
    for model in project.star.models:
        held = starlode.table(project, model.table.name).to_pylist()
        shown = [_shown(model, row, members) for row in held]
        if isinstance(model, Dimension):
            members[model.name] = dict(zip((row[model.key_column] for row in held), shown, strict=True))
        told += sorted(f"{model.table.name} {' | '.join(cells)}" for cells in shown)
    return told


def _shown(model: Dimension | Fact, row: Mapping[str, Any], members: Members) -> tuple[str, ...]:
    """A row's cells: its own keys left out, and those of other dimensions as what they point to."""
    own = model.own_keys if isinstance(model, Dimension) else ()
    roles = {role.key_column: role.dimension for role in model.roles}
    cells = {}
    for name in sorted(row):
        if name in roles:
            cells[name] = f"({'; '.join(members[roles[name]][row[name]])})"
        elif name not in own and name != "load_key" and not name.endswith("_durable_key"):
            cells[name] = _text(row[name])
    return tuple(f"{name}={cell}" for name, cell in cells.items())


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return str(value)
