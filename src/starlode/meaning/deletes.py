"""Whether it can be told that a member of a dimension is deleted: its key has to be that of the stream it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.declaration import DimensionDeclaration
from starlode.sql import select
from starlode.sql.deletes import columns_of_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlode.declare import Reading
    from starlode.source import Stream
    from starlode.star import Dimension, Star


def tell_deletes(declared: Mapping[Any, Any], star: Star, streams: tuple[Stream, ...], reading: Reading) -> None:
    """Tell every `deletes` that has nothing to end, or no way to know."""
    for name, said in declared.items():
        if not isinstance(said, DimensionDeclaration) or said.deletes == "ignore":
            continue
        place, what = said.places["deletes"], f"`deletes: {said.deletes}` of dimension `{name}`"
        if said.deletes == "close" and not said.history:
            missing = f"{what} ends a member's last version, and it has no history"
            reading.mistake(place, missing, "declare `history`, or mark the member with `deletes: flag`")
        unknown = _unknown(star.dimension(str(name)), streams)
        if unknown:
            reading.mistake(place, f"{what} cannot be known: {unknown[0]}", unknown[1])


def _unknown(dimension: Dimension, streams: tuple[Stream, ...]) -> tuple[str, str] | None:
    """Why nobody can tell that a member is deleted, and what would mend it."""
    if dimension.select is None:
        return None
    tree = select.parse(dimension.select)
    driving = select.driving(tree)
    if driving is None:
        return "its SELECT does not start from a stream", "let FROM name the stream whose keys leave"
    stream = next((s for s in streams if str(s) == f"{driving.db}.{driving.name}"), None)
    if stream is None:
        return None
    if not stream.key:
        return f"the stream {stream} has no key", "declare the `key` of the stream, by which a row is missed"
    if columns_of_key(dimension, tree, stream.key) is None:
        key = ", ".join(stream.key)
        return (
            f"its key is not that of the stream {stream} ({key})",
            "give the stream's key as it is, and name it in `key`",
        )
    return None
