"""Nodes of a YAML file become frozen dataclasses, directed by what each field of the dataclass expects.

The dataclasses are the grammar: the reader, the hints and the JSON Schema look at the same fields, so they cannot
disagree. Reading goes on after a mistake, because people want to hear of all of them at once.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, make_dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from starlode.document import Items, Node, Pairs, Place, Refused, Scalar
from starlode.environment import Word, fill
from starlode.nearest import hint, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlode.errors import Mistake

# What a text may have to be: a name of ours (tables are named after it), not empty, a number that is not below zero.
Name = NewType("Name", Word)
Filled = NewType("Filled", Word)
Count = NewType("Count", int)

NAME = re.compile(r"[a-z][a-z0-9_]*")
_COUNT = re.compile(r"[0-9]{1,18}")
_BOOLEANS = {"true": True, "false": False}
T = TypeVar("T")


class Broken:
    """The value of what could not be read; its mistake has been told."""


BROKEN = Broken()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A mapping of the file: `place` is where its name stands, `places` where each of its values does."""

    told_by: ClassVar[str] = ""
    shorthand: ClassVar[str] = ""

    place: Place
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """A key that a mapping may hold: the field that it fills, what it expects, and its one description."""

    key: str
    field: str
    expects: Any
    doc: str
    is_required: bool
    default: Any = BROKEN


@dataclass(frozen=True)
class Lazy:
    """An expectation that is made when a file asks for it, because making it imports a driver."""

    load: Callable[[], Any]


@dataclass(frozen=True)
class Reading:
    """One reading of a project: the variables it may use, the mistakes so far, and the paths whose values are lost."""

    variables: Mapping[str, str]
    mistakes: list[Mistake]
    broken: set[str] = field(default_factory=set)

    def mistake(self, place: Place, what: str, hint: str = "") -> None:
        self.mistakes.append(place.mistake(what, hint))


@dataclass(frozen=True)
class At:
    """The dotted path of a value, the place of its key, and the description of its setting."""

    path: str
    place: Place
    doc: str = ""
    is_item: bool = False

    def __str__(self) -> str:
        return f"`{self.path}`" if self.path else "the project"

    def within(self, key: Scalar, doc: str = "") -> At:
        return At(f"{self.path}.{key.value}" if self.path else key.value, key.place, doc)

    def advice(self, expects: Any = None) -> str:
        """What to write here: the keys of a shape, else the description of the setting."""
        shapes = [of for of in choices(expects) if _is_shape(of)]
        if shapes:
            return f"keys: {listing(dict.fromkeys(name for shape in shapes for name in settings(shape)))}"
        return f"`{self.path.rpartition('.')[2]}`: {_inside(self.doc)}" if self.doc else "see `starlode schema`"


def declared(shape: type[T], node: Node, reading: Reading) -> T | None:
    """The dataclass that a whole document declares, or None when a part that it needs is missing or wrong."""
    top = replace(node.place, width=1)
    read: T | Broken = value(shape, node, At("", top), reading)
    return None if isinstance(read, Broken) else read


def settings(shape: type) -> Mapping[str, Setting]:
    """The keys of a shape, in the order of its fields: those that have a description."""
    of: Any = shape
    return _settings(of)


@cache
def _settings(shape: type) -> Mapping[str, Setting]:
    own = [f for f in fields(shape) if "doc" in f.metadata]
    hints = _types(shape, own)
    found = (_setting(f, hints[f.name]) for f in own)
    return {setting.key: setting for setting in found}


def compose(name: str, settings: Iterable[Setting], *, told_by: str = "", shorthand: str = "") -> type[Declared]:
    """A shape made of the settings of others, for mappings that hold the settings of several at once."""
    parts = [(s.field, s.expects, field(metadata={"doc": s.doc, "key": s.key}, **_default(s))) for s in settings]
    marks = {"told_by": told_by, "shorthand": shorthand}
    made: type[Declared] = make_dataclass(name, parts, bases=(Declared,), frozen=True, kw_only=True, namespace=marks)
    return made


def value(expects: Any, node: Node, at: At, reading: Reading) -> Any:
    """The value that `expects` asks for, or BROKEN."""
    if isinstance(expects, Lazy):
        return value(expects.load(), node, at, reading)
    if isinstance(node, Refused):
        return BROKEN
    if isinstance(node, Scalar) and node.is_plain and _is_nothing(node.value, at):
        reading.mistake(at.place, f"{at} has no value", "give it one, in quotes if it is a word for null, or remove it")
        return BROKEN
    if not takes(expects, node):
        reading.mistake(node.place, f"{at} must be {described(expects)}, not {_kind(node)}", at.advice(expects))
        return BROKEN
    members = choices(expects)
    if len(members) > 1 and isinstance(node, Pairs) and all(_is_shape(member) for member in members):
        return _told(members, node, at, reading)
    return _one(next(member for member in members if takes(member, node)), node, at, reading)


def choices(expects: Any) -> tuple[Any, ...]:
    """The members of a union without None, or the one type itself."""
    if get_origin(expects) in (Union, types.UnionType):
        return tuple(member for member in get_args(expects) if member is not type(None))
    return (expects,)


def takes(expects: Any, node: Node) -> bool:
    """Whether a node is of a kind (text, list, mapping) that could become what is expected."""
    members = choices(expects)
    if len(members) > 1:
        return any(takes(member, node) for member in members)
    if _is_shape(members[0]):
        return isinstance(node, Pairs) or (isinstance(node, Scalar) and bool(members[0].shorthand))
    origin = get_origin(members[0])
    if origin is tuple:
        return isinstance(node, Items) or takes(get_args(members[0])[0], node)
    return isinstance(node, Pairs if origin is Mapping else Scalar)


def described(expects: Any) -> str:
    """What is expected, in words."""
    members = choices(expects)
    if len(members) > 1 and not all(_is_shape(member) for member in members):
        return " or ".join(dict.fromkeys(described(member) for member in members))
    of = members[0]
    if get_origin(of) is tuple:
        inner = described(get_args(of)[0])
        return f"{inner} or a list"
    if get_origin(of) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(of))
    if _is_shape(of):
        return f"{'a text or ' if of.shorthand else ''}keys with values"
    return "keys with values" if get_origin(of) is Mapping else _WORDS[of]


_WORDS: Mapping[Any, str] = {
    str: "a text",
    Filled: "a text",
    Name: "a name",
    Count: "a whole number",
    int: "a whole number",
    bool: "`true` or `false`",
}


def _is_nothing(written: str, at: At) -> bool:
    """Whether YAML would call it null; in a list such a word is a text, as in `nulls: [NULL, NA]`."""
    return not written or (not at.is_item and written.lower() in ("~", "null"))


def _one(expects: Any, node: Node, at: At, reading: Reading) -> Any:
    if _is_shape(expects):
        return _shape(expects, node, at, reading)
    origin = get_origin(expects)
    if origin is tuple:
        return _tuple(get_args(expects)[0], node, at, reading)
    if isinstance(node, Pairs):
        return _mapping(get_args(expects), node, at, reading)
    word = fill(node, reading.variables, reading.mistakes) if isinstance(node, Scalar) else None
    return BROKEN if word is None else _scalar(expects, word, at, reading)


def _scalar(expects: Any, word: Word, at: At, reading: Reading) -> Any:
    if get_origin(expects) is Literal:
        if word in get_args(expects):
            return word
        reading.mistake(
            word.place, f"`{word.written}` is no value of {at}", hint(word.written, get_args(expects), "values")
        )
    elif expects is bool:
        if word.lower() in _BOOLEANS:
            return _BOOLEANS[word.lower()]
        reading.mistake(word.place, f"{at} must be {_WORDS[bool]}, not `{word.written}`", at.advice())
    elif expects in (int, Count):
        if _COUNT.fullmatch(word):
            return int(word)
        reading.mistake(word.place, f"{at} must be {_WORDS[int]}, not `{word.written}`", at.advice())
    elif expects is Name and not NAME.fullmatch(word):
        _bad_name(word, reading)
    elif expects is Filled and not word.strip():
        reading.mistake(word.place, f"{at} is an empty text", "give it a value, or remove the key")
    else:
        return word
    return BROKEN


def _bad_name(word: Word, reading: Reading) -> None:
    better = re.sub(r"[^a-z0-9_]+", "_", word.written.lower()).strip("_")
    meant = f"did you mean `{better}`?  " if NAME.fullmatch(better) and word.written.isascii() else ""
    rule = "a name begins with a letter and holds lower-case letters, digits and _"
    reading.mistake(word.place, f"`{word.written}` is no name", meant + rule)


def _tuple(expects: Any, node: Node, at: At, reading: Reading) -> Any:
    if not isinstance(node, Items):
        one = value(expects, node, at, reading)
        return BROKEN if one is BROKEN else (one,)
    if not node.items:
        reading.mistake(node.place, f"{at} is an empty list", "name at least one, or remove the key")
        return BROKEN
    each = [value(expects, item, At(at.path, item.place, at.doc, is_item=True), reading) for item in node.items]
    kept = tuple(one for one in each if one is not BROKEN)
    for index, one in enumerate(kept):
        if isinstance(one, Word) and one in kept[:index]:
            reading.mistake(one.place, f"`{one.written}` stands twice in {at}", "remove one of them")
    return kept or BROKEN


def _mapping(of: tuple[Any, ...], node: Pairs, at: At, reading: Reading) -> Any:
    """Names with values. Where None is expected too, the name of a broken value is kept, for others to refer to."""
    names, expects = of
    found: dict[str, Any] = {}
    if not node.pairs:
        reading.mistake(node.place, f"{at} is empty", "fill it, or remove the key")
        return BROKEN
    for key, child in _once(node, reading):
        word = fill(key, reading.variables, reading.mistakes)
        name: Any = BROKEN if word is None else _scalar(names, word, At(f"a key of {at}", key.place), reading)
        read = value(expects, child, at.within(key, at.doc), reading)
        if name is BROKEN:
            continue
        if read is not BROKEN:
            found[name] = read
        elif type(None) in get_args(expects):
            found[name] = None
    return found


def _shape(shape: type[Declared], node: Node, at: At, reading: Reading) -> Any:
    known = settings(shape)
    if isinstance(node, Scalar):
        short = known[shape.shorthand]
        read = value(short.expects, node, at, reading)
        return (
            BROKEN if read is BROKEN else shape(place=at.place, places={short.key: node.place}, **{short.field: read})
        )
    given = {key.value: (key, child) for key, child in _once(node, reading)} if isinstance(node, Pairs) else {}
    values: dict[str, Any] = {}
    meant: set[str | None] = set()
    for name, (key, child) in given.items():
        if name not in known:
            meant.add(_unknown(key, known, at, reading))
            continue
        read = value(known[name].expects, child, at.within(key, known[name].doc), reading)
        if read is BROKEN:
            reading.broken.add(at.within(key).path)
        else:
            values[known[name].field] = read
    for setting in known.values():
        if setting.is_required and setting.key not in given and setting.key not in meant:
            reading.mistake(at.place, f"{at} needs the key `{setting.key}`", f"`{setting.key}`: {_inside(setting.doc)}")
    if any(setting.default is BROKEN and setting.field not in values for setting in known.values()):
        return BROKEN
    places = {name: child.place for name, (_, child) in given.items()}
    return shape(place=at.place, places=places, **values)


def _told(members: tuple[Any, ...], node: Pairs, at: At, reading: Reading) -> Any:
    """One of several shapes, told by the key that only it has."""
    given = {key.value: key for key, _ in node.pairs}
    telling = {member.told_by: member for member in members}
    found = [name for name in telling if name in given]
    if len(found) == 1:
        return _shape(telling[found[0]], node, at, reading)
    if found:
        both = " and ".join(f"`{name}`" for name in found)
        reading.mistake(given[found[-1]].place, f"{at} has both {both}", f"keep one of them: {listing(telling)}")
        return BROKEN
    known = {name: setting for member in members for name, setting in settings(member).items()}
    meant = [_unknown(key, known, at, reading) for name, key in given.items() if name not in known]
    if not any(name in telling for name in meant):
        needed = listing(f"`{name}`" for name in telling)
        reading.mistake(at.place, f"{at} needs one of the keys {needed}", f"keys: {listing(known)}")
    return BROKEN


def _unknown(key: Scalar, known: Mapping[str, Setting], at: At, reading: Reading) -> str | None:
    """Tell an unknown key; the known one that was meant, if any looks like it."""
    found = nearest(key.value, known)
    meant = f"did you mean `{found}` ({_inside(known[found].doc)})?  " if found else ""
    reading.mistake(key.place, f"unknown key `{key.value}` in {at}", f"{meant}keys: {listing(known)}")
    return found


def _inside(doc: str) -> str:
    """A description as part of a sentence."""
    first = doc[:1] if doc[1:2].isupper() else doc[:1].lower()
    return first + doc[1:].rstrip(".")


def _once(node: Pairs, reading: Reading) -> list[tuple[Scalar, Node]]:
    """The pairs with each key once, the first; a second one is told."""
    found: dict[str, tuple[Scalar, Node]] = {}
    for key, child in node.pairs:
        if key.value in found:
            line = found[key.value][0].place.line
            reading.mistake(
                key.place, f"the key `{key.value}` stands twice", f"it stands on line {line} already; keep one"
            )
        found.setdefault(key.value, (key, child))
    return list(found.values())


def _is_shape(expects: Any) -> bool:
    return isinstance(expects, type) and issubclass(expects, Declared)


def _kind(node: Node) -> str:
    return {Scalar: "a text", Items: "a list", Pairs: "keys with values"}[type(node)]


def _setting(of: Field[Any], expects: Any) -> Setting:
    default = of.default if of.default_factory is MISSING else of.default_factory()
    if default is MISSING:
        default = BROKEN
    required = default is BROKEN or "required" in of.metadata
    if "expects" in of.metadata:
        expects = of.metadata["expects"]()
    return Setting(of.metadata.get("key", of.name), of.name, expects, of.metadata["doc"], required, default)


def _default(setting: Setting) -> dict[str, Any]:
    return {} if setting.default is BROKEN else {"default_factory": lambda: setting.default}


def _types(shape: type, own: list[Field[Any]]) -> dict[str, Any]:
    """The types of the described fields alone: others may name what is imported for type checking only."""
    bare = type(shape.__name__, (), {"__annotations__": {f.name: f.type for f in own}, "__module__": shape.__module__})
    return get_type_hints(bare, localns={"Mapping": Mapping, "Path": Path, "Literal": Literal, "Any": Any})
