"""Dimensions that refer to others: what they may refer to, and that the references end somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlode.declaration import DimensionDeclaration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from starlode.declare import Name, Reading


def tell_references(of: str, said: DimensionDeclaration, declared: Mapping[Any, Any], reading: Reading) -> None:
    """Tell references that a dimension cannot make: to a dimension without a natural key, or by its moment."""
    for name, uses in said.dims.items():
        held = declared.get(name)
        if held is not None and not isinstance(held, DimensionDeclaration):
            what = f"{of} refers to `{name}`, which has no key of its own to be found by"
            advice = "only facts look such dimensions up; here the column itself is an attribute"
            reading.mistake(name.place, what, advice)
        for columns in uses.values() if hasattr(uses, "values") else (uses,):
            for column in columns:
                if column == said.at:
                    what = f"`{column.written}` is `at` of {of} and cannot refer to `{name}`"
                    reading.mistake(column.place, what, "`at` says when a row became true; it is no attribute")


def tell_circles(declared: Mapping[Name, Any], reading: Reading) -> None:
    """Tell references that come back to where they began; each circle once, where it closes."""
    dimensions = {str(name): said for name, said in declared.items() if isinstance(said, DimensionDeclaration)}
    done: set[str] = set()

    def follow(name: str, path: tuple[str, ...]) -> None:
        for other in dimensions[name].dims:
            if str(other) in path:
                way = " -> ".join(f"`{step}`" for step in (*path[path.index(str(other)) :], str(other)))
                what = f"the references between dimensions go in a circle: {way}"
                reading.mistake(other.place, what, "leave one of them out; its key can stay an attribute")
            elif str(other) in dimensions and str(other) not in done:
                follow(str(other), (*path, str(other)))
        done.add(name)

    for name in dimensions:
        if name not in done:
            follow(name, (name,))
