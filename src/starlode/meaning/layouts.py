"""How tables lie: what is declared of that, held against the columns of the table and what the warehouse can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.declaration import PROJECT_FILE, LayoutDeclaration
from starlode.errors import Mistake
from starlode.meaning import chosen
from starlode.nearest import hint
from starlode.table import STYLES, Layout

if TYPE_CHECKING:
    from starlode.declare import Reading
    from starlode.project import Project
    from starlode.sql.dialect import Dialect


def layout(said: LayoutDeclaration | None) -> Layout | None:
    """How a table lies; None where nothing is said, and the warehouse does as it likes."""
    if said is None:
        return None
    told = chosen(said, LayoutDeclaration)
    return Layout(**{**told, "partition": told["partition"] or "", "distribute": told["distribute"] or ""})


def tell_layout(said: LayoutDeclaration | None, columns: tuple[str, ...] | None, table: str, reading: Reading) -> None:
    """Tell the columns of a layout that its table will not have, where it is known which it will have."""
    if said is None or columns is None:
        return
    words = [*filter(None, (said.partition,)), *said.cluster, *said.sort, *said.encode]
    words += [said.distribute] if said.distribute and said.distribute not in STYLES else []
    for word in words:
        if word not in columns:
            what = f"unknown column `{word.written}` in the layout of {table}"
            reading.mistake(word.place, what, hint(word.written, columns, f"columns of {table}"))


def guard_layouts(project: Project, reading: Reading) -> None:
    """Tell what the warehouse of a table refuses of its layout whatever its columns are."""
    for table in project.star.tables:
        _tell_many(project.shown.dialect, str(table), table.layout, reading)
    for stream in project.streams:
        _tell_many(project.warehouse.dialect, str(stream), stream.layout, reading)


def _tell_many(dialect: Dialect, name: str, said: Layout | None, reading: Reading) -> None:
    if said is not None and 0 < dialect.most_clustered < len(said.cluster):
        what = (
            f"`cluster` of {name} names {len(said.cluster)} columns, and the warehouse takes {dialect.most_clustered}"
        )
        advice = "keep those by which people look for rows most often, in that order"
        reading.mistakes.append(Mistake(what, PROJECT_FILE, hint=advice))
