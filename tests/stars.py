"""A star as it reads in any warehouse: each key replaced by the member that it points to, and all of it as one checksum."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlode.star import Dimension
from tests import projects

if TYPE_CHECKING:
    from starlode.project import Project
    from starlode.star import Fact

    # What each key of a dimension stands for.
    Members = dict[str, dict[int, str]]


def checksum(project: Project) -> str:
    """One text for the whole star, which does not depend on the warehouse that it is in."""
    return hashlib.sha256("\n".join(read(project)).encode()).hexdigest()


def read(project: Project) -> list[str]:
    """Every row of every table of the star, with members in place of keys, in an order of their own."""
    members: Members = {}
    told: list[str] = []
    tables = projects.columns(project, project.star.tables)
    for model in project.star.models:
        columns = tables[model.table.name]
        shown = _shown(model, columns, members)
        if isinstance(model, Dimension):
            held = ("; ".join(cells) for cells in shown)
            members[model.name] = dict(zip(columns[model.key_column], held, strict=True))
        told += sorted(f"{model.table.name} {' | '.join(cells)}" for cells in shown)
    return told


def _shown(model: Dimension | Fact, columns: projects.Columns, members: Members) -> list[tuple[str, ...]]:
    """The rows' cells: their own keys left out, and those of other dimensions as what they point to."""
    own = model.own_keys if isinstance(model, Dimension) else ()
    roles = {role.key_column: role.dimension for role in model.roles}
    told = []
    for name in sorted(columns):
        if name in roles:
            told.append([f"{name}=({members[roles[name]][key]})" for key in columns[name]])
        elif name not in own and name != "load_key" and not name.endswith("_durable_key"):
            # Most columns say few things many times.
            said = {cell: f"{name}={_text(cell)}" for cell in set(columns[name])}
            told.append([said[cell] for cell in columns[name]])
    return list(zip(*told, strict=True))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return str(value)
