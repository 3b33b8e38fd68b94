"""Deciding, from the declaration and the ledger's state alone, whether a model can be derived again only where it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.sql import select, staging
from starlode.sql.reach import Unreached, reach
from starlode.star import Fact

if TYPE_CHECKING:
    from starlode.ledger import State
    from starlode.project import Project
    from starlode.star import Dimension


def why_whole(model: Dimension | Fact, project: Project, state: State) -> str:
    """Why a change of its streams makes a model be built as a whole; nothing where it need not."""
    if model.select is None:
        return ""
    if isinstance(model, Fact) and model.whole:
        return model.whole
    tree = select.parse(model.select)
    streams = {str(name): project.stream(str(name)) for name in select.reads(tree)}
    built = state.load_key("build", model.table.name)
    for name, stream in streams.items():
        tables = (staging.staging_table(stream), *((staging.seen_table(stream),) if name in state.seen else ()))
        if not all(0 < state.followed.get(table.name, 0) < built for table in tables):
            return f"{name} was loaded as a whole"
    names = model.touched_by if isinstance(model, Fact) else model.key
    places = {name: staging.staging_table(s, state.columns.get(name, ())) for name, s in streams.items()}
    try:
        found = reach(tree, places, names)
    except Unreached as reason:
        return str(reason)
    if found.own is None and isinstance(model, Fact) and names != model.grain:
        return f"its rows of one {', '.join(names)} belong together, and a join finds them"
    return ""


def why_keyed_anew(members: tuple[str, ...], project: Project) -> str:
    """Why changes of dimensions make a fact be built as a whole: rows are the only ones to know their combinations."""
    built = [d.table.name for d in project.star.dimensions if d.is_junk and d.table.name in members]
    return f"{built[0]} collects its combinations anew" if built else ""
