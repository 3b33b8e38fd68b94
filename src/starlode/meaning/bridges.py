"""Bridges: facts of their own kind, which name a member of one dimension and one of another that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlode.meaning import plain
from starlode.meaning.selects import take
from starlode.meaning.star import roles_of, tell_same_keys, tell_taken, tell_unknown
from starlode.sql.calendar import LOAD_KEY
from starlode.star import WEIGHT, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlode.declaration import BridgeDeclaration, Columns
    from starlode.declare import Filled, Name
    from starlode.environment import Word
    from starlode.meaning.selects import Scope, Taken
    from starlode.meaning.star import Columns as Known
    from starlode.meaning.star import Meant
    from starlode.star import Dimension, Role


def with_bridges(
    meant: Meant, bridges: Mapping[Name, BridgeDeclaration | None], declared: Mapping[Name, Any], scope: Scope
) -> Meant:
    """The star with its bridges, which come after what they bridge."""
    columns: dict[str, Known] = dict.fromkeys(f"bridge_{name}" for name in bridges)
    dimensions = {d.name: d for d in meant.star.dimensions}
    made = []
    for name, said in bridges.items():
        if said is not None:
            one, columns[f"bridge_{name}"] = _bridge(name, said, declared, dimensions, scope)
            made += [one] if one else []
    star = replace(meant.star, facts=(*meant.star.facts, *made))
    return replace(meant, star=star, columns={**meant.columns, **columns})


def _bridge(
    name: Name,
    said: BridgeDeclaration,
    declared: Mapping[Name, Any],
    dimensions: Mapping[str, Dimension],
    scope: Scope,
) -> tuple[Fact | None, Known]:
    of, taken = f"bridge `{name}`", take(said.from_, scope)
    tell_unknown((said.weight,) if said.weight else (), taken, f"weight of {of}", scope.reading)
    roles = tuple(_roles(of, said, declared, dimensions, taken, scope))
    tell_same_keys(of, (*said.of, *said.to), roles, scope.reading)
    _tell_history(of, said, dimensions, scope)
    added = (*(name for role in roles for name in role.key_columns), WEIGHT, LOAD_KEY)
    words = tuple(column for _, columns in (*_uses(said.of), *_uses(said.to)) for column in columns)
    tell_taken(words, said, _without(taken, said.weight), added, scope.reading)
    if taken is None:
        return None, None
    made = Fact(
        name=str(name),
        select=taken.select,
        grain=tuple(dict.fromkeys(plain(words))),
        roles=roles,
        late=plain(said.late),
        may_lose=said.may_lose,
        may_multiply=said.may_multiply,
        kind="bridge",
        weight=plain(said.weight),
    )
    rest = _without(taken, said.weight)
    return made, (*rest.columns, *added) if rest and rest.columns else None


def _roles(
    of: str,
    said: BridgeDeclaration,
    declared: Mapping[Name, Any],
    dimensions: Mapping[str, Dimension],
    taken: Taken | None,
    scope: Scope,
) -> Iterator[Role]:
    """The two ends, each of one dimension."""
    for key, ends in (("of", said.of), ("to", said.to)):
        _, *further = _uses(ends)
        for name, _ in further:
            what = f"`{key}` of {of} names more than one dimension or role"
            scope.reading.mistake(name.place, what, "keep one of them; a bridge leads from one to one")
        yield from roles_of(of, ends, declared, dimensions, taken, scope)


def _uses(ends: Mapping[Filled, Columns | Mapping[Name, Columns]]) -> list[tuple[Word, Columns]]:
    """Each dimension or role that an end names, with its columns."""
    return [
        (name, columns)
        for dimension, use in ends.items()
        for name, columns in (use.items() if isinstance(use, Mapping) else [(dimension, use)])
    ]


def _tell_history(of: str, said: BridgeDeclaration, dimensions: Mapping[str, Dimension], scope: Scope) -> None:
    """A bridge has no moment, so it meets facts, which point to versions, in the key of the member."""
    name = next(iter(said.of))
    if name in dimensions and dimensions[name].history and not dimensions[name].durable:
        what = f"{of} is of dimension `{name}`, which has versions and no key of its own for each member"
        advice = "add `durable: true` to the dimension: facts and the bridge meet in that key"
        scope.reading.mistake(name.place, what, advice)


def _without(taken: Taken | None, weight: Filled | None) -> Taken | None:
    """What a SELECT gives beside the weights, which the bridge shows as such."""
    if taken is None or taken.columns is None or weight is None:
        return taken
    return replace(taken, columns=tuple(name for name in taken.columns if name != weight))
