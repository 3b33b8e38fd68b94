"""How a table lies: what its declaration says of that, as far as the warehouse has words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.errors import DataError

if TYPE_CHECKING:
    from starlode.sql.dialect import Dialect
    from starlode.table import Layout, Table


def laid(dialect: Dialect, table: Table) -> str:
    """What follows the columns of a table that is made; raises DataError where its columns do not fit its layout."""
    layout = table.layout
    if layout is None:
        return ""
    for word, columns in layout.words.items():
        missing = [name for name in columns if name not in table.names]
        if missing and word in dialect.layout_words:
            what = f"`{word}` of its layout names `{missing[0]}`, which {table.name} does not have"
            raise DataError(what, where=str(table), hint=f"its columns: {', '.join(table.names)}")
    return "".join(f"\n{line}" for line in dialect.lay(table, layout))


def without_words(aside: tuple[str, ...]) -> str:
    """What is told where a warehouse does not have some words of a layout."""
    return f"this warehouse has no `{'`, no `'.join(aside)}`: the table lies without"


def left_aside(dialect: Dialect, layout: Layout | None) -> tuple[str, ...]:
    """The words of a layout that a warehouse does not have."""
    return tuple(word for word in (layout.words if layout else ()) if word not in dialect.layout_words)
